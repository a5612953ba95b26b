//! Temporary passwords.

mod passphrase;

use rand::seq::IndexedRandom;
use secrecy::SecretString;

use crate::variables::PasswordStyle;

/// Of a classic one.
const LENGTH: usize = 16;

/// Letters and digits that nobody takes for another, and punctuation that means nothing to Markdown, HTML, CSV, URLs or
/// quoting, since notes and mails pass through all of them.
const UPPER: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
const LOWER: &[u8] = b"abcdefghijkmnpqrstuvwxyz";
const DIGITS: &[u8] = b"23456789";
const PUNCTUATION: &[u8] = b"!+=?:";

/// Part of a name that must not be found again; Entra refuses passwords with names in them.
const PART: usize = 3;

/// A new one from the thread's CSPRNG, without any three characters in a row of the names to avoid (case and accents
/// don't matter). Names that leave too few words for a passphrase get a classic one.
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

/// With at least two capitals, digits and punctuation marks.
fn classic(names: &[String]) -> SecretString {
    let alphabet = [UPPER, LOWER, DIGITS, PUNCTUATION].concat();
    let mut rng = rand::rng();
    // Trying again keeps all allowed passwords equally likely. About one in six fits.
    loop {
        let bytes: Vec<u8> = (0..LENGTH).filter_map(|_| alphabet.choose(&mut rng).copied()).collect();
        if is_strong(&bytes) && !has_part_of(&bytes, names) {
            return SecretString::from(bytes.into_iter().map(char::from).collect::<String>());
        }
    }
}

/// A letter comes first, so that no spreadsheet takes it for a formula.
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
    fn all_differ_and_use_the_whole_alphabet() {
        let passwords: HashSet<String> = (0..2000)
            .map(|_| generate(PasswordStyle::Classic, &[]).expose_secret().to_owned())
            .collect();
        assert_eq!(passwords.len(), 2000);
        let used: HashSet<u8> = passwords.iter().flat_map(|password| password.bytes()).collect();
        assert_eq!(used.len(), UPPER.len() + LOWER.len() + DIGITS.len() + PUNCTUATION.len());
    }

    #[test]
    fn it_survives_escaping() {
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
    fn parts_of_names_are_found() {
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
        // So many names leave no words, and get a password all the same.
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
