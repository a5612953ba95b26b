//! A route is declared once, beside its handler. The template, the OpenAPI file and the role table in docs/pages.md state
//! it for API Gateway, for programs and for people: each of them has the declared routes, and no others.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that finds nothing fails its test"
)]

use std::collections::{BTreeMap, BTreeSet};

use api::{declared, deployed, documented, text, yaml};
use domain::role::Role;
use web::{Access, MemberAccess, Route, SignedIn, Verb};

/// Pages and their parts, which are no part of the JSON API.
const NOT_DOCUMENTED: [&str; 14] = [
    "GET /",
    "GET /sign-in",
    "POST /sign-in",
    "POST /sign-in/google",
    "GET /sign-in/google/callback",
    "POST /sign-out",
    "GET /static/{file}",
    "GET /orgs/{org}/onboardings/new",
    "GET /orgs/{org}/offboardings/new",
    "POST /orgs/{org}/variables",
    "POST /orgs/{org}/members/{member}",
    "POST /orgs/{org}/members/{member}/delete",
    "POST /orgs/{org}/credentials/{system}",
    "POST /orgs/{org}/tokens/{token}/revoke",
];

/// The GET routes that API Gateway lets HEAD through to, for mail scanners and monitors.
const ALSO_HEAD: [&str; 2] = ["decide HEAD /decide", "sign-in HEAD /health"];

/// Forms that work without a session. The browser says from which site a form was sent, so other sites cannot send
/// them.
const OWN_FORMS: [&str; 2] = ["POST /sign-in", "POST /sign-in/google"];

/// Routes without a role. They check a link's capability, a one-time link or an ID token, or need no proof.
const PUBLIC: [&str; 10] = [
    "GET /",
    "GET /decide",
    "GET /health",
    "GET /sign-in",
    "GET /sign-in/google/callback",
    "GET /static/{file}",
    "POST /decide",
    "POST /sign-in",
    "POST /sign-in/google",
    "POST /sign-out",
];

/// The rows of the role table in docs/pages.md, each with its routes below `/orgs/{org}`.
const ROWS: [(&str, &[&str]); 9] = [
    (
        "submit; own requests: see, cancel, reschedule",
        &[
            "GET /onboardings/new",
            "POST /onboardings",
            "GET /offboardings/new",
            "POST /offboardings",
            "GET /requests",
            "GET /requests/{id}",
            "POST /requests/{id}/cancel",
            "POST /requests/{id}/reschedule",
        ],
    ),
    // The handlers check more than the route's role.
    ("all requests of the organisation", &[]),
    (
        "variables with their history",
        &["GET /variables", "GET /variables/{name}"],
    ),
    ("cancel and reschedule any request", &[]),
    ("resume a failed request", &["POST /requests/{id}/resume"]),
    (
        "leave a failed step out of it; see, once, a password that reached no place",
        &["POST /requests/{id}/password"],
    ),
    ("pending: licenses", &["POST /requests/{id}/licenses/{license}"]),
    (
        "pending: approvals (never of what they asked for, nor their own offboarding)",
        &["POST /requests/{id}/approval"],
    ),
    (
        "change variables, verify the systems, members, tokens, credentials, audit",
        &[
            "PUT /variables",
            "POST /variables",
            "POST /verify",
            "GET /members",
            "POST /members",
            "GET /members/{member}",
            "PUT /members/{member}",
            "POST /members/{member}",
            "DELETE /members/{member}",
            "POST /members/{member}/delete",
            "POST /members/{member}/sign-out",
            "GET /tokens",
            "POST /tokens",
            "DELETE /tokens/{token}",
            "POST /tokens/{token}/revoke",
            "GET /credentials",
            "PUT /credentials/{system}",
            "POST /credentials/{system}",
            "GET /audit",
        ],
    ),
];

/// The one route in two rows: a member who may decide on either kind of gate can see what is pending.
const PENDING: &str = "GET /pending";

const RECENT: [&str; 16] = [
    "POST /requests/{id}/password",
    "POST /requests/{id}/approval",
    "POST /requests/{id}/licenses/{license}",
    "PUT /variables",
    "POST /variables",
    "POST /members",
    "PUT /members/{member}",
    "POST /members/{member}",
    "DELETE /members/{member}",
    "POST /members/{member}/delete",
    "POST /members/{member}/sign-out",
    "POST /tokens",
    "DELETE /tokens/{token}",
    "POST /tokens/{token}/revoke",
    "PUT /credentials/{system}",
    "POST /credentials/{system}",
];

fn all() -> Vec<Route> {
    declared().into_iter().flat_map(|(_, routes)| routes).collect()
}

/// The routes for members, by their keys below `/orgs/{org}`.
fn of_members() -> BTreeMap<String, (Route, MemberAccess)> {
    let routes = all().into_iter().filter_map(|route| match route.access {
        Access::Public | Access::OwnForm(_) => None,
        Access::Member(access) => {
            let path = route.path.strip_prefix("/orgs/{org}");
            let path = path.unwrap_or_else(|| panic!("{} is outside of an organisation", route.key()));
            Some((format!("{} {path}", route.verb.as_str()), (route, access)))
        }
    });
    routes.collect()
}

