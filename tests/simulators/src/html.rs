//! Extracts the text that people read from HTML.

/// Converts HTML to text: keeps line breaks, drops other tags, and decodes character references.
pub fn text(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = if rest.starts_with('<') { '>' } else { ';' };
        let Some(length) = rest.find(end) else { break };
        let (mark, after) = rest.split_at(length + 1);
        match mark {
            "<br>" | "<br/>" | "<br />" | "</p>" | "</div>" => text.push('\n'),
            "&amp;" => text.push('&'),
            "&lt;" => text.push('<'),
            "&gt;" => text.push('>'),
            "&quot;" => text.push('"'),
            _ => text.extend(number(mark).and_then(char::from_u32)),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

/// The number in a reference such as `&#39;`.
fn number(mark: &str) -> Option<u32> {
    mark.strip_prefix("&#")?.strip_suffix(';')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_a_browser_does() {
        assert_eq!(text("a &amp; b<br>&lt;c&gt; &#60;e&#62; <b>d</b>"), "a & b\n<c> <e> d");
        assert_eq!(text("x <script>alert(1)</script>"), "x alert(1)");
        assert_eq!(text("plain"), "plain");
    }
}
