//! What an offboarding comes to: whose account it is, and what it will lose.

use chrono::{DateTime, Utc};
use directory::{Graph, Group, LicenseOfUser, SubscribedSku, User};
use domain::decision::Gate;
use domain::fault::Fault;
use domain::field::FieldProblem;
use domain::integration::Organisation;
use domain::job::{Job, Kind};
use domain::request::{Plan, Requester, UserRef};
use domain::schedule;
use domain::submission::Offboarding;
use domain::variables::OrgVariables;
use store::Store;

use crate::{approval, look_up};

/// Something that the account has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// A group's name, or a licence's part number.
    pub name: String,
    /// Why it will stay; None if it will be taken.
    pub stays: Option<String>,
}

/// All that is known, as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub struct LeaverChecked {
    /// Set when there is no problem.
    pub plan: Option<Plan>,
    pub problems: Vec<FieldProblem>,
    /// The account, and whose it is.
    pub user: Option<UserRef>,
    pub display_name: String,
    pub blocks_sign_in: bool,
    pub groups: Vec<Held>,
    pub licenses: Vec<Held>,
    /// Who is told in the end: an address.
    pub manager: Option<String>,
    pub gates: Vec<Gate>,
    pub start_at: Option<DateTime<Utc>>,
}

/// A look-up that fails is a fault, never an answer.
pub async fn check_leaver(
    store: &Store,
    graph: &Graph,
    organisation: &Organisation,
    variables: &OrgVariables,
    requester: &Requester,
    form: &Offboarding,
    now: DateTime<Utc>,
) -> Result<LeaverChecked, Fault> {
    let (user, named) = tokio::try_join!(graph.user(form.user.as_str()), look_up(graph, form.manager.as_ref()))?;
    let variables = &form.settings(variables.clone());
    let mut problems = about_variables(variables);
    let mut note = |problem: FieldProblem| problems.push(problem);
    let account = match &user {
        Some(user) => Some(Account::look(store, graph, organisation, user).await?),
        None => {
            note(FieldProblem::new(
                "user",
                format!("{} is no user of the tenant", form.user),
            ));
            None
        }
    };
    if let Some(account) = &account {
        about_account(account, requester).into_iter().for_each(&mut note);
    }
    if let (Some(upn), None) = (&form.manager, &named) {
        note(FieldProblem::new("manager", format!("{upn} is no user of the tenant")));
    }
    let manager = match form.manager {
        Some(_) => named,
        None => account.as_ref().and_then(|account| account.manager.clone()),
    };
    if let (Some(manager), Some(user)) = (&manager, &user)
        && manager.id == user.id
    {
        note(FieldProblem::new("manager", "is the person who leaves"));
    }
    let start = schedule::plan(Kind::Offboarding, now, form.last_day, variables);
    let start_at = start.map_err(&mut note).ok().and_then(schedule::Start::at);
    let job = Job::Offboarding(form.clone());
    let approvers = approval::approvers(variables, &job, manager.as_ref(), requester, user.as_ref());
    let approvers = approvers.map_err(&mut note).unwrap_or_default();
    let approval_required = variables.require_approval_for_new_users;

    let plan = user.as_ref().filter(|_| problems.is_empty()).map(|user| Plan {
        upn: user.upn.clone(),
        mail: user.mail.clone(),
        display_name: shown_name(user),
        licenses: Vec::new(),
        approval_required,
        approvers,
        rehired: None,
        start_at,
    });
    Ok(LeaverChecked {
        plan,
        problems,
        display_name: user.as_ref().map(shown_name).unwrap_or_default(),
        blocks_sign_in: variables.offboarding_deactivate_user,
        groups: account
            .as_ref()
            .map(|account| account.groups(variables.offboarding_remove_groups))
            .unwrap_or_default(),
        licenses: account.as_ref().map(Account::licenses).unwrap_or_default(),
        manager: manager.map(|manager| manager.address().to_owned()),
        gates: approval_required.then_some(Gate::Approval).into_iter().collect(),
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
fn about_variables(variables: &OrgVariables) -> Vec<FieldProblem> {
    let concerns = ["new_user_approval_email", "no_psa_mail_address"];
    let mut problems = variables.check_together();
    problems.retain(|problem| concerns.contains(&problem.field.as_str()));
    problems
}

fn about_account(account: &Account<'_>, requester: &Requester) -> Vec<FieldProblem> {
    let user = account.user;
    let own = requester.email.as_deref().is_some_and(|email| user.has_address(email));
    let mut problems = Vec::new();
    if own {
        problems.push(FieldProblem::new(
            "user",
            "is yourself: somebody else has to ask for your offboarding",
        ));
    }
    if account.requested {
        problems.push(FieldProblem::new(
            "user",
            format!("{} has another open request: wait for its end, or cancel it", user.upn),
        ));
    }
    problems
}

/// The leaver's account as it is now.
struct Account<'a> {
    user: &'a User,
    manager: Option<User>,
    groups: Vec<Group>,
    licenses: Vec<LicenseOfUser>,
    skus: Vec<SubscribedSku>,
    /// Another open request is about it.
    requested: bool,
}

impl<'a> Account<'a> {
    async fn look(store: &Store, graph: &Graph, organisation: &Organisation, user: &'a User) -> Result<Self, Fault> {
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
            requested: holder.is_some(),
        })
    }

    fn groups(&self, removes_groups: bool) -> Vec<Held> {
        let carries = |group: &Group| {
            let mut by_group = self.licenses.iter().filter_map(|license| license.by_group.as_ref());
            by_group.any(|id| *id == group.id)
        };
        let held = |group: &Group| Held {
            name: group.name.clone(),
            stays: match group.kind.refuses_members() {
                Some(why) => Some(why.to_owned()),
                // Its licence is to be free.
                None if removes_groups || carries(group) => None,
                None => Some("offboarding_remove_groups is off".to_owned()),
            },
        };
        self.groups.iter().map(held).collect()
    }

    /// Each once, however often it is assigned.
    fn licenses(&self) -> Vec<Held> {
        let mut all: Vec<Held> = Vec::new();
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
                None => all.push(Held {
                    name: name.clone(),
                    stays,
                }),
            }
        }
        all
    }
}
