//! Usernames are made from names of all scripts, and are free when they are assigned.

use e2e::{engine::engine, organisation::Organisation, simulators::AwsRule};
use serde_json::{Value, json};

fn planned(org: &Organisation, body: &Value) -> String {
    let checked = org.dry_run(body).expect(200).json();
    assert_eq!(checked["problems"], json!([]), "{checked}");
    let upn = checked["plan"]["username"].as_str().expect("a username");
    upn.split('@').next().unwrap_or_default().to_owned()
}

#[test]
fn names_from_everywhere_make_usernames() {
    let org = Organisation::new("names");
    for (first, last, made) in [
        ("José", "Núñez", "jnunez"),
        ("Łukasz", "Żółć", "lzolc"),
        ("Conan", "O'Brien-Smith", "cobriensmith"),
        ("小明", "王", "xwang"),
        ("Prof. Dr. Ada", "Lovelace", "alovelace"),
        ("Vincent", "van der Berg", "vvanderberg"),
    ] {
        assert_eq!(planned(&org, &org.person(first, last, &json!({}))), made);
    }
    for (name, made) in [("王小明", "wangxiaoming"), ("Dr. Suharto", "suharto")] {
        assert_eq!(planned(&org, &json!({"first_name": name, "single_name": true})), made);
    }
    let request = org.submit(&json!({"first_name": "王小明", "single_name": true, "manager": org.manager()}));
    request.ends("completed");
    let user = request.user().expect("a user");
    assert_eq!(user["upn"], org.upn("wangxiaoming"));
    assert_eq!(user["properties"]["mailNickname"], "wangxiaoming");
    assert_eq!(
        (&user["display_name"], &user["properties"]["givenName"]),
        (&json!("王小明"), &json!("王小明"))
    );
    for (format, made) in [("first_last", "ada.lovelace"), ("lastf", "lovelacea"), ("fml", "akl")] {
        org.configure(&[&format!("username_format={format}")]);
        let body = org.person("Ada", "Lovelace", &json!({"middle_name": "King"}));
        assert_eq!(planned(&org, &body), made, "{format}");
    }
}

#[test]
fn a_taken_name_is_asked_about_or_numbered() {
    let org = Organisation::new("taken");
    let ada = org.person("Ada", "Lovelace", &json!({"manager": org.manager()}));
    let first = org.submit(&ada);
    // The name is reserved while its request is open, and belongs to the user afterwards.
    let proposed = |answer: e2e::http::Answer| {
        assert_eq!(answer.wrong_fields(), ["username"]);
        assert!(
            answer.text.contains("free are ada.lovelace, alovelace2, alovelace3"),
            "{}",
            answer.text
        );
    };
    proposed(org.post(&ada));
    first.ends("completed");
    proposed(org.post(&ada));
    org.configure(&["username_collision=number"]);
    let second = org.submit(&ada);
    let third = org.submit(&ada);
    for (request, name) in [(&second, "alovelace2"), (&third, "alovelace3")] {
        request.ends("completed");
        assert_eq!(request.user().expect("a user")["upn"], org.upn(name));
    }
    // Now nobody can say whether the name is taken.
    org.world.spoil("graph", "GET /users", "503", &json!({"times": 1000}));
    org.post(&org.person("Bob", "Babbage", &json!({}))).expect(503);
}

#[test]
fn a_name_whose_end_died_is_free_again() {
    let org = Organisation::approving(&engine().patient, "name-freed", &json!({}), &[]);
    let ada = org.person("Ada", "Lovelace", &json!({"manager": org.manager()}));
    let request = org.submit(&ada);
    request.until("waiting_approval");
    request.task_token("approval");
    // The function is killed before it writes the reservation. The step's second run ends the request.
    let reservation = format!("username#{}", org.upn("alovelace"));
    let dies =
        ["DeleteItem", "TransactWriteItems"].map(|write| AwsRule::new(write, &reservation, "kill_client_before", 1, 0));
    request.cancel().expect(200);
    request.ends("cancelled");
    assert_eq!(dies.iter().map(AwsRule::killed).sum::<u64>(), 1);
    let again = org.dry_run(&ada).expect(200).json();
    assert_eq!(again["problems"], json!([]), "{again}");
}
