//! How sessions and sign-in links end, and which routes need a recent sign-in.

use e2e::{
    google::{Account, Begun, come_back, session},
    http::{Answer, Call},
    organisation::{Organisation, operator},
    session::{COOKIE, Session},
};
use serde_json::{Value, json};

fn address(org: &Organisation, name: &str) -> String {
    format!("{name}@{}.example", org.id)
}

fn member<'a>(org: &'a Organisation, name: &str, role: &str) -> Session<'a> {
    org.session(&address(org, name), name, role)
}

fn again<'a>(org: &'a Organisation, name: &str) -> Session<'a> {
    Session::begin(org, &org.sign_in_link(&address(org, name)))
}

/// Checks that the session can neither read nor change anything.
fn is_over(session: &Session<'_>) {
    assert_eq!(session.get("requests").status, 401);
    assert_eq!(session.post("onboardings", &json!({})).status, 401);
    let page = session.page("requests");
    assert_eq!(page.status, 303, "{}", page.text);
    assert!(page.header("location").contains("/sign-in"), "{page:?}");
}

#[test]
fn a_copied_cookie_is_worth_nothing_after_sign_out() {
    let org = Organisation::new("signed-out");
    let ann = member(&org, "ann", "admin");
    let elsewhere = again(&org, "ann");
    ann.get("requests").expect(200);
    ann.sign_out(false);
    is_over(&ann);
    // They stay signed in in another browser.
    elsewhere.get("requests").expect(200);
}

#[test]
fn a_new_sign_in_ends_the_session_that_the_browser_brought() {
    let org = Organisation::new("again");
    let ann = member(&org, "ann", "basic");
    let link = org.sign_in_link(&address(&org, "ann"));
    let signed_in = Call::new("POST", &link)
        .header("accept", "text/html")
        .header("cookie", ann.cookie())
        .send()
        .expect(303);
    let cookie = signed_in.headers.get_all("set-cookie").iter();
    let mut cookies = cookie.filter_map(|cookie| cookie.to_str().ok());
    let cookie = cookies.find(|cookie| cookie.starts_with(COOKIE)).expect("a session");
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    assert_ne!(cookie, ann.cookie());
    is_over(&ann);
    Session::with_cookie(&org, cookie).get("requests").expect(200);
}

