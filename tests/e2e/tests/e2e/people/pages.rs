//! Checks in a real browser that people can find and use the pages, and that the pages are accessible.

use e2e::{
    browser::Browser,
    engine::engine,
    organisation::Organisation,
    request::Request,
    session::{COOKIE, signed_in_ago},
    wait::until,
};
use serde_json::json;

fn address(org: &Organisation, name: &str) -> String {
    format!("{name}@{}.example", org.id)
}

/// Signs in a new member in a browser of their own.
fn signed_in(org: &Organisation, name: &str, role: &str) -> Browser {
    let email = address(org, name);
    org.member(&email, name, role);
    let browser = Browser::start();
    browser.open(&org.sign_in_link(&email));
    browser.is_fit_for_everybody("sign-in-link");
    browser.go("main form button");
    assert!(browser.url().ends_with("/onboardings/new"), "{}", browser.url());
    browser
}

/// Lists the links of the navigation.
fn offered(browser: &Browser) -> Vec<String> {
    let script = "return [...document.querySelectorAll('nav a')].map(link => link.innerText)";
    serde_json::from_value(browser.run(script)).expect("texts")
}

#[test]
#[ignore = "needs chromium and chromedriver"]
fn axe_finds_what_is_wrong() {
    let org = Organisation::new("axe");
    let browser = Browser::start();
    browser.open(&format!("{}/sign-in", org.stack.api));
    browser.is_fit_for_everybody("sign-in");
    browser.run("document.querySelector('main').append(document.createElement('input'))");
    let found = browser.findings();
    assert!(found.iter().any(|finding| finding.starts_with("label")), "{found:?}");
}

#[test]
#[ignore = "needs chromium and chromedriver"]
fn an_approver_finds_a_request_under_pending_and_approves() {
    let org = Organisation::approving(&engine().patient, "pending", &json!({}), &[]);
    let mary = signed_in(&org, "mary", "basic");
    assert_eq!(offered(&mary), ["New onboarding", "New offboarding", "Requests"]);
    mary.is_fit_for_everybody("onboarding-form");
    mary.fill("#first_name", "Ada");
    mary.fill("#last_name", "Lovelace");
    mary.fill("#manager", org.manager());
    mary.click("main form button:not([name])");
    until("the request's page", || {
        mary.url().contains("/requests/r").then_some(())
    });
    let id = mary.url().rsplit('/').next().expect("an id").to_owned();
    let request = Request {
        org: &org,
        id,
        kind: "onboarding",
    };
    let (approve, deny) = request.approval_links(org.approver(), "Ada Lovelace");

    let hana = signed_in(&org, "hana", "approver");
    hana.follow("Pending");
    hana.waits_for_text("Ada Lovelace");
    hana.is_fit_for_everybody("pending");
    // Without a reason the form is not sent.
    hana.click("main article form button.danger");
    assert!(hana.url().ends_with("/pending") && hana.has("textarea:invalid"));
    hana.go("main article form button:not(.danger)");
    hana.waits_for_text("Nothing waits for a decision of yours");
    request.ends("completed");
    let by = address(&org, "hana");
    assert!(request.has_note(&format!("was approved by {by}")));
    assert_eq!(request.decisions(), ["approved by session"]);

    // A later click on a mailed link shows the decision.
    let alex = Browser::start();
    alex.open(&deny);
    alex.waits_for_text(&format!("was already approved by {by}"));
    alex.open(&approve);
    alex.waits_for_text("is approved");
    mary.open(&mary.url());
    mary.waits_for_text(&format!("approved by {by}"));
    mary.is_fit_for_everybody("request");
    mary.follow("Requests");
    mary.fill("#text", "lovelace");
    mary.go("main form button");
    mary.waits_for_text("Ada Lovelace");
    mary.is_fit_for_everybody("requests");
    mary.replace("#text", "nobody of this name");
    mary.go("main form button");
    mary.waits_for_text("There are no requests to show");
}

#[test]
#[ignore = "needs chromium and chromedriver"]
fn an_approver_denies_by_the_mailed_link_with_a_reason() {
    let org = Organisation::approving(&engine().patient, "deny-page", &json!({}), &[]);
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    let (approve, deny) = request.approval_links(org.approver(), "Ada Lovelace");
    let browser = Browser::start();
    browser.open(&approve);
    browser.is_fit_for_everybody("approve-link");
    browser.open(&deny);
    browser.is_fit_for_everybody("deny-link");
    browser.click("main form button");
    assert!(browser.has("#reason:invalid"));
    browser.fill("#reason", "There is no budget <script>alert(1)</script>");
    browser.go("main form button");
    browser.waits_for_text("is denied");
    request.ends("denied");
    let note = request.note("was denied by").replace('\u{200b}', "");
    assert!(note.contains("There is no budget <script>"), "{note}");
    // Text that somebody wrote is shown as it was written.
    let terry = signed_in(&org, "terry", "technician");
    terry.open(&org.url(&format!("requests/{}", request.id)));
    terry.waits_for_text("There is no budget <script>alert(1)</script>");
}

