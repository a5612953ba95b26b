//! Tests of texts that could break out of their field.

use std::time::Duration;

use domain::text::BREAK;
use messages::manual_purchase;
use psa::{NewTicket, Note, NoteText};
use secrecy::ExposeSecret;
use serde_json::json;
use simulators::render::{HOSTILE, seen};

use crate::fixture::{Fixture, Vendor, note};

const ODD: &str = "Seán O'Brien \"X\" & <b>Y</b> 🙂 %27 \\ {{z}}";

pub(crate) async fn odd_summaries_and_notes(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let summary = format!("New user:\n{ODD} {}", "🙂é".repeat(150));
    let ticket = NewTicket {
        summary: summary.clone(),
        description: format!("{ODD}\nSecond line {}", "x".repeat(300)),
        ..fixture.new_ticket("r1")
    };
    let made = fixture.psa.create_ticket(&ticket).await.unwrap();
    let kept = fixture.ticket(&made)["summary"].as_str().unwrap().to_owned();
    let one_line = summary.replace('\n', " ");
    assert!(one_line.starts_with(&kept.replace(BREAK, "")), "{kept}");
    let length = kept.encode_utf16().count();
    let all = one_line.encode_utf16().count();
    assert!(
        length + 2 >= all.min(vendor.summary_limit) && length <= vendor.summary_limit,
        "{length}"
    );
    assert_eq!(fixture.find(None, "r1").await, Ok(Some(made.clone())));
    assert_eq!(fixture.psa.find_matching(&summary).await, Ok(None), "it is a request's");

    let plain = one_line.chars().take(60).collect::<String>();
    for summary in [plain.as_str(), ODD] {
        let by_hand = fixture.open(&fixture.company(), summary, false);
        let found = fixture.psa.find_matching(summary).await;
        assert_eq!(found, Ok(vendor.tells_who_opened.then_some(by_hand)), "{summary}");
    }

    let text = format!(
        "{ODD}\nSecond line\n\n<script>alert(1)</script> &lt; {}",
        "🙂".repeat(300)
    );
    fixture.psa.add_note(&made, &note("r1/odd", &text, true)).await.unwrap();
    assert_eq!(fixture.psa.has_note(&made, "r1/odd").await, Ok(true));
    let notes = fixture.notes(&made);
    let written = notes.last().unwrap()["text"].as_str().unwrap().replace(BREAK, "");
    assert!(
        written.contains(ODD) && written.contains("<script>alert(1)</script> &lt; 🙂"),
        "{written}"
    );
    assert!(written.contains("\nSecond line\n\n<script>"), "{written}");
}

pub(crate) async fn odd_company_names(vendor: &'static Vendor) {
    let name = "O'Brien \"X\" & <Sons> 🙂";
    let fixture = Fixture::with(vendor, json!({ "company": name }), Duration::from_secs(20)).await;
    let findings = fixture.psa.check(&fixture.names()).await;
    assert!(findings.iter().all(|finding| finding.result.is_ok()), "{findings:?}");
    assert!(
        findings
            .iter()
            .any(|finding| finding.result.as_ref().is_ok_and(|shown| shown.contains(name))),
        "{findings:?}"
    );
    let made = fixture.psa.create_ticket(&fixture.new_ticket("r1")).await.unwrap();
    assert_eq!(fixture.find(Some(&made.id), "r2").await, Ok(Some(made)));
}

/// The simulator interprets texts as its vendor does, and the fixture fails if any of them was more than text.
pub(crate) async fn hostile_texts_are_only_read(vendor: &'static Vendor) {
    let fixture = Fixture::new(vendor).await;
    let long = HOSTILE.concat().repeat(20);
    for (number, text) in HOSTILE.iter().copied().chain([long.as_str()]).enumerate() {
        let marker = format!("r{number}");
        let ticket = NewTicket {
            summary: format!("Onboarding of {text}"),
            description: format!("Name: {text}\nOffice: {text}"),
            ..fixture.new_ticket(&marker)
        };
        let made = fixture.psa.create_ticket(&ticket).await.unwrap();
        assert_eq!(fixture.find(None, &marker).await, Ok(Some(made.clone())), "{text}");
        for (name, internal) in [("denied", true), ("told", false)] {
            let words = format!("Denied.\n\nReason: {text}");
            let written = note(&format!("{marker}/{name}"), &words, internal);
            fixture.psa.add_note(&made, &written).await.unwrap();
        }
        let denied = format!("{marker}/denied");
        assert_eq!(fixture.psa.has_note(&made, &denied).await, Ok(true), "{text}");
        let notes = fixture.notes(&made);
        let written = notes
            .iter()
            .filter_map(|note| note["text"].as_str())
            .find(|text| text.contains(&denied));
        let beginning: String = seen(text).chars().take(500).collect();
        assert!(seen(written.unwrap()).contains(&beginning), "{text}: {written:?}");
    }
    our_own_words_arrive_as_they_are(&fixture).await;
    assert!(fixture.sim.effect("notes_created") > 20);
}

/// Checks that Gangway's own texts arrive word for word, with working links.
async fn our_own_words_arrive_as_they_are(fixture: &Fixture) {
    let ticket = fixture.open(&fixture.company(), "By hand", false);
    let (confirm, reject) = (
        "https://gangway.example/decide?c=aB_-1",
        "https://gangway.example/decide?c=Cd_-2",
    );
    let text = manual_purchase(
        "Acme",
        "SPB",
        "ana@acme.example",
        &confirm.into(),
        &reject.into(),
        false,
    );
    let text = text.expose_secret().to_owned();
    let purchase = Note {
        marker: "r1/purchase-SPB/5eed".to_owned(),
        text: NoteText::Plain(text.clone()),
        internal: true,
        minutes: None,
    };
    fixture.psa.add_note(&ticket, &purchase).await.unwrap();
    let notes = fixture.notes(&ticket);
    let written = notes.last().unwrap()["text"].as_str().unwrap().to_owned();
    assert!(written.starts_with(&text), "{written}");
    assert!(written.ends_with("\n\n[gangway r1/purchase-SPB/5eed]"), "{written}");
}
