//! What the ticket and the approver show about a request.

use domain::job::{Job, Kind};
use domain::request::Plan;
use domain::submission::Fact;
use domain::text::unlinked;

/// One line per fact. Web addresses that people typed do not become links, neither on the ticket nor in the approver's
/// mail.
pub(super) fn lines(facts: Vec<Row>) -> String {
    let lines = facts
        .into_iter()
        .map(|(label, value)| format!("{label}: {}", unlinked(&value)));
    lines.collect::<Vec<_>>().join("\n")
}

/// A label and its value.
type Row = (&'static str, String);

/// What a request does, for its ticket: the values of the form, and what the plan made of them. Empty fields are left
/// out.
pub fn job_facts(job: &Job, plan: &Plan) -> Vec<Row> {
    Facts::of_ticket(job, plan).rows
}

/// What an approver is shown: everything that the request does, including what stays off the ticket.
pub fn approval_facts(job: &Job, plan: &Plan) -> Vec<Row> {
    let mut facts = Facts::of_ticket(job, plan);
    if job.kind() == Kind::Onboarding && plan.rehired.is_none() {
        facts.add_password_manager();
    }
    for (field, value) in job.values() {
        if let Fact::Approver(label) = field.fact {
            facts.add(label, value);
        }
    }
    facts.rows
}

struct Facts<'a> {
    job: &'a Job,
    plan: &'a Plan,
    rows: Vec<Row>,
}

impl<'a> Facts<'a> {
    fn of_ticket(job: &'a Job, plan: &'a Plan) -> Self {
        let rows = vec![("Name", plan.display_name.clone()), ("Username", plan.upn.clone())];
        let mut facts = Self { job, plan, rows };
        let mut overrides = Vec::new();
        for (field, value) in job.values() {
            match field.fact {
                Fact::Ticket(label) => facts.add_field(field.name, label, value),
                Fact::Hidden if field.overrides => {
                    overrides.extend(value.map(|value| format!("{}: {value}", field.name)));
                }
                Fact::Hidden | Fact::Approver(_) => {}
            }
        }
        overrides.sort_unstable();
        facts.add("Password settings", list(overrides));
        if plan.rehired.is_some() {
            facts.add_password_manager();
        }
        let because = plan.approval_because.iter().map(|because| because.label());
        let because = because.collect::<Vec<_>>().join("; ");
        facts.add(
            "Needs approval, because",
            Some(because).filter(|because| !because.is_empty()),
        );
        facts
    }

    fn add(&mut self, label: &'static str, value: Option<String>) {
        self.rows.extend(value.map(|value| (label, value)));
    }

    /// Adds the field's value, or what the plan made of it.
    fn add_field(&mut self, name: &str, label: &'static str, value: Option<String>) {
        let (job, plan) = (self.job, self.plan);
        match name {
            "rehire" => self.add(label, value.map(|_| "the disabled account is enabled again".to_owned())),
            "licenses" => {
                let licenses = plan.licenses.iter().map(|sku| sku.part_number.clone());
                self.add(label, list(licenses.collect()));
            }
            "groups" => self.add(label, self.groups(false)),
            "copy_groups_from" => {
                self.add(label, value);
                self.add("Copied groups", self.groups(true));
            }
            // On every ticket, the date follows the manager.
            "manager" => {
                self.add(label, value);
                self.add(job.kind().date_label(), job.date().map(|date| date.to_string()));
            }
            name if name == job.kind().date_field() => {}
            _ => self.add(label, value),
        }
    }

    /// The groups by their names in the directory, whatever was typed.
    fn groups(&self, copied: bool) -> Option<String> {
        let groups = self.plan.groups.iter().filter(|group| group.copied == copied);
        list(groups.map(|group| group.name.clone()).collect())
    }

    fn add_password_manager(&mut self) {
        let manager = self.plan.password_manager.as_ref();
        self.add(
            "Manager who may get the password",
            manager.map(|manager| manager.upn.clone()),
        );
    }
}

fn list(items: Vec<String>) -> Option<String> {
    Some(items.join(", ")).filter(|list| !list.is_empty())
}

/// The first text of a new ticket. The ticket's summary is `note_subject`.
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

    #[test]
    fn facts_follow_the_declaration() {
        let person = Onboarding::parse(&json!({"first_name": "Ada", "last_name": "Lovelace", "rehire": true,
            "job_title": "Analyst", "manager": "charles@contoso.com", "start_date": "2026-12-01",
            "copy_groups_from": "mary@contoso.com", "ticket_id": "7", "personal_email": "ada@example.com",
            "store_password_in_ticket": false, "onboarding_password_save_location": ["hudu", "pwpush"]}))
        .unwrap();
        let plan = Plan {
            upn: "alovelace@contoso.com".into(),
            display_name: person.shown_name(),
            ..Plan::default()
        };
        assert_eq!(
            lines(approval_facts(&Job::Onboarding(person), &plan)),
            "Name: Ada Lovelace\nUsername: alovelace@contoso.com\nRehire: the disabled account is enabled again\n\
             Job title: Analyst\nManager: charles@contoso.com\nStart date: 2026-12-01\n\
             Copy groups from: mary@contoso.com\n\
             Password settings: onboarding_password_save_location: hudu and pwpush, store_password_in_ticket: no\n\
             Private address: ada@example.com\nTicket: 7"
        );
    }
}
