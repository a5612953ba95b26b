//! Resolves the effective values of one organisation.

use std::collections::BTreeMap;

use serde_json::Value;

use super::choices::Psa;
use super::declaration::{definition, unknown};
use super::definitions::OrgVariables;
use super::family::{Inherited, OwnVariables};
use crate::field::FieldError;

impl OrgVariables {
    /// A value that the parent has locked wins, then the organisation's own value, then the parent's default, then the
    /// variable's default. Returns an error for every invalid name and value.
    pub fn resolve(own: &OwnVariables, inherited: &Inherited) -> Result<Self, Vec<FieldError>> {
        let from_parent = |locked: bool| {
            let chosen = inherited.iter().filter(move |(_, from)| from.locked == locked);
            chosen.map(|(name, from)| (name, &from.value))
        };
        let own = own.iter().map(|(name, own)| (name, &own.value));
        let by_precedence = from_parent(false).chain(own).chain(from_parent(true));
        let effective: BTreeMap<&String, &Value> = by_precedence.filter(|(_, value)| !value.is_null()).collect();
        let mut variables = Self::default();
        let mut problems = Vec::new();
        for (name, value) in effective {
            let set = definition(name).ok_or_else(|| unknown(name));
            problems.extend(set.and_then(|known| known.set(&mut variables, value)).err());
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let locked = inherited
            .iter()
            .filter(|(_, from)| from.locked && !from.value.is_null());
        variables.locked = locked.map(|(name, _)| name.clone()).collect();
        Ok(variables)
    }

    /// The PSA, if it keeps tickets. Otherwise notes are sent as mails, which never contain a password.
    pub fn real_psa(&self) -> Option<Psa> {
        self.default_psa.filter(|psa| *psa != Psa::EmailOnly)
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveTime;
    use chrono_tz::Tz;
    use serde_json::json;

    use super::super::approver::Approver;
    use super::super::family::tests::{inherited, own};
    use super::super::{Kind, definitions};
    use super::*;

    #[test]
    fn table_and_struct_agree() {
        let fields = serde_json::to_value(OrgVariables::default()).unwrap();
        assert_eq!(fields.as_object().unwrap().len(), definitions().len());
        for definition in definitions() {
            assert!(fields.get(definition.name).is_some(), "{}", definition.name);
            assert!(!definition.description.is_empty(), "{}", definition.name);
            let Some(default) = definition.default_value() else {
                continue;
            };
            assert_eq!(
                definition.canonical(&default),
                Ok(default.clone()),
                "{}",
                definition.name
            );
            let explicit = own(json!({ definition.name: default }));
            assert_eq!(
                OrgVariables::resolve(&explicit, &Inherited::new()),
                Ok(OrgVariables::default()),
                "{}",
                definition.name
            );
        }
    }

    #[test]
    fn unset_variables_have_their_defaults() {
        assert_eq!(
            OrgVariables::resolve(&OwnVariables::new(), &Inherited::new()),
            Ok(OrgVariables::default())
        );
    }

    #[test]
    fn own_value_wins_over_the_parents() {
        let parent = inherited(
            json!({"timezone": "Europe/Berlin", "default_psa": "connectwise",
                "onboarding_password_save_location": ["psa"]}),
            false,
        );
        let own = own(
            json!({"default_psa": "email_only", "timezone": null, "onboarding_password_save_location": [],
            "start_time": "07:30", "new_user_approval_email": ["manager", "hr@example.com"],
            "pwpush_url": "https://pwpush.com/", "usage_location": "DE"}),
        );
        let variables = OrgVariables::resolve(&own, &parent).unwrap();
        assert_eq!(variables.timezone, Tz::Europe__Berlin);
        assert_eq!(variables.default_psa, Some(Psa::EmailOnly));
        assert_eq!(variables.real_psa(), None);
        assert!(variables.onboarding_password_save_location.is_empty());
        assert_eq!(variables.start_time, NaiveTime::from_hms_opt(7, 30, 0).unwrap());
        assert_eq!(variables.new_user_approval_email.len(), 2);
        assert_eq!(variables.new_user_approval_email.first(), Some(&Approver::Manager));
        assert!(variables.auto_purchase_license_if_none_available);
    }

    #[test]
    fn locked_value_wins() {
        let own = own(json!({"default_ticket_location": "Finance", "timezone": "Europe/Berlin"}));
        let mut parent = inherited(json!({"default_ticket_location": "Onboarding"}), true);
        parent.extend(inherited(json!({"timezone": "Asia/Kolkata"}), false));
        let variables = OrgVariables::resolve(&own, &parent).unwrap();
        assert_eq!(variables.default_ticket_location.as_deref(), Some("Onboarding"));
        assert_eq!(variables.timezone, Tz::Europe__Berlin, "a default is not locked");
        assert_eq!(variables.locked, ["default_ticket_location".to_owned()].into());
    }

    #[test]
    fn every_wrong_value_is_reported() {
        let own = own(json!({"timezone": "Mars", "default_psa": "x", "nonsense": 1}));
        let problems = OrgVariables::resolve(&own, &Inherited::new()).unwrap_err();
        let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["default_psa", "nonsense", "timezone"]);
    }

    #[test]
    fn every_choice_resolves() {
        for definition in definitions() {
            if let Kind::OneOf(names) = definition.kind {
                for name in names {
                    let own = own(json!({ definition.name: name }));
                    assert!(OrgVariables::resolve(&own, &Inherited::new()).is_ok(), "{name}");
                }
            }
        }
    }
}
