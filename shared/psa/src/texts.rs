//! Shortens texts to the limits of PSAs.

/// The text on one line with at most `most` UTF-16 units, which is how .NET and SQL Server count.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    cut(&domain::text::one_line(text.trim()), most).trim_end().to_owned()
}

/// The text, or as much of it as fits together with a line that says so.
pub(crate) fn cut_with_mark(text: &str, most: usize, system: &str) -> String {
    if text.encode_utf16().count() <= most {
        return text.to_owned();
    }
    let mark = format!("\n[cut here: {system} takes no more than {most} characters]");
    format!("{}{mark}", cut(text, most.saturating_sub(mark.encode_utf16().count())))
}

/// The beginning of the text that fits, without cutting a character.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > most
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// Whether the text has only letters, digits, - and _.
pub(crate) fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_text_says_so() {
        assert_eq!(cut_with_mark("fits", 4, "X"), "fits");
        let cut = cut_with_mark(&"🙂".repeat(100), 99, "X");
        assert!(cut.starts_with("🙂🙂") && cut.ends_with("🙂\n[cut here: X takes no more than 99 characters]"));
        assert!((98..=99).contains(&cut.encode_utf16().count()));
    }

    #[test]
    fn texts_are_cut_between_characters() {
        for (text, most, expected) in [
            ("New user:\nÄnne", 255, "New user: Änne"),
            ("New user", 4, "New"),
            ("ab🙂c", 4, "ab🙂"),
            ("ab🙂c", 3, "ab"),
            ("", 3, ""),
        ] {
            assert_eq!(one_line(text, most), expected);
        }
    }
}