#[test]
#[ignore = "needs chromium and chromedriver"]
fn window_closes_after_a_license_is_confirmed_by_link() {
    let org = Organisation::new("confirm-page");
    let more = json!({"manager": org.manager(), "licenses": ["ENTERPRISEPACK"], "license_purchase": "manual"});
    let request = org.submit(&org.person("Ada", "Lovelace", &more));
    let (confirm, _) = request.license_links();
    // A person who is not signed in gets a page with a button.
    let stranger = Browser::start();
    stranger.open(&confirm);
    stranger.is_fit_for_everybody("license-link");
    let terry = signed_in(&org, "terry", "technician");
    terry.follow("Pending");
    terry.waits_for_text("License ENTERPRISEPACK");
    terry.is_fit_for_everybody("pending-license");
    org.world.buy_seats("ENTERPRISEPACK", 1, 0);
    terry.open_beside(&confirm);
    until("the window to close, or to say that it can be", || {
        (terry.windows() == 1 || terry.says("close this window")).then_some(())
    });
    request.ends("completed");
    assert!(request.has_note("has been purchased manually"));
    // Anybody can click on the ticket's link, so the request shows who did.
    let view = request.view().to_string();
    assert!(view.contains(&format!("by {}", address(&org, "terry"))), "{view}");
}

#[test]
#[ignore = "needs chromium and chromedriver"]
fn form_follows_a_changed_role_and_variable() {
    let org = Organisation::new("admin-pages");
    let mary = signed_in(&org, "mary", "basic");
    assert!(
        mary.text()
            .contains("Noted on the ticket; the user is created at once.")
    );
    let ann = signed_in(&org, "ann", "admin");
    let all = [
        "Requests",
        "Pending",
        "Variables",
        "Credentials",
        "Members",
        "Tokens",
        "Audit",
    ];
    assert_eq!(offered(&ann)[2..], all);
    ann.follow("New offboarding");
    ann.is_fit_for_everybody("offboarding-form");

    ann.follow("Members");
    ann.waits_for_text(&address(&org, "mary"));
    ann.is_fit_for_everybody("members");
    let mary_id = org.member_with(&address(&org, "mary")).expect("a member")["id"].clone();
    ann.go(&format!("main tbody a[href$='{}']", mary_id.as_str().expect("an id")));
    ann.is_fit_for_everybody("member");
    ann.choose("#role", "technician");
    ann.go("main form button:not(.danger)");
    ann.fill("#email", "otto@gmail.com");
    ann.fill("#name", "Otto <b>Other</b>");
    ann.choose("#role", "approver");
    ann.go("main form button");
    ann.waits_for_text("Otto <b>Other</b>");

    ann.follow("Variables");
    ann.is_fit_for_everybody("variables");
    ann.choose("#allow_scheduled_user_creation", "true");
    ann.go("main form > button");
    mary.open(&mary.url());
    mary.waits_for_text("The user is created that day, at the organisation's start time.");
    assert_eq!(offered(&mary)[2..], ["Requests", "Pending", "Variables"]);

    ann.open(&org.url("variables/allow_scheduled_user_creation"));
    let history = ann.waits_for_text("History");
    assert!(history.contains(&address(&org, "ann")), "{history}");
    ann.is_fit_for_everybody("variable");
    ann.follow("Credentials");
    ann.click("#content details:last-of-type summary");
    ann.is_fit_for_everybody("credentials");
    ann.fill("#pwpush-address", "https://pwpush.example.com");
    ann.fill("#pwpush-api_token", "sesame-open-4711");
    ann.go("#content details:last-of-type button");
    ann.waits_for_text("pwpush: set on");
    assert!(
        !ann.run("return document.documentElement.outerHTML")
            .to_string()
            .contains("sesame")
    );
    ann.follow("Audit");
    let audit = ann.waits_for_text("credentials.set");
    assert!(
        audit.contains("member.changed") && audit.contains("variable.set"),
        "{audit}"
    );
    ann.is_fit_for_everybody("audit");
}

