//! Makes usernames from names: formats, transliteration, limits, and numbers for taken usernames.

use serde::{Deserialize, Serialize};

use crate::field::{FieldError, InvalidValue, checked_text, choice};

/// The part of a user principal name before the @. It is also the mail nickname, so it follows the rules of both.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LocalPart(String);

impl LocalPart {
    pub const MAX: usize = 64;
    pub const TAKES: &'static str =
        "must be 1 to 64 of a-z, 0-9, . _ - and ' without the domain, and not start or end with a dot";

    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim().to_ascii_lowercase();
        let ok = (1..=Self::MAX).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-'".contains(&b))
            && text.bytes().any(|b| b.is_ascii_alphanumeric())
            && !text.starts_with('.')
            && !text.ends_with('.')
            && !text.contains("..");
        if ok {
            Ok(Self(text))
        } else {
            Err(InvalidValue(Self::TAKES))
        }
    }
}

checked_text!(LocalPart);

choice! {
    /// Named by the seed (the first three) or by the inventory's codes: f, m, l are initials, _ is written as a dot.
    UsernameFormat {
        FirstInitialLastName = "firstinitiallastname",
        FirstNameLastName = "firstnamelastname",
        FirstNameLastInitial = "firstnamelastinitial",
        FirstDotLast = "first_last",
        FirstLast = "firstlast",
        FirstDotL = "first_l",
        FirstL = "firstl",
        First = "first",
        FDotLast = "f_last",
        FLast = "flast",
        FL = "fl",
        LastDotFirst = "last_first",
        LastFirst = "lastfirst",
        LastDotF = "last_f",
        LastF = "lastf",
        Last = "last",
        LDotFirst = "l_first",
        LFirst = "lfirst",
        FirstDotMiddleDotLast = "first_middle_last",
        FirstDotMiddleLast = "first_middlelast",
        FirstDotMDotLast = "first_m_last",
        FirstMLast = "firstmlast",
        FMLast = "fmlast",
        FML = "fml",
    }
}

/// The names of one person, as given in the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names<'a> {
    pub first: &'a str,
    pub middle: Option<&'a str>,
    /// `None` for a person with a single name.
    pub last: Option<&'a str>,
}

#[derive(Clone, Copy)]
enum Piece {
    First,
    F,
    Middle,
    M,
    Last,
    L,
}

impl UsernameFormat {
    /// The parts of the username; groups of parts are joined by dots.
    fn pieces(self) -> &'static [&'static [Piece]] {
        use Piece::{F, First, L, Last, M, Middle};
        match self {
            Self::FirstInitialLastName | Self::FLast => &[&[F, Last]],
            Self::FirstNameLastName | Self::FirstLast => &[&[First, Last]],
            Self::FirstNameLastInitial | Self::FirstL => &[&[First, L]],
            Self::FirstDotLast => &[&[First], &[Last]],
            Self::FirstDotL => &[&[First], &[L]],
            Self::First => &[&[First]],
            Self::FDotLast => &[&[F], &[Last]],
            Self::FL => &[&[F, L]],
            Self::LastDotFirst => &[&[Last], &[First]],
            Self::LastFirst => &[&[Last, First]],
            Self::LastDotF => &[&[Last], &[F]],
            Self::LastF => &[&[Last, F]],
            Self::Last => &[&[Last]],
            Self::LDotFirst => &[&[L], &[First]],
            Self::LFirst => &[&[L, First]],
            Self::FirstDotMiddleDotLast => &[&[First], &[Middle], &[Last]],
            Self::FirstDotMiddleLast => &[&[First], &[Middle, Last]],
            Self::FirstDotMDotLast => &[&[First], &[M], &[Last]],
            Self::FirstMLast => &[&[First, M, Last]],
            Self::FMLast => &[&[F, M, Last]],
            Self::FML => &[&[F, M, L]],
        }
    }
}

