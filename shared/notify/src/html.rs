//! The HTML part of a mail: the escaped text, with Gangway's own links clickable. An address that a person typed into a
//! form stays text.

use askama::Template;
use domain::step_error::StepError;
use secrecy::{ExposeSecret, SecretString};

#[derive(Template)]
#[template(path = "mail.html")]
struct Page<'a> {
    paragraphs: Vec<Vec<Line<'a>>>,
}

struct Line<'a> {
    words: &'a str,
    /// The link at the end of the line.
    link: Option<&'a str>,
}

pub(crate) fn page(text: &SecretString, links: &[SecretString]) -> Result<SecretString, StepError> {
    let paragraphs = text.expose_secret().split("\n\n");
    let page = Page {
        paragraphs: paragraphs
            .map(|text| text.lines().map(|words| line(words, links)).collect())
            .collect(),
    };
    page.render()
        .map(SecretString::from)
        .map_err(|_| StepError::Permanent("the mail could not be built".to_owned()))
}

fn line<'a>(words: &'a str, links: &'a [SecretString]) -> Line<'a> {
    let mut links = links.iter().map(ExposeSecret::expose_secret);
    let link = links.find(|link| words.ends_with(link));
    Line {
        words: words.strip_suffix(link.unwrap_or_default()).unwrap_or(words),
        link,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_own_links_is_text() {
        let link = SecretString::from("https://gangway.example/decide?c=a&b");
        let text = "<b onclick='x'>Ann</b> & \"Bob\"\nsecond line\n\nhttps://evil.example\n\nApprove: https://gangway.example/decide?c=a&b";
        let html = page(&text.into(), &[link]).unwrap();
        let html = html.expose_secret();
        assert!(
            html.contains("<p>&#60;b onclick=&#39;x&#39;&#62;Ann&#60;/b&#62; &#38; &#34;Bob&#34;<br>second line</p>"),
            "{html}"
        );
        assert!(html.contains("<p>https://evil.example</p>"), "{html}");
        assert!(
            html.contains(
                "<p>Approve: <a href=\"https://gangway.example/decide?c=a&#38;b\">https://gangway.example/decide?c=a&#38;b</a></p>"
            ),
            "{html}"
        );
        assert_eq!(html.matches("<a ").count(), 1);
    }
}
