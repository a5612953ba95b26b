//! How vendors display the texts that they are sent. Each simulator says how its vendor shows a field, and the world
//! records everything that would be more than text there. A test fails if anything was recorded.

use std::fmt;

use pulldown_cmark::{Event, Parser, Tag};

use crate::{
    records::{Fields, text},
    vendors::Vendor,
    world::World,
};

/// How a vendor displays a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// As plain text.
    Plain,
    Html,
    /// As plain text or as HTML. Nobody documents which, so it must be harmless as both.
    PlainOrHtml,
    Markdown,
    /// As plain text, except that `[code]` tags contain HTML.
    CodeTags,
}

/// A part of a text that would be more than text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Active {
    pub system: &'static str,
    pub field: String,
    pub what: String,
}

impl fmt::Display for Active {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}: {}", self.system, self.field, self.what)
    }
}

impl World {
    /// Records what is active in a text that a client sends for a field.
    pub fn shows(&mut self, system: &'static str, field: &str, text: &str, shown: Shown) {
        let active = active(text, shown).into_iter();
        self.active.extend(active.map(|what| Active {
            system,
            field: field.to_owned(),
            what,
        }));
    }

    /// Records what is active in those of the fields that a client sends.
    pub fn shows_fields(&mut self, vendor: &Vendor, sent: &Fields, fields: &[(&str, Shown)]) {
        for (field, shown) in fields {
            self.shows(vendor.name, field, text(sent, field), *shown);
        }
    }
}

/// Lists the parts of the text that do more than being read.
pub fn active(text: &str, shown: Shown) -> Vec<String> {
    let mut found: Vec<String> = text
        .chars()
        .filter(|c| is_hidden(*c))
        .map(|c| format!("hidden {c:?}"))
        .collect();
    match shown {
        Shown::Plain => {}
        // Line breaks are the only tags that a client needs.
        Shown::Html => found.extend(tags(text).into_iter().filter(|tag| tag != "<br>")),
        Shown::PlainOrHtml => found.extend(tags(text)),
        Shown::Markdown => {
            found.extend(tags(text));
            found.extend(marked(text));
        }
        Shown::CodeTags => found.extend(code_tags(text)),
    }
    found
}

/// Whether the character is a control other than a line feed, or changes the direction of reading.
fn is_hidden(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (c.is_control() && c != '\n') || turns || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Finds HTML tags. As in HTML's tokenizer, a tag begins where `<` is followed by a letter, `/`, `!` or `?`.
pub fn tags(text: &str) -> Vec<String> {
    let opens = |c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?');
    let places = text
        .match_indices('<')
        .filter(|(at, _)| text[at + 1..].starts_with(opens));
    places
        .map(|(at, _)| {
            let rest = &text[at..];
            rest.find('>').map_or(rest, |end| &rest[..=end]).to_owned()
        })
        .collect()
}

/// Finds links whose text is not their address, and images.
fn marked(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => found.push(format!("a link to {dest_url}")),
            Event::Start(Tag::Image { dest_url, .. }) => found.push(format!("an image from {dest_url}")),
            _ => {}
        }
    }
    found
}

fn code_tags(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let tags = ["[code]", "[/code]"].into_iter();
    tags.filter(|tag| text.contains(tag)).map(str::to_owned).collect()
}

/// Texts of somebody who wants them to be more than text.
pub const HOSTILE: &[&str] = &[
    "[code]<a href=\"https://evil.example/login\">Session expired</a><img src=\"https://evil.example/p.gif\">[/code]",
    "[CODE]<b>x</b>[/Code] [[code]]<i>y</i>[[/code]]",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "</p></div><iframe src=\"javascript:alert(1)\"></iframe><!-- ",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;b&#62;",
    "[Sign in](https://evil.example/login) and ![](https://evil.example/p.gif)",
    "[Sign in][1] <https://evil.example> [1]: https://evil.example 'x'",
    "[click](javascript:alert(1)) [x]( https://evil.example )",
    "[url=https://evil.example]Sign in[/url] [img]https://evil.example/p.gif[/img]",
    "{{constructor.constructor('alert(1)')()}} ${7*7} <%= 7*7 %>",
    "javascript:alert(1) data:text/html,<script>alert(1)</script>",
    "Ada\r\nBcc: everybody@evil.example\r\n\r\n<b>Body</b>",
    "Ada\u{202e}gnp.exe\u{202c} \u{2066}x\u{2069} \u{200f}y",
    "<\u{202e}b>x</\u{202e}b> [co\u{202e}de]y[/co\u{202c}de] [a]\u{202e}(https://evil.example)",
    "zero\u{200b}width <\u{200b}b> [\u{200b}code] \u{feff}\u{2060}\u{ad}x",
    "'; DROP TABLE users; -- \" \\ %27 ^ORname=x",
];

/// What people still read of a hostile text: all visible characters, in their order.
pub fn seen(text: &str) -> String {
    let hidden = |c: &char| !c.is_whitespace() && !is_hidden(*c) && !"\u{200b}\u{2060}\u{ad}".contains(*c);
    text.chars().filter(hidden).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, shown: Shown) -> bool {
        !active(text, shown).is_empty()
    }

    #[test]
    fn each_way_of_showing_has_what_is_active_in_it() {
        for (text, shown) in [
            ("a\rb", Shown::Plain),
            ("a\u{202e}b", Shown::Plain),
            ("<b>x</b>", Shown::Html),
            ("a<br>b</div>", Shown::Html),
            ("<br>", Shown::PlainOrHtml),
            ("<!--", Shown::PlainOrHtml),
            ("[a](https://b)", Shown::Markdown),
            ("![a](https://b)", Shown::Markdown),
            ("[a][b]\n\n[b]: https://c", Shown::Markdown),
            ("<https://b>", Shown::Markdown),
            ("<b>x</b>", Shown::Markdown),
            ("[Code]", Shown::CodeTags),
            ("[/CODE]", Shown::CodeTags),
        ] {
            assert!(found(text, shown), "{text:?} {shown:?}");
        }
    }

    #[test]
    fn texts_are_texts() {
        for (text, shown) in [
            ("a\nb [code] <b> [x](y)", Shown::Plain),
            ("a<br>b &#60;b&#62;", Shown::Html),
            ("1 < 2 &lt;b&gt;", Shown::PlainOrHtml),
            ("**a** https://b/decide?c=1\n- c [d] (e)", Shown::Markdown),
            ("<b>x</b> [x](y)", Shown::CodeTags),
        ] {
            assert_eq!(active(text, shown), Vec::<String>::new(), "{text:?} {shown:?}");
        }
    }

    /// Texts that are harmless everywhere would prove nothing.
    #[test]
    fn hostile_texts_are_active_somewhere() {
        for shown in [
            Shown::Plain,
            Shown::Html,
            Shown::PlainOrHtml,
            Shown::Markdown,
            Shown::CodeTags,
        ] {
            assert!(
                HOSTILE.iter().filter(|text| found(text, shown)).count() >= 2,
                "{shown:?}"
            );
        }
    }
}
