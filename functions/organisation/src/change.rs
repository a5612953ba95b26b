//! A change of variables: all of it, or none.

use std::collections::BTreeMap;

use domain::field::FieldError;
use domain::variables::{OrgVariables, definition, definitions, locked_by_parent, parse_value};
use runtime::Env;
use serde_json::{Map, Value};
use store::organisations::{ForChildren, Setting, Settings, defaults};
use web::Form;

use crate::show::Values;

/// Without the value there would be no lock.
const LOCKED_FOR_CHILDREN: &str = "is locked for this organisation's children: another value can be set here, and only whoever runs Gangway takes it away";

/// By name; None goes back to the inherited value or the default.
pub(crate) type Changes = BTreeMap<String, Option<Setting>>;

/// Checks what would hold after the change. Answers every wrong name, value and contradiction.
pub(crate) fn plan(body: &Map<String, Value>, values: &Values) -> Result<Changes, Vec<FieldError>> {
    let mut problems = Vec::new();
    let mut changes = Changes::new();
    for (name, value) in body {
        match stored(name, value, values) {
            Ok(setting) => {
                changes.insert(name.clone(), setting);
            }
            Err(problem) => problems.push(problem),
        }
    }
    let contradictions = contradictions(&changes, values);
    // Of a variable whose new value is wrong in itself, no more is said.
    problems.extend(
        contradictions
            .into_iter()
            .filter(|problem| !body_is_wrong(&problem.field, body, &changes)),
    );
    if problems.is_empty() {
        Ok(changes)
    } else {
        Err(problems)
    }
}

fn stored(name: &str, value: &Value, values: &Values) -> Result<Option<Setting>, FieldError> {
    let for_children = values.own.get(name).map(|setting| setting.for_children);
    if value.is_null() && definition(name).is_some() {
        if for_children == Some(ForChildren::Locked) {
            return Err(FieldError::new(name, LOCKED_FOR_CHILDREN));
        }
        return Ok(None);
    }
    let value = parse_value(name, value)?;
    if let ("pwpush_url", Some(address)) = (name, value.as_str()) {
        // Here the environment says which addresses may be called at all.
        Env.given_address(name, address)
            .map_err(|error| FieldError::new(name, error.to_string()))?;
    }
    if values.is_locked(name) {
        return Err(locked_by_parent(name));
    }
    // What a parent's value is to its children is the operator's to say.
    Ok(Some(Setting {
        value,
        for_children: for_children.unwrap_or_default(),
    }))
}

fn body_is_wrong(name: &str, body: &Map<String, Value>, changes: &Changes) -> bool {
    body.contains_key(name) && !changes.contains_key(name)
}

fn contradictions(changes: &Changes, values: &Values) -> Vec<FieldError> {
    let mut after = values.own.clone();
    for (name, change) in changes {
        match change {
            Some(setting) => after.insert(name.clone(), setting.clone()),
            None => after.remove(name),
        };
    }
    let own = after
        .iter()
        .map(|(name, setting)| (name.clone(), setting.value.clone()));
    let mut problems = match OrgVariables::resolve(&own.collect(), &values.inherited) {
        Ok(variables) => variables.check_together(),
        Err(problems) => problems,
    };
    let (before, after) = (defaults(&values.own), defaults(&after));
    for child in &values.children {
        problems.extend(child.contradictions(&before, &after));
    }
    problems
}

/// The form shows what is set here; what is left as it was is no change, and what is emptied goes back to the default.
pub(crate) fn from_form(form: &Form, own: &Settings) -> Map<String, Value> {
    let known = definitions().iter().map(|definition| definition.name);
    let mut body = Map::new();
    for (name, text) in form.pairs() {
        let before = own.get(name).map(|setting| text_of(&setting.value)).unwrap_or_default();
        if text.trim() == before && known.clone().any(|known| known == name) {
            continue;
        }
        let value = if text.trim().is_empty() {
            Value::Null
        } else {
            Value::from(text.as_str())
        };
        body.insert(name.clone(), value);
    }
    body
}

