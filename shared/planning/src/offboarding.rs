//! What an offboarding comes to: whose account it is, and what it will lose.

use chrono::{DateTime, Utc};
use directory::{Graph, Group, LicenseOfUser, SubscribedSku, User};
use domain::authority;
use domain::decision::Gate;
use domain::field::FieldError;
use domain::ids::RequestId;
use domain::integration::Organisation;
use domain::job::Kind;
use domain::request::{Plan, RequestKey, Status, UserRef};
use domain::schedule;
use domain::step_error::StepError;
use domain::submission::Offboarding;
use domain::variables::OrgVariables;
use store::Store;
use store::requests::RequestRecord;

use crate::approval::{Asks, Manager, Person};
use crate::{GUEST, approval, look_up};

/// Something that the account has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlement {
    /// A group's name, or a license's part number.
    pub name: String,
    /// Why it will stay; None if it will be taken.
    pub stays: Option<String>,
}

/// All that is known, as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub struct OffboardingChecked {
    /// Set when there is no problem.
    pub plan: Option<Plan>,
    pub problems: Vec<FieldError>,
    /// The account, and whose it is.
    pub user: Option<UserRef>,
    pub display_name: String,
    pub blocks_sign_in: bool,
    pub groups: Vec<Entitlement>,
    pub licenses: Vec<Entitlement>,
    /// Who is told in the end: an address.
    pub manager: Option<String>,
    /// Who approves it: addresses. None where no approval is needed.
    pub approvers: Vec<String>,
    /// The waiting request of a basic member about the same person, which this one takes the place of.
    pub supersedes: Option<RequestRecord>,
    pub gates: Vec<Gate>,
    pub start_at: Option<DateTime<Utc>>,
}

/// A look-up that fails is a fault, never an answer.
pub async fn check_leaver(
    store: &Store,
    graph: &Graph,
    organisation: &Organisation,
    variables: &OrgVariables,
    asks: Asks<'_>,
    form: &Offboarding,
    now: DateTime<Utc>,
) -> Result<OffboardingChecked, StepError> {
    let (user, named, requester) = tokio::try_join!(
        graph.user(form.user.as_str()),
        look_up(graph, form.manager.as_ref()),
        Person::requester(graph, asks.requester),
    )?;
    let variables = &form.settings(variables.clone());
    let mut problems = about_variables(variables);
    let mut note = |problem: FieldError| problems.push(problem);
    let account = match &user {
        Some(user) => Some(Account::look(store, graph, organisation, user).await?),
        None => {
            note(FieldError::new(
                "user",
                format!("{} is no user of the tenant", form.user),
            ));
            None
        }
    };
    let mut supersedes = None;
    if let Some(account) = &account {
        if requester.is(account.user) {
            note(FieldError::new(
                "user",
                "is yourself: somebody else has to ask for your offboarding",
            ));
        }
        supersedes = match &account.holder {
            Some(holder) => gives_way(store, organisation, holder, asks).await?,
            None => None,
        };
        if account.holder.is_some() && supersedes.is_none() {
            let message = format!(
                "{} has another open request: wait for its end, or cancel it",
                account.user.upn
            );
            note(FieldError::new("user", message));
        }
    }
    if let (Some(upn), None) = (&form.manager, &named) {
        note(FieldError::new("manager", format!("{upn} is no user of the tenant")));
    }
    if named.as_ref().is_some_and(|manager| manager.guest) {
        note(FieldError::new("manager", GUEST));
    }
    let of_directory = account.as_ref().and_then(|account| account.manager.clone());
    let told = match form.manager {
        Some(_) => named,
        None => of_directory.clone(),
    };
    if let (Some(manager), Some(user)) = (&told, &user)
        && manager.id == user.id
    {
        note(FieldError::new("manager", "is the person who leaves"));
    }
    let start = schedule::plan(Kind::Offboarding, now, form.last_day, variables);
    let start_at = start.map_err(&mut note).ok().and_then(schedule::Start::at);
    // Whom the form calls manager is told in the end. Asked is the one whom the directory has, as the requester can't
    // choose who approves.
    let asked = match (&of_directory, &user) {
        (Some(manager), _) => Manager::Known(manager),
        (None, Some(_)) => Manager::Missing("user", NO_MANAGER),
        (None, None) => Manager::Reported,
    };
    let leaver = user.as_ref().map(Person::from).unwrap_or_default();
    let members = approval::members(store, organisation, variables, &asks).await?;
    let approvers = approval::approvers(variables, &members, asked, asks.because, &[&requester, &leaver]);
    let approvers = approvers.map_err(&mut note).unwrap_or_default();
    let approval_required = !asks.because.is_empty();

    let plan = user.as_ref().filter(|_| problems.is_empty()).map(|user| Plan {
        upn: user.upn.clone(),
        subject_addresses: leaver.addresses.clone(),
        requester_addresses: requester.addresses.clone(),
        display_name: shown_name(user),
        submitted_as: asks.role,
        approval_required,
        approval_because: asks.because.to_vec(),
        approvers: approvers.addresses.clone(),
        approving_manager: approvers.manager.clone(),
        manager: told.as_ref().map(crate::user_ref),
        supersedes: supersedes.as_ref().map(|earlier| earlier.id.clone()),
        start_at,
        ..Plan::default()
    });
    Ok(OffboardingChecked {
        plan,
        problems,
        display_name: user.as_ref().map(shown_name).unwrap_or_default(),
        blocks_sign_in: variables.offboarding_deactivate_user,
        groups: account
            .as_ref()
            .map(|account| account.groups(variables.offboarding_remove_groups))
            .unwrap_or_default(),
        licenses: account.as_ref().map(Account::licenses).unwrap_or_default(),
        manager: told.map(|manager| manager.address().to_owned()),
        approvers: approvers.addresses,
        supersedes,
        gates: approval_required.then_some(Gate::Approval(0)).into_iter().collect(),
        start_at,
        user: user.map(|user| UserRef {
            id: user.id,
            upn: user.upn,
        }),
    })
}

