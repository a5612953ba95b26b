//! A hundred requests at once.

use std::{collections::BTreeMap, thread};

use e2e::{engine::engine, links, mail, organisation::Organisation, request::Request, wait::until};
use serde_json::json;

const PEOPLE: usize = 100;
const CLIENTS: usize = 4;

#[test]
fn hundred_requests_wait_at_gates_and_none_is_lost() {
    let org = Organisation::approving(&engine().patient, "hundred", &json!({}), &[]);
    let names: Vec<String> = (0..PEOPLE).map(|n| format!("Person{n:03}")).collect();
    let requests: BTreeMap<&str, Request<'_>> = each(&names, |name| {
        (
            name,
            org.submit(&org.person(
                name,
                "Of Many",
                &json!({"manager": org.manager(), "username": name.to_lowercase()}),
            )),
        )
    });
    until("a hundred at the gate", || (listed(&org) == PEOPLE).then_some(()));
    let mails = until("a hundred mails", || {
        Some(mail::to(org.approver())).filter(|mails| mails.len() == PEOPLE)
    });
    assert!(requests.values().all(|request| request.user().is_none()));

    // Every second request is denied.
    each(&names, |name| {
        let mail = mails
            .iter()
            .find(|mail| mail.subject.contains(name))
            .expect("a mail for each");
        let link = links::after(&mail.text, if wanted(name) { "Approve:" } else { "Deny:" });
        links::press(&link).expect(200);
        ((name), ())
    });
    for (name, request) in &requests {
        request.ends(if wanted(name) { "completed" } else { "denied" });
    }

    let state = org.world.state();
    let (users, tickets) = (
        state["users"].as_array().expect("users"),
        state["tickets"].as_array().expect("tickets"),
    );
    assert_eq!(tickets.len(), PEOPLE);
    for (name, request) in &requests {
        let own = users
            .iter()
            .find(|user| user["extension_attribute_15"].as_str() == Some(&request.id));
        assert_eq!(own.is_some(), wanted(name), "{name}");
        if let Some(user) = own {
            assert_eq!(user["display_name"], format!("{name} Of Many"));
        }
        let ticket = tickets
            .iter()
            .find(|ticket| ticket["external_xref"].as_str() == Some(&request.id))
            .expect("a ticket");
        assert_eq!(
            (&ticket["summary"], &ticket["status"]),
            (&json!(format!("Onboarding of {name} Of Many")), &json!("Closed"))
        );
        let notes = ticket["notes"].as_array().expect("notes");
        let mine = notes.iter().all(|note| {
            let text = note["text"].as_str().expect("a text");
            !text.contains("Person") || text.contains(*name)
        });
        assert!(mine, "{notes:#?}");
    }
    assert_eq!(state["effects"]["users_created"], PEOPLE / 2);
}

fn wanted(name: &str) -> bool {
    name.ends_with(['0', '2', '4', '6', '8'])
}

/// Counts the waiting requests over all pages of the list.
fn listed(org: &Organisation) -> usize {
    let mut count = 0;
    let mut path = "requests?status=waiting_approval".to_owned();
    loop {
        let page = org.call("GET", &path).send().expect(200).json();
        count += page["requests"].as_array().map_or(0, Vec::len);
        let Some(next) = page["next"].as_str() else {
            return count;
        };
        next.strip_prefix(&org.url(""))
            .expect("a page of this organisation")
            .clone_into(&mut path);
    }
}

/// Does the work for each name, with several clients at once.
fn each<'a, K: Ord + Send, V: Send>(names: &'a [String], work: impl Fn(&'a str) -> (K, V) + Sync) -> BTreeMap<K, V> {
    let work = &work;
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let own = names.iter().skip(client).step_by(CLIENTS);
                scope.spawn(move || own.map(|name| work(name)).collect::<Vec<_>>())
            })
            .collect();
        clients
            .into_iter()
            .flat_map(|client| client.join().expect("no failure"))
            .collect()
    })
}
