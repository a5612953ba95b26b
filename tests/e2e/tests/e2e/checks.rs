//! A dry run shows the result of a submission, and changes nothing at the vendors or in the tables.

use e2e::{aws, organisation::Organisation};
use serde_json::{Value, json};

/// Everything that a dry run could have changed: the vendors' state, and the organisation's items in all tables except
/// the counter of dry runs.
fn everything(org: &Organisation) -> (Value, Vec<String>) {
    let tables = org.stack.tables.iter().filter(|(name, _)| name.as_str() != "limits");
    let mut items: Vec<String> = tables
        .flat_map(|(_, table)| aws::scan(table))
        .map(|item| item.to_string())
        .filter(|item| item.contains(&org.id))
        .collect();
    items.sort();
    (org.world.state(), items)
}

fn named(list: &Value) -> Vec<&str> {
    let problems = list.as_array().expect("a list").iter();
    let mut names: Vec<&str> = problems.filter_map(|problem| problem["field"].as_str()).collect();
    // A system may lack both its company and its credentials.
    names.dedup();
    names
}

#[test]
fn onboarding_dry_run_changes_nothing_and_lists_missing_setup() {
    let org = Organisation::new("check");
    org.configure(&[
        "onboarding_password_save_location=hudu",
        "ms_licensing_distributor=sherweb",
        "mfa_group=No Such Group",
        "license_assignment_method=group",
    ]);
    let email = format!("terry@{}.example", org.id);
    let session = org.session(&email, "Terry Tech", "technician");
    // A token's or session's first use of a day is written to its item.
    org.requests("");
    session.get("requests").expect(200);
    let before = everything(&org);

    let more = json!({"manager": org.manager(), "licenses": ["ENTERPRISEPACK"], "groups": ["Sales", "Nowhere"],
        "send_password_via_sms_or_email": 0});
    let checked = org
        .dry_run(&org.person("Dr. José", "O'Brien-Smith", &more))
        .expect(200)
        .json();
    assert_eq!(checked["problems"], json!([]), "{checked}");
    let plan = &checked["plan"];
    assert_eq!(plan["username"], org.upn("jobriensmith"));
    assert_eq!(plan["password_places"], json!(["ticket_note", "hudu"]));
    assert_eq!(plan["licenses"][0]["free_seats"], 0);
    assert_eq!(plan["licenses"][0]["reason"], "no group of the tenant carries it");
    let mut warned = named(&checked["warnings"]);
    warned.sort_unstable();
    let unset = [
        "mfa_group",
        "ms_licensing_distributor",
        "onboarding_password_save_location",
    ];
    assert_eq!(warned, unset, "{checked}");

    let taken = org.dry_run(&org.person("Ada", "Lovelace", &json!({"username": "mmanager"})));
    assert_eq!(named(&taken.expect(200).json()["problems"]), ["username"]);

    let page = session.submit(
        "onboardings",
        "first_name=Ada&last_name=Lovelace&groups=Nowhere&check=1",
    );
    assert_eq!(page.status, 200, "{}", page.text);
    for words in [
        &org.upn("alovelace"),
        "Nowhere: cannot be added, there is no such group",
        "in an internal note of the ticket, in Hudu",
        "<strong>mfa_group</strong>: is No Such Group",
    ] {
        let text = page.text.replace("<br>", ", ");
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(before, everything(&org));
}

#[test]
fn offboarding_dry_run_changes_nothing_and_lists_missing_setup() {
    let org = Organisation::new("check-leaver");
    org.configure(&["default_psa=halopsa"]);
    let email = format!("terry@{}.example", org.id);
    let session = org.session(&email, "Terry Tech", "technician");
    // A token's or session's first use of a day is written to its item.
    org.requests("");
    session.get("requests").expect(200);
    let before = everything(&org);
    let checked = org
        .call("POST", "offboardings?dry_run=true")
        .json(&json!({"user": org.colleague(), "offboarding_remove_groups": "0"}))
        .send()
        .expect(200)
        .json();
    assert_eq!(checked["problems"], json!([]), "{checked}");
    assert_eq!(checked["plan"]["user"]["upn"], org.colleague());
    assert_eq!(named(&checked["warnings"]), ["default_psa"], "{checked}");
    let page = session.submit(
        "offboardings",
        &format!("user={}&check=1", org.colleague().replace('@', "%40")),
    );
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(
        page.text.contains("<strong>default_psa</strong>: is halopsa"),
        "{}",
        page.text
    );
    assert_eq!(before, everything(&org));
}

#[test]
fn where_everything_is_set_up_a_check_warns_of_nothing() {
    let org = Organisation::with("check-fine", &["mfa_group=MFA Users"]);
    org.use_vault("itglue");
    org.configure(&["onboarding_password_save_location=itglue"]);
    let checked = org
        .dry_run(&org.person("Ada", "Lovelace", &json!({})))
        .expect(200)
        .json();
    assert_eq!((&checked["problems"], &checked["warnings"]), (&json!([]), &json!([])));
}
