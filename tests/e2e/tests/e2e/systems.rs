//! One onboarding for each system that an organisation can choose, and `verify` of the choice.

use e2e::organisation::{Organisation, operator, operator_says};
use serde_json::{Value, json};

fn effect(org: &Organisation, name: &str) -> u64 {
    org.world.state()["effects"][name].as_u64().unwrap_or_default()
}

/// Onboards one person with tickets in this PSA.
fn through_psa(psa: &str) {
    let org = Organisation::new(&psa.replace('_', "-"));
    org.use_psa(psa);
    let names = org.world.keys["vendors"][psa].clone();
    if let Some(priority) = names["priority"].as_str() {
        org.configure(&[&format!("default_priority={priority}")]);
    }
    if let Some(tech) = names["tech_id"].as_str() {
        org.configure(&[&format!("default_tech_id={tech}")]);
    }
    if let Some(role) = names["work_role"].as_str() {
        org.configure(&[&format!("default_work_role={role}")]);
    }
    let request = org.submit(&org.person(
        "Seán",
        "O'Brien & <Söhne>",
        &json!({"manager": org.manager(), "licenses": ["SPB"], "groups": ["Sales"]}),
    ));
    let view = request.ends("completed");
    let ticket = request.ticket_in(psa);
    assert_eq!(ticket["status"], names["status_complete"], "{ticket:#}");
    assert_eq!(ticket["location"], names["location"], "{ticket:#}");
    if names["priority"].is_string() {
        assert_eq!(ticket["priority"], names["priority"], "{ticket:#}");
    }
    assert!(
        ticket["summary"]
            .as_str()
            .is_some_and(|summary| summary.replace('\u{200b}', "").contains("O'Brien & <Söhne>")),
        "{ticket:#}"
    );
    let id = ticket["id"]
        .as_str()
        .map_or_else(|| ticket["id"].to_string(), str::to_owned);
    assert_eq!(view["ticket"], json!({"system": psa, "id": id}));
    let notes = ticket["notes"].as_array().expect("notes");
    for name in [
        "user-created",
        "license-SPB",
        "groups",
        "password",
        "password-handed-over",
        "summary",
    ] {
        let (begins, marker) = (format!("[gangway {}/", request.id), format!("/{name}]"));
        let is_own = |text: &str| text.contains(&begins) && text.trim_end().ends_with(&marker);
        let there: Vec<&Value> = notes
            .iter()
            .filter(|note| note["text"].as_str().is_some_and(is_own))
            .collect();
        assert_eq!(there.len(), 1, "{marker}: {notes:#?}");
        assert_eq!(there[0]["internal"], true, "{marker}");
    }
    let note = notes
        .iter()
        .filter_map(|note| note["text"].as_str())
        .find(|text| text.contains("Temporary password: "))
        .expect("the password's note");
    let password = e2e::request::password_in(note);
    let upn = view["user"]["upn"].as_str().expect("a name");
    assert_eq!(org.world.sign_in(upn, &password), (true, true));
    assert_eq!(effect(&org, "tickets_created"), 1);
    assert_eq!(org.world.state()["active"], json!([]));
}

#[test]
fn through_autotask() {
    through_psa("autotask");
}

#[test]
fn through_connectwise() {
    through_psa("connectwise");
}

#[test]
fn through_freshdesk() {
    through_psa("freshdesk");
}

#[test]
fn through_halopsa() {
    through_psa("halopsa");
}

#[test]
fn through_kaseya_bms() {
    through_psa("kaseya_bms");
}

#[test]
fn through_servicenow() {
    through_psa("servicenow");
}

/// Two requests at once need a license without a free seat, and two seats are bought.
fn bought_at(distributor: &str) {
    let org = Organisation::new(&distributor.replace('_', "-"));
    org.use_distributor(distributor);
    let of = |first: &str, last: &str| {
        org.submit(&org.person(
            first,
            last,
            &json!({"manager": org.manager(), "licenses": ["ENTERPRISEPACK"]}),
        ))
    };
    let requests = [of("Ada", "Lovelace"), of("Bob", "Babbage")];
    for request in &requests {
        request.ends("completed");
        let user = request.user().expect("a user");
        assert_eq!(user["licenses"][0]["sku"], "ENTERPRISEPACK", "{user:#}");
        assert!(request.has_note("was purchased automatically"));
    }
    assert_eq!(effect(&org, "seats_bought"), 2);
}

