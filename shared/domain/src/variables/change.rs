//! Changes an organisation's variables, all together or not at all.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use url::Url;

use super::alias::{by_any_name, canonical_name, import};
use super::declaration::{definition, unknown};
use super::family::{Family, ForChildren, OwnVariable, locked_by_parent};
use super::kind::Kind;
use crate::field::FieldError;
use crate::step_error::StepError;

/// Unsetting the value would also remove the lock.
const LOCKED_FOR_CHILDREN: &str = "is locked for this organisation's children: another value can be set here, and only whoever runs Gangway takes it away";

/// The values to store, by variable name. `None` removes the organisation's own value.
pub type Changes = BTreeMap<String, Option<OwnVariable>>;

/// A requested change: names and values, in the order of the response. A value of `None` goes back to the parent's
/// value or the default.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub variables: Vec<(String, Option<Value>)>,
    pub by: ChangedBy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangedBy {
    /// An admin of the organisation. The effect of the values on child organisations does not change.
    Admin,
    /// The operator of Gangway, who may import another product's names and values and may set how values affect child
    /// organisations. `None` leaves that as it is, so that a lock is not lost because it was not repeated.
    Operator { for_children: Option<ForChildren> },
}

impl Change {
    /// A change by an admin, from the body of the JSON API.
    pub fn by_admin(body: Map<String, Value>) -> Self {
        let variables = body
            .into_iter()
            .map(|(name, value)| (name, Some(value).filter(|v| !v.is_null())));
        Self {
            variables: variables.collect(),
            by: ChangedBy::Admin,
        }
    }

    /// Checks each value by itself, and the values that would be effective after the change, here and in the children.
    /// Returns all errors. `given_address` refuses addresses that Gangway may not call.
    pub fn validate(
        &self,
        family: &Family,
        given_address: impl Fn(&str, &str) -> Result<Url, StepError>,
    ) -> Result<Changes, Vec<FieldError>> {
        let mut changes = Changes::new();
        let mut problems = Vec::new();
        let mut wrong = BTreeSet::new();
        for (name, value) in &self.variables {
            match self.one(name, value.as_ref(), family, &given_address) {
                Ok((name, own)) => {
                    if changes.insert(name.to_owned(), own).is_some() {
                        problems.push(FieldError::new(name, "is set twice"));
                    }
                }
                Err(problem) => {
                    wrong.extend(canonical_name(name));
                    problems.push(problem);
                }
            }
        }
        let contradictions = family.contradictions_after(&changes).into_iter();
        // A variable with an invalid new value gets no second error.
        problems.extend(contradictions.filter(|problem| !wrong.contains(problem.field.as_str())));
        if problems.is_empty() {
            Ok(changes)
        } else {
            Err(problems)
        }
    }

    fn one(
        &self,
        given: &str,
        value: Option<&Value>,
        family: &Family,
        given_address: impl Fn(&str, &str) -> Result<Url, StepError>,
    ) -> Result<(&'static str, Option<OwnVariable>), FieldError> {
        let definition = match self.by {
            ChangedBy::Admin => definition(given).ok_or_else(|| unknown(given))?,
            ChangedBy::Operator { .. } => {
                by_any_name(given).ok_or_else(|| FieldError::new(given, "is not a variable that Gangway knows"))?
            }
        };
        let name = definition.name;
        let before = family.own.get(name).map(|own| own.for_children).unwrap_or_default();
        let Some(value) = value else {
            if self.by == ChangedBy::Admin && before == ForChildren::Locked {
                return Err(FieldError::new(name, LOCKED_FOR_CHILDREN));
            }
            return Ok((name, None));
        };
        let (value, for_children) = match self.by {
            ChangedBy::Admin => (definition.canonical(value)?, None),
            ChangedBy::Operator { for_children } => (import(definition, given, value)?, for_children),
        };
        if let (Kind::OrgUrl, Some(address)) = (definition.kind, value.as_str()) {
            given_address(name, address).map_err(|error| FieldError::new(name, error.to_string()))?;
        }
        if family.is_locked(name) {
            return Err(locked_by_parent(name));
        }
        let for_children = for_children.unwrap_or(before);
        Ok((name, Some(OwnVariable { value, for_children })))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Child;
    use super::super::family::tests::{family, own};
    use super::*;
    use crate::ids::OrgId;

    fn admins(body: Value, family: &Family) -> Result<Changes, Vec<FieldError>> {
        Change::by_admin(body.as_object().unwrap().clone()).validate(family, public)
    }

    fn operators(
        variables: &[(&str, Option<Value>)],
        for_children: Option<ForChildren>,
        family: &Family,
    ) -> Result<Changes, Vec<FieldError>> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        let change = Change {
            variables: variables.collect(),
            by: ChangedBy::Operator { for_children },
        };
        change.validate(family, public)
    }

