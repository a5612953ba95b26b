//! The names used in a request's timeline: the step or call that reports, and the event.
//!
//! These names are stored, shown by the API and, for steps, used in the state machine and the template. Code compares
//! with these enums, but [`TimelineEvent`](crate::request::TimelineEvent) stores texts, so that a function deployed
//! before a name existed can still show the timeline.

use crate::decision::Decision;
use crate::field::choice;

choice! {
    /// The source of an event: a step of the state machine, or a call to the API.
    StepName {
        AddGroups = "add-groups",
        AssignLicense = "assign-license",
        BlockSignIn = "block-sign-in",
        CheckPurchase = "check-purchase",
        ClaimStart = "claim-start",
        CreateUser = "create-user",
        DeletePassword = "delete-password",
        FindLicense = "find-license",
        Finish = "finish",
        HandOverPassword = "hand-over-password",
        PlanStart = "plan-start",
        Prepare = "prepare",
        PurchaseLicense = "purchase-license",
        /// Not a step of the state machine: EventBridge triggers this function after an execution died.
        RecordBadEnd = "record-bad-end",
        RemoveGroups = "remove-groups",
        RemoveLicenses = "remove-licenses",
        ReportMfa = "report-mfa",
        RequestApproval = "request-approval",
        RequestLicense = "request-license",
        SettleGate = "settle-gate",
        Summarise = "summarise",
        Ticket = "ticket",
        /// Used when an execution failed before any step began.
        FirstStep = "the first step",
        /// A call that submits a request.
        Submit = "submit",
        /// A call that cancels a request.
        Cancel = "cancel",
        /// A call that moves the date of a request.
        Reschedule = "reschedule",
        /// A call that resumes a request; also recorded as the current step of a resumed request until its first step
        /// begins.
        Resume = "resume",
        /// A call that shows a kept password.
        Password = "password",
    }
}

choice! {
    /// What happened. Several steps may report the same event.
    Event {
        Added = "added",
        ApproversUntold = "approvers_untold",
        Asked = "asked",
        Assigned = "assigned",
        BadEnd = "bad_end",
        Blocked = "blocked",
        Cancelled = "cancelled",
        Changed = "changed",
        Created = "created",
        Deleted = "deleted",
        Enabled = "enabled",
        Ended = "ended",
        Failed = "failed",
        GivenUp = "given_up",
        GroupsLeft = "groups_left",
        GroupsMissing = "groups_missing",
        HandedOver = "handed_over",
        Joined = "joined",
        Kept = "kept",
        Left = "left",
        LicenseMissing = "license_missing",
        LicensesLeft = "licenses_left",
        MailFailed = "mail_failed",
        ManagerNotSet = "manager_not_set",
        ManagerUntold = "manager_untold",
        MfaUnread = "mfa_unread",
        MoreThanOrdered = "more_than_ordered",
        NoGroup = "no_group",
        NobodyAsked = "nobody_asked",
        NotAsked = "not_asked",
        NotBought = "not_bought",
        NotWanted = "not_wanted",
        Opened = "opened",
        Ordered = "ordered",
        PasswordUnsettled = "password_unsettled",
        PlaceFailed = "place_failed",
        Postponed = "postponed",
        Purchased = "purchased",
        Refused = "refused",
        Reminded = "reminded",
        Removed = "removed",
        Rescheduled = "rescheduled",
        Resumed = "resumed",
        Scheduled = "scheduled",
        Shown = "shown",
        Skipped = "skipped",
        Sometimes = "sometimes",
        Started = "started",
        Submitted = "submitted",
        TicketFailed = "ticket_failed",
        Unknown = "unknown",
        Untold = "untold",
        // The decisions of a gate, under the names of `Decision`.
        Approved = "approved",
        Confirmed = "confirmed",
        Denied = "denied",
        Expired = "expired",
        Rejected = "rejected",
        TimedOut = "timed_out",
    }
}

impl From<Decision> for Event {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Approved => Self::Approved,
            Decision::Denied => Self::Denied,
            Decision::Expired => Self::Expired,
            Decision::Confirmed => Self::Confirmed,
            Decision::Rejected => Self::Rejected,
            Decision::TimedOut => Self::TimedOut,
            Decision::Cancelled => Self::Cancelled,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// Every folder of `functions/` that implements a step has a name here, and no other folder does.
    #[test]
    fn steps_have_the_names_of_their_folders() {
        let functions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../functions");
        let folders: BTreeSet<String> = std::fs::read_dir(functions)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().join("src/work.rs").exists())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        let calls = [
            StepName::FirstStep,
            StepName::Submit,
            StepName::Cancel,
            StepName::Reschedule,
            StepName::Resume,
            StepName::Password,
        ];
        let steps = StepName::ALL.iter().filter(|name| !calls.contains(name));
        assert_eq!(steps.map(ToString::to_string).collect::<BTreeSet<_>>(), folders);
    }

    #[test]
    fn a_decision_is_stored_under_one_name() {
        for decision in Decision::ALL {
            assert_eq!(Event::from(*decision).as_str(), decision.as_str());
        }
    }
}
