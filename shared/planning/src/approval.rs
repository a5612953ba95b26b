//! Who is asked for approval.

use directory::User;
use domain::field::FieldProblem;
use domain::request::Requester;
use domain::submission::Onboarding;
use domain::variables::{Approver, OrgVariables};

/// Nobody approves their own request, so the requester is left out; empty when no approval is needed.
pub(crate) fn approvers(
    variables: &OrgVariables,
    onboarding: &Onboarding,
    manager: Option<&User>,
    requester: &Requester,
) -> Result<Vec<String>, FieldProblem> {
    let mut asked: Vec<String> = Vec::new();
    // Approval without approvers is a contradiction of the variables, which is reported as one.
    if !variables.require_approval_for_new_users || variables.new_user_approval_email.is_empty() {
        return Ok(asked);
    }
    let mut manager_missing = false;
    for approver in &variables.new_user_approval_email {
        let address = match (approver, manager) {
            (Approver::Address(address), _) => address.as_str(),
            (Approver::Manager, Some(manager)) => manager.address(),
            (Approver::Manager, None) => {
                manager_missing = onboarding.manager.is_none();
                continue;
            }
        };
        let own = requester
            .email
            .as_deref()
            .is_some_and(|email| email.trim().eq_ignore_ascii_case(address.trim()));
        if !own && !asked.iter().any(|other| other.eq_ignore_ascii_case(address)) {
            asked.push(address.to_owned());
        }
    }
    match (asked.is_empty(), manager_missing) {
        (false, _) => Ok(asked),
        (true, true) => Err(FieldProblem::new(
            "manager",
            "is needed: the manager approves new users here",
        )),
        // The manager is named but unknown, which is reported already.
        (true, false) if onboarding.manager.is_some() && manager.is_none() && asks_manager(variables) => Ok(asked),
        (true, false) => Err(FieldProblem::new(
            "new_user_approval_email",
            "leaves nobody to approve: requesters cannot approve their own requests",
        )),
    }
}

fn asks_manager(variables: &OrgVariables) -> bool {
    variables.new_user_approval_email.contains(&Approver::Manager)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(approvers: &[&str], manager: Option<&str>, requester: Option<&str>) -> Result<Vec<String>, String> {
        let variables = OrgVariables {
            require_approval_for_new_users: true,
            new_user_approval_email: approvers
                .iter()
                .map(|text| Approver::try_from((*text).to_owned()).expect("an approver"))
                .collect(),
            ..OrgVariables::default()
        };
        let onboarding = Onboarding::parse(&json!({"first_name": "A", "last_name": "B", "manager": manager}));
        let manager = manager.map(|upn| User {
            id: "1".to_owned(),
            upn: upn.to_owned(),
            mail: Some(format!("mail.{upn}")),
            mobile_phone: None,
            display_name: "M".to_owned(),
            marker: None,
            account_enabled: true,
            usage_location: None,
        });
        let requester = Requester {
            id: "m1".to_owned(),
            email: requester.map(str::to_owned),
        };
        super::approvers(&variables, &onboarding.expect("right"), manager.as_ref(), &requester)
            .map_err(|problem| problem.field)
    }

    #[test]
    fn everybody_but_the_requester() {
        let list = asked(&["a@x.com", "B@x.com", "A@X.com"], None, Some(" b@X.COM "));
        assert_eq!(list, Ok(vec!["a@x.com".to_owned()]));
        assert_eq!(asked(&["a@x.com"], None, None), Ok(vec!["a@x.com".to_owned()]));
    }

    #[test]
    fn nobody_left_is_refused() {
        assert_eq!(
            asked(&["a@x.com"], None, Some("A@x.com")),
            Err("new_user_approval_email".to_owned())
        );
        assert_eq!(
            asked(&["manager"], Some("m@x.com"), Some("mail.m@x.com")),
            Err("new_user_approval_email".to_owned())
        );
    }

    #[test]
    fn the_manager_is_asked_at_their_address() {
        assert_eq!(
            asked(&["manager"], Some("m@x.com"), None),
            Ok(vec!["mail.m@x.com".to_owned()])
        );
        assert_eq!(asked(&["manager"], None, None), Err("manager".to_owned()));
        assert_eq!(
            asked(&["manager", "a@x.com"], None, None),
            Ok(vec!["a@x.com".to_owned()])
        );
    }

    #[test]
    fn no_approval_asks_nobody() {
        let variables = OrgVariables::default();
        let onboarding = Onboarding::parse(&json!({"first_name": "A", "last_name": "B"})).expect("right");
        let requester = Requester {
            id: "m1".to_owned(),
            email: None,
        };
        assert_eq!(approvers(&variables, &onboarding, None, &requester), Ok(Vec::new()));
    }
}
