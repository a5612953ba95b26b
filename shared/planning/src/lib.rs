//! What a submission comes to, found out before anything is changed: by the form's check, at submission, and again
//! when a scheduled request wakes. Every mistake is named by the field it is about.

mod approval;
mod groups;
mod licenses;
mod offboarding;
mod username;

use chrono::{DateTime, Utc};
use directory::{Domain, Graph, User};
use domain::contact::{DomainName, Upn};
use domain::country::CountryCode;
use domain::decision::Gate;
use domain::field::FieldError;
use domain::ids::RequestId;
use domain::integration::Organisation;
use domain::job::Kind;
use domain::request::{Plan, PlannedGroup, RequestKey, UserRef};
use domain::schedule;
use domain::step_error::StepError;
use domain::submission::Onboarding;
use domain::variables::{LicenseAssignmentMethod, OrgVariables, PasswordDestination};
use store::Store;

pub use approval::Asks;
pub use licenses::LicenseFound;
pub use offboarding::{Entitlement, OffboardingChecked, check_leaver};

use crate::approval::{Manager, Person};
use crate::username::{Names, Wish};

/// All that is known, as far as it is known: a wrong domain leaves no username, but the licenses are told all the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// Set when there is no problem.
    pub plan: Option<Plan>,
    pub problems: Vec<FieldError>,
    pub username: Option<Upn>,
    pub licenses: Vec<LicenseFound>,
    pub groups: Vec<PlannedGroup>,
    /// Who approves it: addresses. None where no approval is needed.
    pub approvers: Vec<String>,
    /// Where the execution will wait for a person, as things are now.
    pub gates: Vec<Gate>,
    /// Where the password will go; the manager's only if there is one.
    pub password_places: Vec<PasswordDestination>,
    pub start_at: Option<DateTime<Utc>>,
}

