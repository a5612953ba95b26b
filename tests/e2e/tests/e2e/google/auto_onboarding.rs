//! Auto-onboarding of members: the rules of docs/google.md, by their numbers. docs/checklist.md names these tests.

use std::{sync::Barrier, thread};

use e2e::{
    browser::Browser,
    google::{Account, Begun, come_back, session},
    http::Call,
    links,
    organisation::{Organisation, operator},
    request::Request,
    wait::until,
};
use serde_json::{Value, json};

const ALLOWED: &str = "member.signed_in";
const REFUSED: &str = "sign_in.refused";

#[test]
fn rule_1_only_the_operator_turns_auto_onboarding_on() {
    let org = Organisation::new("rule-one");
    let gina = Account::at(&org, "gina", &json!({}));
    gina.refused(org.stack);
    assert_eq!(org.members(), Vec::<Value>::new());

    // Admins have no variable, page or route for it.
    let domain = org.world.key("/domain");
    for name in ["auto_onboarding", "auto_onboarding_domain", "google_domain"] {
        assert_eq!(org.set(&json!({name: domain})).wrong_fields(), [name]);
    }
    let call = org
        .call("PUT", "auto-onboarding")
        .json(&json!({"on": true, "domain": domain}));
    assert_eq!(call.send().status, 404);
    gina.refused(org.stack);

    org.auto_onboarding_on();
    gina.session(&org);
    assert_eq!(org.members().len(), 1);
    assert_eq!(org.sign_ins(ALLOWED), ["auto_onboarded"]);
    let show = operator(org.stack, &["organisation", "show", &org.id], "").expect("the organisation");
    assert!(show.contains(&format!("on for {domain}")), "{show}");
}

#[test]
fn rule_1_a_domain_has_one_organisation_mail_providers_none() {
    let org = Organisation::new("rule-one-b");
    let other = Organisation::new("rule-one-c");
    org.auto_onboarding_on();
    let on = |org: &Organisation, domain: &str| {
        operator(org.stack, &["auto-onboarding", "on", &org.id, "--domain", domain], "")
    };
    let domain = org.world.key("/domain").to_owned();
    // All spellings of the domain are the same domain.
    for spelling in [domain.clone(), domain.to_uppercase(), format!("{domain}.")] {
        let refused = on(&other, &spelling).expect_err("another's domain");
        assert!(refused.contains("one domain belongs to one organisation"), "{refused}");
    }
    for consumer in ["gmail.com", "GMail.com.", "outlook.com"] {
        let refused = on(&other, consumer).expect_err("a mail provider's");
        assert!(refused.contains("anybody can have"), "{refused}");
    }
    // A domain that one organisation has given up can be taken by another, with its people.
    org.auto_onboarding_off();
    on(&other, &domain).expect("free now");
    assert!(on(&org, &domain).is_err());
    Account::at(&org, "gina", &json!({})).session(&other);
    assert!(org.members().is_empty());
    assert_eq!(other.members().len(), 1);
}

#[test]
fn rule_2_turning_it_off_removes_and_changes_no_account() {
    let org = Organisation::new("rule-two");
    org.auto_onboarding_on();
    let gina = Account::at(&org, "gina", &json!({}));
    let before = gina.session(&org);
    let members = org.members();
    org.auto_onboarding_off();
    before.get("requests").clone().expect(200);
    gina.session(&org).get("requests").expect(200);
    assert_eq!(org.members(), members);

    Account::at(&org, "nora", &json!({})).refused(org.stack);
    assert_eq!(org.members(), members);
    assert_eq!(org.sign_ins(REFUSED), ["off"]);
    assert_eq!(org.sign_ins(ALLOWED), ["known", "auto_onboarded"]);
}

#[test]
fn rule_3_only_verified_addresses_of_the_domain_are_added() {
    let org = Organisation::new("rule-three");
    org.auto_onboarding_on();
    let domain = org.world.key("/domain").to_owned();
    let mut pages = Vec::new();
    for (more, reason) in [
        (json!({"email_verified": false}), "address_unverified"),
        (json!({ "hd": null }), "domain_missing"),
        (json!({"hd": "evil.example"}), "domain_differs"),
        (json!({"email": format!("gina@evil.{domain}")}), "domain_differs"),
        (json!({"hd": format!("{domain}.")}), "domain_differs"),
        (json!({"email": format!("gina@{domain}.")}), "address_unverified"),
        (
            json!({"email": format!("gina@{}", domain.replace('e', "\u{435}"))}),
            "address_unverified",
        ),
    ] {
        let before = org.sign_ins(REFUSED).len();
        pages.push(Account::at(&org, "gina", &more).refused(org.stack));
        let reasons = org.sign_ins(REFUSED);
        assert_eq!(reasons.first().map(String::as_str), Some(reason), "{more}");
        assert!(reasons.len() > before, "{more}");
    }
    // Accounts of other domains that look like this one or contain it.
    for other in [
        format!("mail.{domain}"),
        format!("x{domain}"),
        format!("{domain}.evil.example"),
        format!("xn--{domain}"),
    ] {
        let more = json!({"email": format!("gina@{other}"), "hd": other});
        pages.push(Account::at(&org, "gina", &more).refused(org.stack));
    }
    // The page does not show which of these reasons applied.
    assert!(pages.iter().all(|page| *page == pages[0]));
    assert!(
        !pages[0].contains(&domain) && !pages[0].contains("gina"),
        "{}",
        pages[0]
    );
    assert!(org.members().is_empty());

    let more = json!({"email": format!("Gina@{}", domain.to_uppercase()), "hd": domain.to_uppercase(), "email_verified": "true"});
    Account::at(&org, "gina", &more).session(&org);
    assert_eq!(org.members().len(), 1);
}

