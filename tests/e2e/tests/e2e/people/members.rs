//! What admins administer: members, credentials, variables with their history, and the audit of all changes.

use std::{sync::Barrier, thread};

use e2e::{
    aws,
    engine::engine,
    organisation::{Organisation, operator},
    session::Session,
};
use serde_json::{Value, json};

fn list(admin: &Session<'_>) -> Vec<Value> {
    let body = admin.get("members").expect(200).json();
    body["members"].as_array().expect("members").clone()
}

fn id(admin: &Session<'_>, email: &str) -> String {
    let found = list(admin).into_iter().find(|member| member["email"] == email);
    found.expect("a member")["id"].as_str().expect("an id").to_owned()
}

#[test]
fn admin_manages_members_and_the_last_admin_stays() {
    let org = Organisation::new("members");
    let ann_address = format!("ann@{}.example", org.id);
    let ann = org.session(&ann_address, "Ann Admin", "admin");
    org.without_owner(&ann);
    let add = json!({"email": "mary@gmail.com", "name": "Mary", "role": "basic"});
    let mary = ann.post("members", &add).expect(201).json()["id"].clone();
    let mary = format!("members/{}", mary.as_str().expect("an id"));
    ann.post("members", &add).expect(409);
    let wrong = json!({"email": "mary", "name": "", "role": "owner", "org": "other"});
    let mut fields = ann.post("members", &wrong).wrong_fields();
    fields.sort();
    assert_eq!(fields, ["email", "name", "org", "role"]);

    let own = format!("members/{}", id(&ann, &ann_address));
    let lower = json!({"name": "Ann Admin", "role": "technician"});
    let told = ann.send("PUT", &own, &lower);
    assert_eq!(told.status, 409, "{}", told.text);
    assert!(told.text.contains("last admin"), "{}", told.text);
    assert!(ann.send("DELETE", &own, &json!({})).text.contains("last admin"));
    assert!(ann.submit(&format!("{own}/delete"), "").text.contains("last admin"));

    // The new role takes effect with the next call.
    ann.send("PUT", &mary, &json!({"name": "Mary M", "role": "admin"}))
        .expect(200);
    ann.send("PUT", &own, &lower).expect(200);
    assert_eq!(ann.get("members").status, 403);
    let mary_session = Session::begin(&org, &org.sign_in_link("mary@gmail.com"));
    assert_eq!(id(&mary_session, "mary@gmail.com"), mary.replace("members/", ""));
    // A deleted member has no session any more.
    mary_session.send("DELETE", &own, &json!({})).expect(200);
    assert_eq!(ann.get("requests").status, 401);
    assert_eq!(mary_session.get(&own).status, 404);
    // After the address is added again, it can sign in.
    let again = json!({"email": ann_address, "name": "Ann", "role": "basic"});
    mary_session.post("members", &again).expect(201);
    assert_eq!(list(&mary_session).len(), 2);

    let audit = mary_session.get("audit?what=member.").expect(200).json();
    let told: Vec<(&str, &str)> = audit["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .filter(|entry| entry["what"] != "member.signed_in")
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap_or_default();
            (text("what"), text("name"))
        })
        .collect();
    assert_eq!(told[0], ("member.added", "mary@gmail.com"));
    assert_eq!(told[1], ("member.deleted", "mary@gmail.com"));
    assert_eq!(told[2].0, "member.changed");
}

#[test]
fn two_admins_who_lower_each_other_at_once_leave_one() {
    let org = Organisation::new("two-admins");
    let address = |name: &str| format!("{name}@{}.example", org.id);
    let (ann, bob) = (
        org.session(&address("ann"), "Ann", "admin"),
        org.session(&address("bob"), "Bob", "admin"),
    );
    org.without_owner(&ann);
    let (ann_id, bob_id) = (id(&ann, &address("ann")), id(&ann, &address("bob")));
    let lower = json!({"name": "Lowered", "role": "basic"});
    let start = Barrier::new(2);
    thread::scope(|scope| {
        for (session, other) in [(&ann, &bob_id), (&bob, &ann_id)] {
            let (start, lower) = (&start, &lower);
            scope.spawn(move || {
                start.wait();
                let answer = session.send("PUT", &format!("members/{other}"), lower);
                assert!([200, 403, 409].contains(&answer.status), "{}", answer.text);
            });
        }
    });
    // The remaining admin checks it.
    let admin = [&ann, &bob]
        .into_iter()
        .find(|session| session.get("members").status == 200);
    let roles = list(admin.expect("an admin"));
    let admins = roles.iter().filter(|member| member["role"] == "admin");
    assert_eq!(admins.count(), 1, "{roles:?}");
}

