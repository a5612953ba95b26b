//! Texts for vendors that take HTML.

use askama::filters::{Escaper, Html};
use domain::text::visible;

/// The text as people read it, with its line breaks, and no markup in it but these.
pub(crate) fn from_text(text: &str) -> String {
    let text = visible(text);
    let mut html = String::with_capacity(text.len() + text.len() / 8);
    // Writing to a String does not fail.
    let _ = Html.write_escaped_str(&mut html, &text);
    html.replace('\n', "<br>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(
            from_text("a < b & \"c\"\r\n'd' 🙂\u{202e}"),
            "a &#60; b &#38; &#34;c&#34;<br>&#39;d&#39; 🙂"
        );
    }
}
