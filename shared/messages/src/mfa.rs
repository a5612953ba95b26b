//! The text that says whether and why the user will be asked for MFA, and what to change.

use crate::{items, paragraphs};
use domain::mfa::{Answer, Change, Facts, Judged, PolicyState, Reach, Report, Verdict, joined};
use domain::text::unlinked;

/// A tenant may have a hundred policies, but people must be able to read the note.
const MOST_POLICIES: usize = 20;

pub fn mfa(upn: &str, facts: &Facts, report: &Report) -> String {
    let policies = policies(facts, report);
    let registration = format!(
        "Registration: {} {}",
        registration(facts, report.verdict),
        campaign(facts)
    );
    let changes = if report.changes.is_empty() {
        String::new()
    } else {
        let changes: Vec<String> = report.changes.iter().map(|change| words(change, facts)).collect();
        format!("What to change so that the user is asked:\n{}", items(&changes))
    };
    paragraphs([
        headline(upn, facts, report).as_str(),
        &format!("Security defaults: {}", security_defaults(facts)),
        &policies,
        &registration,
        &changes,
    ])
}

/// The first line of the note, also used alone as a warning.
pub fn mfa_not_asked(upn: &str) -> String {
    format!(
        "{upn} won't be asked for multi-factor authentication (MFA): security defaults are off, and no Conditional \
         Access policy that is on and requires MFA reaches the user."
    )
}

/// The warning if the report failed, which does not stop the onboarding.
pub const MFA_NOT_READ: &str = "Whether the user will be asked for multi-factor authentication could not be read from the directory: check it by hand";

fn headline(upn: &str, facts: &Facts, report: &Report) -> String {
    let will = format!("{upn} will be asked for multi-factor authentication (MFA)");
    let applying: Vec<&Judged> = report.policies.iter().filter(|judged| judged.applies()).collect();
    match report.verdict {
        Verdict::Asked if facts.security_defaults == Answer::Given(true) => {
            format!(
                "{will}: security defaults are on, so every user has to register for it, and is asked when Microsoft \
                 finds it necessary."
            )
        }
        Verdict::Asked => {
            let always = applying.iter().filter(|judged| judged.conditions.is_empty());
            let names: Vec<String> = always.map(|judged| quoted(&judged.name)).collect();
            format!("{will}: the Conditional Access {} it.", required_by(&names))
        }
        Verdict::OnlyIf => {
            let lines = applying
                .iter()
                .map(|judged| format!("{} (policy {})", judged.conditions.join("; "), quoted(&judged.name)));
            format!("{will} only:\n{}", items(&lines.collect::<Vec<_>>()))
        }
        Verdict::NotAsked => mfa_not_asked(upn),
        Verdict::Unknown => {
            format!("Whether {upn} will be asked for multi-factor authentication (MFA) could not be found out.")
        }
    }
}

fn required_by(names: &[String]) -> String {
    let (noun, verb) = if names.len() == 1 {
        ("policy", "requires")
    } else {
        ("policies", "require")
    };
    format!("{noun} {} {verb}", joined(names, "and"))
}

fn security_defaults(facts: &Facts) -> String {
    match &facts.security_defaults {
        Answer::Given(true) => "on.".to_owned(),
        Answer::Given(false) => "off.".to_owned(),
        unread => unread_words(unread),
    }
}

fn unread_words<T>(reading: &Answer<T>) -> String {
    match reading {
        Answer::Given(_) => String::new(),
        Answer::NotPermitted(permission) => format!(
            "not read, because Gangway's application in Microsoft Entra ID lacks the permission {permission}. Grant \
             it, with admin consent, and the next onboarding can tell."
        ),
        Answer::NotLicensed => "the tenant has no license for it (Microsoft Entra ID P1).".to_owned(),
    }
}

fn policies(facts: &Facts, report: &Report) -> String {
    const WHAT: &str = "Conditional Access policies that require MFA";
    if !matches!(facts.policies, Answer::Given(_)) {
        return format!("{WHAT}: {}", unread_words(&facts.policies));
    }
    if report.policies.is_empty() {
        return format!("{WHAT}: none.");
    }
    let shown = report.policies.iter().take(MOST_POLICIES);
    let mut lines: Vec<String> = shown.map(|judged| policy(judged, facts)).collect();
    let more = report.policies.len().saturating_sub(MOST_POLICIES);
    if more > 0 {
        lines.push(format!("and {more} more, which are off or reach other users"));
    }
    format!("{WHAT}:\n{}", items(&lines))
}

