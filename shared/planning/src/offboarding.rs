//! The checks of an offboarding: whose account it is, and what it will lose.

use chrono::{DateTime, Utc};
use directory::{Group, LicenseOfUser, SubscribedSku, User};
use domain::authority;
use domain::field::FieldError;
use domain::ids::RequestId;
use domain::job::Kind;
use domain::request::{Plan, RequestKey, Status, UserRef};
use domain::schedule::{self, Start};
use domain::step_error::StepError;
use domain::submission::OffboardingFields;
use domain::variables::OrgVariables;
use store::requests::RequestRecord;

use crate::approval::{Asks, Manager, Person};
use crate::{Checked, Errors, Planner, manager, user_ref};

/// Something that the account has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlement {
    /// A group's name, or a license's part number.
    pub name: String,
    /// Why it will stay; None if it will be taken.
    pub stays: Option<String>,
}

/// What the tenant has of the leaver.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OffboardingFound {
    /// The account, and whose it is.
    pub user: Option<UserRef>,
    pub display_name: String,
    pub blocks_sign_in: bool,
    pub groups: Vec<Entitlement>,
    pub licenses: Vec<Entitlement>,
    /// The address of the manager who is told in the end.
    pub manager: Option<String>,
    /// The waiting request of a basic member about the same person, which this one takes the place of.
    pub supersedes: Option<RequestRecord>,
}

impl Planner<'_> {
    /// Plans an offboarding that is submitted or tried. Wrong fields are left out: what depends on one is not checked.
    pub async fn plan_offboarding(
        &self,
        form: &OffboardingFields,
        asks: Asks<'_>,
    ) -> Result<Checked<OffboardingFound>, StepError> {
        let named = form.manager.as_ref().and_then(Option::as_ref);
        let (user, named, requester) = tokio::try_join!(
            self.user(form.user.as_ref()),
            self.user(named),
            Person::requester(self.graph, asks.requester),
        )?;
        let variables = &form.settings(self.variables.clone());
        let account = match &user {
            Some(user) => Some(Account::look(self, user).await?),
            None => None,
        };
        let supersedes = self.superseded(account.as_ref(), asks).await?;
        let mut errors = Errors(about_variables(variables));
        errors.extend(exists(form, user.as_ref()));
        errors.extend(
            account
                .iter()
                .flat_map(|account| account.refused(&requester, supersedes.is_some())),
        );
        errors.extend(manager::exists(&form.manager, named.as_ref()));
        let of_directory = account.as_ref().and_then(|account| account.manager.as_ref());
        let informed = if form.manager == Some(None) {
            of_directory
        } else {
            named.as_ref()
        };
        errors.extend(is_leaver(informed, user.as_ref()));
        let start_at = errors.keep(start(form, self.now, variables)).and_then(Start::at);
        // The form's manager is told in the end. The directory's manager is asked, as the requester can't choose who
        // approves.
        let asked = match (of_directory, &user) {
            (Some(manager), _) => Manager::Known(manager),
            (None, Some(_)) => Manager::Missing("user", NO_MANAGER),
            (None, None) => Manager::Reported,
        };
        let leaver = user.as_ref().map(Person::from).unwrap_or_default();
        let concerned = [&requester, &leaver];
        let approval = self.approval(variables, asks, asked, &concerned).await?;
        let approval = errors.keep(approval).unwrap_or_default();

        let plan = user.as_ref().filter(|_| errors.0.is_empty()).map(|user| Plan {
            upn: user.upn.clone(),
            display_name: shown_name(user),
            manager: informed.map(user_ref),
            supersedes: supersedes.as_ref().map(|earlier| earlier.id.clone()),
            start_at,
            ..approval.plan(asks, &concerned)
        });
        let manager = informed.map(|manager| manager.address().to_owned());
        Ok(Checked {
            plan,
            errors: errors.0,
            approvers: approval.addresses,
            gates: asks.gate().into_iter().collect(),
            start_at,
            found: found(account.as_ref(), variables, manager, supersedes),
        })
    }

    /// The waiting request about the account, if it is one that gives way to this submission.
    async fn superseded(
        &self,
        account: Option<&Account<'_>>,
        asks: Asks<'_>,
    ) -> Result<Option<RequestRecord>, StepError> {
        let Some(holder) = account.and_then(|account| account.holder.as_ref()) else {
            return Ok(None);
        };
        let key = RequestKey {
            org: self.organisation.id.clone(),
            request: holder.clone(),
        };
        let waits = |record: &RequestRecord| {
            record.kind() == Kind::Offboarding
                && record.status == Status::WaitingApproval
                && authority::gives_way(record.plan.submitted_as, asks.role)
        };
        Ok(self.store.request(&key).await?.filter(waits))
    }
}

/// Checks that the tenant has the leaver's account.
fn exists(form: &OffboardingFields, found: Option<&User>) -> Option<FieldError> {
    let upn = form.user.as_ref().filter(|_| found.is_none())?;
    Some(FieldError::new("user", format!("{upn} is no user of the tenant")))
}