/// Why a submission is checked.
#[derive(Debug, Clone, Copy)]
pub enum Occasion<'a> {
    /// It is submitted, or tried.
    Submission(Asks<'a>),
    /// This request begins after its wait: its username is its own, and what was settled before (approval, date) is not
    /// asked again.
    Begin(&'a RequestId),
}

/// A look-up that fails is a fault, never an answer.
pub async fn check(
    store: &Store,
    graph: &Graph,
    organisation: &Organisation,
    variables: &OrgVariables,
    onboarding: &Onboarding,
    now: DateTime<Utc>,
    occasion: Occasion<'_>,
) -> Result<Checked, StepError> {
    let variables = &onboarding.settings(variables.clone());
    let (own, asks) = match occasion {
        Occasion::Submission(asks) => (None, Some(asks)),
        Occasion::Begin(own) => (Some(own), None),
    };
    let (domains, skus, manager, groups, promised) = tokio::try_join!(
        graph.domains(),
        licenses::subscribed(graph, onboarding),
        look_up(graph, onboarding.manager.as_ref()),
        groups::find(graph, onboarding),
        promised(store, organisation, own),
    )?;
    let requester = match &asks {
        Some(asks) => Person::requester(graph, asks.requester).await?,
        None => Person::default(),
    };
    let mut problems = variables.check_together();
    let mut note = |problem: FieldError| problems.push(problem);

    if let (Some(upn), None) = (&onboarding.manager, &manager) {
        note(FieldError::new("manager", format!("{upn} is no user of the tenant")));
    }
    match &manager {
        Some(manager) if manager.guest => note(FieldError::new("manager", GUEST)),
        // Of a shared mailbox, or of somebody who has left: nobody knows who would answer.
        Some(manager) if own.is_none() && !manager.account_enabled => note(FieldError::new("manager", DISABLED)),
        _ => {}
    }
    // The plan holds the colleague's groups, so that a request which begins needs the colleague no more.
    if let (Some(upn), false, None) = (&onboarding.copy_groups_from, groups.colleague_found, own) {
        note(FieldError::new(
            "copy_groups_from",
            format!("{upn} is no user of the tenant"),
        ));
    }
    let (mut licenses, unknown) = licenses::matched(&onboarding.licenses, &skus);
    if own.is_none() && variables.license_assignment_method == LicenseAssignmentMethod::Group {
        licenses::look_for_groups(graph, &mut licenses).await?;
    }
    unknown.into_iter().for_each(&mut note);
    if !onboarding.licenses.is_empty() && country(onboarding, variables).is_none() {
        let message = "is needed for a license: give it, or set the variable usage_location";
        note(FieldError::new("usage_location", message));
    }
    let start = schedule::plan(Kind::Onboarding, now, onboarding.start_date, variables);
    let start_at = match (own, start) {
        (None, Ok(start)) => start.at(),
        (None, Err(problem)) => {
            note(problem);
            None
        }
        (Some(_), _) => None,
    };
    let domain = domain_of(onboarding, &domains).map_err(&mut note).ok();
    let local = username::wanted(onboarding, variables).map_err(&mut note).ok();
    let names = Names {
        graph,
        store,
        organisation,
        own,
    };
    let mut rehired = None;
    let username = match (promised, domain, local) {
        (_, None, _) | (None, _, None) => None,
        (promised, Some(domain), local) if onboarding.rehire => {
            let upn = promised.or_else(|| local.map(|local| Upn::of(&local, &domain)));
            let found = match upn {
                Some(upn) => names.rehired(upn).await?.map_err(&mut note).ok(),
                None => None,
            };
            found.map(|(upn, id)| {
                rehired = Some(id);
                upn
            })
        }
        (Some(upn), Some(_), _) => names.settle(Wish::Promised(upn)).await?.map_err(&mut note).ok(),
        (None, Some(domain), Some(local)) => {
            let wish = Wish::new(local, domain, onboarding, variables);
            names.settle(wish).await?.map_err(&mut note).ok()
        }
    };

    // Somebody who comes back may be a member still, and does not approve that.
    let subject = match &rehired {
        Some(id) => graph.user(id).await?.as_ref().map(Person::from).unwrap_or_default(),
        None => Person::default(),
    };
    let approvers = match &asks {
        Some(asks) => {
            let asked = match (&manager, &onboarding.manager) {
                // An employee whose own account is not known could name it here by another address.
                (Some(_), _) if !requester.found && !asks.role.acts_in_children() => {
                    Manager::Missing("manager", UNKNOWN_REQUESTER)
                }
                (Some(manager), _) => Manager::Known(manager),
                (None, Some(_)) => Manager::Reported,
                (None, None) => Manager::Missing("manager", "is needed: the manager approves requests here"),
            };
            let members = approval::members(store, organisation, variables, asks).await?;
            approval::approvers(variables, &members, asked, asks.because, &[&requester, &subject])
                .map_err(&mut note)
                .unwrap_or_default()
        }
        None => approval::Approvers::default(),
    };

    let because = asks.map(|asks| asks.because.to_vec()).unwrap_or_default();
    let approval_required = !because.is_empty();
    // Whom only the form calls manager gets no password of an account that somebody else had before.
    let password_manager = match &rehired {
        Some(id) => graph.manager_of(id).await?,
        None => manager.clone(),
    };
    let by_hand = licenses::bought_by_hand(&licenses, organisation, variables, onboarding);
    let gates = approval_required
        .then_some(Gate::Approval(0))
        .into_iter()
        .chain(by_hand)
        .collect();
    let plan = username.as_ref().filter(|_| problems.is_empty()).map(|upn| Plan {
        upn: upn.to_string(),
        display_name: onboarding.shown_name(),
        licenses: licenses.iter().map(|license| license.sku.clone()).collect(),
        groups: groups.found.clone(),
        submitted_as: asks.map(|asks| asks.role).unwrap_or_default(),
        approval_required,
        approval_because: because,
        approvers: approvers.addresses.clone(),
        approving_manager: approvers.manager.clone(),
        requester_addresses: requester.addresses.clone(),
        subject_addresses: subject.addresses.clone(),
        rehired,
        manager: manager.as_ref().map(user_ref),
        password_manager: password_manager.as_ref().map(user_ref),
        start_at,
        ..Plan::default()
    });
    let mut password_places = variables.password_places();
    password_places.retain(|place| *place != PasswordDestination::Manager || password_manager.is_some());
    Ok(Checked {
        plan,
        problems,
        username,
        licenses,
        groups: groups.found,
        approvers: approvers.addresses,
        gates,
        password_places,
        start_at,
    })
}

pub(crate) const GUEST: &str = "is a guest of the tenant: name one of its own people";

const DISABLED: &str = "has a disabled account: name somebody who can sign in";

const UNKNOWN_REQUESTER: &str = "approves requests here, and cannot be asked: the tenant has no account with your address, so it \
                                 cannot be seen that you and the manager are two people. Ask a technician or an admin to submit it";

fn user_ref(user: &User) -> UserRef {
    UserRef {
        id: user.id.clone(),
        upn: user.upn.clone(),
    }
}

/// The country that the user's licenses are used in.
pub fn country<'a>(onboarding: &'a Onboarding, variables: &'a OrgVariables) -> Option<&'a CountryCode> {
    onboarding.usage_location.as_ref().or(variables.usage_location.as_ref())
}

async fn look_up(graph: &Graph, upn: Option<&Upn>) -> Result<Option<User>, StepError> {
    match upn {
        Some(upn) => graph.user(upn.as_str()).await,
        None => Ok(None),
    }
}

/// The username that the request was given when it was submitted.
async fn promised(
    store: &Store,
    organisation: &Organisation,
    own: Option<&RequestId>,
) -> Result<Option<Upn>, StepError> {
    let Some(id) = own else { return Ok(None) };
    let record = store
        .request(&RequestKey {
            org: organisation.id.clone(),
            request: id.clone(),
        })
        .await?;
    Ok(record.and_then(|record| Upn::parse(&record.plan.upn).ok()))
}

/// The one asked for if the tenant has proved it, else the tenant's default.
fn domain_of(onboarding: &Onboarding, domains: &[Domain]) -> Result<DomainName, FieldError> {
    let problem = |message: String| FieldError::new("email_domain", message);
    let name = match &onboarding.email_domain {
        Some(wanted) => {
            let found = domains
                .iter()
                .find(|domain| domain.name.eq_ignore_ascii_case(wanted.as_str()));
            match found {
                Some(domain) if domain.is_verified => &domain.name,
                Some(_) => return Err(problem(format!("{wanted} is not verified in the tenant yet"))),
                None => return Err(problem(format!("{wanted} is no domain of the tenant"))),
            }
        }
        None => {
            let default = domains.iter().find(|domain| domain.is_default && domain.is_verified);
            &default
                .ok_or_else(|| problem("is needed: the tenant has no default domain".to_owned()))?
                .name
        }
    };
    DomainName::parse(name).map_err(|wrong| problem(wrong.to_string()))
}

#[cfg(test)]
mod tests;
