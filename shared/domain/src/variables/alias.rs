//! Names and values of the product that organisations come from; accepted when their settings are imported, nowhere else.

use serde_json::Value;

use super::definitions::definition;
use super::parse::parse_value;
use crate::field::FieldError;

const ALIASES: &[(&str, &str)] = &[
    ("psa_default_board_id", "default_ticket_location"),
    ("psa_default_ticket_status", "default_ticket_status"),
    ("psa_ticket_status_waiting_input", "ticket_status_waiting_input"),
    ("psa_ticket_status_completed_task", "ticket_status_workflow_complete"),
    ("psa_default_ticket_priority", "default_priority"),
    ("psa_default_tech_workrole", "default_work_role"),
    ("psa_default_tech_id", "default_tech_id"),
    ("psa_send_from_address", "send_from_address"),
    ("psa_store_password_in_ticket", "store_password_in_ticket"),
    ("new_user_password_save_locations", "onboarding_password_save_location"),
    ("new_user_password_save_location_custom_url", "pwpush_url"),
    ("user_start_date_action", "allow_scheduled_user_creation"),
    ("m365_license_assignment_method", "license_assignment_method"),
    ("m365_usage_location", "usage_location"),
    ("user_name_format", "username_format"),
];

const VALUES: &[(&str, &str, &str)] = &[
    ("default_psa", "cw_manage", "connectwise"),
    ("default_psa", "datto_psa", "autotask"),
    ("default_psa", "halo_psa", "halopsa"),
    ("default_psa", "mail_only", "email_only"),
    ("ms_licensing_distributor", "synnex", "td_synnex"),
    ("ms_licensing_distributor", "manual_only", "manual"),
    ("onboarding_password_save_location", "custom_pwpush", "pwpush"),
    ("onboarding_password_save_location", "custom-pwpush", "pwpush"),
    ("allow_scheduled_user_creation", "pause_workflow", "1"),
    ("allow_scheduled_user_creation", "document_only", "0"),
];

/// Gangway's name of a variable, by either product's name.
pub fn canonical_name(alias: &str) -> Option<&'static str> {
    let aliased = ALIASES.iter().find(|(other, _)| *other == alias).map(|(_, name)| *name);
    aliased.or_else(|| definition(alias).map(|definition| definition.name))
}

/// Name and value to store for an imported variable.
pub fn import(name: &str, value: &Value) -> Result<(&'static str, Value), FieldError> {
    let Some(canonical) = canonical_name(name) else {
        return Err(FieldError::new(name, "is not a variable that Gangway knows"));
    };
    let translate = |text: &str| {
        let known = VALUES
            .iter()
            .find(|(of, other, _)| *of == canonical && other.eq_ignore_ascii_case(text.trim()));
        known.map_or(text, |(_, _, ours)| ours).to_owned()
    };
    let ours = match value {
        Value::String(list) if list.contains(',') => Value::from(list.split(',').map(translate).collect::<Vec<_>>()),
        Value::String(text) => Value::from(translate(text)),
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map_or(item.clone(), |text| Value::from(translate(text))))
            .collect(),
        other => other.clone(),
    };
    // The message names what Gangway takes, the field what the file has.
    let stored = parse_value(canonical, &ours).map_err(|problem| FieldError::new(name, problem.message))?;
    Ok((canonical, stored))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn aliases_lead_to_variables() {
        for (alias, name) in ALIASES {
            assert!(definition(name).is_some(), "{name}");
            assert!(definition(alias).is_none(), "{alias}");
            assert_eq!(canonical_name(alias), Some(*name));
        }
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
            assert_eq!(import(name, &value), Ok((canonical, stored)), "{name}");
        }
        assert_eq!(
            import("user_start_date_action", &json!("immediately"))
                .unwrap_err()
                .field,
            "user_start_date_action"
        );
        assert_eq!(import("nonsense", &json!(1)).unwrap_err().field, "nonsense");
    }

    /// Only an import knows them.
    #[test]
    fn settings_refuse_aliases() {
        assert!(parse_value("psa_default_board_id", &json!(7)).is_err());
        assert!(parse_value("default_psa", &json!("cw_manage")).is_err());
    }
}