#[test]
fn a_member_signs_out_everywhere_and_an_admin_ends_all_sessions() {
    let org = Organisation::new("everywhere");
    let ann = member(&org, "ann", "admin");
    let first = member(&org, "bob", "basic");
    let second = again(&org, "bob");
    first.sign_out(true);
    is_over(&first);
    is_over(&second);
    ann.get("requests").expect(200);

    let (third, fourth) = (again(&org, "bob"), again(&org, "bob"));
    let outstanding = org.sign_in_link(&address(&org, "bob"));
    let path = format!("members/{}/sign-out", org.id_of(&ann, &address(&org, "bob")));
    assert_eq!(third.post(&path, &json!({})).status, 403);
    ann.post(&path, &json!({})).expect(200);
    is_over(&third);
    is_over(&fourth);
    // Somebody who got hold of a link cannot begin a new session with it.
    for method in ["GET", "POST"] {
        let answer = Call::new(method, &outstanding).header("accept", "text/html").send();
        assert_eq!(answer.status, 404, "{method}: {}", answer.text);
    }
    again(&org, "bob").get("requests").expect(200);
    // As the member's page sends it.
    let page = ann.submit(&path, "");
    assert_eq!(page.status, 303, "{}", page.text);
    let audit = ann.get("audit?what=member.sessions_ended").expect(200).json();
    let who: Vec<&str> = audit["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|entry| entry["name"].as_str().unwrap_or_default())
        .collect();
    let (by_ann, by_bob) = (address(&org, "ann"), address(&org, "bob"));
    assert_eq!(who, [&by_ann, &by_ann, &by_bob]);
}

#[test]
fn session_ends_after_an_idle_hour_and_after_eight_hours() {
    let org = Organisation::new("idle");
    let used = member(&org, "ann", "basic");
    assert_eq!(used.seen_at(), None, "the first minutes write nothing");
    used.signed_in_ago(470);
    used.unused_for(50);
    let before = used.seen_at();
    used.get("requests").expect(200);
    let after = used.seen_at();
    assert_ne!(before, after, "the use is written down");
    used.get("requests").expect(200);
    assert_eq!(used.seen_at(), after, "and not at each call");
    used.signed_in_ago(481);
    is_over(&used);

    let idle = again(&org, "ann");
    idle.signed_in_ago(90);
    idle.unused_for(61);
    is_over(&idle);
    let never_used = again(&org, "ann");
    never_used.signed_in_ago(61);
    is_over(&never_used);
}

/// Without the message it would look as if the other sessions had ended.
#[test]
fn who_signs_out_everywhere_too_late_is_told_so() {
    let org = Organisation::new("too-late");
    let ended = member(&org, "ann", "basic");
    let elsewhere = again(&org, "ann");
    ended.signed_in_ago(61);
    let answer = Call::new("POST", format!("{}/sign-out", org.stack.api))
        .header("accept", "text/html")
        .header("cookie", ended.cookie())
        .body("application/x-www-form-urlencoded", "everywhere=1")
        .send()
        .expect(303);
    let location = answer.header("location").to_owned();
    assert!(location.ends_with("/sign-in?nobody=1"), "{location}");
    let page = Call::new("GET", format!("{}/sign-in?nobody=1", org.stack.api))
        .header("accept", "text/html")
        .send()
        .expect(200);
    assert!(page.text.contains("were not ended"), "{}", page.text);
    elsewhere.get("requests").expect(200);
}

/// Routes that need a recent sign-in, each with the page to which the sign-in returns.
const SENSITIVE: [(&str, &str, &str); 16] = [
    ("POST", "requests/ID/password", "requests/ID"),
    ("POST", "requests/ID/approval", "pending"),
    ("POST", "requests/ID/licenses/SPB", "pending"),
    ("PUT", "variables", "variables"),
    ("POST", "variables", "variables"),
    ("POST", "members", "members"),
    ("PUT", "members/MEMBER", "members/MEMBER"),
    ("POST", "members/MEMBER", "members/MEMBER"),
    ("DELETE", "members/MEMBER", "members/MEMBER"),
    ("POST", "members/MEMBER/delete", "members/MEMBER"),
    ("POST", "members/MEMBER/sign-out", "members/MEMBER"),
    ("POST", "tokens", "tokens"),
    ("DELETE", "tokens/TOKEN", "tokens"),
    ("POST", "tokens/TOKEN/revoke", "tokens"),
    ("PUT", "credentials/pwpush", "credentials"),
    ("POST", "credentials/pwpush", "credentials"),
];

#[test]
fn sensitive_routes_need_a_sign_in_within_fifteen_minutes() {
    let org = Organisation::new("recent");
    let ann = member(&org, "ann", "admin");
    let bob = address(&org, "bob");
    org.member(&bob, "Bob", "basic");
    let bob = org.id_of(&ann, &bob);
    let filled = |path: &str| {
        path.replace("ID", "r00000000000000000000000000000000")
            .replace("MEMBER", &bob)
            .replace("TOKEN", "t00000000000000000000000000000000")
    };
    ann.signed_in_ago(16);
    for (method, path, back) in SENSITIVE {
        let path = filled(path);
        let refused = ann.send(method, &path, &json!({}));
        assert_eq!(refused.status, 401, "{method} {path}: {}", refused.text);
        let problem = refused.json();
        assert_eq!(problem["type"], "urn:gangway:problem:sign-in-again", "{problem}");
        assert_eq!(problem["title"], "Sign in again");
        if method == "POST" {
            let page = ann.submit(&path, "name=x");
            let expected = format!("/sign-in?next=/orgs/{}/{}", org.id, filled(back));
            assert_eq!(page.status, 303, "{path}: {}", page.text);
            assert!(page.header("location").ends_with(&expected), "{path}: {page:?}");
        }
    }
    assert!(ann.get("members").expect(200).text.contains(&bob));
    // Everything else still works, and pages with such forms say so beforehand.
    let ada = org.person("Ada", "Lovelace", &json!({"manager": org.manager()}));
    ann.post("onboardings?dry_run=true", &ada).expect(200);
    ann.get("variables").expect(200);
    assert!(ann.page("variables").expect(200).text.contains("sign in again"));
    assert!(ann.page("members").expect(200).text.contains("sign in again"));
    assert!(!ann.page("requests").expect(200).text.contains("sign in again"));
    // A program has no sign-in that could be too old.
    org.call("PUT", &format!("members/{bob}"))
        .json(&json!({"name": "Robert", "role": "basic"}))
        .send()
        .expect(200);
    let recent = again(&org, "ann");
    assert!(!recent.page("members").expect(200).text.contains("sign in again"));
    recent
        .send(
            "PUT",
            &format!("members/{bob}"),
            &json!({"name": "Bob", "role": "basic"}),
        )
        .expect(200);
}

/// The cookie that remembers the page to return to.
fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let cookies = answer.headers.get_all("set-cookie").iter();
    let mut cookies = cookies.filter_map(|cookie| cookie.to_str().ok());
    let cookie = cookies.find(|cookie| cookie.starts_with(&format!("{name}=")))?;
    cookie.split(';').next().map(str::to_owned)
}

