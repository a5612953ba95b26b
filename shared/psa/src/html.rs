//! Texts for vendors that expect HTML.

use askama::filters::{Escaper, Html};
use domain::text::visible;

/// The visible text with its line breaks and no other markup.
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
    fn text_contains_no_markup() {
        assert_eq!(
            from_text("a < b & \"c\"\r\n'd' 🙂\u{202e}"),
            "a &#60; b &#38; &#34;c&#34;<br>&#39;d&#39; 🙂"
        );
    }
}
