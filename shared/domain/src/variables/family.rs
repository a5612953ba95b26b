//! What a parent's defaults make of its children.

use std::collections::BTreeMap;

use serde_json::Value;

use super::OrgVariables;
use crate::field::FieldProblem;
use crate::ids::OrgId;

/// Values by their names, as `parse_value` gave them.
pub type Values = BTreeMap<String, Value>;

/// An organisation that takes its parent's defaults where it has set nothing itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Child {
    pub id: OrgId,
    pub own: Values,
}

impl Child {
    /// What the parent's new defaults contradict here. What was wrong before them is not theirs to mend.
    pub fn contradictions(&self, before: &Values, after: &Values) -> Vec<FieldProblem> {
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
            FieldProblem::new(problem.field, message)
        })
        .collect()
    }

    fn wrong_under(&self, defaults: &Values) -> Vec<FieldProblem> {
        OrgVariables::resolve(&self.own, defaults).map_or_else(|problems| problems, |v| v.check_together())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values(json: Value) -> Values {
        serde_json::from_value(json).unwrap()
    }

    fn wrong(own: Value, before: Value, after: Value) -> Vec<String> {
        let child = Child {
            id: OrgId::parse("customer").unwrap(),
            own: values(own),
        };
        let problems = child.contradictions(&values(before), &values(after));
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
    fn what_was_wrong_before_is_no_ones_news() {
        let child = json!({"default_psa": "email_only"});
        assert_eq!(wrong(child, json!({}), json!({"timezone": "Asia/Kolkata"})), [""; 0]);
    }
}
