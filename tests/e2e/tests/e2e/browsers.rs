//! Pages in a real browser.

use e2e::{browser::Browser, engine::engine, organisation::Organisation, request::Request, wait::until};
use serde_json::json;

const E3: &str = "ENTERPRISEPACK";

#[test]
#[ignore = "needs chromium and chromedriver"]
fn page_script_without_sign_in_decides_nothing() {
    let org = Organisation::approving(&engine().patient, "prefetched", &json!({}), &[]);
    let more = json!({"manager": org.manager(), "licenses": [E3], "license_purchase": "manual"});
    let request = org.submit(&org.person("Ada", "Lovelace", &more));
    request.until("waiting_approval");
    let (approve, deny) = request.approval_links(org.approver(), "Ada Lovelace");
    let browser = Browser::start();
    for link in [&approve, &deny] {
        look(&browser, link);
    }
    assert_eq!(request.status(), "waiting_approval");
    browser.open(&approve);
    browser.click("main form button");
    browser.waits_for_text("is approved");
    request.until("waiting_license");
    let (confirm, reject) = request.license_links();
    for link in [&confirm, &reject] {
        look(&browser, link);
    }
    assert_eq!(request.status(), "waiting_license");
    assert_eq!(request.decisions().len(), 1);

    // The license link's page submits itself by script. Its window closes, or says that it can be closed.
    browser.open(&reject);
    browser.click("main form button");
    until("the window to close, or to say that it can be", || {
        (browser.windows() == 0 || browser.says("close this window")).then_some(())
    });
    request.ends("completed_with_warnings");
    assert!(request.has_note("was not purchased"));
}

/// Opens the page and lets its script run.
fn look(browser: &Browser, link: &str) {
    for _ in 0..3 {
        browser.open(link);
        until("the page's script", || {
            (browser.run("return document.readyState") == "complete").then_some(())
        });
        assert!(browser.has("main form button"), "{}", browser.text());
        let script =
            "return performance.getEntriesByType('resource').some(entry => entry.name.endsWith('/gangway.js'))";
        assert_eq!(browser.run(script), true);
    }
}

#[test]
#[ignore = "needs chromium and chromedriver"]
fn a_signed_in_technicians_click_on_a_license_link_is_enough() {
    let org = Organisation::new("one-click");
    let more = json!({"manager": org.manager(), "licenses": [E3], "license_purchase": "manual"});
    let request = org.submit(&org.person("Ada", "Lovelace", &more));
    let (_, reject) = request.license_links();
    let browser = Browser::start();
    let email = format!("terry@{}.example", org.id);
    org.member(&email, "Terry Tech", "technician");
    sign_in(&browser, &org, &email);
    browser.open(&reject);
    request.ends("completed_with_warnings");
    assert!(request.has_note("was not purchased"));
}

fn sign_in(browser: &Browser, org: &Organisation, email: &str) {
    browser.open(&org.sign_in_link(email));
    assert!(browser.text().contains(email), "{}", browser.text());
    browser.click("main form button");
    until("the form", || browser.url().ends_with("/onboardings/new").then_some(()));
}

#[test]
#[ignore = "needs chromium and chromedriver"]
fn a_member_signs_in_checks_the_form_first_and_submits_it() {
    let org = Organisation::new("form");
    let email = format!("terry@{}.example", org.id);
    org.member(&email, "Terry Tech", "technician");
    let browser = Browser::start();
    sign_in(&browser, &org, &email);

    browser.fill("#first_name", "Ada");
    browser.fill("#manager", &org.upn("nobody"));
    browser.click("button[name=check]");
    let wrong = browser.waits_for_text("nothing was submitted");
    assert!(wrong.contains("last_name") && wrong.contains("manager"), "{wrong}");
    // The form keeps the values that were typed.
    assert_eq!(browser.run("return document.querySelector('#first_name').value"), "Ada");

    browser.fill("#last_name", "Lovelace");
    browser.run("document.querySelector('#manager').value = ''");
    browser.fill("#manager", org.manager());
    browser.click("input[name=licenses][value=SPB]");
    browser.fill("#groups", "Sales");
    browser.click("button[name=check]");
    let plan = browser.waits_for_text("This can be submitted as it is");
    assert!(plan.contains(&org.upn("alovelace")), "{plan}");
    assert!(org.requests("").is_empty());

    browser.click("main form button:not([name])");
    until("the request's page", || {
        browser.url().contains("/requests/r").then_some(())
    });
    let id = browser.url().rsplit('/').next().expect("an id").to_owned();
    let request = Request {
        org: &org,
        id,
        kind: "onboarding",
    };
    request.ends("completed");
    browser.open(&browser.url());
    let page = browser.text();
    assert!(
        page.contains("Ada Lovelace") && page.contains(&org.upn("alovelace")),
        "{page}"
    );
    assert_eq!(request.user().expect("a user")["groups"], json!(["Sales"]));

    browser.click("form.sign-out button");
    until("the sign-in page", || browser.url().ends_with("/sign-in").then_some(()));
    browser.open(&org.url("requests"));
    assert!(!browser.text().contains("Ada Lovelace"), "{}", browser.text());
}
