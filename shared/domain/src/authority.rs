//! Who may request what. The decision is a function of [`Facts`], because authority depends on what a request can do
//! and not on the form it came by.
//!
//! Submissions, dry runs, forms, date changes and resumes all use this module, so the rules are written once. The
//! caller looks up what a decision needs from outside, such as the approvers.

use serde::{Deserialize, Serialize};

use crate::field::FieldError;
use crate::job::Job;
use crate::request::Plan;
use crate::role::Role;
use crate::submission::{OffboardingFields, OnboardingFields};
use crate::variables::{Approver, OrgVariables, locked_by_parent};

/// The facts that decide whether a submission is accepted, needs approval or is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub role: Role,
    /// The organisation's variable `require_approval_for_new_users`.
    pub approval_is_on: bool,
    /// The request enables a leaver's account again.
    pub rehire: bool,
    /// The request blocks sign-in before anybody has approved it.
    pub urgent: bool,
    pub groups: bool,
    pub copied_groups: bool,
    pub licenses: bool,
    /// The request writes to an existing ticket.
    pub given_ticket: bool,
    pub passwords: Vec<PasswordOverride>,
    /// Overrides that differ from a variable the parent has locked. No role may set them.
    pub against_locks: Vec<&'static str>,
}

/// A password setting that a request gives in place of the organisation's variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordOverride {
    pub field: &'static str,
    /// Whether the override protects the password less than the variable does.
    pub loosens: bool,
}

/// The decision on a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    GoOn,
    NeedsApproval(Vec<Because>),
    /// Each field that the role may not use, with the rule and the roles that may.
    Refused(Vec<FieldError>),
}

/// Why a request needs approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    ApprovalIsOn,
    /// The requester has the role basic.
    BasicAsks,
    Rehire,
    Groups,
    CopiedGroups,
    Licenses,
}

impl Because {
    /// The rest of the sentence "Needs approval, because ...".
    pub fn label(self) -> &'static str {
        match self {
            Self::ApprovalIsOn => "every request of this organisation does",
            Self::BasicAsks => "the requester has the role basic",
            Self::Rehire => "it enables a leaver's account again",
            Self::Groups => "it adds groups",
            Self::CopiedGroups => "it copies a colleague's groups",
            Self::Licenses => "it takes licenses, which may have to be bought",
        }
    }
}

/// Why every request of this role waits for approval, shown on the form before it is filled in.
pub fn always_because(role: Role, variables: &OrgVariables) -> Vec<Because> {
    Facts::plain(role, variables).because()
}

impl Facts {
    fn plain(role: Role, variables: &OrgVariables) -> Self {
        Self {
            role,
            approval_is_on: variables.require_approval_for_new_users,
            rehire: false,
            // No form offers it yet.
            urgent: false,
            groups: false,
            copied_groups: false,
            licenses: false,
            given_ticket: false,
            passwords: Vec::new(),
            against_locks: Vec::new(),
        }
    }

    /// `variables` are the organisation's own, without the request's overrides.
    pub fn new(role: Role, job: &Job, variables: &OrgVariables) -> Self {
        match job {
            Job::Onboarding(form) => Self::onboarding(role, &form.clone().into(), variables),
            Job::Offboarding(form) => Self::offboarding(role, &form.clone().into(), variables),
        }
    }

    /// The facts of a form that may have invalid fields. An invalid field counts as not given.
    pub fn onboarding(role: Role, form: &OnboardingFields, variables: &OrgVariables) -> Self {
        Self {
            rehire: form.rehire.unwrap_or_default(),
            groups: form.groups.as_ref().is_some_and(|groups| !groups.is_empty()),
            copied_groups: form.copy_groups_from.as_ref().is_some_and(Option::is_some),
            licenses: form.licenses.as_ref().is_some_and(|licenses| !licenses.is_empty()),
            given_ticket: form.ticket_id.as_ref().is_some_and(Option::is_some),
            passwords: password_overrides(form, variables),
            against_locks: form.against_locks(variables.clone()),
            ..Self::plain(role, variables)
        }
    }