/// Each change is valid by itself: one turns approval on while there is an approver, the other removes the approver
/// while approval is off.
#[test]
fn two_changes_of_variables_at_once_leave_no_contradiction() {
    let org = Organisation::new("two-changes");
    let approvers = |who: Value| json!({ "new_user_approval_email": who });
    let needed = |on: bool| json!({ "require_approval_for_new_users": on });
    for _ in 0..5 {
        org.set(&needed(false)).expect(200);
        org.set(&approvers(json!(["manager"]))).expect(200);
        let changes = [needed(true), approvers(Value::Null)];
        let start = Barrier::new(2);
        let mut answers: Vec<u16> = thread::scope(|scope| {
            let (org, start) = (&org, &start);
            let change = |change| {
                scope.spawn(move || {
                    start.wait();
                    org.set(change).status
                })
            };
            let both = changes.each_ref().map(change);
            both.into_iter().map(|one| one.join().expect("an answer")).collect()
        });
        answers.sort_unstable();
        // The later of two simultaneous changes is refused as simultaneous, or, a little later, as a contradiction.
        assert_eq!(answers[0], 200);
        assert!([409, 422].contains(&answers[1]), "{answers:?}");
    }
}

#[test]
fn credentials_are_set_and_never_shown() {
    const SECRET: &str = "sesame-open-4711";
    let org = Organisation::new("set-secrets");
    let admin = org.session(&format!("ann@{}.example", org.id), "Ann Admin", "admin");
    let of = |system: &str| {
        let all = admin.get("credentials").expect(200).json();
        let all = all["systems"].as_array().expect("systems").clone();
        all.into_iter().find(|one| one["system"] == system).expect("the system")
    };
    assert_eq!(of("sherweb")["set_at"], Value::Null);
    let incomplete = admin.send(
        "PUT",
        "credentials/sherweb",
        &json!({"client_id": SECRET, "other": SECRET}),
    );
    assert_eq!(incomplete.wrong_fields(), ["credentials"]);
    let form = admin.submit("credentials/sherweb", &format!("client_id={SECRET}"));
    assert_eq!(form.status, 422, "{}", form.text);
    for answer in [&incomplete, &form] {
        assert!(
            answer.text.contains("client_secret") && !answer.text.contains(SECRET),
            "{}",
            answer.text
        );
    }
    assert_eq!(admin.send("PUT", "credentials/nonsense", &json!({})).status, 404);
    let inside = json!({"address": "https://169.254.169.254", "api_key": SECRET});
    assert_eq!(
        admin.send("PUT", "credentials/hudu", &inside).wrong_fields(),
        ["address"]
    );

    let fields = format!("client_id={SECRET}&client_secret={SECRET}&subscription_key={SECRET}");
    let done = admin.submit("credentials/sherweb", &fields);
    assert_eq!(done.status, 303, "{}", done.text);
    assert!(of("sherweb")["set_at"].is_string());
    // Setting credentials again replaces them.
    let keys = &org.world.keys["vendors"]["sherweb"]["credentials"];
    let again = admin.send("PUT", "credentials/sherweb", keys).expect(200);
    for text in [
        again.text,
        admin.get("credentials").expect(200).text,
        admin.page("credentials").expect(200).text,
        admin.get("audit?what=credentials").expect(200).text,
    ] {
        assert!(!text.contains(SECRET), "{text}");
        let values = keys.as_object().expect("fields").values();
        // Short values may occur on the page by chance.
        assert!(
            values
                .filter_map(Value::as_str)
                .filter(|value| value.len() > 12)
                .all(|value| !text.contains(value)),
            "{text}"
        );
    }
    let audit = aws::query(org.stack.table("audit"), "org", &org.id);
    let set = audit.iter().filter(|entry| entry["what"]["S"] == "credentials.set");
    let ours = set.filter(|entry| entry["subject"]["S"] == "sherweb");
    assert_eq!(ours.count(), 2);
}

