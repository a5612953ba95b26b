//! Settings of organisations.

use std::collections::BTreeMap;
use std::fmt::Write;

use domain::field::FieldError;
use domain::ids::OrgId;
use domain::variables::{Inherited, OrgVariables, canonical_name, definition, definitions, import, locked_by_parent};
use runtime::Env;
use serde_json::Value;
use store::Store;
use store::organisations::{Changed, ForChildren, Setting, Settings, defaults};

use crate::arguments::Assignment;
use crate::{Failure, OPERATOR, existing};

type Changes = BTreeMap<String, Option<Setting>>;

pub(crate) async fn set(
    store: &Store,
    org: &OrgId,
    values: &[Assignment],
    for_children: Option<ForChildren>,
) -> Result<(), Failure> {
    let organisation = existing(store, org).await?;
    let version = store.settings_version(org).await?;
    let before = store.settings(org).await?;
    let changes = changes(values, for_children, &before).map_err(|problems| listed(&problems))?;
    let (_, inherited) = store.values(&organisation).await?;
    let locked = refused_by_parent(&changes, &inherited);
    if !locked.is_empty() {
        return Err(listed(&locked).into());
    }
    let mut after = before.clone();
    for (name, change) in &changes {
        match change {
            Some(setting) => after.insert(name.clone(), setting.clone()),
            None => after.remove(name),
        };
    }
    let own = after
        .iter()
        .map(|(name, setting)| (name.clone(), setting.value.clone()));
    let mut together = OrgVariables::resolve(&own.collect(), &inherited)
        .map(|variables| variables.check_together())
        .unwrap_or_else(|problems| problems);
    let children = store.children(org).await?;
    for child in &children {
        together.extend(child.contradictions(&defaults(&before), &defaults(&after)));
    }
    if !together.is_empty() {
        return Err(listed(&together).into());
    }
    let changed = store.change_settings(org, &changes, version, &before, OPERATOR).await?;
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
            .map_or_else(|| "not set".to_owned(), |setting| shown(&setting.value));
        println!("{name}: {now}{}", children_note(before.get(name), change.as_ref()));
        if change
            .as_ref()
            .is_some_and(|now| now.for_children == ForChildren::Locked)
        {
            for child in children.iter().filter(|child| child.own.contains_key(name)) {
                eprintln!("note: what {} has set itself does not count any more", child.id);
            }
        }
    }
    for assignment in values {
        if let Some(name) = canonical_name(&assignment.name).filter(|name| *name != assignment.name) {
            eprintln!("note: {} is called {name} here", assignment.name);
        }
    }
    Ok(())
}

/// Values of variables that the parent has locked. Taking one's own away is no such thing.
fn refused_by_parent(changes: &Changes, inherited: &Inherited) -> Vec<FieldError> {
    let set = changes.iter().filter(|(_, change)| change.is_some());
    let locked = set.filter(|(name, _)| inherited.get(*name).is_some_and(|from| from.locked));
    locked.map(|(name, _)| locked_by_parent(name)).collect()
}

