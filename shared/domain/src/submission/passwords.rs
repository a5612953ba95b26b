//! What one request wants for its password in place of the organisation's variables, by their names.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::own::OwnSettings;
use super::reader::Reader;
use crate::variables::{PasswordStyle, SaveLocation};

/// `pwpush_url` is not among them: who fills in the form does not say which server a password goes to.
pub const PASSWORD_FIELDS: [&str; 8] = [
    "password_style",
    "require_password_change_on_first_login",
    "restrict_user_from_changing_password",
    "set_password_to_never_expire",
    "store_password_in_ticket",
    "send_password_via_sms_or_email",
    "auto_store_password_in_documentation",
    "onboarding_password_save_location",
];

/// None is as the organisation has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PasswordSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_style: Option<PasswordStyle>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_password_change_on_first_login: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restrict_user_from_changing_password: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_password_to_never_expire: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_password_in_ticket: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_password_via_sms_or_email: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_store_password_in_documentation: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onboarding_password_save_location: Option<Vec<SaveLocation>>,
}

impl PasswordSettings {
    pub(super) fn read(fields: &mut Reader<'_>) -> Self {
        Self {
            password_style: fields.variable("password_style"),
            require_password_change_on_first_login: fields.variable("require_password_change_on_first_login"),
            restrict_user_from_changing_password: fields.variable("restrict_user_from_changing_password"),
            set_password_to_never_expire: fields.variable("set_password_to_never_expire"),
            store_password_in_ticket: fields.variable("store_password_in_ticket"),
            send_password_via_sms_or_email: fields.variable("send_password_via_sms_or_email"),
            auto_store_password_in_documentation: fields.variable("auto_store_password_in_documentation"),
            onboarding_password_save_location: fields.variable("onboarding_password_save_location"),
        }
    }

    pub(super) fn over(&self, own: &mut OwnSettings) {
        own.take("password_style", self.password_style, |v| &mut v.password_style);
        own.take(
            "require_password_change_on_first_login",
            self.require_password_change_on_first_login,
            |v| &mut v.require_password_change_on_first_login,
        );
        own.take(
            "restrict_user_from_changing_password",
            self.restrict_user_from_changing_password,
            |v| &mut v.restrict_user_from_changing_password,
        );
        own.take("set_password_to_never_expire", self.set_password_to_never_expire, |v| {
            &mut v.set_password_to_never_expire
        });
        own.take("store_password_in_ticket", self.store_password_in_ticket, |v| {
            &mut v.store_password_in_ticket
        });
        own.take(
            "send_password_via_sms_or_email",
            self.send_password_via_sms_or_email,
            |v| &mut v.send_password_via_sms_or_email,
        );
        own.take(
            "auto_store_password_in_documentation",
            self.auto_store_password_in_documentation,
            |v| &mut v.auto_store_password_in_documentation,
        );
        own.take(
            "onboarding_password_save_location",
            self.onboarding_password_save_location.clone(),
            |v| &mut v.onboarding_password_save_location,
        );
    }

    /// What was given, for the ticket and for who approves it; None if nothing was.
    pub fn label(&self) -> Option<String> {
        let given = serde_json::to_value(self).ok()?;
        let word = |value: &Value| match value {
            Value::Bool(flag) => if *flag { "yes" } else { "no" }.to_owned(),
            Value::Array(items) if items.is_empty() => "none".to_owned(),
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" and "),
            other => other.as_str().unwrap_or_default().to_owned(),
        };
        let lines = given
            .as_object()?
            .iter()
            .map(|(name, value)| format!("{name}: {}", word(value)));
        Some(lines.collect::<Vec<_>>().join(", ")).filter(|words| !words.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{FIELDS, Onboarding};
    use super::*;
    use crate::variables::{OrgVariables, PasswordDestination, Psa, definition};

    fn parsed(more: &Value) -> Result<Onboarding, Vec<String>> {
        let mut body = json!({"first_name": "Ada", "last_name": "Lovelace"});
        let fields = body.as_object_mut().unwrap();
        fields.extend(more.as_object().unwrap().clone());
        Onboarding::parse(&body).map_err(|problems| problems.into_iter().map(|problem| problem.field).collect())
    }

    /// Every setting the other way round.
    fn all() -> Value {
        json!({"password_style": "passphrase", "require_password_change_on_first_login": "0",
            "restrict_user_from_changing_password": 1, "set_password_to_never_expire": "TRUE", "store_password_in_ticket": false,
            "send_password_via_sms_or_email": "false", "auto_store_password_in_documentation": 0,
            "onboarding_password_save_location": "Hudu, pwpush"})
    }

    #[test]
    fn every_setting_is_a_variable_and_a_field() {
        for name in PASSWORD_FIELDS {
            assert!(definition(name).is_some() && FIELDS.contains(&name), "{name}");
        }
    }

    #[test]
    fn each_is_given_as_a_variable_is_and_wins() {
        let given = parsed(&all()).unwrap();
        let before = serde_json::to_value(OrgVariables::default()).unwrap();
        let after = serde_json::to_value(given.settings(OrgVariables::default())).unwrap();
        let changed: Vec<&str> = before
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, value)| after[name.as_str()] != **value)
            .map(|(name, _)| name.as_str())
            .collect();
        let mut expected = PASSWORD_FIELDS;
        expected.sort_unstable();
        assert_eq!(changed, expected);
        assert_eq!(after["onboarding_password_save_location"], json!(["hudu", "pwpush"]));
        let stored = serde_json::to_value(&given).unwrap();
        assert_eq!(Onboarding::parse(&stored), Ok(given));
    }

    #[test]
    fn what_is_not_given_is_as_the_organisation_has_it() {
        let variables = OrgVariables {
            default_psa: Some(Psa::Connectwise),
            set_password_to_never_expire: true,
            onboarding_password_save_location: vec![SaveLocation::Hudu],
            ..OrgVariables::default()
        };
        let silent = parsed(&json!({"store_password_in_ticket": null, "password_style": " "})).unwrap();
        assert_eq!(silent.passwords, PasswordSettings::default());
        assert_eq!(silent.settings(variables.clone()), variables);
        let none = parsed(&json!({"onboarding_password_save_location": [], "send_password_via_sms_or_email": false}));
        assert_eq!(
            none.unwrap().settings(variables).password_places(),
            [PasswordDestination::TicketNote]
        );
    }

    #[test]
    fn who_approves_reads_what_was_given() {
        assert_eq!(PasswordSettings::default().label(), None);
        let given = parsed(&json!({"password_style": "passphrase", "store_password_in_ticket": 0,
            "onboarding_password_save_location": "hudu,pwpush"}));
        assert_eq!(
            given.unwrap().passwords.label().unwrap(),
            "onboarding_password_save_location: hudu and pwpush, password_style: passphrase, store_password_in_ticket: no"
        );
    }

    #[test]
    fn wrong_values_are_named_all_at_once() {
        let wrong = json!({"password_style": "strong", "require_password_change_on_first_login": "yes",
            "restrict_user_from_changing_password": 2, "set_password_to_never_expire": [], "store_password_in_ticket": {},
            "send_password_via_sms_or_email": "x", "auto_store_password_in_documentation": 1.5,
            "onboarding_password_save_location": "cellar", "pwpush_url": "https://pwpush.example"});
        let mut fields = parsed(&wrong).unwrap_err();
        fields.sort();
        let mut expected = PASSWORD_FIELDS.to_vec();
        expected.push("pwpush_url");
        expected.sort_unstable();
        assert_eq!(fields, expected);
    }
}
