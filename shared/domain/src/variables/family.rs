//! An organisation's variables between its parent's and its children's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Changes, Definition, OrgVariables};
use crate::field::FieldError;
use crate::ids::OrgId;

/// The value that an organisation has set for a variable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnVariable {
    /// As [`Definition::canonical`] gave it.
    pub value: Value,
    #[serde(default)]
    pub for_children: ForChildren,
}

/// What a parent's value is to its children.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForChildren {
    #[default]
    Nothing,
    /// They take it unless they have their own.
    Default,
    /// They take it, and what they have set themselves does not count.
    Locked,
}

/// What an organisation has set itself, by the variables' names.
pub type OwnVariables = BTreeMap<String, OwnVariable>;

/// A parent's value for its children.
#[derive(Debug, Clone, PartialEq)]
pub struct FromParent {
    pub value: Value,
    /// It holds whatever a child has set itself.
    pub locked: bool,
}

/// What a child takes of its parent, by the variables' names.
pub type Inherited = BTreeMap<String, FromParent>;

/// The error of a value that a child, or its request, gives for a variable that the parent has locked.
pub(crate) fn locked_by_parent(name: &str) -> FieldError {
    FieldError::new(
        name,
        "is locked by the parent organisation: its value holds for all its children",
    )
}

/// What the children of an organisation take of what it has set.
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

/// An organisation that takes its parent's defaults where it has set nothing itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Child {
    pub id: OrgId,
    pub own: OwnVariables,
}

impl Child {
    /// What the parent's new defaults contradict in this child. A contradiction that was there before them does not count.
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

/// Everything that decides which values hold in an organisation and, if it has children, in them.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// Of `own`, as the store counts its changes.
    pub version: i64,
    pub own: OwnVariables,
    /// The parent's values for its children.
    pub inherited: Inherited,
    pub children: Vec<Child>,
}

/// Where the value that holds is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Own,
    Inherited,
    /// The parent's, whatever is set here.
    Locked,
    Default,
}

impl Family {
    /// The value that holds, or null, and where it is from.
    pub fn effective(&self, definition: &Definition) -> (Value, Source) {
        match self.own.get(definition.name) {
            Some(own) if !self.is_locked(definition.name) => (own.value.clone(), Source::Own),
            _ => self.without_own(definition),
        }
    }

    /// What would hold if the organisation had not set it.
    pub fn without_own(&self, definition: &Definition) -> (Value, Source) {
        match self.inherited.get(definition.name) {
            Some(from) if from.locked => (from.value.clone(), Source::Locked),
            Some(from) => (from.value.clone(), Source::Inherited),
            None => (definition.default_value().unwrap_or_default(), Source::Default),
        }
    }

    /// Whether the parent's value holds whatever the organisation sets.
    pub fn is_locked(&self, name: &str) -> bool {
        self.inherited.get(name).is_some_and(|from| from.locked)
    }

    /// What would be wrong after the changes: in the organisation at all, in its children because of the changes.
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
    fn a_default_that_contradicts_a_childs_own_value_is_named() {
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
    fn a_default_that_goes_may_leave_a_child_without_what_it_needs() {
        let child = json!({"send_password_via_sms_or_email": false});
        let psa = json!({"default_psa": "connectwise"});
        assert_eq!(wrong(child.clone(), psa.clone(), psa.clone()), [""; 0]);
        assert_eq!(wrong(child, psa, json!({})), ["send_password_via_sms_or_email"]);
    }

    #[test]
    fn a_locked_value_is_judged_in_the_place_of_the_childs_own() {
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
    fn what_was_wrong_before_is_no_ones_news() {
        let child = json!({"default_psa": "email_only"});
        assert_eq!(wrong(child, json!({}), json!({"timezone": "Asia/Kolkata"})), [""; 0]);
    }

    #[test]
    fn children_take_defaults_and_locks() {
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
    fn every_value_has_a_source() {
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
