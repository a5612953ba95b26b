//! Freshdesk takes texts as HTML.

/// The text as it is, with its line breaks.
pub(super) fn from_text(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\n' => html.push_str("<br>"),
            '\r' => {}
            _ => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(
            from_text("a < b & \"c\"\r\n'd' 🙂"),
            "a &lt; b &amp; &quot;c&quot;<br>&#39;d&#39; 🙂"
        );
    }
}
