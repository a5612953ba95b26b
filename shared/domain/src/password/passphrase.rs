//! Passphrases, made of words that can be read out over the phone.

use rand::seq::IndexedRandom;
use secrecy::SecretString;

use super::{DIGITS, has_part_of};

/// Six of 1,295 words and one of eight digits give 65 bits.
pub(super) const WORDS: usize = 6;

/// The separator; like the other punctuation, it has no meaning in the formats that passwords pass through.
const BETWEEN: &str = "+";

/// The fewest words to choose from. With fewer, a passphrase would have less than 58 bits.
const ENOUGH: usize = 600;

const LIST: &str = include_str!("../../data/eff_short_wordlist_1.txt");

pub(super) fn words() -> impl Iterator<Item = &'static str> {
    LIST.lines().filter(|line| !line.starts_with('#'))
}

/// Generates a passphrase such as `Clover+Mango+Siren+Bulb+Attic+Rail+7`, which has all character classes. Returns
/// `None` if the names leave too few words.
pub(super) fn generate(names: &[String]) -> Option<SecretString> {
    let words: Vec<String> = words()
        .filter(|word| !has_part_of(word.as_bytes(), names))
        .map(capitalised)
        .collect();
    if words.len() < ENOUGH {
        return None;
    }
    let mut rng = rand::rng();
    loop {
        let mut parts: Vec<&str> = (0..WORDS)
            .filter_map(|_| words.choose(&mut rng))
            .map(String::as_str)
            .collect();
        let digit = DIGITS.choose(&mut rng).map(|digit| char::from(*digit).to_string());
        parts.extend(digit.as_deref());
        let phrase = parts.join(BETWEEN);
        if !has_part_of(phrase.as_bytes(), names) {
            return Some(phrase.into());
        }
    }
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_ascii_uppercase() + rest
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn word_list_is_complete_and_plain() {
        let all: HashSet<&str> = words().collect();
        assert_eq!(all.len(), 1295);
        assert!(
            all.iter()
                .all(|word| (3..=5).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase()))
        );
        let bits = 6.0 * 1295_f64.log2() + 8_f64.log2();
        assert!(bits > 65.0, "{bits}");
    }

    #[test]
    fn every_word_is_used() {
        let phrases: HashSet<String> = (0..4000)
            .map(|_| generate(&[]).unwrap().expose_secret().to_owned())
            .collect();
        assert_eq!(phrases.len(), 4000);
        let used: HashSet<String> = phrases
            .iter()
            .flat_map(|phrase| phrase.split('+').take(WORDS).map(str::to_lowercase))
            .collect();
        assert_eq!(used.len(), 1295);
    }

    #[test]
    fn names_that_leave_too_few_words_give_none() {
        let names: Vec<String> = words().map(str::to_owned).collect();
        assert!(generate(&names).is_none());
    }
}
