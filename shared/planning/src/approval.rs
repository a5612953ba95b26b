//! Who is asked for approval.

use directory::{Graph, User};
use domain::authority::Because;
use domain::decision::Gate;
use domain::field::FieldError;
use domain::request::{Plan, Requester};
use domain::role::Role;
use domain::step_error::StepError;
use domain::variables::{Approver, OrgVariables};

use crate::Planner;

/// The requester, their role, and the reasons why the request waits for approval, which are empty if it does not.
#[derive(Debug, Clone, Copy)]
pub struct Asks<'a> {
    pub requester: &'a Requester,
    pub role: Role,
    pub because: &'a [Because],
}

/// A person with all their sign-in and mail addresses, so that people are compared and not texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) addresses: Vec<String>,
    /// Whether the tenant has an account with one of the addresses.
    pub(crate) found: bool,
}

impl Person {
    /// The requester, with all addresses of their account in the tenant. If there is no account, only the address of
    /// the membership counts. A program counts as its token's owner.
    pub(crate) async fn requester(graph: &Graph, requester: &Requester) -> Result<Self, StepError> {
        let Some(email) = &requester.email else {
            return Ok(Self::default());
        };
        let mut addresses = vec![email.clone()];
        let users = graph.users_with_address(email).await?;
        addresses.extend(users.iter().flat_map(User::addresses));
        Ok(Self {
            addresses,
            found: !users.is_empty(),
        })
    }

    fn has(&self, address: &str) -> bool {
        let same = |own: &String| own.trim().eq_ignore_ascii_case(address.trim());
        self.addresses.iter().any(same)
    }

    pub(crate) fn is(&self, user: &User) -> bool {
        user.addresses().iter().any(|address| self.has(address))
    }
}

impl From<&User> for Person {
    fn from(user: &User) -> Self {
        Self {
            addresses: user.addresses(),
            found: true,
        }
    }
}

/// The manager, who is asked if the variable says so.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Manager<'a> {
    /// For a new user, the manager in the form. For a leaver, the manager in the directory and never the one in the
    /// form.
    Known(&'a User),
    /// There is no manager who could be asked; the texts say which field is wrong and what to do.
    Missing(&'a str, &'a str),
    /// The manager in the form is no user of the tenant, or the field is invalid. That error is reported elsewhere.
    Reported,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Approvers {
    pub(crate) addresses: Vec<String>,
    /// The address among these that is the manager's.
    pub(crate) manager: Option<String>,
}

impl Asks<'_> {
    /// The gate that waits for the approvers.
    pub(crate) fn gate(&self) -> Option<Gate> {
        (!self.because.is_empty()).then_some(Gate::Approval(0))
    }
}

impl Approvers {
    /// The part of the plan about the approval. The two people are the requester and the owner of the account.
    pub(crate) fn plan(&self, asks: Asks<'_>, [requester, subject]: &[&Person; 2]) -> Plan {
        Plan {
            submitted_as: asks.role,
            approval_required: !asks.because.is_empty(),
            approval_because: asks.because.to_vec(),
            approvers: self.addresses.clone(),
            approving_manager: self.manager.clone(),
            requester_addresses: requester.addresses.clone(),
            subject_addresses: subject.addresses.clone(),
            ..Plan::default()
        }
    }
}

impl Planner<'_> {
    /// The people who are asked for approval, or why there are none. `variables` include the request's overrides.
    pub(crate) async fn approvers(
        &self,
        variables: &OrgVariables,
        asks: Asks<'_>,
        manager: Manager<'_>,
        concerned: &[&Person],
    ) -> Result<Result<Approvers, FieldError>, StepError> {
        // If the variable names nobody, the members who decide approvals are asked.
        let members = if asks.because.is_empty() || !variables.new_user_approval_email.is_empty() {
            Vec::new()
        } else {
            self.store.approving_members(self.organisation).await?
        };
        Ok(approvers(variables, &members, manager, asks.because, concerned))
    }
}

/// Selects the approvers. Nobody approves their own request or one about themselves, so `concerned`, the requester and
/// the leaver, are left out. Nobody is asked if no approval is needed.
fn approvers(
    variables: &OrgVariables,
    members: &[String],
    manager: Manager<'_>,
    because: &[Because],
    concerned: &[&Person],
) -> Result<Approvers, FieldError> {
    let mut asked = Approvers::default();
    // Required approval without approvers is a contradiction of the variables and is reported as one.
    let contradiction = variables.require_approval_for_new_users && variables.new_user_approval_email.is_empty();
    if because.is_empty() || contradiction {
        return Ok(asked);
    }
    let is_concerned = |address: &str| concerned.iter().any(|person| person.has(address));
    let mut missing = None;
    for approver in &variables.new_user_approval_email {
        match (approver, manager) {
            (Approver::Address(address), _) => add(&mut asked.addresses, address.as_str(), &is_concerned),
            (Approver::Manager, Manager::Known(user)) => {
                if !concerned.iter().any(|person| person.is(user)) {
                    add(&mut asked.addresses, user.address(), &is_concerned);
                    asked.manager = Some(user.address().to_owned());
                }
            }
            (Approver::Manager, Manager::Missing(field, message)) => missing = Some(FieldError::new(field, message)),
            (Approver::Manager, Manager::Reported) => {}
        }
    }
    if variables.new_user_approval_email.is_empty() {
        for member in members {
            add(&mut asked.addresses, member, &is_concerned);
        }
    }
    let reported = matches!(manager, Manager::Reported) && asks_manager(variables);
    match (asked.addresses.is_empty() && !reported, missing) {
        (false, _) => Ok(asked),
        (true, Some(problem)) => Err(problem),
        (true, None) => Err(nobody(variables)),
    }
}