const NEXT: &str = "__Host-gangway_next";

fn sign_in_page(org: &Organisation, next: &str) -> Answer {
    Call::new("GET", format!("{}/sign-in?next={next}", org.stack.api))
        .header("accept", "text/html")
        .send()
        .expect(200)
}

#[test]
fn sign_in_returns_to_the_page_before_it_and_only_to_ours() {
    let org = Organisation::new("come-back");
    org.auto_onboarding_on();
    let email = address(&org, "ann");
    org.member(&email, "Ann", "admin");
    let page = format!("/orgs/{}/pending", org.id);
    let next = cookie(&sign_in_page(&org, &page), NEXT).expect("a cookie");
    let redeem = |cookie: &str| {
        let link = org.sign_in_link(&email);
        let answer = Call::new("POST", &link)
            .header("accept", "text/html")
            .header("cookie", cookie);
        answer.send().expect(303).header("location").to_owned()
    };
    let form = format!("/orgs/{}/onboardings/new", org.id);
    assert!(redeem(&next).ends_with(&page));
    assert!(redeem("other=1").ends_with(&form));
    // A changed cookie, or a page of another organisation, leads to the member's own form.
    assert!(redeem(&format!("{next}A")).ends_with(&form));
    let other = Organisation::new("come-back-b");
    let theirs = cookie(&sign_in_page(&org, &format!("/orgs/{}/pending", other.id)), NEXT);
    assert!(redeem(&theirs.expect("a cookie")).ends_with(&form));
    // A parent's member returns to a child's page.
    other.belong_to(&org);
    let child = format!("/orgs/{}/pending", other.id);
    let theirs = cookie(&sign_in_page(&org, &child), NEXT);
    assert!(redeem(&theirs.expect("a cookie")).ends_with(&child));
    // A sign-in with Google returns there as well.
    let gina = Account::at(&org, "gina", &json!({}));
    let begun = Begun::new(org.stack, "");
    let back = come_back(&gina.pick(&begun), Some(&format!("{next}; {}", begun.cookie))).expect(303);
    assert!(back.header("location").ends_with(&page), "{back:?}");

    for elsewhere in [
        "https://evil.example/",
        "//evil.example/orgs/x",
        "/decide?c=secret",
        "/decide",
        "/orgs/acme/../../decide",
        "%2F%2Fevil.example",
        "/orgs/acme/%2e%2e/%2e%2e/decide",
        "/orgs/acme/a?c=b",
    ] {
        assert_eq!(cookie(&sign_in_page(&org, elsewhere), NEXT), None, "{elsewhere}");
    }
    // A person who is not signed in returns to the page that they asked for.
    let asked = Call::new("GET", org.url("requests"))
        .header("accept", "text/html")
        .send();
    let expected = format!("/sign-in?next=/orgs/{}/requests", org.id);
    assert!(asked.header("location").ends_with(&expected), "{asked:?}");
}

