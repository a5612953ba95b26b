//! Texts of tickets are HTML; what people read of it is kept too.

/// Line breaks stay, other tags go, entities are what they stand for.
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
            "&#39;" => text.push('\''),
            _ => {}
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_a_browser_does() {
        assert_eq!(text("a &amp; b<br>&lt;c&gt; <b>d</b>"), "a & b\n<c> d");
        assert_eq!(text("x <script>alert(1)</script>"), "x alert(1)");
        assert_eq!(text("plain"), "plain");
    }
}
