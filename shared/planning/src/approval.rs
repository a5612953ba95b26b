//! Who is asked for approval.

use directory::User;
use domain::field::FieldProblem;
use domain::job::Job;
use domain::request::Requester;
use domain::variables::{Approver, OrgVariables};

/// Nobody approves their own request or one about themselves, so the requester and the leaver are left out; empty when
/// no approval is needed. The leaver is the person of an offboarding, where there is such an account.
pub(crate) fn approvers(
    variables: &OrgVariables,
    job: &Job,
    manager: Option<&User>,
    requester: &Requester,
    leaver: Option<&User>,
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
                manager_missing = job.manager().is_none();
                continue;
            }
        };
        let own = asks(requester, address) || leaver.is_some_and(|leaver| leaver.has_address(address));
        if !own && !asked.iter().any(|other| other.eq_ignore_ascii_case(address)) {
            asked.push(address.to_owned());
        }
    }
    match (asked.is_empty(), manager_missing) {
        (false, _) => Ok(asked),
        (true, true) => Err(FieldProblem::new(
            "manager",
            "is needed: the manager approves requests here",
        )),
        // The manager is named but unknown, which is reported already.
        (true, false) if job.manager().is_some() && manager.is_none() && asks_manager(variables) => Ok(asked),
        (true, false) => Err(FieldProblem::new(
            "new_user_approval_email",
            "leaves nobody to approve: nobody decides on a request of their own or about themselves",
        )),
    }
}

/// Whether the address is the requester's.
fn asks(requester: &Requester, address: &str) -> bool {
    let own = requester.email.as_deref();
    own.is_some_and(|email| email.trim().eq_ignore_ascii_case(address.trim()))
}

fn asks_manager(variables: &OrgVariables) -> bool {
    variables.new_user_approval_email.contains(&Approver::Manager)
}

#[cfg(test)]
mod tests {
    use domain::submission::{Offboarding, Onboarding};
    use serde_json::json;

    use super::*;

    fn user(upn: &str) -> User {
        User {
            id: "1".to_owned(),
            upn: upn.to_owned(),
            mail: Some(format!("mail.{upn}")),
            mobile_phone: None,
            display_name: "M".to_owned(),
            marker: None,
            account_enabled: true,
            usage_location: None,
        }
    }

    fn asked(approvers: &[&str], manager: Option<&str>, requester: Option<&str>) -> Result<Vec<String>, String> {
        let body = json!({"first_name": "A", "last_name": "B", "manager": manager});
        let job = Job::Onboarding(Onboarding::parse(&body).expect("right"));
        asked_for(&job, approvers, manager, requester, None)
    }

    fn asked_for(
        job: &Job,
        approvers: &[&str],
        manager: Option<&str>,
        requester: Option<&str>,
        leaver: Option<&User>,
    ) -> Result<Vec<String>, String> {
        let variables = OrgVariables {
            require_approval_for_new_users: true,
            new_user_approval_email: approvers
                .iter()
                .map(|text| Approver::try_from((*text).to_owned()).expect("an approver"))
                .collect(),
            ..OrgVariables::default()
        };
        let requester = Requester {
            id: "m1".to_owned(),
            person: None,
            email: requester.map(str::to_owned),
        };
        super::approvers(&variables, job, manager.map(user).as_ref(), &requester, leaver)
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
    fn leavers_do_not_approve_their_own_leave() {
        let body = json!({"user": "ada@x.com"});
        let job = Job::Offboarding(Offboarding::parse(&body).expect("right"));
        let ada = user("ada@x.com");
        let list = |approvers: &[&str], manager| asked_for(&job, approvers, manager, None, Some(&ada));
        for own in ["Ada@x.com", "mail.ada@X.com"] {
            assert_eq!(list(&[own, "hr@x.com"], None), Ok(vec!["hr@x.com".to_owned()]));
            assert_eq!(list(&[own], None), Err("new_user_approval_email".to_owned()));
        }
        // The directory's manager is as good as one that the form names.
        assert_eq!(list(&["manager"], Some("m@x.com")), Ok(vec!["mail.m@x.com".to_owned()]));
        assert_eq!(list(&["manager"], None), Err("manager".to_owned()));
    }

    #[test]
    fn no_approval_asks_nobody() {
        let variables = OrgVariables::default();
        let onboarding = Onboarding::parse(&json!({"first_name": "A", "last_name": "B"})).expect("right");
        let requester = Requester {
            id: "m1".to_owned(),
            person: None,
            email: None,
        };
        let job = Job::Onboarding(onboarding);
        assert_eq!(approvers(&variables, &job, None, &requester, None), Ok(Vec::new()));
    }
}
