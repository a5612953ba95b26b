//! Chooses between JSON and a page, by the Accept header.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::ACCEPT;
use http::request::Parts;

/// The format that the client prefers for the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Html,
}

impl Format {
    /// A page only for clients that prefer pages; JSON is the default.
    pub fn of(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let ranges: Vec<(String, f32)> = accepted.flat_map(|value| value.split(',')).map(range).collect();
        let quality = |types: &[&str]| {
            types
                .iter()
                .find_map(|wanted| ranges.iter().find(|(name, _)| name == wanted))
                .map_or(0.0, |(_, q)| *q)
        };
        let html = quality(&["text/html", "text/*"]);
        let json = quality(&["application/json", "application/problem+json", "application/*", "*/*"]);
        if html > json { Self::Html } else { Self::Json }
    }

    pub fn is_page(self) -> bool {
        self == Self::Html
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Format {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

fn range(text: &str) -> (String, f32) {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    let quality = parts
        .find_map(|part| part.strip_prefix("q="))
        .map_or(1.0, |q| q.parse().unwrap_or(0.0));
    (name, quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_get_pages_and_everybody_else_json() {
        let cases = [
            (None, Format::Json),
            (Some("*/*"), Format::Json),
            (Some("application/json"), Format::Json),
            (Some("application/problem+json"), Format::Json),
            (Some("text/html"), Format::Html),
            (Some("TEXT/HTML; charset=utf-8"), Format::Html),
            (
                Some("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"),
                Format::Html,
            ),
            (Some("application/json, text/html;q=0.5"), Format::Json),
            (Some("application/json;q=0.1, text/html;q=0.5"), Format::Html),
            (Some("text/html;q=0, */*"), Format::Json),
            (Some("text/html;q=nonsense"), Format::Json),
            (Some("image/png"), Format::Json),
            (Some(";;,,"), Format::Json),
        ];
        for (accept, format) in cases {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(ACCEPT, accept.parse().unwrap());
            }
            assert_eq!(Format::of(&headers), format, "{accept:?}");
        }
    }
}
