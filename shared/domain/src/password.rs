//! Generates temporary passwords.

mod passphrase;

use rand::seq::IndexedRandom;
use secrecy::SecretString;

use crate::variables::PasswordStyle;

/// The length of a classic password.
const LENGTH: usize = 16;

/// The alphabets of a classic password: letters and digits that are not easily confused, and punctuation without a
/// meaning in Markdown, HTML, CSV, URLs or quoting, because notes and mails pass through all of these.
const UPPER: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
const LOWER: &[u8] = b"abcdefghijkmnpqrstuvwxyz";
const DIGITS: &[u8] = b"23456789";
const PUNCTUATION: &[u8] = b"!+=?:";

/// The length of a part of a name that must not appear in a password. Entra refuses passwords that contain names.
const PART: usize = 3;

/// Generates a password with the thread's CSPRNG. It contains no three consecutive characters of the names to avoid,
/// ignoring case and accents. If the names leave too few words for a passphrase, the password is a classic one.
pub fn generate(style: PasswordStyle, avoid: &[&str]) -> SecretString {
    let names: Vec<String> = avoid
        .iter()
        .map(|name| deunicode::deunicode(name).to_ascii_lowercase())
        .collect();
    let phrase = match style {
        PasswordStyle::Classic => None,
        PasswordStyle::Passphrase => passphrase::generate(&names),
    };
    phrase.unwrap_or_else(|| classic(&names))
}

/// Generates a password with at least two capitals, two digits and two punctuation marks.
fn classic(names: &[String]) -> SecretString {
    let alphabet = [UPPER, LOWER, DIGITS, PUNCTUATION].concat();
    let mut rng = rand::rng();
    // Starting over keeps all allowed passwords equally likely. About one in six fits.
    loop {
        let bytes: Vec<u8> = (0..LENGTH).filter_map(|_| alphabet.choose(&mut rng).copied()).collect();
        if is_strong(&bytes) && !has_part_of(&bytes, names) {
            return SecretString::from(bytes.into_iter().map(char::from).collect::<String>());
        }
    }
}

/// Whether the password has enough characters of each class and begins with a letter, so that no spreadsheet reads it
/// as a formula.
fn is_strong(bytes: &[u8]) -> bool {
    let count = |class: &[u8]| bytes.iter().filter(|byte| class.contains(byte)).count();
    bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && count(UPPER) >= 2
        && count(LOWER) >= 1
        && count(DIGITS) >= 2
        && count(PUNCTUATION) >= 2
}

fn has_part_of(bytes: &[u8], names: &[String]) -> bool {
    let password = bytes.to_ascii_lowercase();
    let is_part = |part: &[u8]| {
        names
            .iter()
            .any(|name| name.as_bytes().windows(PART).any(|window| window == part))
    };
    password.windows(PART).any(is_part)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn passwords_differ_and_use_the_whole_alphabet() {
        let passwords: HashSet<String> = (0..2000)
            .map(|_| generate(PasswordStyle::Classic, &[]).expose_secret().to_owned())
            .collect();
        assert_eq!(passwords.len(), 2000);
        let used: HashSet<u8> = passwords.iter().flat_map(|password| password.bytes()).collect();
        assert_eq!(used.len(), UPPER.len() + LOWER.len() + DIGITS.len() + PUNCTUATION.len());
    }

    #[test]
    fn password_survives_escaping() {
        for byte in [UPPER, LOWER, DIGITS, PUNCTUATION].concat() {
            assert!(
                !b"\"'`\\&<>$%#*_~^(){}[]|;,. /@-".contains(&byte),
                "{}",
                char::from(byte)
            );
            assert!(!b"0Oo1lI".contains(&byte), "{}", char::from(byte));
        }
    }

    #[test]
    fn password_contains_no_part_of_a_name() {
        let names = ["łukasz brown".to_owned()];
        assert!(has_part_of(b"x2BROx", &names));
        assert!(!has_part_of(b"x2BRx", &names));
    }

    fn names_anybody(password: &str, names: &[String]) -> bool {
        let lower = password.to_ascii_lowercase();
        names.iter().any(|name| {
            let name: Vec<char> = name.to_lowercase().chars().collect();
            name.windows(PART)
                .any(|part| lower.contains(&part.iter().collect::<String>()))
        })
    }

    #[test]
    fn a_passphrase_has_six_words_and_nothing_that_is_escaped() {
        let secret = generate(PasswordStyle::Passphrase, &["Ada", "Lovelace"]);
        let parts: Vec<&str> = secret.expose_secret().split('+').collect();
        assert_eq!(parts.len(), passphrase::WORDS + 1, "{parts:?}");
        assert!(
            parts
                .iter()
                .all(|part| part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        );
        // These names leave no words, so the password is a classic one.
        let all: Vec<&str> = passphrase::words().collect();
        assert_eq!(generate(PasswordStyle::Passphrase, &all).expose_secret().len(), LENGTH);
    }

    proptest! {
        #[test]
        fn rules_hold_whatever_the_names(names in prop::collection::vec(".{0,64}", 0..4)) {
            let avoid: Vec<&str> = names.iter().map(String::as_str).collect();
            let secret = generate(PasswordStyle::Classic, &avoid);
            let password = secret.expose_secret();
            prop_assert_eq!(password.len(), LENGTH);
            prop_assert!(password.bytes().filter(u8::is_ascii_digit).count() >= 2);
            prop_assert!(password.bytes().filter(u8::is_ascii_uppercase).count() >= 2);
            prop_assert!(password.bytes().any(|byte| byte.is_ascii_lowercase()));
            prop_assert!(password.bytes().filter(u8::is_ascii_punctuation).count() >= 2);
            prop_assert!(password.starts_with(|first: char| first.is_ascii_alphabetic()));
            prop_assert!(!names_anybody(password, &names));
        }

        #[test]
        fn passphrases_keep_the_rules_too(names in prop::collection::vec(".{0,64}", 0..4)) {
            let avoid: Vec<&str> = names.iter().map(String::as_str).collect();
            let secret = generate(PasswordStyle::Passphrase, &avoid);
            let password = secret.expose_secret();
            prop_assert!((LENGTH..=256).contains(&password.len()));
            for class in [UPPER, LOWER, DIGITS, PUNCTUATION] {
                prop_assert!(password.bytes().any(|byte| class.contains(&byte)));
            }
            prop_assert!(password.starts_with(|first: char| first.is_ascii_alphabetic()));
            prop_assert!(!names_anybody(password, &names));
        }
    }
}