fn is_leaver(manager: Option<&User>, leaver: Option<&User>) -> Option<FieldError> {
    let same = manager?.id == leaver?.id;
    same.then(|| FieldError::new("manager", "is the person who leaves"))
}

fn start(form: &OffboardingFields, now: DateTime<Utc>, variables: &OrgVariables) -> Result<Start, FieldError> {
    match form.last_day {
        Some(date) => schedule::plan(Kind::Offboarding, now, date, variables),
        None => Ok(Start::Now),
    }
}

fn found(
    account: Option<&Account<'_>>,
    variables: &OrgVariables,
    manager: Option<String>,
    supersedes: Option<RequestRecord>,
) -> OffboardingFound {
    let groups = account.map(|account| account.groups(variables.offboarding_remove_groups));
    OffboardingFound {
        user: account.map(|account| user_ref(account.user)),
        display_name: account.map(|account| shown_name(account.user)).unwrap_or_default(),
        blocks_sign_in: variables.offboarding_deactivate_user,
        groups: groups.unwrap_or_default(),
        licenses: account.map(Account::licenses).unwrap_or_default(),
        manager,
        supersedes,
    }
}

fn shown_name(user: &User) -> String {
    match user.display_name.trim() {
        "" => user.upn.clone(),
        name => name.to_owned(),
    }
}

/// The contradictions of variables that an offboarding has to do with: it needs nothing about passwords.
fn about_variables(variables: &OrgVariables) -> Vec<FieldError> {
    let concerns = ["new_user_approval_email", "no_psa_mail_address"];
    let mut errors = variables.check_together();
    errors.retain(|error| concerns.contains(&error.field.as_str()));
    errors
}

const NO_MANAGER: &str = "has no manager in the directory, who approves requests here: set one there, or name approvers \
                          in new_user_approval_email";

/// The leaver's account as it is now.
struct Account<'a> {
    user: &'a User,
    manager: Option<User>,
    groups: Vec<Group>,
    licenses: Vec<LicenseOfUser>,
    skus: Vec<SubscribedSku>,
    /// Another open request that is about it.
    holder: Option<RequestId>,
}

impl<'a> Account<'a> {
    async fn look(planner: &Planner<'_>, user: &'a User) -> Result<Self, StepError> {
        let graph = planner.graph;
        let (manager, groups, licensing, skus, holder) = tokio::try_join!(
            graph.manager_of(&user.id),
            graph.groups_of(&user.id),
            graph.licensing_of(&user.id),
            graph.subscribed_skus(),
            planner.store.username_holder(&planner.organisation.id, &user.upn),
        )?;
        Ok(Self {
            user,
            manager,
            groups: groups.unwrap_or_default(),
            licenses: licensing.licenses,
            skus,
            holder,
        })
    }

    /// Why nobody, or not this requester, may offboard it now.
    fn refused(&self, requester: &Person, supersedes: bool) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if requester.is(self.user) {
            let message = "is yourself: somebody else has to ask for your offboarding";
            errors.push(FieldError::new("user", message));
        }
        if self.holder.is_some() && !supersedes {
            let message = format!(
                "{} has another open request: wait for its end, or cancel it",
                self.user.upn
            );
            errors.push(FieldError::new("user", message));
        }
        errors
    }

    fn groups(&self, removes_groups: bool) -> Vec<Entitlement> {
        let carries = |group: &Group| {
            let mut by_group = self.licenses.iter().filter_map(|license| license.by_group.as_ref());
            by_group.any(|id| *id == group.id)
        };
        let held = |group: &Group| Entitlement {
            name: group.name.clone(),
            stays: match group.kind.refuses_members() {
                Some(why) => Some(why.to_owned()),
                // Its license is to be free.
                None if removes_groups || carries(group) => None,
                None => Some("offboarding_remove_groups is off".to_owned()),
            },
        };
        self.groups.iter().map(held).collect()
    }

    /// The account's licenses, each once, however often it is assigned.
    fn licenses(&self) -> Vec<Entitlement> {
        let mut all: Vec<Entitlement> = Vec::new();
        for license in &self.licenses {
            let sku = self.skus.iter().find(|sku| sku.sku.id == license.sku_id);
            let name = sku.map_or(&license.sku_id, |sku| &sku.sku.part_number);
            let group = license
                .by_group
                .as_ref()
                .and_then(|id| self.groups.iter().find(|group| group.id == *id));
            let refused = group.and_then(|group| Some((group, group.kind.refuses_members()?)));
            let stays = refused.map(|(group, why)| format!("it comes with the group {}, and {why}", group.name));
            match all.iter_mut().find(|held| held.name == *name) {
                Some(held) => held.stays = held.stays.take().or(stays),
                None => all.push(Entitlement {
                    name: name.clone(),
                    stays,
                }),
            }
        }
        all
    }
}