#[test]
fn rule_4_deleted_member_stays_out_until_an_admin_adds_them() {
    let org = Organisation::new("rule-four");
    org.auto_onboarding_on();
    let gina = Account::at(&org, "gina", &json!({}));
    let session = gina.session(&org);
    let address = org.upn("gina");
    let id = org.member_with(&address).expect("a member")["id"].clone();
    let path = format!("members/{}", id.as_str().expect("an id"));
    org.call("DELETE", &path).send().expect(200);
    assert_eq!(session.get("requests").status, 401);

    gina.refused(org.stack);
    // Neither can another spelling, another Google account, or the same account with another address.
    Account::at(&org, "gina", &json!({"email": address.to_uppercase()})).refused(org.stack);
    Account::at(&org, "gina.new", &json!({"sub": gina.sub})).refused(org.stack);
    assert_eq!(org.sign_ins(REFUSED), ["deleted"; 3]);
    assert!(org.members().is_empty());
    // Turning auto-onboarding off and on again keeps the tombstones.
    org.auto_onboarding_off();
    org.auto_onboarding_on();
    let gina = Account::at(&org, "gina", &json!({"sub": gina.sub}));
    gina.refused(org.stack);

    let again = json!({"email": address, "name": "Gina", "role": "technician"});
    org.call("POST", "members").json(&again).send().expect(201);
    gina.session(&org).get("requests").expect(200);
    assert_eq!(org.member_with(&address).expect("a member")["role"], "technician");
    assert_eq!(org.sign_ins(ALLOWED)[0], "bound");
}

#[test]
fn rule_5_new_members_are_basic_until_an_admin_raises_them() {
    let org = Organisation::new("rule-five");
    org.auto_onboarding_on();
    let gina = Account::at(&org, "gina", &json!({}));
    gina.next_token(&json!({"claims": {"role": "admin", "roles": ["admin"], "groups": ["admins"], "admin": true}}));
    let session = gina.session(&org);
    let member = org.member_with(&org.upn("gina")).expect("a member");
    assert_eq!(member["role"], "basic");
    assert_eq!(session.get("members").status, 403);

    let nora = Account::at(&org, "nora", &json!({}));
    nora.session(&org);
    let path = format!("members/{}", member["id"].as_str().expect("an id"));
    let raised = json!({"name": member["name"], "role": "admin"});
    org.call("PUT", &path).json(&raised).send().expect(200);
    session.get("members").expect(200);
    assert_eq!(org.member_with(&org.upn("nora")).expect("a member")["role"], "basic");
    // A sign-in does not change the role back.
    gina.session(&org).get("members").expect(200);
}

#[test]
fn rule_6_first_sign_in_binds_members_added_by_hand() {
    let org = Organisation::new("rule-six");
    // An admin adds members from any domain, whether auto-onboarding is on or off.
    let gmail = format!("{}@gmail.com", org.id);
    org.member(&gmail, "Gil", "approver");
    let gil = Account::at(&org, "gil", &json!({"email": gmail.to_uppercase(), "hd": null}));
    gil.session(&org);
    gil.session(&org);
    assert_eq!(org.sign_ins(ALLOWED), ["known", "bound"]);
    assert_eq!(org.member_with(&gmail).expect("a member")["role"], "approver");

    org.auto_onboarding_on();
    let guest = format!("guest@partner-{}.example", org.id);
    org.member(&guest, "Guest", "technician");
    let own = json!({"email": guest, "hd": format!("partner-{}.example", org.id)});
    Account::at(&org, "guest", &own).session(&org);
    assert_eq!(org.members().len(), 2);
}

