//! Sets, lists and describes the variables of organisations.

mod describe;
#[cfg(test)]
mod generated;

use domain::field::FieldError;
use domain::ids::OrgId;
use domain::variables::{
    Change, ChangedBy, Definition, Family, ForChildren, OwnVariable, Source, canonical_name, definitions,
};
use runtime::Env;
use serde_json::Value;
use store::Store;
use store::organisations::Changed;

use crate::arguments::Assignment;
use crate::{Failure, OPERATOR, existing};

pub(crate) use describe::describe;

pub(crate) async fn set(
    store: &Store,
    org: &OrgId,
    assignments: &[Assignment],
    for_children: Option<ForChildren>,
) -> Result<(), Failure> {
    let organisation = existing(store, org).await?;
    let family = store.family(&organisation).await?;
    let changes = change(assignments, for_children)
        .validate(&family, |name, address| Env.given_address(name, address))
        .map_err(|problems| listed(&problems))?;
    let changed = store
        .change_variables(org, &changes, family.version, &family.own, OPERATOR)
        .await?;
    if changed == Changed::Overtaken {
        return Err(
            "nothing was set: somebody else changed the variables just now. Repeat the command."
                .to_owned()
                .into(),
        );
    }
    for (name, change) in &changes {
        let now = change
            .as_ref()
            .map_or_else(|| "not set".to_owned(), |own| shown(&own.value));
        println!("{name}: {now}{}", children_note(family.own.get(name), change.as_ref()));
        if change
            .as_ref()
            .is_some_and(|now| now.for_children == ForChildren::Locked)
        {
            for child in family.children.iter().filter(|child| child.own.contains_key(name)) {
                eprintln!("note: what {} has set itself does not count any more", child.id);
            }
        }
    }
    for assignment in assignments {
        if let Some(name) = canonical_name(&assignment.name).filter(|name| *name != assignment.name) {
            eprintln!("note: {} is called {name} here", assignment.name);
        }
    }
    Ok(())
}

fn change(assignments: &[Assignment], for_children: Option<ForChildren>) -> Change {
    let variables = assignments
        .iter()
        .map(|Assignment { name, value }| (name.clone(), value.as_deref().map(read)));
    Change {
        variables: variables.collect(),
        by: ChangedBy::Operator { for_children },
    }
}

/// Reads a value. A list may be typed as JSON, which is the only way to set an empty one.
fn read(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(Value::Array(list)) => Value::Array(list),
        _ => Value::from(text),
    }
}

pub(crate) fn listed(problems: &[FieldError]) -> String {
    let line = |problem: &FieldError| match &problem.message {
        // Messages about values already begin with the variable's name.
        message if message.starts_with(&problem.field) => message.clone(),
        message => format!("{}: {message}", problem.field),
    };
    let lines: Vec<String> = problems.iter().map(line).collect();
    format!("nothing was set\n  {}", lines.join("\n  "))
}

fn children_note(before: Option<&OwnVariable>, now: Option<&OwnVariable>) -> &'static str {
    let children = |own: Option<&OwnVariable>| own.map(|own| own.for_children).unwrap_or_default();
    match (children(before), children(now)) {
        (_, ForChildren::Locked) => " (children too, who can't change it)",
        (_, ForChildren::Default) => " (children too)",
        (ForChildren::Nothing, ForChildren::Nothing) => "",
        (_, ForChildren::Nothing) => " (no longer for children)",
    }
}

pub(crate) async fn list(store: &Store, org: &OrgId) -> Result<(), Failure> {
    let organisation = existing(store, org).await?;
    let family = store.family(&organisation).await?;
    for definition in definitions() {
        let (value, source) = effective(definition, &family);
        println!("{:<40} {value:<32} {source}", definition.name);
    }
    Ok(())
}

fn effective(definition: &Definition, family: &Family) -> (String, &'static str) {
    let (value, source) = family.effective(definition);
    let own = family.own.get(definition.name);
    let source = match (source, own.map(|own| own.for_children).unwrap_or_default()) {
        (Source::Own, ForChildren::Nothing) => "set here",
        (Source::Own, ForChildren::Default) => "set here, for children too",
        (Source::Own, ForChildren::Locked) => "set here, locked for children",
        (Source::Inherited, _) => "from the parent",
        (Source::Locked, _) => "locked by the parent",
        (Source::Default, _) => "default",
    };
    (shown(&value), source)
}

