//! Reads a body by its media type and checks it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{
    header,
    media::{Media, essence},
    multipart,
    schema::Schema,
};

/// Lists what is wrong with a body that is not empty.
pub(crate) fn complaints(declared: &[Media], headers: &[(String, String)], body: &[u8]) -> Vec<String> {
    let Some(content_type) = header(headers, "content-type") else {
        return vec!["header content-type: missing".to_owned()];
    };
    let Some(media) = Media::find(declared, &essence(content_type)) else {
        return vec![format!("header content-type: not {}", Media::names(declared))];
    };
    let schema = media.schema.as_deref();
    match value(content_type, body, schema) {
        Ok(value) => schema
            .map(|schema| schema.complaints("body", &value))
            .unwrap_or_default(),
        Err(why) => vec![format!("body{why}")],
    }
}

pub(crate) fn is_json(essence: &str) -> bool {
    matches!(essence, "application/json" | "text/json") || essence.ends_with("+json")
}

fn value(content_type: &str, body: &[u8], schema: Option<&Schema>) -> Result<Value, String> {
    match essence(content_type).as_str() {
        media if is_json(media) => serde_json::from_slice(body).map_err(|_| ": no JSON".to_owned()),
        "application/x-www-form-urlencoded" => {
            let pairs: Vec<(String, String)> =
                serde_urlencoded::from_bytes(body).map_err(|_| ": no form".to_owned())?;
            let field = |(name, text)| Field {
                name,
                text,
                is_json: false,
            };
            object(pairs.into_iter().map(field), schema)
        }
        "multipart/form-data" => {
            let parts = multipart::parts(content_type, body).map_err(|why| format!(": no form ({why})"))?;
            let field = |part: multipart::Part| Field {
                name: part.name,
                text: part.text,
                is_json: part.is_json,
            };
            object(parts.into_iter().map(field), schema)
        }
        _ => {
            let text = String::from_utf8_lossy(body);
            Ok(schema.map_or_else(|| Value::from(text.as_ref()), |schema| schema.kinds.value(&text)))
        }
    }
}

struct Field {
    name: String,
    text: String,
    is_json: bool,
}

/// A form as an object. A name may occur again only if the schema has a list for it.
fn object(fields: impl Iterator<Item = Field>, schema: Option<&Schema>) -> Result<Value, String> {
    let mut texts: BTreeMap<String, Vec<Field>> = BTreeMap::new();
    for field in fields {
        texts.entry(field.name.clone()).or_default().push(field);
    }
    let mut object = Map::new();
    for (name, fields) in texts {
        let kinds = schema.and_then(|schema| schema.fields.get(&name));
        let items = kinds.and_then(|kinds| kinds.items());
        let values = fields.into_iter().map(|field| match items.or(kinds) {
            _ if field.is_json => serde_json::from_str(&field.text).map_err(|_| format!(" /{name}: no JSON")),
            Some(kinds) => Ok(kinds.value(&field.text)),
            None => Ok(Value::String(field.text)),
        });
        let mut values: Vec<Value> = values.collect::<Result<_, String>>()?;
        let value = match values.len() {
            _ if items.is_some() => Value::Array(values),
            1 => values.remove(0),
            _ => return Err(format!(" /{name}: given twice")),
        };
        object.insert(name, value);
    }
    Ok(Value::Object(object))
}