fn set<const N: usize>(texts: [&str; N]) -> BTreeSet<String> {
    texts.map(str::to_owned).into()
}

#[test]
fn every_declared_route_is_deployed_to_its_function() {
    let template = yaml("infra/template.yaml").expect("the template");
    let declared = declared().into_iter().flat_map(|(function, routes)| {
        let key = move |route: Route| format!("{function} {}", route.key());
        routes.into_iter().map(key)
    });
    let declared: Vec<String> = declared.chain(ALSO_HEAD.map(str::to_owned)).collect();
    let keys: BTreeSet<String> = declared.iter().cloned().collect();
    assert_eq!(keys.len(), declared.len(), "a route is declared twice");
    assert_eq!(keys, deployed(&template));
}

#[test]
fn every_declared_route_of_the_api_is_documented() {
    let openapi = yaml("infra/openapi.yaml").expect("the OpenAPI file");
    let declared: BTreeSet<String> = all().iter().map(Route::key).collect();
    let pages = set(NOT_DOCUMENTED);
    assert!(pages.is_subset(&declared), "each page is declared");
    assert_eq!(documented(&openapi), &declared - &pages);
}

#[test]
fn only_these_routes_ask_for_no_role() {
    let keys = |is: fn(&Access) -> bool| -> BTreeSet<String> {
        let routes = all().into_iter().filter(|route| is(&route.access));
        routes.map(|route| route.key()).collect()
    };
    assert_eq!(keys(|access| !matches!(access, Access::Member(_))), set(PUBLIC));
    assert_eq!(keys(|access| matches!(access, Access::OwnForm(_))), set(OWN_FORMS));
}

/// Reads the role table of docs/pages.md: for each row, which roles have an x.
fn role_table() -> BTreeMap<String, [bool; 5]> {
    let page = text("docs/pages.md").expect("the page");
    let lines = page.lines().skip_while(|line| *line != "## Who gets in where");
    let rows = lines.skip(2).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| -> Vec<String> {
        let line = line.trim_matches('|');
        line.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let mut rows = rows.map(cells);
    let head = rows.next().expect("a head");
    assert_eq!(head[1..], Role::ALL.map(Role::as_str), "a column for each role");
    rows.skip(1)
        .map(|cells| {
            let (what, marks) = cells.split_first().expect("a row");
            let marks: Vec<bool> = marks.iter().map(|mark| mark == "x").collect();
            (what.clone(), marks.try_into().expect("five roles"))
        })
        .collect()
}

#[test]
fn roles_by_route() {
    let (table, mut routes) = (role_table(), of_members());
    let rows: BTreeSet<String> = table.keys().cloned().collect();
    assert_eq!(rows, set(ROWS.map(|(row, _)| row)), "the rows of docs/pages.md");
    for (row, keys) in ROWS {
        for key in keys {
            let (_, access) = routes.remove(*key).unwrap_or_else(|| panic!("{key} is not declared"));
            assert_eq!(Role::ALL.map(|role| access.allows(role)), table[row], "{key}");
        }
    }
    let (_, access) = routes.remove(PENDING).expect("declared");
    let either = |index: usize| table[ROWS[6].0][index] || table[ROWS[7].0][index];
    let roles = Role::ALL.map(|role| access.allows(role));
    assert_eq!(roles, std::array::from_fn(either), "{PENDING}");
    assert!(routes.is_empty(), "without a row: {:?}", routes.keys());
    for (row, right) in [
        (ROWS[1].0, Role::sees_all_requests as fn(Role) -> bool),
        (ROWS[3].0, Role::cancels_and_reschedules),
        (ROWS[5].0, Role::skips_steps),
    ] {
        assert_eq!(Role::ALL.map(right), table[row], "{row}");
    }
}

#[test]
fn what_is_sensitive_asks_for_a_recent_sign_in() {
    let routes = of_members();
    let recent = routes.iter().filter_map(|(key, (_, access))| match access.signed_in() {
        SignedIn::Recently(page) => Some((key.clone(), page)),
        SignedIn::AnyTime | SignedIn::Offers => None,
    });
    let recent: BTreeMap<String, &str> = recent.collect();
    assert_eq!(recent.keys().cloned().collect::<BTreeSet<_>>(), set(RECENT));
    for (key, page) in recent {
        let is_page = |route: &Route| route.verb == Verb::Get && route.path == page;
        assert!(all().iter().any(is_page), "{key} leads back to {page}");
    }
}

#[test]
fn only_sign_in_reads_the_key_of_its_cookies() {
    let template = text("infra/template.yaml").expect("the template");
    let (before, after) = template.split_once("/sign-in-key-*").expect("the key");
    assert!(!after.contains("/sign-in-key-*"));
    let function = before.rfind("Function:\n").expect("a function");
    assert!(before[..function].ends_with("SignIn"));
}