fn shown_name(user: &User) -> String {
    match user.display_name.trim() {
        "" => user.upn.clone(),
        name => name.to_owned(),
    }
}

/// Settings about passwords are nothing to somebody who leaves.
fn about_variables(variables: &OrgVariables) -> Vec<FieldError> {
    let concerns = ["new_user_approval_email", "no_psa_mail_address"];
    let mut problems = variables.check_together();
    problems.retain(|problem| concerns.contains(&problem.field.as_str()));
    problems
}

const NO_MANAGER: &str = "has no manager in the directory, who approves requests here: set one there, or name approvers \
                          in new_user_approval_email";

/// The waiting request of `holder`, if it is one that gives way to this submission.
async fn gives_way(
    store: &Store,
    organisation: &Organisation,
    holder: &RequestId,
    asks: Asks<'_>,
) -> Result<Option<RequestRecord>, StepError> {
    let key = RequestKey {
        org: organisation.id.clone(),
        request: holder.clone(),
    };
    let waits = |record: &RequestRecord| {
        record.kind() == Kind::Offboarding
            && record.status == Status::WaitingApproval
            && authority::gives_way(record.plan.submitted_as, asks.role)
    };
    Ok(store.request(&key).await?.filter(waits))
}

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
    async fn look(
        store: &Store,
        graph: &Graph,
        organisation: &Organisation,
        user: &'a User,
    ) -> Result<Self, StepError> {
        let (manager, groups, licensing, skus, holder) = tokio::try_join!(
            graph.manager_of(&user.id),
            graph.groups_of(&user.id),
            graph.licensing_of(&user.id),
            graph.subscribed_skus(),
            store.username_holder(&organisation.id, &user.upn),
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
                // Its license is to be free.
                None if removes_groups || carries(group) => None,
                None => Some("offboarding_remove_groups is off".to_owned()),
            },
        };
        self.groups.iter().map(held).collect()
    }

    /// Each once, however often it is assigned.
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
