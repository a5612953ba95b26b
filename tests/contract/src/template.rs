//! A path with placeholders, such as `/service/tickets/{id}`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

pub(crate) struct Template {
    pub(crate) text: String,
    segments: Vec<Segment>,
}

/// A placeholder takes a whole segment, or the part between a literal beginning and end (`{id}.json`).
enum Segment {
    Literal(String),
    Placeholder {
        before: String,
        name: String,
        after: String,
    },
}

impl Template {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let segments = text.split('/').map(|segment| {
            let Some((before, rest)) = segment.split_once('{') else {
                return Ok(Segment::Literal(segment.to_owned()));
            };
            match rest.split_once('}') {
                Some((name, after)) if !after.contains('{') => Ok(Segment::Placeholder {
                    before: before.to_owned(),
                    name: name.to_owned(),
                    after: after.to_owned(),
                }),
                _ => Err(format!("path {text}: its placeholders")),
            }
        });
        Ok(Self {
            text: text.to_owned(),
            segments: segments.collect::<Result<_, String>>()?,
        })
    }

    /// The values of the placeholders, if the template matches the path.
    pub(crate) fn values<'p>(&self, path: &'p [String]) -> Option<Vec<(&str, &'p str)>> {
        (self.segments.len() == path.len() && self.beginning(path) == path.len()).then(|| {
            let pairs = self.segments.iter().zip(path);
            pairs.filter_map(|(segment, given)| segment.value(given)).collect()
        })
    }

    /// How many of the path's first segments match.
    pub(crate) fn beginning(&self, path: &[String]) -> usize {
        let pairs = self.segments.iter().zip(path);
        pairs.take_while(|(segment, given)| segment.takes(given)).count()
    }

    /// The first segments as the file writes them.
    pub(crate) fn first(&self, count: usize) -> String {
        self.text.split('/').take(count).collect::<Vec<_>>().join("/")
    }

    /// Which segments are literal. If two templates match a path, the greater one is meant.
    pub(crate) fn literals(&self) -> Vec<bool> {
        let literal = |segment: &Segment| matches!(segment, Segment::Literal(_));
        self.segments.iter().map(literal).collect()
    }
}

impl Segment {
    fn takes(&self, given: &str) -> bool {
        match self {
            Self::Literal(literal) => literal == given,
            Self::Placeholder { .. } => self.value(given).is_some(),
        }
    }

    fn value<'p>(&self, given: &'p str) -> Option<(&str, &'p str)> {
        let Self::Placeholder { before, name, after } = self else {
            return None;
        };
        let value = given.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?;
        (!value.is_empty() && !is_of_odata(value)).then_some((name, value))
    }
}

/// Microsoft's own words in paths, such as `$ref` and `microsoft.graph.user`, are not ids.
fn is_of_odata(segment: &str) -> bool {
    segment.starts_with('$') || segment.starts_with("microsoft.graph.")
}

/// The decoded segments of a path.
pub(crate) fn segments(path: &str) -> Result<Vec<String>, String> {
    if path.contains(['?', '#']) {
        return Err("path: a query is given beside it".to_owned());
    }
    let decoded = path.split('/').map(|segment| {
        let decoded = percent_decode_str(segment).decode_utf8();
        decoded.map(Cow::into_owned)
    });
    let decoded: Result<_, _> = decoded.collect();
    decoded.map_err(|_| "path: not UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(template: &str, path: &str) -> Option<Vec<(String, String)>> {
        let path = segments(path).expect("segments");
        let template = Template::parse(template).expect("template");
        let values = template.values(&path)?;
        Some(
            values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    fn pair(name: &str, value: &str) -> Option<Vec<(String, String)>> {
        Some(vec![(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn takes_whole_segments_and_parts_of_them() {
        assert_eq!(values("/a/{id}", "/a/b%2Fc"), pair("id", "b/c"));
        assert_eq!(values("/a/{id}.json", "/a/5.json"), pair("id", "5"));
        assert_eq!(values("/a/{id}", "/a/"), None);
        assert_eq!(values("/a/{id}", "/a/5/"), None);
        assert_eq!(values("/a/{id}", "/a"), None);
        assert_eq!(values("/a/$ref", "/a/%24ref"), Some(Vec::new()));
    }

    #[test]
    fn words_of_odata_fill_no_placeholder() {
        assert_eq!(values("/users/{id}", "/users/$count"), None);
        assert_eq!(values("/deletedItems/{id}", "/deletedItems/microsoft.graph.user"), None);
        assert_eq!(
            values("/domains/{id}", "/domains/graph.example"),
            pair("id", "graph.example")
        );
    }
}