fn add(asked: &mut Vec<String>, address: &str, is_concerned: &impl Fn(&str) -> bool) {
    if !is_concerned(address) && !asked.iter().any(|other| other.eq_ignore_ascii_case(address)) {
        asked.push(address.to_owned());
    }
}

fn asks_manager(variables: &OrgVariables) -> bool {
    variables.new_user_approval_email.contains(&Approver::Manager)
}

fn nobody(variables: &OrgVariables) -> FieldError {
    let message = if variables.new_user_approval_email.is_empty() {
        "is empty, and no member but the requester has the role approver or admin: the request needs approval, and there \
         is nobody to ask. An admin sets the variable or gives somebody the role"
    } else {
        "leaves nobody to approve: nobody decides on a request of their own or about themselves"
    };
    FieldError::new("new_user_approval_email", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BECAUSE: &[Because] = &[Because::ApprovalIsOn];

    fn user(upn: &str, proxies: &[&str]) -> User {
        User {
            id: "1".to_owned(),
            upn: upn.to_owned(),
            mail: Some(format!("mail.{upn}")),
            proxy_addresses: proxies.iter().map(|address| (*address).to_owned()).collect(),
            guest: false,
            mobile_phone: None,
            display_name: "M".to_owned(),
            marker: None,
            account_enabled: true,
            usage_location: None,
        }
    }

    fn person(addresses: &[&str]) -> Person {
        Person {
            addresses: addresses.iter().map(|address| (*address).to_owned()).collect(),
            found: true,
        }
    }

    fn variables(approvers: &[&str]) -> OrgVariables {
        OrgVariables {
            new_user_approval_email: approvers
                .iter()
                .map(|text| Approver::try_from((*text).to_owned()).expect("an approver"))
                .collect(),
            ..OrgVariables::default()
        }
    }

    fn asked(approvers: &[&str], manager: Manager<'_>, concerned: &[&Person]) -> Result<Vec<String>, String> {
        super::approvers(&variables(approvers), &[], manager, BECAUSE, concerned)
            .map(|asked| asked.addresses)
            .map_err(|problem| problem.field)
    }

    const NONE: Manager<'_> = Manager::Missing("manager", "is needed");

    #[test]
    fn approvers_exclude_the_requester() {
        let requester = person(&[" b@X.COM "]);
        let list = asked(&["a@x.com", "B@x.com", "A@X.com"], NONE, &[&requester]);
        assert_eq!(list, Ok(vec!["a@x.com".to_owned()]));
        assert_eq!(
            asked(&["a@x.com"], NONE, &[&person(&[])]),
            Ok(vec!["a@x.com".to_owned()])
        );
    }

    #[test]
    fn requester_is_left_out_under_any_address() {
        let requester = person(&["e.evans@x.com", "eve@x.com", "alias@x.com"]);
        for own in ["eve@x.com", "ALIAS@x.com"] {
            assert_eq!(
                asked(&[own], NONE, &[&requester]),
                Err("new_user_approval_email".to_owned())
            );
        }
        let herself = user("e.evans@x.com", &["alias@x.com"]);
        let by_alias = person(&["alias@x.com"]);
        let list = asked(&["manager"], Manager::Known(&herself), &[&by_alias]);
        assert_eq!(list, Err("new_user_approval_email".to_owned()));
    }

    #[test]
    fn manager_is_asked_at_their_address() {
        let manager = user("m@x.com", &[]);
        let all = approvers(&variables(&["manager"]), &[], Manager::Known(&manager), BECAUSE, &[]);
        assert_eq!(
            all,
            Ok(Approvers {
                addresses: vec!["mail.m@x.com".to_owned()],
                manager: Some("mail.m@x.com".to_owned())
            })
        );
        assert_eq!(asked(&["manager"], NONE, &[]), Err("manager".to_owned()));
        assert_eq!(
            asked(&["manager", "a@x.com"], NONE, &[]),
            Ok(vec!["a@x.com".to_owned()])
        );
        // A manager who is no user of the tenant is reported by the check of the form.
        assert_eq!(asked(&["manager"], Manager::Reported, &[]), Ok(Vec::new()));
    }

    #[test]
    fn leaver_does_not_approve_their_offboarding() {
        let ada = person(&["ada@x.com", "mail.ada@x.com"]);
        for own in ["Ada@x.com", "mail.ada@X.com"] {
            assert_eq!(
                asked(&[own, "hr@x.com"], NONE, &[&ada]),
                Ok(vec!["hr@x.com".to_owned()])
            );
            assert_eq!(asked(&[own], NONE, &[&ada]), Err("new_user_approval_email".to_owned()));
        }
    }

    #[test]
    fn members_are_asked_if_no_address_is_set() {
        let members = ["it@x.com".to_owned(), "boss@x.com".to_owned()];
        let of = |approvers: &[&str], concerned: &[&Person]| {
            super::approvers(&variables(approvers), &members, NONE, BECAUSE, concerned)
                .map(|asked| asked.addresses)
                .map_err(|problem| problem.message)
        };
        assert_eq!(of(&[], &[]), Ok(members.to_vec()));
        assert_eq!(of(&[], &[&person(&["it@x.com"])]), Ok(vec!["boss@x.com".to_owned()]));
        assert_eq!(of(&["a@x.com"], &[]), Ok(vec!["a@x.com".to_owned()]));
        let nobody = of(&[], &[&person(&["it@x.com", "boss@x.com"])]).expect_err("nobody");
        assert!(nobody.contains("gives somebody the role"), "{nobody}");
    }

    #[test]
    fn nobody_is_asked_without_approval() {
        let all = approvers(&variables(&["a@x.com"]), &[], NONE, &[], &[]);
        assert_eq!(all, Ok(Approvers::default()));
    }
}