#[test]
fn only_the_newest_sign_in_link_works_and_only_once() {
    let org = Organisation::new("newest");
    let email = address(&org, "ann");
    org.member(&email, "Ann", "basic");
    let (first, second) = (org.sign_in_link(&email), org.sign_in_link(&email));
    let status = |method, link: &str| Call::new(method, link).header("accept", "text/html").send().status;
    assert_eq!((status("GET", &first), status("POST", &first)), (404, 404));
    assert_eq!(status("GET", &second), 200);
    let third = org.sign_in_link(&email);
    assert_eq!(status("POST", &second), 404);
    assert_eq!(status("POST", &third), 303);
    for link in [&first, &second, &third] {
        assert_eq!((status("GET", link), status("POST", link)), (404, 404));
    }
    // Another member's link belongs to that member.
    let other = address(&org, "bob");
    org.member(&other, "Bob", "basic");
    let (anns, bobs) = (org.sign_in_link(&email), org.sign_in_link(&other));
    assert_eq!((status("POST", &bobs), status("POST", &anns)), (303, 303));
}

#[test]
fn link_of_a_deleted_member_is_refused_and_audited_once() {
    let org = Organisation::new("deleted-link");
    let ann = member(&org, "ann", "admin");
    let bob = address(&org, "bob");
    org.member(&bob, "Bob", "basic");
    let link = org.sign_in_link(&bob);
    let path = format!("members/{}", org.id_of(&ann, &bob));
    ann.send("DELETE", &path, &json!({})).expect(200);
    for _ in 0..2 {
        assert_eq!(Call::new("POST", &link).send().status, 404);
    }
    assert_eq!(org.sign_ins("sign_in.refused"), ["deleted"]);
}

/// A lured technician decides nothing unless they have just signed in.
#[test]
fn a_license_page_sends_itself_only_after_a_recent_sign_in() {
    let org = Organisation::new("lure");
    let more = json!({"manager": org.manager(), "licenses": ["ENTERPRISEPACK"], "license_purchase": "manual"});
    let request = org.submit(&org.person("Ada", "Lovelace", &more));
    let (confirm, reject) = request.license_links();
    let terry = member(&org, "terry", "technician");
    let sends = || {
        let page = Call::new("GET", &confirm).header("accept", "text/html");
        let page = page.header("cookie", terry.cookie()).send().expect(200).text;
        assert!(page.contains("data-close"), "{page}");
        page.contains("data-send")
    };
    assert!(sends());
    terry.signed_in_ago(16);
    assert!(!sends());
    // The button still works, and the request shows who pressed it.
    let press = Call::new("POST", &reject).header("accept", "application/json");
    let told: Value = press.header("cookie", terry.cookie()).send().expect(200).json();
    assert_eq!(told["decided_by"], address(&org, "terry"));
    request.ends("completed_with_warnings");
}

#[test]
fn a_rotated_key_breaks_no_sign_in_that_is_under_way() {
    let org = Organisation::new("rotated");
    org.auto_onboarding_on();
    let gina = Account::at(&org, "gina", &json!({}));
    let begun = Begun::new(org.stack, "");
    let here = gina.session(&org);
    operator(org.stack, &["sign-in-key", "rotate"], "").expect("a new key");
    session(&org, &come_back(&gina.pick(&begun), Some(&begun.cookie)));
    gina.session(&org).get("requests").expect(200);
    // Nobody is signed out by it.
    here.get("requests").expect(200);
}