#[test]
fn rule_6_one_time_link_binds_other_addresses() {
    let org = Organisation::new("rule-six-b");
    let address = format!("vera@vendor-{}.example", org.id);
    org.member(&address, "Vera", "technician");
    // Anybody can have made a Google account with that address.
    let vera = Account::at(&org, "vera", &json!({"email": address, "hd": null}));
    vera.refused(org.stack);
    Account::at(
        &org,
        "vera",
        &json!({"email": address, "hd": null, "email_verified": false}),
    )
    .refused(org.stack);
    assert_eq!(org.sign_ins(REFUSED), ["address_not_googles"]);

    let connect = |link: &str| {
        let form = "application/x-www-form-urlencoded";
        let call = Call::new("POST", link).header("accept", "text/html");
        Begun::of(&call.body(form, "google=connect").send().expect(303))
    };
    // The link's owner can connect an account with their address, and no account with another address.
    let stranger = Account::at(
        &org,
        "stranger",
        &json!({"email": format!("x@x-{}.example", org.id), "hd": null}),
    );
    let begun = connect(&org.sign_in_link(&address));
    assert_eq!(come_back(&stranger.pick(&begun), Some(&begun.cookie)).status, 403);
    let begun = connect(&org.sign_in_link(&address));
    session(&org, &come_back(&vera.pick(&begun), Some(&begun.cookie)));
    // From now on a sign-in with Google works.
    vera.session(&org).get("requests").expect(200);
    assert_eq!(org.sign_ins(ALLOWED)[..2], ["known", "bound"]);
}

#[test]
fn rule_7_first_sign_ins_at_once_give_one_member() {
    const AT_ONCE: usize = 4;
    let org = Organisation::new("rule-seven");
    org.auto_onboarding_on();
    let gina = Account::at(&org, "gina", &json!({}));
    let ready: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let begun = Begun::new(org.stack, "");
            (gina.pick(&begun), begun.cookie)
        })
        .collect();
    let start = Barrier::new(AT_ONCE);
    let answers = thread::scope(|scope| {
        let threads: Vec<_> = ready
            .iter()
            .map(|(callback, cookie)| {
                scope.spawn(|| {
                    start.wait();
                    come_back(callback, Some(cookie))
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("an answer"))
            .collect::<Vec<_>>()
    });
    for answer in &answers {
        session(&org, answer).get("requests").expect(200);
    }
    assert_eq!(org.members().len(), 1);
    let mut reasons = org.sign_ins(ALLOWED);
    reasons.sort();
    assert_eq!(reasons, ["auto_onboarded", "known", "known", "known"]);
    assert_eq!(org.sign_ins("member.auto_onboarded").len(), 1);
}

#[test]
fn rule_7_known_address_with_another_sub_is_refused() {
    let org = Organisation::new("rule-seven-b");
    org.auto_onboarding_on();
    let gina = Account::at(&org, "gina", &json!({}));
    gina.session(&org);
    let other = Account::at(&org, "gina", &json!({}));
    assert_ne!(gina.sub, other.sub);
    let page = other.refused(org.stack);
    assert_eq!(org.sign_ins(REFUSED), ["other_identity"]);
    assert_eq!(org.members().len(), 1);
    assert!(!page.contains(&org.id), "{page}");
    gina.session(&org).get("requests").expect(200);
}

#[test]
#[ignore = "needs chromium and chromedriver"]
fn a_first_sign_in_makes_a_member_who_submits_the_form() {
    let org = Organisation::new("first");
    org.member(org.approver(), "Alex Approver", "approver");
    org.auto_onboarding_on();
    let gina = Account::at(&org, "gina", &json!({}));
    let browser = Browser::start();
    browser.open(&format!("{}/sign-in", org.stack.api));
    browser.is_fit_for_everybody("sign-in-google");
    browser.click("main form button");
    browser.click(&format!("button[value='{}']", gina.sub));
    until("the form", || browser.url().ends_with("/onboardings/new").then_some(()));
    assert_eq!(org.member_with(&org.upn("gina")).expect("a member")["role"], "basic");

    browser.fill("#first_name", "Ada");
    browser.fill("#last_name", "Lovelace");
    browser.run("document.querySelector('#manager').value = ''");
    browser.fill("#manager", org.manager());
    browser.click("input[name=licenses][value=SPB]");
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
    // The role basic needs an approval.
    request.until("waiting_approval");
    let (approve, _) = request.approval_links(org.approver(), "Ada Lovelace");
    links::press(&approve).expect(200);
    request.ends("completed");
}

#[test]
#[ignore = "needs chromium and chromedriver"]
fn a_refused_person_sees_one_clear_page() {
    let org = Organisation::new("refused");
    let gina = Account::at(&org, "gina", &json!({}));
    let browser = Browser::start();
    browser.open(&format!("{}/sign-in", org.stack.api));
    browser.click("main form button");
    browser.click(&format!("button[value='{}']", gina.sub));
    let page = browser.waits_for_text("could not sign you in");
    browser.is_fit_for_everybody("sign-in-refused");
    assert!(!page.contains(&org.id) && page.contains("Ask an admin"), "{page}");
    // A person who breaks off at Google sees the same page.
    browser.open(&format!("{}/sign-in", org.stack.api));
    browser.click("main form button");
    browser.click("button[value='']");
    assert_eq!(browser.waits_for_text("could not sign you in"), page);
}
