//! Texts that break out of where they are put, if anything does.

use std::time::Duration;

use psa::NewTicket;
use serde_json::json;

use crate::desk::{Desk, Vendor, note};

const ODD: &str = "Seán O'Brien \"X\" & <b>Y</b> 🙂 %27 \\ {{z}}";

pub(crate) async fn odd_summaries_and_notes(vendor: &'static Vendor) {
    let desk = Desk::new(vendor).await;
    let summary = format!("New user:\n{ODD} {}", "🙂é".repeat(150));
    let ticket = NewTicket {
        summary: summary.clone(),
        description: format!("{ODD}\nSecond line {}", "x".repeat(300)),
        ..desk.new_ticket("r1")
    };
    let made = desk.psa.create_ticket(&ticket).await.unwrap();
    let kept = desk.ticket(&made)["summary"].as_str().unwrap().to_owned();
    let one_line = summary.replace('\n', " ");
    assert!(one_line.starts_with(&kept), "{kept}");
    let length = kept.encode_utf16().count();
    let all = one_line.encode_utf16().count();
    assert!(
        length + 1 >= all.min(vendor.summary_limit) && length <= vendor.summary_limit,
        "{length}"
    );
    assert_eq!(desk.psa.find_ticket(None, "r1").await, Ok(Some(made.clone())));
    assert_eq!(desk.psa.find_matching(&summary).await, Ok(None), "it is a request's");

    let by_hand = desk.open(&desk.company(), &kept, false);
    assert_eq!(
        desk.psa.find_matching(&summary).await,
        Ok(Some(by_hand)),
        "cut as ours would be"
    );
    let short = desk.open(&desk.company(), ODD, false);
    assert_eq!(desk.psa.find_matching(ODD).await, Ok(Some(short)));

    let text = format!(
        "{ODD}\nSecond line\n\n<script>alert(1)</script> &lt; {}",
        "🙂".repeat(300)
    );
    desk.psa.add_note(&made, &note("r1/odd", &text, false)).await.unwrap();
    assert_eq!(desk.psa.has_note(&made, "r1/odd").await, Ok(true));
    let notes = desk.notes(&made);
    let written = notes.last().unwrap()["text"].as_str().unwrap().to_owned();
    assert!(
        written.contains(ODD) && written.contains("<script>alert(1)</script> &lt; 🙂"),
        "{written}"
    );
    assert!(written.contains("\nSecond line\n\n<script>"), "{written}");
}

pub(crate) async fn odd_company_names(vendor: &'static Vendor) {
    let name = "O'Brien \"X\" & <Sons> 🙂";
    let desk = Desk::with(vendor, json!({ "company": name }), Duration::from_secs(20)).await;
    let findings = desk.psa.check(&desk.names()).await;
    assert!(findings.iter().all(|finding| finding.result.is_ok()), "{findings:?}");
    assert!(
        findings
            .iter()
            .any(|finding| finding.result.as_ref().is_ok_and(|shown| shown.contains(name))),
        "{findings:?}"
    );
    let made = desk.psa.create_ticket(&desk.new_ticket("r1")).await.unwrap();
    assert_eq!(desk.psa.find_ticket(Some(&made.id), "r2").await, Ok(Some(made)));
}