#[test]
#[ignore = "needs chromium and chromedriver"]
fn admin_makes_and_revokes_a_token_after_a_new_sign_in() {
    let org = Organisation::new("token-page");
    let ann = signed_in(&org, "ann", "admin");
    ann.follow("Tokens");
    ann.waits_for_text("tests");
    ann.is_fit_for_everybody("tokens");
    ann.fill("#name", "payroll");
    ann.choose("#role", "technician");
    ann.replace("#days", "30");
    ann.go("main > form button");
    let token = ann.run("return document.querySelector('main code').innerText");
    let token = token.as_str().expect("a token");
    let status = || org.call_with(token, "GET", "requests").send().status;
    assert_eq!(status(), 200);
    // The documentation has no picture of this page.
    assert_eq!(ann.findings(), Vec::<String>::new());
    ann.follow("Tokens");
    assert!(ann.waits_for_text("payroll").contains(&address(&org, "ann")));

    // A quarter of an hour later the page asks for a new sign-in, and leads there and back.
    signed_in_ago(org.stack, &ann.cookie(COOKIE), 16);
    ann.follow("Tokens");
    ann.waits_for_text("more than fifteen minutes ago");
    ann.go("tbody tr:first-child form button");
    ann.waits_for_text("needs a sign-in of the last fifteen minutes");
    ann.is_fit_for_everybody("sign-in-again");
    assert_eq!(status(), 200);
    ann.open(&org.sign_in_link(&address(&org, "ann")));
    ann.go("main form button");
    assert!(ann.url().ends_with("/tokens"), "{}", ann.url());
    assert!(!ann.text().contains("fifteen minutes"), "{}", ann.text());
    ann.go("tbody tr:first-child form button");
    ann.waits_for_text("revoked");
    assert_eq!(status(), 401);
}

#[test]
#[ignore = "needs chromium and chromedriver"]
fn sessions_end_everywhere_by_the_member_and_by_an_admin() {
    let org = Organisation::new("everywhere-page");
    let (here, there) = (signed_in(&org, "mary", "basic"), signed_in(&org, "mary", "basic"));
    here.go("form.sign-out button[name=everywhere]");
    for browser in [&here, &there] {
        browser.open(&org.url("requests"));
        assert!(browser.url().contains("/sign-in?next="), "{}", browser.url());
        browser.waits_for_text("you come back to the page that you asked for");
    }
    let again = signed_in(&org, "mary", "basic");
    let ann = signed_in(&org, "ann", "admin");
    ann.follow("Members");
    let mary = org.member_with(&address(&org, "mary")).expect("a member")["id"].clone();
    ann.go(&format!("main tbody a[href$='{}']", mary.as_str().expect("an id")));
    ann.go("main form[action$='/sign-out'] button");
    again.open(&org.url("requests"));
    assert!(again.url().contains("/sign-in?next="), "{}", again.url());
    ann.follow("Audit");
    ann.waits_for_text("member.sessions_ended");
}

#[test]
#[ignore = "needs chromium and chromedriver"]
fn a_technician_resumes_a_failed_request_on_its_page() {
    let org = Organisation::new("resume-page");
    org.world.spoil("graph", "POST /users", "400", &json!({"times": 100}));
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    request.ends("failed");
    org.world.end_bad_days();
    let terry = signed_in(&org, "terry", "technician");
    terry.open(&org.url(&format!("requests/{}", request.id)));
    terry.waits_for_text("Failed: create-user");
    terry.is_fit_for_everybody("request-failed");
    terry.go("form[action$='/resume'] button");
    request.ends("completed");
    terry.open(&terry.url());
    assert!(!terry.has("form[action$='/resume']"));
}

#[test]
#[ignore = "needs chromium and chromedriver"]
fn an_admin_is_shown_a_kept_password_once() {
    let org = Organisation::with("kept-page", &["store_password_in_ticket=0"]);
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({})));
    request.note("could not be handed over");
    let page = org.url(&format!("requests/{}", request.id));
    let terry = signed_in(&org, "terry", "technician");
    terry.open(&page);
    assert!(!terry.has("form[action$='/password']"));
    let ann = signed_in(&org, "ann", "admin");
    ann.open(&page);
    ann.is_fit_for_everybody("request-kept");
    ann.go("form[action$='/password'] button");
    let password = ann.run("return document.querySelector('main code').innerText");
    let password = password.as_str().expect("a password");
    assert_eq!(org.world.sign_in(&org.upn("alovelace"), password), (true, true));
    // The documentation has no picture of this page.
    assert_eq!(ann.findings(), Vec::<String>::new());
    ann.open(&page);
    assert!(!ann.has("form[action$='/password']"));
    request.ends("completed_with_warnings");
}
