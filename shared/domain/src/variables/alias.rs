//! Variable names and values of the product that organisations migrate from. They are accepted only when variables are
//! imported.

use serde_json::Value;

use super::declaration::{Definition, definition, definitions};
use crate::field::FieldError;

/// The variable with this name in either product.
pub(super) fn by_any_name(name: &str) -> Option<&'static Definition> {
    let aliased = definitions()
        .iter()
        .find(|definition| definition.details.aliases.contains(&name));
    aliased.or_else(|| definition(name))
}

/// Gangway's name of a variable that is given by its name in either product.
pub fn canonical_name(alias: &str) -> Option<&'static str> {
    by_any_name(alias).map(|definition| definition.name)
}

/// The value to store for an imported variable. An error says what Gangway accepts, and its field is the name in the
/// import.
pub(super) fn import(definition: &Definition, name: &str, value: &Value) -> Result<Value, FieldError> {
    let translate = |text: &str| {
        let mut aliases = definition.details.value_aliases.iter();
        let known = aliases.find(|(other, _)| other.eq_ignore_ascii_case(text.trim()));
        Value::from(known.map_or(text, |(_, ours)| ours))
    };
    let ours = match value {
        Value::String(list) if list.contains(',') => list.split(',').map(translate).collect(),
        Value::String(text) => translate(text),
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map_or(item.clone(), translate))
            .collect(),
        other => other.clone(),
    };
    definition
        .canonical(&ours)
        .map_err(|problem| FieldError::new(name, problem.message))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::value::tests::parse_value;
    use super::*;

    fn imported(name: &str, value: &Value) -> Result<(&'static str, Value), FieldError> {
        let definition = by_any_name(name).unwrap();
        import(definition, name, value).map(|stored| (definition.name, stored))
    }

    #[test]
    fn aliases_name_existing_variables() {
        let mut seen = 0;
        for known in definitions() {
            for alias in known.details.aliases {
                assert!(definition(alias).is_none(), "{alias}");
                assert_eq!(canonical_name(alias), Some(known.name));
                seen += 1;
            }
            for (_, ours) in known.details.value_aliases {
                let value = Value::from(*ours);
                assert!(known.canonical(&value).is_ok(), "{ours}");
            }
        }
        assert_eq!(seen, 15);
        assert_eq!(canonical_name("default_psa"), Some("default_psa"));
        assert_eq!(canonical_name("nonsense"), None);
    }

    #[test]
    fn values_are_translated() {
        let cases = [
            (
                "user_start_date_action",
                json!("pause_workflow"),
                "allow_scheduled_user_creation",
                json!(true),
            ),
            (
                "user_start_date_action",
                json!("document_only"),
                "allow_scheduled_user_creation",
                json!(false),
            ),
            (
                "new_user_password_save_locations",
                json!("psa, custom_pwpush"),
                "onboarding_password_save_location",
                json!(["psa", "pwpush"]),
            ),
            (
                "new_user_password_save_locations",
                json!(["hudu"]),
                "onboarding_password_save_location",
                json!(["hudu"]),
            ),
            ("default_psa", json!("cw_manage"), "default_psa", json!("connectwise")),
            ("psa_default_board_id", json!(7), "default_ticket_location", json!("7")),
            ("user_name_format", json!("flast"), "username_format", json!("flast")),
        ];
        for (name, value, canonical, stored) in cases {
            assert_eq!(imported(name, &value), Ok((canonical, stored)), "{name}");
        }
        assert_eq!(
            imported("user_start_date_action", &json!("immediately"))
                .unwrap_err()
                .field,
            "user_start_date_action"
        );
    }

    /// Aliases are accepted only by an import.
    #[test]
    fn variables_refuse_aliases() {
        assert!(parse_value("psa_default_board_id", &json!(7)).is_err());
        assert!(parse_value("default_psa", &json!("cw_manage")).is_err());
    }
}