/// A value as it would be typed; a dash if none is set.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "[]".to_owned(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use domain::variables::{Changes, FromParent, Inherited, OwnVariables, definition};
    use serde_json::json;

    use super::*;

    fn family(own: OwnVariables, inherited: Inherited) -> Family {
        Family {
            version: 0,
            own,
            inherited,
            children: Vec::new(),
        }
    }

    fn typed(values: &[(&str, Option<&str>)]) -> Result<Changes, Vec<FieldError>> {
        let values: Vec<Assignment> = values
            .iter()
            .map(|(name, value)| Assignment {
                name: (*name).to_owned(),
                value: value.map(str::to_owned),
            })
            .collect();
        let nothing = family(OwnVariables::new(), Inherited::new());
        change(&values, None).validate(&nothing, |name, address| Env.given_address(name, address))
    }

    #[test]
    fn values_are_stored_as_their_type() {
        let changes = typed(&[
            ("store_password_in_ticket", Some("1")),
            ("new_user_approval_email", Some("a@example.com,manager")),
            ("onboarding_password_save_location", Some("[]")),
            ("psa_default_board_id", Some("42")),
            ("timezone", None),
        ])
        .expect("all right");
        let value = |name: &str| changes[name].as_ref().map(|own| own.value.clone());
        assert_eq!(value("store_password_in_ticket"), Some(json!(true)));
        assert_eq!(
            value("new_user_approval_email"),
            Some(json!(["a@example.com", "manager"]))
        );
        assert_eq!(value("onboarding_password_save_location"), Some(json!([])));
        assert_eq!(value("default_ticket_location"), Some(json!("42")), "by its other name");
        assert_eq!(value("timezone"), None);
    }

    #[test]
    fn every_wrong_one_is_named() {
        let problems = typed(&[
            ("timezone", Some("Mars")),
            ("nonsense", None),
            ("start_time", Some("8")),
            ("usage_location", Some("DE")),
        ])
        .expect_err("three are wrong");
        let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["timezone", "nonsense", "start_time"]);
        let twice = typed(&[
            ("default_ticket_location", Some("1")),
            ("psa_default_board_id", Some("2")),
        ]);
        assert_eq!(twice.expect_err("twice").len(), 1);
    }

    #[test]
    fn addresses_of_our_own_network_are_refused() {
        let address = |address: &str| typed(&[("pwpush_url", Some(address))]);
        assert!(address("https://eu.pwpush.com").is_ok());
        for ours in ["http://127.0.0.1:4700/pwpush/acme", "https://10.0.0.1"] {
            let problems = address(ours).expect_err(ours);
            assert_eq!(problems[0].field, "pwpush_url");
        }
    }

    #[test]
    fn where_a_value_comes_from() {
        let own = OwnVariables::from([(
            "timezone".to_owned(),
            OwnVariable {
                value: json!("Europe/Berlin"),
                for_children: ForChildren::Default,
            },
        )]);
        let from = |value: &str, locked| FromParent {
            value: json!(value),
            locked,
        };
        let inherited = Inherited::from([
            ("timezone".to_owned(), from("Asia/Kolkata", false)),
            ("start_time".to_owned(), from("09:00", false)),
        ]);
        let of = |name: &str, inherited: &Inherited| {
            effective(definition(name).expect(name), &family(own.clone(), inherited.clone()))
        };
        assert_eq!(
            of("timezone", &inherited),
            ("Europe/Berlin".to_owned(), "set here, for children too")
        );
        assert_eq!(of("start_time", &inherited), ("09:00".to_owned(), "from the parent"));
        assert_eq!(of("username_collision", &inherited), ("ask".to_owned(), "default"));
        assert_eq!(of("mfa_group", &inherited), ("-".to_owned(), "default"));
        let inherited = Inherited::from([("timezone".to_owned(), from("Asia/Kolkata", true))]);
        assert_eq!(
            of("timezone", &inherited),
            ("Asia/Kolkata".to_owned(), "locked by the parent")
        );
    }
}
