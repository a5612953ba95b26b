//! The variables of an organisation together with those of its parent and its children.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Changes, Definition, OrgVariables};
use crate::field::FieldError;
use crate::ids::OrgId;

/// The value that an organisation itself has set for a variable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnVariable {
    /// In the form that [`Definition::canonical`] returns.
    pub value: Value,
    #[serde(default)]
    pub for_children: ForChildren,
}

/// How a parent's value affects its children.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForChildren {
    #[default]
    Nothing,
    /// Children use the value unless they have their own.
    Default,
    /// Children use the value, and their own values have no effect.
    Locked,
}

/// The values that an organisation itself has set, by variable name.
pub type OwnVariables = BTreeMap<String, OwnVariable>;

/// A parent's value that applies to its children.
#[derive(Debug, Clone, PartialEq)]
pub struct FromParent {
    pub value: Value,
    /// The value applies whatever a child has set.
    pub locked: bool,
}

/// The values that a child inherits, by variable name.
pub type Inherited = BTreeMap<String, FromParent>;

/// The error for a value that a child, or a request of the child, gives for a locked variable.
pub(crate) fn locked_by_parent(name: &str) -> FieldError {
    FieldError::new(
        name,
        "is locked by the parent organisation: its value holds for all its children",
    )
}

/// The values that the children of an organisation inherit from it.
pub fn inherited_from(parent: &OwnVariables) -> Inherited {
    let from_parent = |(name, own): (&String, &OwnVariable)| {
        let locked = match own.for_children {
            ForChildren::Nothing => return None,
            ForChildren::Default => false,
            ForChildren::Locked => true,
        };
        let value = own.value.clone();
        Some((name.clone(), FromParent { value, locked }))
    };
    parent.iter().filter_map(from_parent).collect()
}

/// A child organisation, which inherits its parent's defaults for variables that it has not set.
#[derive(Debug, Clone, PartialEq)]
pub struct Child {
    pub id: OrgId,
    pub own: OwnVariables,
}

impl Child {
    /// The contradictions that the parent's new defaults cause in this child. Contradictions that existed before are
    /// left out.
    pub fn contradictions(&self, before: &Inherited, after: &Inherited) -> Vec<FieldError> {
        let old = contradictions(&self.own, before);
        let new = contradictions(&self.own, after)
            .into_iter()
            .filter(|problem| !old.contains(problem));
        new.map(|problem| {
            let message = format!(
                "of {}, which takes this organisation's defaults, {}",
                self.id, problem.message
            );
            FieldError::new(problem.field, message)
        })
        .collect()
    }
}

/// Everything that decides the effective values of an organisation and of its children.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// The version of `own`, which the store counts up with each change.
    pub version: i64,
    pub own: OwnVariables,
    /// The parent's values that apply to this organisation.
    pub inherited: Inherited,
    pub children: Vec<Child>,
}

/// The origin of an effective value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Own,
    Inherited,
    /// The parent's value is locked.
    Locked,
    Default,
}

impl Family {
    /// The effective value, or null, and its origin.
    pub fn effective(&self, definition: &Definition) -> (Value, Source) {
        match self.own.get(definition.name) {
            Some(own) if !self.is_locked(definition.name) => (own.value.clone(), Source::Own),
            _ => self.without_own(definition),
        }
    }

    /// The value that would be effective if the organisation had not set its own.
    pub fn without_own(&self, definition: &Definition) -> (Value, Source) {
        match self.inherited.get(definition.name) {
            Some(from) if from.locked => (from.value.clone(), Source::Locked),
            Some(from) => (from.value.clone(), Source::Inherited),
            None => (definition.default_value().unwrap_or_default(), Source::Default),
        }
    }

    /// Whether the parent has locked the variable.
    pub fn is_locked(&self, name: &str) -> bool {
        self.inherited.get(name).is_some_and(|from| from.locked)
    }

    /// The errors after the changes: all errors of the organisation, and those that the changes cause in its children.
    pub(super) fn contradictions_after(&self, changes: &Changes) -> Vec<FieldError> {
        let mut after = self.own.clone();
        for (name, change) in changes {
            match change {
                Some(own) => after.insert(name.clone(), own.clone()),
                None => after.remove(name),
            };
        }
        let mut problems = contradictions(&after, &self.inherited);
        let (before, after) = (inherited_from(&self.own), inherited_from(&after));
        for child in &self.children {
            problems.extend(child.contradictions(&before, &after));
        }
        problems
    }
}

