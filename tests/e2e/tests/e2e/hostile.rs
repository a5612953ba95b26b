//! Texts of requesters and approvers do nothing but appear as text where technicians and approvers read them.

use e2e::{engine::engine, http::Call, mail, organisation::Organisation};
use serde_json::{Value, json};

const CODE: &str =
    "[code]<a href=\"https://evil.example/login\">Session expired</a><img src=\"https://evil.example/p.gif\">[/code]";

#[test]
fn markup_in_a_form_is_text_in_servicenow() {
    let org = Organisation::new("code-tags");
    org.use_psa("servicenow");
    let refused = org.post(&org.person("Ada", "Lovelace", &json!({"display_name": CODE})));
    assert_eq!(refused.expect(422).wrong_fields(), ["display_name"]);
    let request = org.submit(&org.person(
        "Ada",
        "Lovelace",
        &json!({"display_name": "[CODE]<img src=p.gif>Ada", "job_title": CODE, "groups": ["[code]<b>Nobody</b>[/code]"],
            "manager": org.manager()}),
    ));
    request.ends("completed_with_warnings");
    let ticket = request.ticket_in("servicenow");
    let mut texts = vec![ticket["summary"].clone(), ticket["description"].clone()];
    texts.extend(
        ticket["notes"]
            .as_array()
            .expect("notes")
            .iter()
            .map(|note| note["text"].clone()),
    );
    let texts: Vec<&str> = texts.iter().filter_map(Value::as_str).collect();
    assert!(texts.len() > 5, "{ticket:#}");
    for text in &texts {
        let lower = text.to_lowercase();
        assert!(!lower.contains("[code]") && !lower.contains("[/code]"), "{text}");
        assert!(!text.contains("https://evil.example"), "{text}");
    }
    let read = |words: &str| texts.iter().any(|text| text.replace('\u{200b}', "").contains(words));
    assert!(read("[CODE]<img src=p.gif>Ada") && read(CODE), "{texts:#?}");
    assert_eq!(org.world.state()["active"], json!([]));
}

#[test]
fn an_approvers_reason_and_a_requesters_words_make_no_links() {
    let org = Organisation::approving(&engine().patient, "no-links", &json!({}), &[]);
    let words = "Sign in at https://evil.example/login or www.evil.example, says ada@contoso.com";
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"office": words, "manager": org.manager()})));
    request.until("waiting_approval");
    let (_, deny) = request.approval_links(org.approver(), "Ada Lovelace");
    let asked = mail::first(org.approver(), "Approval needed");
    for text in [&asked.text, &asked.html] {
        assert!(
            text.replace('\u{200b}', "")
                .contains("www.evil.example, says ada@contoso.com"),
            "{text}"
        );
        assert!(!text.contains("://evil") && !text.contains("evil.example"), "{text}");
    }
    assert_eq!(asked.html.matches("<a ").count(), 2, "{}", asked.html);
    let body = "reason=%5Bhere%5D(https%3A%2F%2Fevil.example)%20%3Cb%3Ex%3C%2Fb%3E";
    let pressed = Call::new("POST", &deny)
        .header("accept", "application/json")
        .body("application/x-www-form-urlencoded", body)
        .send();
    assert_eq!(
        pressed.expect(200).json()["reason"],
        "[here](https://evil.example) <b>x</b>"
    );
    request.ends("denied");
    let note = request.note("was denied by");
    assert!(
        !note.contains("](") && !note.contains("://evil") && !note.contains("<b>"),
        "{note}"
    );
    assert_eq!(org.world.state()["active"], json!([]));
}