    /// Replaces the check of addresses that the caller does.
    fn public(name: &str, address: &str) -> Result<Url, StepError> {
        let url = address.parse().unwrap();
        if address.contains("127.0.0.1") {
            return Err(StepError::NeedsAttention(format!("{name} is ours")));
        }
        Ok(url)
    }

    fn set(changes: Result<Changes, Vec<FieldError>>) -> Vec<(String, Option<Value>)> {
        let value = |(name, own): (String, Option<OwnVariable>)| (name, own.map(|own| own.value));
        changes.unwrap().into_iter().map(value).collect()
    }

    fn wrong(changes: Result<Changes, Vec<FieldError>>) -> Vec<String> {
        changes.unwrap_err().into_iter().map(|problem| problem.field).collect()
    }

    fn nothing() -> Family {
        family(json!({}), json!({}))
    }

    #[test]
    fn change_is_merged_and_null_unsets() {
        let family = family(json!({"timezone": "Europe/Berlin"}), json!({}));
        let body = json!({"timezone": null, "default_psa": "ConnectWise", "store_password_in_ticket": "0"});
        assert_eq!(
            set(admins(body, &family)),
            [
                ("default_psa".to_owned(), Some(json!("connectwise"))),
                ("store_password_in_ticket".to_owned(), Some(json!(false))),
                ("timezone".to_owned(), None),
            ]
        );
        assert_eq!(set(admins(json!({}), &family)), []);
    }

    #[test]
    fn reports_all_errors_at_once() {
        let body = json!({"timezone": "Mars", "nonsense": 1, "also_unknown": null, "default_psa": "email_only",
            "psa_default_board_id": 7});
        let expected = [
            "also_unknown",
            "nonsense",
            "psa_default_board_id",
            "timezone",
            "no_psa_mail_address",
        ];
        assert_eq!(wrong(admins(body, &nothing())), expected);
        let typed = [
            ("timezone", Some(json!("Mars"))),
            ("nonsense", None),
            ("start_time", Some(json!("8"))),
            ("mail_only", Some(json!("1"))),
            ("default_psa", Some(json!("mail_only"))),
        ];
        let expected = ["timezone", "nonsense", "start_time", "mail_only", "no_psa_mail_address"];
        assert_eq!(wrong(operators(&typed, None, &nothing())), expected);
    }

    #[test]
    fn variable_may_be_set_only_once_in_a_change() {
        let twice = [
            ("default_ticket_location", Some(json!("1"))),
            ("psa_default_board_id", Some(json!("2"))),
        ];
        let problems = operators(&twice, None, &nothing()).unwrap_err();
        assert_eq!(problems, [FieldError::new("default_ticket_location", "is set twice")]);
    }

    #[test]
    fn only_the_operator_may_import() {
        let imported = [
            ("psa_default_board_id", Some(json!("42"))),
            ("default_psa", Some(json!("cw_manage"))),
        ];
        assert_eq!(
            set(operators(&imported, None, &nothing())),
            [
                ("default_psa".to_owned(), Some(json!("connectwise"))),
                ("default_ticket_location".to_owned(), Some(json!("42"))),
            ]
        );
        let body = json!({"psa_default_board_id": "42", "default_psa": "cw_manage"});
        assert_eq!(wrong(admins(body, &nothing())), ["default_psa", "psa_default_board_id"]);
    }

    #[test]
    fn contradictions_are_found_in_the_values_after_the_change() {
        let on = json!({"require_approval_for_new_users": true});
        let approvers = json!({"new_user_approval_email": ["manager"]});
        assert_eq!(wrong(admins(on.clone(), &nothing())), ["new_user_approval_email"]);
        assert!(admins(on.clone(), &family(approvers.clone(), json!({}))).is_ok());
        assert!(admins(on, &family(json!({}), approvers)).is_ok());
        let both = json!({"require_approval_for_new_users": true, "new_user_approval_email": ["manager"]});
        let gone = json!({"new_user_approval_email": null});
        assert_eq!(
            wrong(admins(gone, &family(both, json!({})))),
            ["new_user_approval_email"]
        );
        // The variable is reported only once.
        let both = json!({"require_approval_for_new_users": true, "new_user_approval_email": "x"});
        assert_eq!(wrong(admins(both, &nothing())), ["new_user_approval_email"]);
    }

