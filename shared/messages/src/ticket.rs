//! What the ticket and the approver are told about the person.

use domain::job::{Job, Kind};
use domain::request::Plan;
use domain::submission::LicensePurchase;
use domain::text::unlinked;

/// One line a fact. What people typed makes no link of its own, neither in the ticket nor in the approver's mail.
pub(super) fn lines(facts: Vec<(&'static str, String)>) -> String {
    let lines = facts
        .into_iter()
        .map(|(label, value)| format!("{label}: {}", unlinked(&value)));
    lines.collect::<Vec<_>>().join("\n")
}

/// What the form left open is left out. Private address and number stay in Gangway.
pub fn job_facts(job: &Job, plan: &Plan) -> Vec<(&'static str, String)> {
    let list = |items: &[String]| Some(items.join(", ")).filter(|list| !list.is_empty());
    let word = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
    let mut facts = vec![
        ("Name", Some(plan.display_name.clone())),
        ("Username", Some(plan.upn.clone())),
    ];
    let manager = ("Manager", job.manager().map(ToString::to_string));
    let date = (job.kind().date_label(), job.date().map(|date| date.to_string()));
    match job {
        Job::Onboarding(person) => {
            let licenses: Vec<String> = plan.licenses.iter().map(|sku| sku.part_number.clone()).collect();
            let purchase = Some(person.license_purchase).filter(|purchase| *purchase != LicensePurchase::Auto);
            // By the names that the directory has, whatever was typed.
            let names = |copied: bool| -> Vec<String> {
                let groups = plan.groups.iter().filter(|group| group.copied == copied);
                groups.map(|group| group.name.clone()).collect()
            };
            let (asked, copied) = (names(false), names(true));
            let to = plan.password_manager.as_ref().filter(|_| plan.rehired.is_some());
            facts.extend([
                (
                    "Rehire",
                    person
                        .rehire
                        .then(|| "the disabled account is enabled again".to_owned()),
                ),
                ("Job title", person.job_title.clone()),
                ("Department", person.department.clone()),
                ("Office", person.office.clone()),
                manager,
                date,
                ("Licenses", list(&licenses)),
                ("License purchase", purchase.map(|purchase| purchase.to_string())),
                ("Groups", list(&asked)),
                (
                    "Copy groups from",
                    person.copy_groups_from.as_ref().map(ToString::to_string),
                ),
                ("Copied groups", list(&copied)),
                ("Password settings", person.passwords.label()),
                (
                    "Manager who may get the password",
                    to.map(|manager| manager.upn.clone()),
                ),
            ]);
        }
        Job::Offboarding(person) => facts.extend([
            ("Reason", person.reason.clone()),
            manager,
            date,
            ("Block sign-in", person.offboarding_deactivate_user.map(word)),
            ("Remove groups", person.offboarding_remove_groups.map(word)),
        ]),
    }
    let because: Vec<_> = plan.approval_because.iter().map(|because| because.label()).collect();
    facts.push((
        "Needs approval, because",
        Some(because.join("; ")).filter(|because| !because.is_empty()),
    ));
    let given = |(label, value): (&'static str, Option<String>)| value.map(|value| (label, value));
    facts.into_iter().filter_map(given).collect()
}

/// What an approver is shown: all that the request does, with what stays off the ticket.
pub fn approval_facts(job: &Job, plan: &Plan) -> Vec<(&'static str, String)> {
    let mut facts = job_facts(job, plan);
    let mut add = |label, value: Option<String>| facts.extend(value.map(|value| (label, value)));
    if let Job::Onboarding(person) = job {
        let manager = plan.password_manager.as_ref().filter(|_| plan.rehired.is_none());
        add(
            "Manager who may get the password",
            manager.map(|manager| manager.upn.clone()),
        );
        add(
            "Private address",
            person.personal_email.as_ref().map(ToString::to_string),
        );
        add("Mobile phone", person.mobile_phone.as_ref().map(ToString::to_string));
    }
    add("Ticket", job.ticket_id().map(str::to_owned));
    facts
}

/// First text of a new ticket; its summary is `note_subject`.
pub fn ticket_description(job: &Job, plan: &Plan) -> String {
    let headline = match job.kind() {
        Kind::Onboarding => "A new user is to be onboarded.",
        Kind::Offboarding => "A user is to be offboarded.",
    };
    format!("{headline}\n\n{}", lines(job_facts(job, plan)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use domain::request::Sku;
    use domain::submission::Onboarding;

    #[test]
    fn description() {
        let person = Onboarding::parse(&json!({"first_name": "Ada", "last_name": "Lovelace", "office": "1.01",
            "personal_email": "ada@example.com", "mobile_phone": "+442079460000", "license_purchase": "manual"}))
        .unwrap();
        let plan = Plan {
            upn: "alovelace@contoso.com".into(),
            display_name: person.shown_name(),
            licenses: vec![Sku {
                id: "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46".into(),
                part_number: "SPB".into(),
            }],
            ..Plan::default()
        };
        assert_eq!(
            ticket_description(&Job::Onboarding(person), &plan),
            "A new user is to be onboarded.\n\nName: Ada Lovelace\nUsername: alovelace@contoso.com\nOffice: 1.01\n\
             Licenses: SPB\nLicense purchase: manual"
        );
    }
}
