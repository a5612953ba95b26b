//! What the ticket and the approver are told about the person.

use crate::request::Plan;
use crate::submission::{LicensePurchase, Onboarding};

/// One line a fact; what the form left open is left out. Private address and number stay in Gangway.
pub(super) fn facts(person: &Onboarding, upn: &str, licenses: &[String]) -> String {
    let list = |items: &[String]| Some(items.join(", ")).filter(|list| !list.is_empty());
    let purchase = Some(person.license_purchase).filter(|purchase| *purchase != LicensePurchase::Auto);
    let facts = [
        ("Name", Some(person.shown_name())),
        ("Username", Some(upn.to_owned())),
        ("Job title", person.job_title.clone()),
        ("Department", person.department.clone()),
        ("Office", person.office.clone()),
        ("Manager", person.manager.as_ref().map(ToString::to_string)),
        ("Start date", person.start_date.map(|date| date.to_string())),
        ("Licenses", list(licenses)),
        ("License purchase", purchase.map(|purchase| purchase.to_string())),
        ("Groups", list(&person.groups)),
        (
            "Copy groups from",
            person.copy_groups_from.as_ref().map(ToString::to_string),
        ),
    ];
    let lines = facts
        .into_iter()
        .filter_map(|(label, value)| value.map(|value| format!("{label}: {value}")));
    lines.collect::<Vec<_>>().join("\n")
}

/// First text of a new ticket; its summary is `note_subject`.
pub fn ticket_description(person: &Onboarding, plan: &Plan) -> String {
    let licenses: Vec<String> = plan.licenses.iter().map(|sku| sku.part_number.clone()).collect();
    format!(
        "A new user is to be onboarded.\n\n{}",
        facts(person, &plan.upn, &licenses)
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::request::Sku;

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
            approval_required: false,
            approvers: Vec::new(),
            start_at: None,
        };
        assert_eq!(
            ticket_description(&person, &plan),
            "A new user is to be onboarded.\n\nName: Ada Lovelace\nUsername: alovelace@contoso.com\nOffice: 1.01\n\
             Licenses: SPB\nLicense purchase: manual"
        );
    }
}