/// As inputs hold it.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::tests::values;
    use serde_json::json;

    fn planned(body: Value, values: &Values) -> Result<Vec<(String, Option<Value>)>, Vec<String>> {
        plan(body.as_object().unwrap(), values)
            .map(|changes| {
                changes
                    .into_iter()
                    .map(|(name, s)| (name, s.map(|s| s.value)))
                    .collect()
            })
            .map_err(|problems| problems.into_iter().map(|problem| problem.field).collect())
    }

    #[test]
    fn a_flat_object_is_merged_and_null_goes_back() {
        let values = values(json!({"timezone": "Europe/Berlin"}), json!({}));
        assert_eq!(
            planned(
                json!({"timezone": null, "default_psa": "ConnectWise", "store_password_in_ticket": "0"}),
                &values
            ),
            Ok(vec![
                ("default_psa".to_owned(), Some(json!("connectwise"))),
                ("store_password_in_ticket".to_owned(), Some(json!(false))),
                ("timezone".to_owned(), None),
            ])
        );
        assert_eq!(planned(json!({}), &values), Ok(vec![]));
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let values = values(json!({}), json!({}));
        assert_eq!(
            planned(
                json!({"timezone": "Mars", "nonsense": 1, "also_unknown": null, "default_psa": "email_only",
                    "psa_default_board_id": 7}),
                &values
            ),
            Err([
                "also_unknown",
                "nonsense",
                "psa_default_board_id",
                "timezone",
                "no_psa_mail_address"
            ]
            .map(str::to_owned)
            .to_vec())
        );
    }

    #[test]
    fn contradictions_are_judged_by_what_would_hold() {
        let on = json!({"require_approval_for_new_users": true});
        assert_eq!(
            planned(on.clone(), &values(json!({}), json!({}))),
            Err(vec!["new_user_approval_email".to_owned()])
        );
        assert!(
            planned(
                on.clone(),
                &values(json!({"new_user_approval_email": ["manager"]}), json!({}))
            )
            .is_ok()
        );
        assert!(
            planned(
                on.clone(),
                &values(json!({}), json!({"new_user_approval_email": ["manager"]}))
            )
            .is_ok()
        );
        let both = values(
            json!({"require_approval_for_new_users": true, "new_user_approval_email": ["manager"]}),
            json!({}),
        );
        assert_eq!(
            planned(json!({"new_user_approval_email": null}), &both),
            Err(vec!["new_user_approval_email".to_owned()])
        );
        // Once is enough.
        assert_eq!(
            planned(
                json!({"require_approval_for_new_users": true, "new_user_approval_email": "x"}),
                &values(json!({}), json!({}))
            ),
            Err(vec!["new_user_approval_email".to_owned()])
        );
    }

    #[test]
    fn a_parents_default_stays_one() {
        let mut values = values(json!({"timezone": "Europe/Berlin"}), json!({}));
        let body = json!({"timezone": "Europe/Paris", "start_time": "09:00"});
        for kept in [ForChildren::Default, ForChildren::Locked] {
            values.own.get_mut("timezone").unwrap().for_children = kept;
            let changes = plan(body.as_object().unwrap(), &values).unwrap();
            let of = |name: &str| changes[name].as_ref().unwrap().for_children;
            assert_eq!((of("timezone"), of("start_time")), (kept, ForChildren::Nothing));
        }
    }

    #[test]
    fn a_lock_does_not_go_away_with_its_value() {
        let mut values = values(json!({"timezone": "Europe/Berlin"}), json!({}));
        let null = json!({"timezone": null});
        for (kept, goes) in [
            (ForChildren::Nothing, true),
            (ForChildren::Default, true),
            (ForChildren::Locked, false),
        ] {
            values.own.get_mut("timezone").unwrap().for_children = kept;
            assert_eq!(planned(null.clone(), &values).is_ok(), goes, "{kept:?}");
        }
        let problems = plan(null.as_object().unwrap(), &values).unwrap_err();
        assert!(problems[0].message.contains("locked for"), "{problems:?}");
    }

    #[test]
    fn what_the_parent_locks_a_child_does_not_set() {
        let mut values = values(
            json!({"default_ticket_location": "Finance"}),
            json!({"default_ticket_location": "Onboarding", "timezone": "Asia/Kolkata"}),
        );
        values.inherited.get_mut("default_ticket_location").unwrap().locked = true;
        let body = json!({"default_ticket_location": "Finance Team", "timezone": "Europe/Berlin"});
        let problems = plan(body.as_object().unwrap(), &values).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].field, "default_ticket_location");
        assert!(
            problems[0].message.contains("locked by the parent organisation"),
            "{problems:?}"
        );
        // What was set before the lock does not count, and may go.
        assert_eq!(
            planned(json!({"default_ticket_location": null}), &values),
            Ok(vec![("default_ticket_location".to_owned(), None)])
        );
        assert!(planned(json!({"timezone": "Europe/Berlin"}), &values).is_ok());
    }

    #[test]
    fn a_default_that_contradicts_a_child_is_refused() {
        let mut values = values(json!({"new_user_approval_email": ["hr@example.com"]}), json!({}));
        values.own.get_mut("new_user_approval_email").unwrap().for_children = ForChildren::Default;
        values.children.push(domain::variables::Child {
            id: domain::ids::OrgId::parse("customer").unwrap(),
            own: serde_json::from_value(json!({"require_approval_for_new_users": true})).unwrap(),
        });
        let body = json!({"new_user_approval_email": null});
        let problems = plan(body.as_object().unwrap(), &values).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].field, "new_user_approval_email");
        assert!(problems[0].message.contains("customer"), "{problems:?}");
        assert!(planned(json!({"new_user_approval_email": "manager"}), &values).is_ok());
        assert!(planned(json!({"timezone": "Europe/Paris"}), &values).is_ok());
    }

    #[test]
    fn addresses_of_our_own_network_are_refused() {
        let address = |address: &str| planned(json!({"pwpush_url": address}), &values(json!({}), json!({})));
        assert!(address("https://eu.pwpush.com").is_ok());
        for ours in [
            "http://127.0.0.1:4700/pwpush/acme",
            "https://10.0.0.1",
            "https://169.254.169.254",
        ] {
            assert_eq!(address(ours), Err(vec!["pwpush_url".to_owned()]), "{ours}");
        }
    }

    #[test]
    fn a_form_changes_what_was_changed() {
        let values = values(
            json!({"timezone": "Europe/Berlin", "onboarding_password_save_location": [], "store_password_in_ticket": true,
                "default_psa": "connectwise"}),
            json!({}),
        );
        let sent = web::RequestBody::new(
            web::Content::Form,
            "csrf=t&timezone=&onboarding_password_save_location=&store_password_in_ticket=true&default_psa=email_only&made_up=",
        );
        let body = from_form(&sent.form().unwrap(), &values.own);
        assert_eq!(
            Value::Object(body),
            json!({"timezone": null, "default_psa": "email_only", "made_up": null})
        );
    }
}
