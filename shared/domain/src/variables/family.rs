//! What a parent's defaults make of its children.

use std::collections::BTreeMap;

use serde_json::Value;

use super::OrgVariables;
use crate::field::FieldError;
use crate::ids::OrgId;

/// Values by their names, as `parse_value` gave them.
pub type Values = BTreeMap<String, Value>;

/// A parent's value for its children.
#[derive(Debug, Clone, PartialEq)]
pub struct FromParent {
    pub value: Value,
    /// It holds whatever a child has set itself.
    pub locked: bool,
}

/// What a child takes of its parent, by the variables' names.
pub type Inherited = BTreeMap<String, FromParent>;

/// Why a child sets no value of its own.
pub fn locked_by_parent(name: &str) -> FieldError {
    FieldError::new(
        name,
        "is locked by the parent organisation: its value holds for all its children",
    )
}

/// An organisation that takes its parent's defaults where it has set nothing itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Child {
    pub id: OrgId,
    pub own: Values,
}

impl Child {
    /// What the parent's new defaults contradict here. What was wrong before them is not theirs to mend.
    pub fn contradictions(&self, before: &Inherited, after: &Inherited) -> Vec<FieldError> {
        let old = self.wrong_under(before);
        let new = self
            .wrong_under(after)
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

    fn wrong_under(&self, inherited: &Inherited) -> Vec<FieldError> {
        OrgVariables::resolve(&self.own, inherited).map_or_else(|problems| problems, |v| v.check_together())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values(json: Value) -> Values {
        serde_json::from_value(json).unwrap()
    }

    fn inherited(json: Value, locked: bool) -> Inherited {
        let from_parent = |(name, value)| (name, FromParent { value, locked });
        values(json).into_iter().map(from_parent).collect()
    }

    fn wrong(own: Value, before: Value, after: Value) -> Vec<String> {
        wrong_under(own, &inherited(before, false), &inherited(after, false))
    }

    fn wrong_under(own: Value, before: &Inherited, after: &Inherited) -> Vec<String> {
        let child = Child {
            id: OrgId::parse("customer").unwrap(),
            own: values(own),
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
}