/// Keeps only letters and digits, so "O'Brien-Smith" becomes `obriensmith`.
fn plain(name: &str) -> String {
    let ascii = deunicode::deunicode_with_tofu(name, "");
    ascii
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Titles that people type before a first name, without the dot.
const TITLES: [&str; 13] = [
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "prof",
    "professor",
    "herr",
    "frau",
    "monsieur",
    "madame",
    "mme",
];

/// Removes titles: "Prof. Dr. Ada" becomes "Ada". A title that is the whole name is kept. Particles such as van der or
/// de la belong to the last name.
fn without_titles(name: &str) -> &str {
    let mut rest = name.trim();
    while let Some((word, after)) = rest.split_once(char::is_whitespace) {
        let word = word.trim_end_matches('.').to_lowercase();
        if !TITLES.contains(&word.as_str()) || plain(after).is_empty() {
            break;
        }
        rest = after.trim_start();
    }
    rest
}

/// The person's username if it is free. A person with a single name gets that name in every format.
pub fn base(format: UsernameFormat, names: &Names<'_>) -> Result<LocalPart, FieldError> {
    let needed = |field: &str, name: &str| {
        let text = plain(name);
        if text.is_empty() {
            Err(FieldError::new(
                field,
                "has nothing to make a username of: give username",
            ))
        } else {
            Ok(text)
        }
    };
    let first = needed("first_name", without_titles(names.first))?;
    let Some(last) = names.last else {
        return fitted(&first);
    };
    let last = needed("last_name", last)?;
    let middle = names.middle.map(plain).unwrap_or_default();
    // Plain names are ASCII, so the first byte is the initial.
    let initial = |name: &str| name.get(..1).unwrap_or_default().to_owned();
    let write = |piece: &Piece| match piece {
        Piece::First => first.clone(),
        Piece::F => initial(&first),
        Piece::Middle => middle.clone(),
        Piece::M => initial(&middle),
        Piece::Last => last.clone(),
        Piece::L => initial(&last),
    };
    let groups = format
        .pieces()
        .iter()
        .map(|group| group.iter().map(write).collect::<String>());
    let text = groups.filter(|group| !group.is_empty()).collect::<Vec<_>>().join(".");
    fitted(&text)
}

/// The candidate number `n` when the base is taken: `jdoe2`, `jdoe3`, ... (`n` starts at 2).
pub fn numbered(base: &LocalPart, n: u32) -> LocalPart {
    let suffix = n.to_string();
    let kept = cut(&base.0, LocalPart::MAX - suffix.len());
    LocalPart(format!("{kept}{suffix}"))
}

fn fitted(text: &str) -> Result<LocalPart, FieldError> {
    LocalPart::parse(cut(text, LocalPart::MAX)).map_err(|wrong| wrong.at("username"))
}

/// Cuts the text at `length`. Usernames are ASCII, so bytes are characters.
fn cut(text: &str, length: usize) -> &str {
    text.get(..length).unwrap_or(text).trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn made(format: &str, first: &str, middle: Option<&str>, last: Option<&str>) -> String {
        base(UsernameFormat::parse(format).unwrap(), &Names { first, middle, last })
            .unwrap()
            .to_string()
    }

    #[test]
    fn the_three_documented_formats() {
        assert_eq!(made("firstinitiallastname", "John", None, Some("Doe")), "jdoe");
        assert_eq!(made("firstnamelastname", "John", None, Some("Doe")), "johndoe");
        assert_eq!(made("firstnamelastinitial", "John", None, Some("Doe")), "johnd");
    }

    #[test]
    fn all_21_format_codes() {
        let cases = [
            ("first_last", "john.smith"),
            ("firstlast", "johnsmith"),
            ("first_l", "john.s"),
            ("firstl", "johns"),
            ("first", "john"),
            ("f_last", "j.smith"),
            ("flast", "jsmith"),
            ("fl", "js"),
            ("last_first", "smith.john"),
            ("lastfirst", "smithjohn"),
            ("last_f", "smith.j"),
            ("lastf", "smithj"),
            ("last", "smith"),
            ("l_first", "s.john"),
            ("lfirst", "sjohn"),
            ("first_middle_last", "john.michael.smith"),
            ("first_middlelast", "john.michaelsmith"),
            ("first_m_last", "john.m.smith"),
            ("firstmlast", "johnmsmith"),
            ("fmlast", "jmsmith"),
            ("fml", "jms"),
        ];
        for (code, expected) in cases {
            assert_eq!(made(code, "John", Some("Michael"), Some("Smith")), expected, "{code}");
        }
        assert_eq!(UsernameFormat::ALL.len(), cases.len() + 3);
    }

    #[test]
    fn missing_middle_name_leaves_no_dot() {
        assert_eq!(made("first_middle_last", "John", None, Some("Smith")), "john.smith");
        assert_eq!(
            made("first_middle_last", "John", Some("."), Some("Smith")),
            "john.smith"
        );
        assert_eq!(made("fml", "John", None, Some("Smith")), "js");
    }

    #[test]
    fn names_of_many_scripts_are_transliterated() {
        assert_eq!(made("flast", "José", None, Some("Núñez")), "jnunez");
        assert_eq!(made("flast", "Łukasz", None, Some("Żółć")), "lzolc");
        assert_eq!(made("flast", "Conan", None, Some("O'Brien-Smith")), "cobriensmith");
        assert_eq!(made("flast", "Jürgen", None, Some("Strauß")), "jstrauss");
        assert_eq!(made("flast", "小明", None, Some("王")), "xwang");
        assert_eq!(made("first", "王小明", None, None), "wangxiaoming");
        assert_eq!(made("flast", "Владимир", None, Some("Ильин")), "vilin");
    }

    #[test]
    fn single_name_is_used_whole() {
        for format in UsernameFormat::NAMES {
            assert_eq!(made(format, "Suharto", None, None), "suharto");
            assert_eq!(made(format, "Dr. Suharto", None, None), "suharto");
        }
    }

    #[test]
    fn titles_are_removed() {
        for first in [
            "Dr. Ada",
            "Mrs Ada",
            "PROF. DR. Ada",
            " Frau  Dr. Ada",
            "Ms.\u{a0}Ada",
            "Ada",
        ] {
            assert_eq!(made("flast", first, None, Some("Lovelace")), "alovelace", "{first}");
        }
        // Miss is also a given name.
        assert_eq!(made("firstlast", "Miss", None, Some("Elliott")), "misselliott");
        assert_eq!(made("firstlast", "Dr. -", None, Some("Who")), "drwho");
        assert_eq!(made("firstlast", "Drew Ann", None, Some("Hill")), "drewannhill");
    }

    #[test]
    fn particles_belong_to_the_last_name() {
        assert_eq!(made("flast", "Vincent", None, Some("van der Berg")), "vvanderberg");
        assert_eq!(made("first_last", "Ana", None, Some("de la Cruz")), "ana.delacruz");
        assert_eq!(
            made("firstnamelastinitial", "Ludwig", None, Some("van Beethoven")),
            "ludwigv"
        );
        assert_eq!(made("flast", "Gabriele", None, Some("d'Annunzio")), "gdannunzio");
    }

    #[test]
    fn names_without_letters_are_refused() {
        let names = Names {
            first: "Ada",
            middle: None,
            last: Some("---"),
        };
        assert_eq!(base(UsernameFormat::FLast, &names).unwrap_err().field, "last_name");
        let names = Names {
            first: "\u{e000}",
            ..names
        };
        assert_eq!(base(UsernameFormat::FLast, &names).unwrap_err().field, "first_name");
    }

    #[test]
    fn numbered_usernames_keep_the_limit() {
        let base = LocalPart::parse("jdoe").unwrap();
        assert_eq!(numbered(&base, 2).as_str(), "jdoe2");
        let long = LocalPart::parse(&format!("{}.bb", "a".repeat(61))).unwrap();
        assert_eq!(numbered(&long, 10).as_str(), format!("{}10", "a".repeat(61)));
    }

    #[test]
    fn typed_usernames_are_checked() {
        assert_eq!(LocalPart::parse(" J.Doe-o'x_1 ").unwrap().as_str(), "j.doe-o'x_1");
        for bad in ["", ".a", "a.", "a..b", "a@b.c", "a b", "é", "-_-", &"a".repeat(65)] {
            assert!(LocalPart::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_names_give_a_local_part_or_name_the_field(
            first in any::<String>(), middle in any::<Option<String>>(), last in any::<Option<String>>(),
            format in prop::sample::select(UsernameFormat::ALL), n in 2u32..,
        ) {
            let names = Names { first: &first, middle: middle.as_deref(), last: last.as_deref() };
            match base(format, &names) {
                Ok(made) => {
                    prop_assert_eq!(LocalPart::parse(made.as_str()), Ok(made.clone()));
                    let other = numbered(&made, n);
                    prop_assert_eq!(LocalPart::parse(other.as_str()), Ok(other.clone()));
                    prop_assert_ne!(other, made);
                }
                Err(problem) => prop_assert!(["first_name", "last_name"].contains(&problem.field.as_str())),
            }
        }
    }
}