    /// The facts of a form that may have invalid fields. An invalid field counts as not given.
    pub fn offboarding(role: Role, form: &OffboardingFields, variables: &OrgVariables) -> Self {
        Self {
            given_ticket: form.ticket_id.as_ref().is_some_and(Option::is_some),
            against_locks: form.against_locks(variables.clone()),
            ..Self::plain(role, variables)
        }
    }

    pub fn decide(&self) -> Answer {
        let refused = self.refused();
        if !refused.is_empty() {
            return Answer::Refused(refused);
        }
        let because = self.because();
        if because.is_empty() {
            Answer::GoOn
        } else {
            Answer::NeedsApproval(because)
        }
    }

    fn refused(&self) -> Vec<FieldError> {
        let mut refused: Vec<_> = self.against_locks.iter().map(|name| locked_by_parent(name)).collect();
        let mut refuse = |field: &str, rule: &str, who: &str| {
            let message = format!("is not for the role {}: {rule}. {who} may", self.role.as_str());
            refused.push(FieldError::new(field, message));
        };
        if self.rehire && !may_rehire(self.role) {
            let who = "A technician or an admin, and with approval a power user or an approver,";
            refuse("rehire", "it enables a leaver's account again", who);
        }
        if self.urgent && !may_be_urgent(self.role) {
            let rule = "it blocks somebody's sign-in before anybody has approved";
            refuse("urgent", rule, "A technician or an admin");
        }
        if self.given_ticket && !may_name_ticket(self.role) {
            let rule = "it writes to a ticket that somebody else may have opened, before anybody has approved";
            refuse("ticket_id", rule, "Every other role");
        }
        let locked = |setting: &&PasswordOverride| self.against_locks.contains(&setting.field);
        for setting in self.passwords.iter().filter(|setting| !locked(setting)) {
            if !may_set_passwords(self.role) {
                let rule = "its requests take the organisation's password settings as they are";
                refuse(
                    setting.field,
                    rule,
                    "A power user or an approver (to tighten it), a technician or an admin",
                );
            } else if setting.loosens && !may_loosen_passwords(self.role) {
                let rule = "it may tighten the organisation's password settings, and this loosens one";
                refuse(setting.field, rule, "A technician or an admin");
            }
        }
        refused
    }

    fn because(&self) -> Vec<Because> {
        let basic = self.role == Role::Basic;
        let facts = [
            (Because::ApprovalIsOn, self.approval_is_on),
            (Because::BasicAsks, basic),
            (Because::Rehire, self.rehire && !may_rehire_alone(self.role)),
            // The request of a basic user waits in any case; these reasons show the approver what to look at.
            (Because::Groups, basic && self.groups),
            (Because::CopiedGroups, basic && self.copied_groups),
            (Because::Licenses, basic && self.licenses),
        ];
        facts
            .into_iter()
            .filter_map(|(because, holds)| holds.then_some(because))
            .collect()
    }
}

/// Whether forms offer this role to rehire a leaver, with or without approval.
pub fn may_rehire(role: Role) -> bool {
    role != Role::Basic
}

/// Whether a rehire by this role needs no approval.
pub fn may_rehire_alone(role: Role) -> bool {
    matches!(role, Role::Technician | Role::Admin)
}

pub fn may_be_urgent(role: Role) -> bool {
    matches!(role, Role::Technician | Role::Admin)
}

/// Whether forms offer this role to name an existing ticket.
pub fn may_name_ticket(role: Role) -> bool {
    role != Role::Basic
}

/// Whether forms offer this role the password settings.
pub fn may_set_passwords(role: Role) -> bool {
    role != Role::Basic
}

pub fn may_loosen_passwords(role: Role) -> bool {
    matches!(role, Role::Technician | Role::Admin)
}

/// Whether a dry run by this role names the tenant's groups, licenses and managers that the requester did not type. For
/// other roles it only counts them.
pub fn may_see_names(role: Role) -> bool {
    role != Role::Basic
}

/// Whether a seat may be bought without asking a technician: the request was approved, or its requester needed no
/// approval.
pub fn may_buy_seats(plan: &Plan) -> bool {
    plan.approval_required || plan.submitted_as != Role::Basic
}

