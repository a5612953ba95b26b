//! Describes what is wrong with a value by its place and the schema's keyword, without the value itself.

use jsonschema::{
    ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
};

/// `place` says what the whole value is, such as `body` or `query page`.
pub(crate) fn complaints(place: &str, error: &ValidationError<'_>) -> Vec<String> {
    let path = error.instance_path().as_str();
    let at = if path.is_empty() {
        place.to_owned()
    } else {
        format!("{place} {path}")
    };
    match error.kind() {
        Kind::Type { kind } => vec![format!("{at}: wrong type, not {}", types(kind))],
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or("");
            vec![format!("{at}: property {name} is missing")]
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => unexpected
            .iter()
            .map(|name| format!("{at}: property {name} is unknown"))
            .collect(),
        Kind::FalseSchema => vec![format!("{at}: not taken in this direction")],
        Kind::Format { format } => vec![format!("{at}: not of format {format}")],
        Kind::PropertyNames { error } => vec![format!("{at}: a property's name fails {}", error.kind().keyword())],
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            let mut words = vec![format!("{at}: fits nothing of {}", error.kind().keyword())];
            words.extend(nearest(place, path, context));
            words
        }
        kind => vec![format!("{at}: fails {}", kind.keyword())],
    }
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(name) => name.to_string(),
        TypeKind::Multiple(names) => {
            let names: Vec<_> = names.iter().map(|name| name.to_string()).collect();
            names.join(" or ")
        }
    }
}

/// The complaints of the alternative that was probably meant: it has the right type and the fewest complaints.
fn nearest(place: &str, path: &str, choices: &[Vec<ValidationError<'static>>]) -> Vec<String> {
    let of_this_type = choices.iter().filter(|errors| {
        let of_another_type = |error: &ValidationError<'_>| {
            matches!(error.kind(), Kind::Type { .. }) && error.instance_path().as_str() == path
        };
        !errors.iter().any(of_another_type)
    });
    let Some(nearest) = of_this_type.min_by_key(|errors| errors.len()) else {
        return Vec::new();
    };
    nearest.iter().flat_map(|error| complaints(place, error)).collect()
}