fn policy(judged: &Judged, facts: &Facts) -> String {
    let (state, applies, does_not) = match judged.state {
        PolicyState::Enabled => ("is on", "and applies", "and does not apply"),
        PolicyState::ReportOnly => (
            "is report-only and enforces nothing",
            "; it would apply",
            "; it would not apply either",
        ),
        PolicyState::Disabled => ("is off", "; it would apply", "; it would not apply either"),
    };
    let applies = if judged.reach.is_reached() { applies } else { does_not };
    let space = if applies.starts_with(';') { "" } else { " " };
    let conditions = if judged.reach.is_reached() && !judged.conditions.is_empty() {
        format!(", but only {}", judged.conditions.join("; "))
    } else {
        String::new()
    };
    format!(
        "{} {state}{space}{applies}: {}{conditions}",
        quoted(&judged.name),
        reach(&judged.reach, facts)
    )
}

fn reach(reach: &Reach, facts: &Facts) -> String {
    match reach {
        Reach::AllUsers => "it is for all users".to_owned(),
        Reach::TheUser => "it names the user".to_owned(),
        Reach::Member(group) => format!("the user is in the group {}", group_name(group, facts)),
        Reach::Excluded => "it leaves the user out by name".to_owned(),
        Reach::ExcludedMember(group) => {
            format!(
                "it leaves out the group {}, which the user is in",
                group_name(group, facts)
            )
        }
        Reach::OtherGroups(groups) => {
            let which = if groups.len() == 1 { "the group" } else { "the groups" };
            format!(
                "it is for {which} {}, which the user is not in",
                group_names(groups, facts, "and")
            )
        }
        Reach::Others(why) => (*why).to_owned(),
    }
}

fn registration(facts: &Facts, verdict: Verdict) -> String {
    let then = match verdict {
        Verdict::Asked | Verdict::OnlyIf => " The first sign-in that requires MFA asks the user to register one.",
        Verdict::NotAsked | Verdict::Unknown => "",
    };
    match &facts.registration {
        Answer::Given(Some(found)) if found.is_mfa_registered => {
            format!("the user has registered {}.", joined(&found.methods_registered, "and"))
        }
        Answer::Given(Some(_)) => format!("the user has registered no method for MFA yet.{then}"),
        Answer::Given(None) => {
            format!("the user has registered no method yet, or Microsoft's report, which lags, does not show it.{then}")
        }
        unread => unread_words(unread),
    }
}

fn campaign(facts: &Facts) -> String {
    match &facts.campaign {
        Answer::Given(Some(campaign)) if campaign.includes(&facts.person) => {
            "The registration campaign reaches the user: after a sign-in with MFA it proposes to set up Microsoft \
             Authenticator."
                .to_owned()
        }
        Answer::Given(Some(campaign)) if campaign.state != "disabled" => {
            "The registration campaign is on, but does not reach the user.".to_owned()
        }
        Answer::Given(_) => "The registration campaign is off.".to_owned(),
        unread => format!("The registration campaign: {}", unread_words(unread)),
    }
}

fn words(change: &Change, facts: &Facts) -> String {
    let own = facts.mfa_group.as_ref();
    match change {
        Change::AddToGroup { groups, policy } if own.is_some_and(|group| groups.contains(&group.id)) => {
            let name = own.map(|group| group.name.as_str()).unwrap_or_default();
            format!(
                "Add the user by hand to {}, the organization's mfa_group, which the policy {} targets.",
                quoted(name),
                quoted(policy)
            )
        }
        Change::AddToGroup { groups, policy } => {
            let which = if groups.len() == 1 {
                "the group"
            } else {
                "one of the groups"
            };
            let next = if own.is_some() {
                ""
            } else {
                " Gangway adds new users to it when the variable mfa_group names it."
            };
            format!(
                "Add the user to {which} {}, which the policy {} targets.{next}",
                group_names(groups, facts, "or"),
                quoted(policy)
            )
        }
        Change::TakeOutOfGroup { group, policy } => format!(
            "Take the user out of the group {}, which the policy {} leaves out.",
            group_name(group, facts),
            quoted(policy)
        ),
        Change::Include { policy } => format!("Take the user off the exceptions of the policy {}.", quoted(policy)),
        Change::TurnOn { policy } => format!("Turn on the policy {}, which would reach the user.", quoted(policy)),
        Change::TargetMfaGroup => {
            let name = own.map(|group| group.name.as_str()).unwrap_or_default();
            format!(
                "Let a policy that requires MFA and is on target {}, the organization's mfa_group, or set mfa_group to \
                 a group that one targets.",
                quoted(name)
            )
        }
        Change::SecurityDefaults => "Turn on security defaults, which need no license and ask every user. (A tenant \
                                     has either them or Conditional Access policies that are on.)"
            .to_owned(),
        Change::NewPolicy => "Let a Conditional Access policy require MFA of all users.".to_owned(),
    }
}

fn group_names(groups: &[String], facts: &Facts, last: &str) -> String {
    let names: Vec<String> = groups.iter().map(|group| group_name(group, facts)).collect();
    joined(&names, last)
}

fn group_name(id: &str, facts: &Facts) -> String {
    quoted(facts.names.get(id).map_or(id, String::as_str))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", unlinked(name))
}

#[cfg(test)]
mod tests;