fn contradictions(own: &OwnVariables, inherited: &Inherited) -> Vec<FieldError> {
    OrgVariables::resolve(own, inherited).map_or_else(|problems| problems, |variables| variables.check_together())
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::super::definition;
    use super::*;

    fn values(json: Value) -> BTreeMap<String, Value> {
        serde_json::from_value(json).unwrap()
    }

    pub(in super::super) fn own(json: Value) -> OwnVariables {
        let own = |(name, value)| {
            let for_children = ForChildren::Nothing;
            (name, OwnVariable { value, for_children })
        };
        values(json).into_iter().map(own).collect()
    }

    pub(in super::super) fn inherited(json: Value, locked: bool) -> Inherited {
        let from_parent = |(name, value)| (name, FromParent { value, locked });
        values(json).into_iter().map(from_parent).collect()
    }

    pub(in super::super) fn family(set: Value, from_parent: Value) -> Family {
        Family {
            version: 0,
            own: own(set),
            inherited: inherited(from_parent, false),
            children: Vec::new(),
        }
    }

    fn wrong(own: Value, before: Value, after: Value) -> Vec<String> {
        wrong_under(own, &inherited(before, false), &inherited(after, false))
    }

    fn wrong_under(set: Value, before: &Inherited, after: &Inherited) -> Vec<String> {
        let child = Child {
            id: OrgId::parse("customer").unwrap(),
            own: own(set),
        };
        let problems = child.contradictions(before, after);
        assert!(
            problems
                .iter()
                .all(|problem| problem.message.starts_with("of customer, "))
        );
        problems.into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn default_contradicting_a_childs_value_is_reported() {
        let in_ticket = json!({"default_psa": "connectwise", "onboarding_password_save_location": ["psa"]});
        assert_eq!(wrong(json!({}), json!({}), in_ticket.clone()), [""; 0]);
        let mails = json!({"default_psa": "email_only", "no_psa_mail_address": "it@example.com"});
        assert_eq!(
            wrong(mails.clone(), json!({}), in_ticket.clone()),
            ["onboarding_password_save_location"]
        );
        assert_eq!(wrong(mails, in_ticket.clone(), in_ticket), [""; 0]);
    }

    #[test]
    fn removed_default_may_leave_a_child_incomplete() {
        let child = json!({"send_password_via_sms_or_email": false});
        let psa = json!({"default_psa": "connectwise"});
        assert_eq!(wrong(child.clone(), psa.clone(), psa.clone()), [""; 0]);
        assert_eq!(wrong(child, psa, json!({})), ["send_password_via_sms_or_email"]);
    }

    #[test]
    fn locked_value_replaces_the_childs_in_checks() {
        let own = json!({"default_psa": "connectwise", "onboarding_password_save_location": ["psa"]});
        let mails = json!({"default_psa": "email_only", "no_psa_mail_address": "it@example.com"});
        let nothing = Inherited::new();
        assert_eq!(
            wrong_under(own.clone(), &nothing, &inherited(mails.clone(), false)),
            [""; 0]
        );
        assert_eq!(
            wrong_under(own, &nothing, &inherited(mails, true)),
            ["onboarding_password_save_location"]
        );
    }

    #[test]
    fn earlier_contradictions_are_not_reported() {
        let child = json!({"default_psa": "email_only"});
        assert_eq!(wrong(child, json!({}), json!({"timezone": "Asia/Kolkata"})), [""; 0]);
    }

    #[test]
    fn children_inherit_defaults_and_locks() {
        let set = |value: &str, for_children| OwnVariable {
            value: json!(value),
            for_children,
        };
        let parent = OwnVariables::from([
            ("start_time".to_owned(), set("own", ForChildren::Nothing)),
            ("timezone".to_owned(), set("shared", ForChildren::Default)),
            ("default_priority".to_owned(), set("locked", ForChildren::Locked)),
        ]);
        let mut expected = inherited(json!({"timezone": "shared"}), false);
        expected.extend(inherited(json!({"default_priority": "locked"}), true));
        assert_eq!(inherited_from(&parent), expected);
    }

    #[test]
    fn every_effective_value_has_a_source() {
        let mut family = family(
            json!({"timezone": "Europe/Berlin", "default_ticket_location": "Finance"}),
            json!({"timezone": "Europe/Paris", "start_time": "07:30"}),
        );
        family
            .inherited
            .extend(inherited(json!({"default_ticket_location": "Onboarding"}), true));
        let of = |name| family.effective(definition(name).unwrap());
        assert_eq!(of("timezone"), (json!("Europe/Berlin"), Source::Own));
        assert_eq!(of("start_time"), (json!("07:30"), Source::Inherited));
        assert_eq!(of("default_ticket_location"), (json!("Onboarding"), Source::Locked));
        assert_eq!(of("store_password_in_ticket"), (json!(true), Source::Default));
        assert_eq!(of("mfa_group"), (Value::Null, Source::Default));
        let without = family.without_own(definition("timezone").unwrap());
        assert_eq!(without, (json!("Europe/Paris"), Source::Inherited));
    }
}
