//! The body of a call that resumes a request.

use serde_json::{Map, Value};

use crate::field::FieldError;
use crate::request::Skip;
use crate::submission::reader::one_line;

const MAX_REASON: usize = 300;

/// The failed step to leave out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipping {
    pub step: Skip,
    pub reason: String,
}

/// Parses the body. `None` means that the failed step is tried again.
pub fn parse(body: &Map<String, Value>) -> Result<Option<Skipping>, Vec<FieldError>> {
    let mut problems: Vec<FieldError> = body
        .keys()
        .filter(|name| !["skip", "reason"].contains(&name.as_str()))
        .map(|_| FieldError::new("body", "has a field that is neither skip nor reason"))
        .take(1)
        .collect();
    let mut line = |field: &str| match body.get(field) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => match one_line(text, MAX_REASON) {
            Ok(text) => Some(text).filter(|text| !text.is_empty()),
            Err(message) => {
                problems.push(FieldError::new(field, message));
                None
            }
        },
        Some(_) => {
            problems.push(FieldError::new(field, "must be text"));
            None
        }
    };
    let (skip, reason) = (line("skip"), line("reason"));
    let step = skip.as_deref().map(Skip::of);
    if step == Some(None) {
        let message = format!(
            "must be a step that the rest can go on without: {}",
            Skip::NAMES.join(", ")
        );
        problems.push(FieldError::new("skip", message));
    }
    let told = |field: &str| problems.iter().any(|problem| problem.field == field);
    match (&skip, &reason) {
        (Some(_), None) if !told("reason") => {
            problems.push(FieldError::new("reason", "is required where a step is skipped"));
        }
        (None, Some(_)) if !told("skip") => {
            problems.push(FieldError::new("reason", "is for a step that is skipped"));
        }
        _ => {}
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(step
        .flatten()
        .zip(reason)
        .map(|(step, reason)| Skipping { step, reason }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: Value) -> Result<Option<(Skip, String)>, Vec<String>> {
        match parse(body.as_object().unwrap()) {
            Ok(skipping) => Ok(skipping.map(|skipping| (skipping.step, skipping.reason))),
            Err(problems) => Err(problems.into_iter().map(|problem| problem.field).collect()),
        }
    }

    #[test]
    fn skipping_needs_a_step_and_a_reason() {
        assert_eq!(read(json!({})), Ok(None));
        assert_eq!(read(json!({"skip": "", "reason": ""})), Ok(None));
        assert_eq!(
            read(json!({"skip": "buy", "reason": " gone\u{202e} "})),
            Err(vec!["reason".to_owned(), "skip".to_owned()])
        );
        assert_eq!(
            read(json!({"skip": "block-sign-in", "reason": " HR does it "})),
            Ok(Some((Skip::BlockSignIn, "HR does it".to_owned())))
        );
        let cases = [
            (json!({"skip": "block-sign-in"}), vec!["reason"]),
            (json!({"reason": "because"}), vec!["reason"]),
            (json!({"skip": "create-user", "reason": "because"}), vec!["skip"]),
            (json!({"skip": 5, "step": 1}), vec!["body", "skip"]),
            (json!({"skip": "add-groups", "reason": "x".repeat(301)}), vec!["reason"]),
        ];
        for (body, fields) in cases {
            let fields: Vec<String> = fields.into_iter().map(str::to_owned).collect();
            assert_eq!(read(body.clone()), Err(fields), "{body}");
        }
    }
}