    #[test]
    fn effect_on_children_changes_only_by_the_operator() {
        use ForChildren::{Default, Locked, Nothing};
        let mut family = family(json!({"timezone": "Europe/Berlin"}), json!({}));
        let body = json!({"timezone": "Europe/Paris", "start_time": "09:00"});
        let typed = ["timezone", "start_time"].map(|name| (name, Some(body[name].clone())));
        let of = |changes: Result<Changes, _>| {
            let changes = changes.unwrap();
            ["timezone", "start_time"].map(|name| changes[name].as_ref().unwrap().for_children)
        };
        for kept in [Default, Locked] {
            family.own.get_mut("timezone").unwrap().for_children = kept;
            assert_eq!(of(admins(body.clone(), &family)), [kept, Nothing]);
            assert_eq!(of(operators(&typed, None, &family)), [kept, Nothing]);
            for said in [Nothing, Locked] {
                assert_eq!(of(operators(&typed, Some(said), &family)), [said, said]);
            }
        }
    }

    #[test]
    fn locked_value_cannot_be_unset() {
        let mut family = family(json!({"timezone": "Europe/Berlin"}), json!({}));
        let null = json!({"timezone": null});
        for (kept, goes) in [
            (ForChildren::Nothing, true),
            (ForChildren::Default, true),
            (ForChildren::Locked, false),
        ] {
            family.own.get_mut("timezone").unwrap().for_children = kept;
            assert_eq!(admins(null.clone(), &family).is_ok(), goes, "{kept:?}");
            assert!(operators(&[("timezone", None)], None, &family).is_ok(), "{kept:?}");
        }
        let problems = admins(null, &family).unwrap_err();
        assert!(problems[0].message.contains("locked for"), "{problems:?}");
    }

    #[test]
    fn child_cannot_set_a_locked_variable() {
        let name = "default_ticket_location";
        let mut family = family(
            json!({"default_ticket_location": "Finance"}),
            json!({"default_ticket_location": "Onboarding", "timezone": "Asia/Kolkata"}),
        );
        family.inherited.get_mut(name).unwrap().locked = true;
        let body = json!({"default_ticket_location": "Finance Team", "timezone": "Europe/Berlin"});
        let problems = admins(body, &family).unwrap_err();
        assert_eq!(problems, [locked_by_parent(name)]);
        let by_its_other_name = [("psa_default_board_id", Some(json!("Finance")))];
        let problems = operators(&by_its_other_name, None, &family).unwrap_err();
        assert_eq!(problems, [locked_by_parent(name)]);
        // A value set before the lock has no effect and may be removed.
        assert_eq!(set(admins(json!({ name: null }), &family)), [(name.to_owned(), None)]);
        assert!(operators(&[(name, None)], None, &family).is_ok());
        assert!(admins(json!({"timezone": "Europe/Berlin"}), &family).is_ok());
    }

    #[test]
    fn a_default_that_contradicts_a_child_is_refused() {
        let mut family = family(json!({"new_user_approval_email": ["hr@example.com"]}), json!({}));
        family.own.get_mut("new_user_approval_email").unwrap().for_children = ForChildren::Default;
        family.children.push(Child {
            id: OrgId::parse("customer").unwrap(),
            own: own(json!({"require_approval_for_new_users": true})),
        });
        let problems = admins(json!({"new_user_approval_email": null}), &family).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].field, "new_user_approval_email");
        assert!(problems[0].message.contains("customer"), "{problems:?}");
        assert!(operators(&[("new_user_approval_email", None)], None, &family).is_err());
        assert!(admins(json!({"new_user_approval_email": "manager"}), &family).is_ok());
        assert!(admins(json!({"timezone": "Europe/Paris"}), &family).is_ok());
    }

    #[test]
    fn addresses_are_checked_for_every_caller() {
        let ours = json!("http://127.0.0.1:4700/pwpush/acme");
        assert_eq!(wrong(admins(json!({ "pwpush_url": ours }), &nothing())), ["pwpush_url"]);
        let typed = [("new_user_password_save_location_custom_url", Some(ours))];
        assert_eq!(wrong(operators(&typed, None, &nothing())), ["pwpush_url"]);
        assert!(admins(json!({"pwpush_url": "https://eu.pwpush.com"}), &nothing()).is_ok());
    }
}
