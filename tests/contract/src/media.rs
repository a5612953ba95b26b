//! The media types of a body, each with its schema.

use std::sync::Arc;

use crate::{
    node::Node,
    schema::{Schema, Schemas},
};

pub(crate) struct Media {
    /// The media type in lower case and without parameters. It may be a range such as `text/*`.
    pub(crate) range: String,
    pub(crate) schema: Option<Arc<Schema>>,
}

impl Media {
    /// Reads the media types of a request's body or of an answer, below its key `content`.
    pub(crate) fn of(body: &Node<'_>, schemas: &mut Schemas<'_>) -> Result<Vec<Self>, String> {
        let content = body.get("content");
        let entries = content.iter().flat_map(Node::entries).map(|(name, media)| {
            let schema = media.get("schema").map(|schema| schemas.compiled(&schema.pointer));
            Ok(Self {
                range: essence(name),
                schema: schema.transpose()?,
            })
        });
        entries.collect()
    }

    /// The most specific declared media type for the given one.
    pub(crate) fn find<'m>(declared: &'m [Self], essence: &str) -> Option<&'m Self> {
        let (kind, _) = essence.split_once('/')?;
        [essence, &format!("{kind}/*"), "*/*"]
            .iter()
            .find_map(|wanted| declared.iter().find(|media| media.range == *wanted))
    }

    pub(crate) fn names(declared: &[Self]) -> String {
        let names: Vec<_> = declared.iter().map(|media| media.range.as_str()).collect();
        names.join(" or ")
    }
}

/// A media type without its parameters.
pub(crate) fn essence(media: &str) -> String {
    let (essence, _) = media.split_once(';').unwrap_or((media, ""));
    essence.trim().to_ascii_lowercase()
}
