//! Makes text from people safe where other people read it: on tickets, in password vaults, in mails.
//!
//! This module has what is common to all of them. Each vendor's file handles that vendor's markup (HTML, Markdown,
//! `[code]`).

use unicode_general_category::{GeneralCategory, get_general_category};

use crate::contact::Upn;

/// Zero-width space. It breaks up text that a program would read as markup, and readers do not see it.
pub const BREAK: char = '\u{200b}';

/// Joiners are part of the spelling in Persian and Indian scripts, and hold some emoji together.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];

/// Whether readers do not see the character, or it makes them read text in another order than it is stored: controls,
/// line separators, direction marks, tags.
pub fn is_hidden(c: char) -> bool {
    let category = get_general_category(c);
    let hidden = [
        GeneralCategory::Control,
        GeneralCategory::Format,
        GeneralCategory::LineSeparator,
        GeneralCategory::ParagraphSeparator,
    ];
    hidden.contains(&category) && !JOINERS.contains(&c)
}

/// The text with every hidden character removed except [`BREAK`]. Lines are kept, whatever their line ending.
pub fn visible(text: &str) -> String {
    let lines = text.replace("\r\n", "\n");
    let seen = |c: char| match c {
        '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
        '\t' => Some(' '),
        BREAK => Some(c),
        c => (!is_hidden(c)).then_some(c),
    };
    lines.chars().filter_map(seen).collect()
}

/// The visible text on one line. A line break in a subject would forge a header.
pub fn one_line(text: &str) -> String {
    visible(text).replace('\n', " ")
}

/// The visible text, without anything that HTML would read as a tag: a `<` opens one only before a letter, `/`, `!` or
/// `?`. It reads the same as plain text, so it suits vendors that do not document whether they show text or HTML.
pub fn untagged(text: &str) -> String {
    let opens = |c: char| c.is_ascii_alphabetic() || "/!?".contains(c);
    broken(&visible(text), |before, after| {
        before.ends_with('<') && after.starts_with(opens)
    })
}

/// One line in which nothing is recognised as a web address. Mail programs and ticket systems turn addresses into
/// links, and Gangway must not send links that people typed into a form. Mail addresses stay intact, so that they can
/// be copied.
pub fn unlinked(text: &str) -> String {
    let line = one_line(text);
    let words = line.split(' ').map(|word| {
        if Upn::parse(word.trim_matches(['(', ')', ',', '.', ';', ':'])).is_ok() {
            word.to_owned()
        } else {
            broken(word, is_in_address)
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Whether the character between the two is the colon of a URL scheme, or a dot inside what may be a host name.
fn is_in_address(before: &str, after: &str) -> bool {
    let scheme = before.ends_with(':') && after.starts_with('/');
    let name = before
        .strip_suffix('.')
        .is_some_and(|name| name.ends_with(char::is_alphanumeric));
    // No top-level domain has only one letter, but initials do.
    let top = after.chars().take_while(|c| c.is_alphanumeric()).count() > 1;
    scheme || (name && top && after.starts_with(char::is_alphabetic))
}

/// The text with a [`BREAK`] after each character for which `is_mark` returns true. `is_mark` gets the text up to and
/// including the character, and the text after it.
pub fn broken(text: &str, is_mark: impl Fn(&str, &str) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        out.push(c);
        let (before, after) = text.split_at(at + c.len_utf8());
        if is_mark(before, after) {
            out.push(BREAK);
        }
    }
    out
}

/// Whether the last non-empty line of a text is this mark. Only the last line counts, because the lines above may quote
/// other people.
pub fn ends_with_line(text: &str, mark: &str) -> bool {
    let last = text.lines().map(str::trim).rfind(|line| !line.is_empty());
    last.is_some_and(|line| line.contains(mark))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn invisible_characters_are_removed() {
        for c in [
            '\0',
            '\u{7f}',
            '\u{85}',
            '\u{ad}',
            '\u{61c}',
            '\u{200b}',
            '\u{200e}',
            '\u{2028}',
            '\u{202e}',
            '\u{2060}',
            '\u{2066}',
            '\u{feff}',
            '\u{fff9}',
            '\u{e0041}',
        ] {
            assert!(is_hidden(c), "{c:?}");
        }
        for c in [
            'a', 'é', '\u{301}', '🙂', '\u{fe0f}', '\u{200c}', '\u{200d}', '日', ' ', '\u{a0}',
        ] {
            assert!(!is_hidden(c), "{c:?}");
        }
    }

    #[test]
    fn line_breaks_are_kept() {
        assert_eq!(visible("a\r\nb\rc\u{2028}d\te\u{202e}f\0"), "a\nb\nc\nd ef");
        assert_eq!(one_line("Ada\r\nBcc: x@example.com"), "Ada Bcc: x@example.com");
    }

    #[test]
    fn mark_counts_only_on_the_last_line() {
        for (text, expected) in [
            ("Done.\n\n[gangway r1/x]\r\n \n", true),
            ("[gangway r1/x]", true),
            ("[gangway r1/x]\nwrites a customer", false),
            ("> [gangway r1/x]\n\nregards", false),
            ("", false),
        ] {
            assert_eq!(ends_with_line(text, "[gangway r1/x]"), expected, "{text:?}");
        }
    }

    #[test]
    fn tags_are_broken_and_read_the_same() {
        assert_eq!(
            untagged("1 < 2 <b>x</b> <!-- <?"),
            "1 < 2 <\u{200b}b>x<\u{200b}/b> <\u{200b}!-- <\u{200b}?"
        );
        assert_eq!(untagged("a & b &amp; c"), "a & b &amp; c");
    }

    #[test]
    fn web_addresses_are_broken_but_not_mail_addresses() {
        for (text, expected) in [
            (
                "see https://evil.example/x",
                "see https:\u{200b}//evil.\u{200b}example/x",
            ),
            ("www.evil.example", "www.\u{200b}evil.\u{200b}example"),
            ("evil.com/a@contoso.com", "evil.\u{200b}com/a@contoso.\u{200b}com"),
            ("ask ada@contoso.com.", "ask ada@contoso.com."),
            ("Dr. J.R.R. Tolkien, Ph.D", "Dr. J.R.R. Tolkien, Ph.D"),
            ("1.01, at 3.5", "1.01, at 3.5"),
            ("a\nb", "a b"),
        ] {
            assert_eq!(unlinked(text), expected);
        }
    }

    proptest! {
        #[test]
        fn no_address_is_left(host in "[a-z]{1,8}\\.[a-z]{2,5}", before in "[ -~é🙂]{0,8}", path in "[ -~]{0,8}") {
            let text = unlinked(&format!("{before} https://{host}/{path}"));
            prop_assert!(!text.contains(&host) || before.contains('@') || path.contains('@'), "{text}");
            prop_assert!(!text.contains("://"));
        }

        #[test]
        fn nothing_opens_a_tag(text in ".{0,60}") {
            let text = untagged(&text);
            let opens = text.char_indices().any(|(at, c)| {
                c == '<' && text[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c))
            });
            prop_assert!(!opens);
        }
    }
}
