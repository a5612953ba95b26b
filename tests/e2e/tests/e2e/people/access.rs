//! Every route of an organisation: for each role, for another tenant, and without the CSRF token.

use std::{collections::BTreeSet, fs, path::Path};

use e2e::{http::Call, organisation::Organisation};
use serde_json::json;

/// Method, path, and whether basic, power_user, technician, approver and admin have access.
const ROUTES: [(&str, &str, [bool; 5]); 34] = [
    ("GET", "onboardings/new", EVERYBODY),
    ("POST", "onboardings", EVERYBODY),
    ("GET", "offboardings/new", EVERYBODY),
    ("POST", "offboardings", EVERYBODY),
    ("GET", "requests", EVERYBODY),
    ("GET", "requests/{id}", EVERYBODY),
    ("POST", "requests/{id}/cancel", EVERYBODY),
    ("POST", "requests/{id}/reschedule", EVERYBODY),
    ("POST", "requests/{id}/resume", [false, false, true, false, true]),
    ("POST", "requests/{id}/password", ADMINS),
    ("POST", "requests/{id}/approval", [false, false, false, true, true]),
    (
        "POST",
        "requests/{id}/licenses/{license}",
        [false, false, true, false, true],
    ),
    ("GET", "pending", [false, false, true, true, true]),
    ("GET", "variables", [false, false, true, true, true]),
    ("GET", "variables/{name}", [false, false, true, true, true]),
    ("PUT", "variables", ADMINS),
    ("POST", "variables", ADMINS),
    ("POST", "verify", ADMINS),
    ("GET", "members", ADMINS),
    ("POST", "members", ADMINS),
    ("GET", "members/{member}", ADMINS),
    ("PUT", "members/{member}", ADMINS),
    ("POST", "members/{member}", ADMINS),
    ("DELETE", "members/{member}", ADMINS),
    ("POST", "members/{member}/delete", ADMINS),
    ("POST", "members/{member}/sign-out", ADMINS),
    ("GET", "tokens", ADMINS),
    ("POST", "tokens", ADMINS),
    ("DELETE", "tokens/{token}", ADMINS),
    ("POST", "tokens/{token}/revoke", ADMINS),
    ("GET", "credentials", ADMINS),
    ("PUT", "credentials/{system}", ADMINS),
    ("POST", "credentials/{system}", ADMINS),
    ("GET", "audit", ADMINS),
];
const EVERYBODY: [bool; 5] = [true; 5];
const ADMINS: [bool; 5] = [false, false, false, false, true];
const ROLES: [&str; 5] = ["basic", "power_user", "technician", "approver", "admin"];

const NO_REQUEST: &str = "r00000000000000000000000000000000";
const NO_MEMBER: &str = "m00000000000000000000000000000000";
const NO_TOKEN: &str = "t00000000000000000000000000000000";

/// The values for the parameters of a path.
#[derive(Clone, Copy)]
struct Ids<'a> {
    request: &'a str,
    member: &'a str,
    token: &'a str,
}

const NOTHING: Ids<'static> = Ids {
    request: NO_REQUEST,
    member: NO_MEMBER,
    token: NO_TOKEN,
};

fn filled(path: &str, ids: Ids<'_>) -> String {
    path.replace("{id}", ids.request)
        .replace("{member}", ids.member)
        .replace("{token}", ids.token)
        .replace("{license}", "ENTERPRISEPACK")
        .replace("{name}", "timezone")
        .replace("{system}", "pax8")
}

#[test]
fn the_table_has_every_route_of_the_template() {
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/template.yaml");
    let template = fs::read_to_string(template).expect("the template");
    let routes = template
        .lines()
        .filter_map(|line| line.trim().strip_prefix("RouteKey: "));
    let deployed: BTreeSet<String> = routes
        .filter(|route| route.contains("/orgs/{org}"))
        .map(|route| route.replace("/orgs/{org}/", ""))
        .collect();
    let table = ROUTES.map(|(method, path, _)| format!("{method} {path}"));
    assert_eq!(BTreeSet::from(table), deployed);
}

#[test]
fn each_role_gets_in_where_it_may() {
    let org = Organisation::new("roles");
    for (place, role) in ROLES.into_iter().enumerate() {
        let token = org.token_of(role);
        for (method, path, allowed) in ROUTES {
            let path = filled(path, NOTHING);
            let answer = org.call_with(&token, method, &path).json(&json!({})).send();
            assert_ne!(answer.status, 401, "{role} {method} {path}");
            let refused = answer.status == 403;
            assert_eq!(refused, !allowed[place], "{role} {method} {path}: {}", answer.text);
        }
    }
}