/// Each value is checked by itself; every wrong one is named. Without `for_children`, what a variable was for the children
/// stays: a lock does not go away because somebody forgot to repeat it.
fn changes(
    values: &[Assignment],
    for_children: Option<ForChildren>,
    before: &Settings,
) -> Result<Changes, Vec<FieldError>> {
    let setting = |name: &str, value| {
        let stays = before.get(name).map(|setting| setting.for_children).unwrap_or_default();
        Setting {
            value,
            for_children: for_children.unwrap_or(stays),
        }
    };
    let mut changes = Changes::new();
    let mut problems = Vec::new();
    for Assignment { name, value } in values {
        let change = match value {
            Some(text) => import(name, &read(text))
                .and_then(callable)
                .map(|(name, value)| (name, Some(setting(name, value)))),
            None => canonical_name(name)
                .map(|name| (name, None))
                .ok_or_else(|| FieldError::new(name, "is not a variable that Gangway knows")),
        };
        match change {
            Ok((name, change)) => {
                if changes.insert(name.to_owned(), change).is_some() {
                    problems.push(FieldError::new(name, "is set twice"));
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(changes)
    } else {
        Err(problems)
    }
}

/// An address must be one that the functions may call; LOCAL_ORIGINS exempts the local engine's, here as there.
fn callable((name, value): (&'static str, Value)) -> Result<(&'static str, Value), FieldError> {
    if let ("pwpush_url", Some(address)) = (name, value.as_str()) {
        Env.given_address(name, address)
            .map_err(|error| FieldError::new(name, error.to_string()))?;
    }
    Ok((name, value))
}

/// A list may be typed as JSON, which is the only way to set an empty one.
fn read(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(Value::Array(list)) => Value::Array(list),
        _ => Value::from(text),
    }
}

pub(crate) fn listed(problems: &[FieldError]) -> String {
    let line = |problem: &FieldError| match &problem.message {
        // Messages about values begin with the variable's name.
        message if message.starts_with(&problem.field) => message.clone(),
        message => format!("{}: {message}", problem.field),
    };
    let lines: Vec<String> = problems.iter().map(line).collect();
    format!("nothing was set\n  {}", lines.join("\n  "))
}

fn children_note(before: Option<&Setting>, now: Option<&Setting>) -> &'static str {
    let children = |setting: Option<&Setting>| setting.map(|setting| setting.for_children).unwrap_or_default();
    match (children(before), children(now)) {
        (_, ForChildren::Locked) => " (children too, who can't change it)",
        (_, ForChildren::Default) => " (children too)",
        (ForChildren::Nothing, ForChildren::Nothing) => "",
        (_, ForChildren::Nothing) => " (no longer for children)",
    }
}

pub(crate) async fn list(store: &Store, org: &OrgId) -> Result<(), Failure> {
    let organisation = existing(store, org).await?;
    let own = store.settings(org).await?;
    let (_, inherited) = store.values(&organisation).await?;
    for definition in definitions() {
        let (value, source) = effective(definition.name, &own, &inherited);
        println!("{:<40} {value:<32} {source}", definition.name);
    }
    Ok(())
}

fn effective(name: &str, own: &Settings, inherited: &Inherited) -> (String, &'static str) {
    let from_parent = inherited.get(name);
    if let Some(from) = from_parent.filter(|from| from.locked) {
        return (shown(&from.value), "locked by the parent");
    }
    if let Some(setting) = own.get(name) {
        let source = match setting.for_children {
            ForChildren::Nothing => "set here",
            ForChildren::Default => "set here, for children too",
            ForChildren::Locked => "set here, locked for children",
        };
        return (shown(&setting.value), source);
    }
    match from_parent {
        Some(from) => (shown(&from.value), "from the parent"),
        None => {
            let default = definition(name).and_then(domain::variables::Definition::default_value);
            (default.as_ref().map_or_else(|| "-".to_owned(), shown), "default")
        }
    }
}

/// As it is typed.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "[]".to_owned(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// The table of variables, as text for a terminal or as Markdown for the documents.
pub(crate) fn describe(markdown: bool) -> String {
    let mut table = String::new();
    if markdown {
        table.push_str("| variable | default | takes | meaning |\n|---|---|---|---|\n");
    }
    for definition in definitions() {
        let (name, takes, meaning) = (definition.name, definition.kind, definition.description);
        let default = definition.default.unwrap_or("none");
        // Writing to a String does not fail.
        let _ = if markdown {
            writeln!(table, "| `{name}` | {default} | {takes} | {meaning} |")
        } else {
            writeln!(
                table,
                "{name}\n    {meaning}\n    takes {takes}\n    default: {default}"
            )
        };
    }
    table
}

#[cfg(test)]
mod tests {
    use domain::variables::FromParent;
    use serde_json::json;

    use super::*;

    fn typed(values: &[(&str, Option<&str>)]) -> Result<Changes, Vec<FieldError>> {
        let values: Vec<Assignment> = values
            .iter()
            .map(|(name, value)| Assignment {
                name: (*name).to_owned(),
                value: value.map(str::to_owned),
            })
            .collect();
        changes(&values, None, &Settings::new())
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
        let value = |name: &str| changes[name].as_ref().map(|setting| setting.value.clone());
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
    fn a_lock_goes_away_by_a_word_and_not_by_a_missing_one() {
        let before = Settings::from([(
            "timezone".to_owned(),
            Setting {
                value: json!("Europe/Berlin"),
                for_children: ForChildren::Locked,
            },
        )]);
        let after = |for_children| {
            let values = ["timezone", "start_time"].map(|name| Assignment {
                name: name.to_owned(),
                value: Some(if name == "timezone" { "Europe/Paris" } else { "09:00" }.to_owned()),
            });
            let changes = changes(&values, for_children, &before).expect("right");
            ["timezone", "start_time"].map(|name| changes[name].as_ref().map(|now| now.for_children))
        };
        let (locked, nothing) = (Some(ForChildren::Locked), Some(ForChildren::Nothing));
        assert_eq!(after(None), [locked, nothing]);
        assert_eq!(after(nothing), [nothing, nothing]);
        assert_eq!(after(locked), [locked, locked]);
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
        let own = Settings::from([(
            "timezone".to_owned(),
            Setting {
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
        assert_eq!(
            effective("timezone", &own, &inherited),
            ("Europe/Berlin".to_owned(), "set here, for children too")
        );
        assert_eq!(
            effective("start_time", &own, &inherited),
            ("09:00".to_owned(), "from the parent")
        );
        assert_eq!(
            effective("username_collision", &own, &inherited),
            ("ask".to_owned(), "default")
        );
        assert_eq!(effective("mfa_group", &own, &inherited), ("-".to_owned(), "default"));
        let inherited = Inherited::from([("timezone".to_owned(), from("Asia/Kolkata", true))]);
        assert_eq!(
            effective("timezone", &own, &inherited),
            ("Asia/Kolkata".to_owned(), "locked by the parent")
        );
    }

    #[test]
    fn what_the_parent_locks_a_child_does_not_set() {
        let locked = FromParent {
            value: json!("Onboarding"),
            locked: true,
        };
        let inherited = Inherited::from([("default_ticket_location".to_owned(), locked)]);
        let refused = |value: Option<&str>| {
            let changes = typed(&[("psa_default_board_id", value), ("timezone", Some("Europe/Berlin"))]);
            refused_by_parent(&changes.expect("right values"), &inherited)
        };
        let fields: Vec<String> = refused(Some("Finance"))
            .into_iter()
            .map(|problem| problem.field)
            .collect();
        assert_eq!(fields, ["default_ticket_location"]);
        assert!(refused(None).is_empty(), "back to the parent's");
    }

    #[test]
    fn the_table_has_every_variable() {
        assert_eq!(describe(true).lines().count(), definitions().len() + 2);
        assert!(
            definitions()
                .iter()
                .all(|definition| describe(false).contains(definition.name))
        );
    }
}
