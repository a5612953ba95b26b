//! A repeated submission stays one request.

use std::{sync::Barrier, thread};

use e2e::{aws, http::Answer, organisation::Organisation, request::Request};
use serde_json::{Value, json};

fn post_with_key(org: &Organisation, key: &str, body: &Value) -> Answer {
    org.call("POST", "onboardings")
        .header("idempotency-key", key)
        .json(body)
        .send()
}

fn id(answer: &Answer) -> String {
    answer.json()["id"].as_str().expect("an id").to_owned()
}

fn executions(org: &Organisation, request: &Request<'_>) -> usize {
    let all = aws::executions(org.stack);
    all.iter()
        .filter(|execution| {
            execution["name"]
                .as_str()
                .is_some_and(|name| name.starts_with(&request.id))
        })
        .count()
}

#[test]
fn the_same_submission_twice_is_one_request() {
    let org = Organisation::new("twice");
    let body = org.person("Ada", "Lovelace", &json!({"manager": org.manager()}));
    let first = post_with_key(&org, "key-1", &body).expect(201);
    // The same body in another order and with spaces.
    let text = format!(
        "{{ \"manager\": \"{}\", \"last_name\": \"Lovelace\", \"first_name\": \"Ada\" }}",
        org.manager()
    );
    let call = org.call("POST", "onboardings").header("idempotency-key", "key-1");
    let again = call.body("application/json", text).send().expect(201);
    assert_eq!(id(&again), id(&first));
    let request = Request::of(&org, &first);
    request.ends("completed");
    let later = post_with_key(&org, "key-1", &body).expect(201);
    assert_eq!(id(&later), id(&first));
    assert_eq!(later.json()["status"], "completed");
    assert_eq!(executions(&org, &request), 1);
    assert_eq!(org.requests("").len(), 1);

    let other = org.person("Bob", "Babbage", &json!({"manager": org.manager()}));
    post_with_key(&org, "key-1", &other).expect(409);
    assert_eq!(org.requests("").len(), 1);
    // Idempotency keys belong to one organisation.
    let neighbour = Organisation::new("neighbour");
    let theirs = neighbour.person("Ada", "Lovelace", &json!({"manager": neighbour.manager()}));
    assert_ne!(id(&post_with_key(&neighbour, "key-1", &theirs).expect(201)), id(&first));
}

#[test]
fn two_submissions_at_once_make_one_request_and_one_user() {
    let org = Organisation::new("at-once");
    let body = org.person(
        "Ada",
        "Lovelace",
        &json!({"manager": org.manager(), "licenses": ["SPB"]}),
    );
    let start = Barrier::new(6);
    let answers: Vec<Answer> = thread::scope(|scope| {
        let clients: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    post_with_key(&org, "key-1", &body)
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().expect("an answer"))
            .collect()
    });
    for answer in &answers {
        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(id(answer), id(&answers[0]));
    }
    let request = Request::of(&org, &answers[0]);
    request.ends("completed");
    assert_eq!(executions(&org, &request), 1);
    assert_eq!(org.requests("").len(), 1);
    let effects = org.world.state()["effects"].clone();
    assert_eq!(
        (&effects["users_created"], &effects["tickets_created"]),
        (&json!(1), &json!(1))
    );
    request.note_names();
}

#[test]
fn a_name_is_reserved_from_submission_to_end() {
    let org = Organisation::approving(&e2e::engine::engine().patient, "reserved", &json!({}), &[]);
    let body = org.person("Ada", "Lovelace", &json!({"manager": org.manager()}));
    let first = org.submit(&body);
    first.until("waiting_approval");
    let refused = org.post(&body);
    assert_eq!(refused.wrong_fields(), ["username"]);
    org.configure(&["username_collision=number"]);
    let numbered = org.submit(&body);
    numbered.until("waiting_approval");
    assert_eq!(
        org.dry_run(&body).expect(200).json()["plan"]["username"],
        org.upn("alovelace3")
    );
    first.cancel().expect(200);
    first.ends("cancelled");
    assert_eq!(
        org.dry_run(&body).expect(200).json()["plan"]["username"],
        org.upn("alovelace")
    );
}