#[test]
fn another_tenants_ids_are_answered_as_what_does_not_exist() {
    let (ours, theirs) = (Organisation::new("ours"), Organisation::new("theirs"));
    let request = theirs.submit(&theirs.person("Ada", "Lovelace", &json!({"manager": theirs.manager()})));
    let terry = format!("terry@{}.example", theirs.id);
    theirs.member(&terry, "Terry Tech", "technician");
    let member = theirs.members()[0]["id"].clone();
    let tokens = theirs.call("GET", "tokens").send().expect(200).json();
    let ids = Ids {
        request: &request.id,
        member: member.as_str().expect("an id"),
        token: tokens["tokens"][0]["id"].as_str().expect("an id"),
    };
    let secret = [ids.request, ids.member, ids.token, terry.as_str(), "Lovelace"];
    for (method, path, _) in ROUTES {
        let there = filled(path, ids);
        let asked = |org: &str, path: &str| {
            let url = format!("{}/orgs/{org}/{path}", ours.stack.api);
            Call::new(method, url)
                .header("accept", "application/json")
                .header("authorization", format!("Bearer {}", ours.token))
                .json(&json!({}))
                .send()
        };
        // Our admin at another organisation's addresses: the answer is that of an organisation that does not exist.
        let refused = asked(&theirs.id, &there);
        assert_eq!(refused.status, 404, "{method} {there}: {}", refused.text);
        assert_eq!(refused.text, asked("nobody-here", &there).text, "{method} {there}");
        // The other organisation's ids at our addresses: the answer is that of ids that do not exist.
        if ["{id}", "{member}", "{token}"].iter().any(|id| path.contains(id)) {
            let refused = asked(&ours.id, &there);
            assert_eq!(refused.status, 404, "{method} {there}: {}", refused.text);
            let unknown = asked(&ours.id, &filled(path, NOTHING));
            assert_eq!(refused.text, unknown.text, "{method} {there}");
        }
        assert!(
            secret.iter().all(|secret| !refused.text.contains(secret)),
            "{}",
            refused.text
        );
    }
    assert_eq!(theirs.requests("").len(), 1);
    assert_eq!(theirs.members().len(), 1);
    // The token was not revoked.
    theirs.call("GET", "tokens").send().expect(200);
}

#[test]
fn no_form_of_another_site_changes_anything() {
    let org = Organisation::new("forged");
    let admin = org.session(&format!("ann@{}.example", org.id), "Ann Admin", "admin");
    let other = org.session(&format!("bob@{}.example", org.id), "Bob Admin", "admin");
    let before = org.call("GET", "members").send().expect(200).text;
    for (method, path, _) in ROUTES.into_iter().filter(|(method, ..)| *method != "GET") {
        let path = filled(path, NOTHING);
        let refused = |call: Call, how: &str| {
            let answer = call.send();
            assert_eq!(answer.status, 403, "{method} {path} {how}: {}", answer.text);
            assert!(answer.text.contains("not of this session"), "{}", answer.text);
        };
        let call = || admin.without_csrf(method, &path);
        refused(call().json(&json!({})), "without a token");
        for wrong in ["", "wrong", other.csrf()] {
            refused(
                call().header("x-csrf-token", wrong).json(&json!({})),
                "with a wrong header",
            );
            let form = format!("csrf={wrong}&email=eve%40evil.example&name=Eve&role=admin");
            let form = call().body("application/x-www-form-urlencoded", form);
            refused(form, "with a wrong field");
        }
    }
    assert_eq!(org.call("GET", "members").send().expect(200).text, before);
}

#[test]
fn a_forged_form_raises_no_role() {
    let org = Organisation::new("raised");
    let email = format!("basil@{}.example", org.id);
    let basic = org.session(&email, "Basil Basic", "basic");
    let list = || org.members();
    let own = list()[0]["id"].as_str().expect("an id").to_owned();
    let wish = json!({"name": "Basil Basic", "role": "admin"});
    assert_eq!(basic.send("PUT", &format!("members/{own}"), &wish).status, 403);
    assert_eq!(basic.submit(&format!("members/{own}"), "name=B&role=admin").status, 403);
    let add = json!({"email": "eve@evil.example", "name": "Eve", "role": "admin"});
    assert_eq!(basic.post("members", &add).status, 403);
    // The forms that they may use ignore a role.
    let more = json!({"manager": org.manager(), "role": "admin"});
    let answer = basic.post("onboardings", &org.person("Ada", "Lovelace", &more));
    assert_eq!(answer.wrong_fields(), ["role"]);
    let form = basic.submit("onboardings", "first_name=Ada&last_name=Lovelace&role=admin");
    assert_eq!(form.status, 422, "{}", form.text);
    assert_eq!(list()[0]["role"], "basic");
    assert_eq!(list().len(), 1);
}

#[test]
fn a_parents_members_act_in_its_children_and_nowhere_else() {
    let (parent, child, sister) = (
        Organisation::new("msp"),
        Organisation::new("child"),
        Organisation::new("sister"),
    );
    child.belong_to(&parent);
    sister.belong_to(&parent);
    let request = child.submit(&child.person("Ada", "Lovelace", &json!({"manager": child.manager()})));
    let technician = parent.session(&format!("terry@{}.example", parent.id), "Terry Tech", "technician");
    let there = technician.at(&child);
    there.get(&format!("requests/{}", request.id)).expect(200);
    there.get("pending").expect(200);
    // They have their own role, and no more.
    assert_eq!(there.get("members").status, 403);
    assert_eq!(
        there
            .send("PUT", "variables", &json!({"timezone": "Europe/Berlin"}))
            .status,
        403
    );
    let admin = child.call_with(&parent.token, "PUT", "variables");
    admin.json(&json!({"timezone": "Europe/Berlin"})).send().expect(200);
    // They have no access to the parent's parent or to other organisations.
    for elsewhere in [&parent, &sister] {
        for path in ["requests", "variables", "members", "audit", "credentials", "pending"] {
            let answer = elsewhere.call_with(&child.token, "GET", path).send();
            assert_eq!(answer.status, 404, "{path}: {}", answer.text);
        }
    }
}