#[test]
fn bought_at_pax8() {
    bought_at("pax8");
}

#[test]
fn bought_at_sherweb() {
    bought_at("sherweb");
}

#[test]
fn bought_at_ingram_micro() {
    bought_at("ingram_micro");
}

#[test]
fn bought_at_td_synnex() {
    bought_at("td_synnex");
}

#[test]
fn operator_and_api_verify_an_organisation() {
    let org = Organisation::with(
        "verified",
        &["default_priority=Priority 2 - High", "mfa_group=MFA Users"],
    );
    let report = operator(org.stack, &["verify", &org.id], "").expect("all is well");
    for line in [
        "graph",
        "connectwise",
        "pax8",
        "ok    board Onboarding",
        "ok    status Waiting",
        "ok    mfa_group MFA Users",
    ] {
        assert!(report.contains(line), "{line}: {report}");
    }
    let body = org.call("POST", "verify").send().expect(200).json();
    assert_eq!(body["ok"], true, "{body:#}");

    org.configure(&["ticket_status_waiting_input=Wating"]);
    let (report, failed) = operator_says(org.stack, &["verify", &org.id], "");
    assert!(failed, "{report}");
    assert!(report.contains("WRONG status Wating: ConnectWise has no status of this board named \"Wating\"; there are: New, In Progress, Waiting, Closed"), "{report}");
    let body = org.call("POST", "verify").send().expect(200).json();
    assert_eq!(body["ok"], false, "{body:#}");
    assert_eq!(org.call("GET", "verify").send().status, 404);
    let before = org.world.state();
    assert_eq!(before["effects"], json!({}), "verifying changes nothing");
}

#[test]
fn each_system_can_be_verified() {
    let org = Organisation::new("verify-each");
    for psa in ["autotask", "freshdesk", "halopsa", "kaseya_bms", "servicenow"] {
        org.use_psa(psa);
        let (report, failed) = operator_says(org.stack, &["verify", &org.id], "");
        assert!(!failed && report.contains(psa), "{report}");
    }
    for distributor in ["sherweb", "ingram_micro", "td_synnex"] {
        org.use_distributor(distributor);
        let (report, failed) = operator_says(org.stack, &["verify", &org.id], "");
        assert!(!failed && report.contains(distributor), "{report}");
    }
    let vaults = ["itglue", "hudu", "passportal"];
    vaults.iter().for_each(|vault| org.use_vault(vault));
    org.configure(&["onboarding_password_save_location=itglue,hudu,passportal"]);
    let (report, failed) = operator_says(org.stack, &["verify", &org.id], "");
    assert!(!failed, "{report}");
    for system in vaults {
        assert!(report.contains(system), "{system}: {report}");
    }
    org.is_company("td_synnex", "");
    let (report, failed) = operator_says(org.stack, &["verify", &org.id], "");
    assert!(
        failed && report.contains("the organisation has no company in td_synnex"),
        "{report}"
    );
}

#[test]
fn company_in_one_system_is_not_used_in_another() {
    let parent = Organisation::new("keys-msp");
    parent.use_psa("halopsa");
    parent.use_distributor("sherweb");
    let child = Organisation::new("keys-kid");
    child.belong_to(&parent);
    // A child's admin chooses the systems, and cannot change the companies that the operator has set.
    child
        .set(&json!({"default_psa": "halopsa", "ms_licensing_distributor": "sherweb"}))
        .expect(200);
    let body = child.call("POST", "verify").send().expect(200).json();
    let told = body.to_string();
    for system in ["halopsa", "sherweb"] {
        let missing =
            format!("the organisation has no company in {system}: the operator sets it with --company {system}=ID");
        assert!(told.contains(&missing), "{system}: {body:#}");
    }
    let checked = child
        .dry_run(&child.person("Ada", "Lovelace", &json!({})))
        .expect(200)
        .json();
    let warnings = checked["warnings"].to_string();
    for system in ["halopsa", "sherweb"] {
        assert!(
            warnings.contains(&format!("--company {system}=ID")),
            "{system}: {warnings}"
        );
    }
}
