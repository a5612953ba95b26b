//! The checks of an offboarding: the leaver's account and what it will lose.

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

/// A group or license of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlement {
    /// The group's name, or the license's part number.
    pub name: String,
    /// Why it stays; `None` if it will be removed.
    pub stays: Option<String>,
}

/// What was found about the leaver in the tenant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OffboardingFound {
    /// The leaver's account.
    pub user: Option<UserRef>,
    pub display_name: String,
    pub blocks_sign_in: bool,
    pub groups: Vec<Entitlement>,
    pub licenses: Vec<Entitlement>,
    /// The address of the manager who is informed at the end.
    pub manager: Option<String>,
    /// The waiting request of a basic member about the same person, which this one will replace.
    pub supersedes: Option<RequestRecord>,
}

impl Planner<'_> {
    /// Plans an offboarding, for a submission or a dry run. Invalid fields count as missing, and whatever depends on
    /// them is not checked.
    pub async fn plan_offboarding(
        &self,
        form: &OffboardingFields,
        asks: Asks<'_>,
    ) -> Result<Checked<OffboardingFound>, StepError> {
        let check = Check::look(self, form, asks).await?;
        let mut errors = check.errors();
        let start_at = errors.keep(check.start(self.now)).and_then(Start::at);
        let leaver = check.user().map(Person::from).unwrap_or_default();
        let concerned = [&check.requester, &leaver];
        let approvers = self
            .approvers(&check.variables, asks, check.asked(), &concerned)
            .await?;
        let approvers = errors.keep(approvers).unwrap_or_default();
        let user = check.user().filter(|_| errors.0.is_empty());
        let plan = user.map(|user| Plan {
            upn: user.upn.clone(),
            display_name: shown_name(user),
            manager: check.informed().map(user_ref),
            supersedes: check.supersedes.as_ref().map(|earlier| earlier.id.clone()),
            start_at,
            ..approvers.plan(asks, &concerned)
        });
        Ok(Checked {
            plan,
            errors: errors.0,
            approvers: approvers.addresses,
            gates: asks.gate().into_iter().collect(),
            start_at,
            found: check.found(),
        })
    }

    /// The waiting request about the account, if it gives way to this submission.
    async fn superseded(&self, account: Option<&Account>, asks: Asks<'_>) -> Result<Option<RequestRecord>, StepError> {
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

/// An offboarding together with what was found in the tenant.
struct Check<'a> {
    form: &'a OffboardingFields,
    /// The variables with the form's overrides.
    variables: OrgVariables,
    requester: Person,
    account: Option<Account>,
    /// The account of the manager whom the form names.
    named: Option<User>,
    supersedes: Option<RequestRecord>,
}

impl<'a> Check<'a> {
    async fn look(planner: &Planner<'_>, form: &'a OffboardingFields, asks: Asks<'_>) -> Result<Self, StepError> {
        let named = form.manager.as_ref().and_then(Option::as_ref);
        let (user, named, requester) = tokio::try_join!(
            planner.user(form.user.as_ref()),
            planner.user(named),
            Person::requester(planner.graph, asks.requester),
        )?;
        let account = match user {
            Some(user) => Some(Account::look(planner, user).await?),
            None => None,
        };
        let supersedes = planner.superseded(account.as_ref(), asks).await?;
        Ok(Self {
            form,
            variables: form.settings(planner.variables.clone()),
            requester,
            account,
            named,
            supersedes,
        })
    }

    fn user(&self) -> Option<&User> {
        self.account.as_ref().map(|account| &account.user)
    }

    /// The manager in the directory.
    fn of_directory(&self) -> Option<&User> {
        self.account.as_ref().and_then(|account| account.manager.as_ref())
    }

    /// The manager who is informed at the end: the form's, or else the directory's.
    fn informed(&self) -> Option<&User> {
        if self.form.manager == Some(None) {
            self.of_directory()
        } else {
            self.named.as_ref()
        }
    }