/// Whether a request submitted by the role `waiting` yields to one for the same leaver by the role `newcomer`. An
/// employee's waiting request must not stop the staff who handle the offboarding.
pub fn gives_way(waiting: Role, newcomer: Role) -> bool {
    waiting == Role::Basic && newcomer != Role::Basic
}

/// What a change of the date requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewDate {
    Taken,
    /// An earlier date than the approved one: the approvers decide again.
    AskAgain,
    /// A later date than the approved one.
    TellApprovers,
}

/// `approved`: an approver has agreed to the current date. `earlier`: the new date is before it.
pub fn new_date(approved: bool, earlier: bool) -> NewDate {
    match (approved, earlier) {
        (false, _) => NewDate::Taken,
        (true, true) => NewDate::AskAgain,
        (true, false) => NewDate::TellApprovers,
    }
}

/// Whether this role may resume an ended request; `skips` says that the failed step is left out. The approved plan does
/// not change: a resumed request does only what its plan says.
pub fn may_resume(role: Role, skips: bool) -> Result<(), &'static str> {
    match (role, skips) {
        (Role::Admin, _) | (Role::Technician, false) => Ok(()),
        (Role::Technician, true) => Err("Only an admin leaves a failed step out."),
        _ => Err("Only a technician or an admin resumes a request."),
    }
}

/// The addresses of the people who may approve a request under the current variables and members. The requester's and
/// the leaver's addresses are not removed. The manager's address in the plan counts as long as the variables make the
/// manager an approver.
pub fn approvers_now(plan: &Plan, variables: &OrgVariables, members: &[String]) -> Vec<String> {
    let approvers = &variables.new_user_approval_email;
    if approvers.is_empty() {
        return members.to_vec();
    }
    let addresses = approvers.iter().filter_map(|approver| match approver {
        Approver::Address(approver) => Some(approver.to_string()),
        Approver::Manager => plan.approving_manager.clone(),
    });
    addresses.collect()
}

/// Whether a mailed link may still decide, that is, whether its recipient is one of [`approvers_now`].
pub fn still_approves(address: &str, plan: &Plan, variables: &OrgVariables, members: &[String]) -> bool {
    let now = approvers_now(plan, variables, members);
    now.iter()
        .any(|other| other.trim().eq_ignore_ascii_case(address.trim()))
}

/// Compares each override of a request with the organisation's variable. One more destination for the password loosens
/// its protection, one fewer does not. The style of the password does neither.
fn password_overrides(own: &OnboardingFields, variables: &OrgVariables) -> Vec<PasswordOverride> {
    let is = |own: Option<bool>, usual: bool, loose: bool| own.map(|own| own != usual && own == loose);
    let more_places = own.onboarding_password_save_location.as_ref().map(|places| {
        let usual = &variables.onboarding_password_save_location;
        places.iter().any(|place| !usual.contains(place))
    });
    let v = variables;
    let settings = [
        ("password_style", own.password_style.map(|_| false)),
        (
            "require_password_change_on_first_login",
            is(
                own.require_password_change_on_first_login,
                v.require_password_change_on_first_login,
                false,
            ),
        ),
        // Entra has no such setting.
        (
            "restrict_user_from_changing_password",
            own.restrict_user_from_changing_password.map(|_| false),
        ),
        (
            "set_password_to_never_expire",
            is(own.set_password_to_never_expire, v.set_password_to_never_expire, true),
        ),
        (
            "store_password_in_ticket",
            is(own.store_password_in_ticket, v.store_password_in_ticket, true),
        ),
        (
            "send_password_via_sms_or_email",
            is(
                own.send_password_via_sms_or_email,
                v.send_password_via_sms_or_email,
                true,
            ),
        ),
        (
            "auto_store_password_in_documentation",
            is(
                own.auto_store_password_in_documentation,
                v.auto_store_password_in_documentation,
                true,
            ),
        ),
        ("onboarding_password_save_location", more_places),
    ];
    settings
        .into_iter()
        .filter_map(|(field, loosens)| loosens.map(|loosens| PasswordOverride { field, loosens }))
        .collect()
}

#[cfg(test)]
mod tests;