#[test]
fn variable_history_names_changes_here_and_in_the_parent() {
    let (parent, org) = (Organisation::new("history-msp"), Organisation::new("history"));
    org.belong_to(&parent);
    let set = |zone: &str, more: &[&str]| {
        let value = format!("timezone={zone}");
        let arguments = [&["variables", "set", &parent.id, &value][..], more].concat();
        operator(parent.stack, &arguments, "").expect("a right value");
    };
    // A parent's own value is not shown to its children.
    set("Asia/Tokyo", &[]);
    set("Europe/Paris", &["--default-for-children"]);
    let ann_address = format!("ann@{}.example", org.id);
    let ann = org.session(&ann_address, "Ann Admin", "admin");
    ann.send("PUT", "variables", &json!({"timezone": "Europe/Berlin"}))
        .expect(200);
    ann.send("PUT", "variables", &json!({"timezone": null})).expect(200);
    let told = ann.get("variables/timezone").expect(200);
    assert!(!told.text.contains("Tokyo"), "{}", told.text);
    let body = told.json();
    assert_eq!(
        (&body["value"], &body["source"]),
        (&json!("Europe/Paris"), &json!("inherited"))
    );
    let history: Vec<Value> = body["history"].as_array().expect("a history").clone();
    let line = |change: &Value| json!([change["who"], change["old"], change["new"], change["inherited"]]);
    assert_eq!(
        history.iter().map(line).collect::<Vec<_>>(),
        [
            json!([ann_address, "Europe/Berlin", null, false]),
            json!([ann_address, null, "Europe/Berlin", false]),
            json!(["the parent organisation", null, "Europe/Paris", true]),
        ]
    );
    let page = ann.page("variables/timezone").expect(200).text;
    assert!(page.contains("Europe/Berlin") && page.contains(&ann_address), "{page}");
    assert_eq!(ann.get("variables/no_such").status, 404);
    // A change is found although it is far back in the audit.
    let table = org.stack.table("audit");
    let put = |number: usize| {
        let at = "2099-01-01T00:00:00+00:00";
        let item = json!({
            "org": {"S": org.id}, "entry": {"S": format!("{at}#{number:016x}")}, "at": {"S": at},
            "who": {"S": "operator"}, "what": {"S": "variable.set"}, "subject": {"S": "start_time"},
        });
        json!({"PutRequest": {"Item": item}})
    };
    let many: Vec<Value> = (0..2100).map(put).collect();
    for some in many.chunks(25) {
        aws::call(
            "DynamoDB_20120810.BatchWriteItem",
            &json!({"RequestItems": {(table): some}}),
        );
    }
    let told = ann.get("variables/timezone").expect(200).json();
    assert_eq!((&told["history"], &told["more"]), (&json!(history), &json!(false)));
    // The parent can see its own value.
    let theirs = parent.call("GET", "variables/timezone").send().expect(200).text;
    assert!(theirs.contains("Tokyo"), "{theirs}");
}

#[test]
fn the_audit_is_paged_from_the_newest_and_filtered() {
    let org = Organisation::on(&engine().patient, "audited", &json!({}), &[]);
    for hour in 0..24 {
        for minute in ["00", "30", "45"] {
            let at = format!("{hour:02}:{minute}");
            org.set(&json!({ "start_time": at })).expect(200);
        }
    }
    let page = |query: &str| org.call("GET", query).send().expect(200).json();
    let first = page("audit?what=variable");
    let entries = first["entries"].as_array().expect("entries");
    assert_eq!(entries.len(), 50);
    let newest = &entries[0];
    assert!(
        newest["new"].as_str().is_some_and(|new| new.contains("23:45")),
        "{newest}"
    );
    let who = newest["who"].as_str().expect("an id");
    assert!(who.starts_with(&format!("token:{}/t", org.id)), "{who}");
    assert_eq!(newest["name"], format!("tests ({})", org.id));
    let next = first["next"].as_str().expect("more");
    let next = next.rsplit_once("/audit").expect("its address").1;
    let second = page(&format!("audit{next}"));
    let more = second["entries"].as_array().expect("entries");
    // One entry for each variable that the operator set, and 72 by the API, without duplicates.
    assert!(more.len() >= 22, "{}", more.len());
    assert!(more.iter().all(|entry| !entries.contains(entry)));
    let token = page("audit?what=token.created");
    assert_eq!(token["entries"].as_array().map(Vec::len), Some(1), "{token}");
    let wrong = org.call("GET", "audit?what=%3Cscript%3E").send();
    assert_eq!(wrong.wrong_fields(), ["what"]);
    let nowhere = "x".repeat(2000);
    for (path, field) in [("audit", "before"), ("members", "after")] {
        let wrong = org.call("GET", &format!("{path}?{field}={nowhere}")).send();
        assert_eq!(wrong.wrong_fields(), [field], "{}", wrong.text);
    }
}