    /// The manager who is asked for approval. It is the directory's, because requesters must not choose who approves.
    fn asked(&self) -> Manager<'_> {
        match (self.of_directory(), &self.account) {
            (Some(manager), _) => Manager::Known(manager),
            (None, Some(_)) => Manager::Missing("user", NO_MANAGER),
            (None, None) => Manager::Reported,
        }
    }

    /// The errors about the people and the variables.
    fn errors(&self) -> Errors {
        let mut errors = Errors(about_variables(&self.variables));
        errors.extend(self.exists());
        errors.extend(self.account.iter().flat_map(|account| self.refused(account)));
        errors.extend(manager::exists(&self.form.manager, self.named.as_ref()));
        errors.extend(self.manager_stays());
        errors
    }

    /// Checks that the tenant has the leaver's account.
    fn exists(&self) -> Option<FieldError> {
        let upn = self.form.user.as_ref().filter(|_| self.account.is_none())?;
        Some(FieldError::new("user", format!("{upn} is no user of the tenant")))
    }

    /// Why nobody, or not this requester, may offboard the account now.
    fn refused(&self, account: &Account) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.requester.is(&account.user) {
            let message = "is yourself: somebody else has to ask for your offboarding";
            errors.push(FieldError::new("user", message));
        }
        if account.holder.is_some() && self.supersedes.is_none() {
            let message = format!(
                "{} has another open request: wait for its end, or cancel it",
                account.user.upn
            );
            errors.push(FieldError::new("user", message));
        }
        errors
    }

    fn manager_stays(&self) -> Option<FieldError> {
        let leaves = self.informed()?.id == self.user()?.id;
        leaves.then(|| FieldError::new("manager", "is the person who leaves"))
    }

    fn start(&self, now: DateTime<Utc>) -> Result<Start, FieldError> {
        match self.form.last_day {
            Some(date) => schedule::plan(Kind::Offboarding, now, date, &self.variables),
            None => Ok(Start::Now),
        }
    }

    fn found(self) -> OffboardingFound {
        let account = self.account.as_ref();
        let groups = account.map(|account| account.groups(self.variables.offboarding_remove_groups));
        OffboardingFound {
            user: self.user().map(user_ref),
            display_name: self.user().map(shown_name).unwrap_or_default(),
            blocks_sign_in: self.variables.offboarding_deactivate_user,
            groups: groups.unwrap_or_default(),
            licenses: account.map(Account::licenses).unwrap_or_default(),
            manager: self.informed().map(|manager| manager.address().to_owned()),
            supersedes: self.supersedes,
        }
    }
}

fn shown_name(user: &User) -> String {
    match user.display_name.trim() {
        "" => user.upn.clone(),
        name => name.to_owned(),
    }
}

/// The contradictions of variables that matter for an offboarding, which has no password.
fn about_variables(variables: &OrgVariables) -> Vec<FieldError> {
    let concerns = ["new_user_approval_email", "no_psa_mail_address"];
    let mut errors = variables.check_together();
    errors.retain(|error| concerns.contains(&error.field.as_str()));
    errors
}

const NO_MANAGER: &str = "has no manager in the directory, who approves requests here: set one there, or name approvers \
                          in new_user_approval_email";

/// The leaver's current account.
struct Account {
    user: User,
    manager: Option<User>,
    groups: Vec<Group>,
    licenses: Vec<LicenseOfUser>,
    skus: Vec<SubscribedSku>,
    /// The open request that already concerns the account.
    holder: Option<RequestId>,
}

impl Account {
    async fn look(planner: &Planner<'_>, user: User) -> Result<Self, StepError> {
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

    fn groups(&self, removes_groups: bool) -> Vec<Entitlement> {
        let carries = |group: &Group| {
            let mut by_group = self.licenses.iter().filter_map(|license| license.by_group.as_ref());
            by_group.any(|id| *id == group.id)
        };
        let held = |group: &Group| Entitlement {
            name: group.name.clone(),
            stays: match group.kind.refuses_members() {
                Some(why) => Some(why.to_owned()),
                // The group's license is to be freed.
                None if removes_groups || carries(group) => None,
                None => Some("offboarding_remove_groups is off".to_owned()),
            },
        };
        self.groups.iter().map(held).collect()
    }

    /// The account's licenses, each once even if it is assigned several times.
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
