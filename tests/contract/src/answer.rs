//! The answers that an operation declares.

use crate::{Answer, body, media::Media, node::Node, schema::Schemas};

pub(crate) struct Answers(Vec<Declared>);

pub(crate) struct Declared {
    /// A status or a range, such as `200` or `4XX`.
    pub(crate) status: String,
    pub(crate) content: Vec<Media>,
}

impl Answers {
    pub(crate) fn parse(operation: &Node<'_>, schemas: &mut Schemas<'_>) -> Result<Self, String> {
        let answers = operation.get("responses");
        let declared = answers.iter().flat_map(Node::entries).map(|(status, answer)| {
            let is_known = status.len() == 3 && status.starts_with(|first: char| first.is_ascii_digit());
            if !is_known {
                return Err(format!("{}: a status is three digits, or one and XX", answer.pointer));
            }
            Ok(Declared {
                status: status.to_owned(),
                content: Media::of(&answer.resolved()?, schemas)?,
            })
        });
        declared.collect::<Result<_, String>>().map(Self)
    }

    #[cfg(test)]
    pub(crate) fn declared(&self) -> &[Declared] {
        &self.0
    }

    fn named(&self, status: &str) -> Option<&Declared> {
        self.0.iter().find(|declared| declared.status == status)
    }

    fn find(&self, status: u16) -> Option<&Declared> {
        let exact = self.named(&status.to_string());
        exact.or_else(|| self.named(&format!("{}XX", status / 100)))
    }

    pub(crate) fn complaints(&self, method: &str, answer: &Answer<'_>) -> Vec<String> {
        let Some(declared) = self.find(answer.status) else {
            // The contract files leave out most error answers.
            return match answer.status {
                400.. => Vec::new(),
                status => vec![format!("status {status}: not declared")],
            };
        };
        if answer.status == 204 && !answer.body.is_empty() {
            return vec!["body: 204 has none".to_owned()];
        }
        if declared.content.is_empty() {
            return Vec::new();
        }
        if !answer.body.is_empty() {
            return body::complaints(&declared.content, answer.headers, answer.body);
        }
        let has_schema = declared.content.iter().any(|media| media.schema.is_some());
        if has_schema && answer.status != 204 && !method.eq_ignore_ascii_case("HEAD") {
            return vec!["body: missing".to_owned()];
        }
        Vec::new()
    }
}
