//! Attacks on the sign-in with Google, against the deployed function. The function's own tests try each kind of wrong
//! token.

use e2e::{
    aws,
    google::{Account, Begun, FLOW, come_back, session, set_cookie},
    http::Call,
    organisation::Organisation,
    session::COOKIE,
};
use serde_json::json;

fn attributes(cookie: &str) -> Vec<&str> {
    cookie.split("; ").skip(1).collect()
}

#[test]
fn an_answer_that_this_browser_did_not_ask_for_signs_nobody_in() {
    let org = Organisation::new("foreign");
    org.auto_onboarding_on();
    let gina = Account::at(&org, "gina", &json!({}));
    let begun = Begun::new(org.stack, "");
    let callback = gina.pick(&begun);
    let refused = |callback: &str, cookie: Option<&str>| {
        let answer = come_back(callback, cookie);
        assert_eq!(answer.status, 403, "{callback}: {}", answer.text);
        assert_eq!(set_cookie(&answer, COOKIE), None, "{callback}");
    };
    // No cookie, another sign-in's cookie, a forged one, a missing or foreign state: none of them uses the right
    // answer up.
    let other = Begun::new(org.stack, "");
    refused(&callback, None);
    refused(&callback, Some(&other.cookie));
    refused(&callback, Some(&format!("{}A", begun.cookie)));
    refused(&callback, Some(&format!("{FLOW}=e30")));
    let (address, query) = callback.split_once('?').expect("a query");
    let pairs = |keep: fn(&str) -> bool| {
        let kept: Vec<_> = query.split('&').filter(|pair| keep(pair)).collect();
        format!("{address}?{}", kept.join("&"))
    };
    refused(&pairs(|pair| !pair.starts_with("state=")), Some(&begun.cookie));
    refused(
        &pairs(|pair| !pair.starts_with("code=")).replace("state=", "state=x"),
        Some(&begun.cookie),
    );
    assert!(org.members().is_empty());

    session(&org, &come_back(&callback, Some(&begun.cookie)));
    // The callback is replayed with everything that came with it, and with a fresh code for the same sign-in.
    refused(&callback, Some(&begun.cookie));
    refused(&gina.pick(&begun), Some(&begun.cookie));
}

#[test]
fn only_a_post_from_our_own_page_begins_a_sign_in() {
    let org = Organisation::new("begin");
    let url = format!("{}/sign-in/google", org.stack.api);
    for method in ["GET", "HEAD"] {
        let answer = Call::new(method, &url).header("accept", "text/html").send();
        assert!(answer.status >= 400, "{method}: {}", answer.status);
        assert_eq!(set_cookie(&answer, FLOW), None);
    }
    let foreign = Call::new("POST", &url).header("sec-fetch-site", "cross-site").send();
    assert_eq!(foreign.status, 403);
    assert_eq!(set_cookie(&foreign, FLOW), None);
}

#[test]
fn cookies_are_restricted_and_each_sign_in_makes_a_new_session() {
    let org = Organisation::new("cookies");
    org.auto_onboarding_on();
    let gina = Account::at(&org, "gina", &json!({}));
    let begin = Call::new("POST", format!("{}/sign-in/google", org.stack.api))
        .send()
        .expect(303);
    let flow = set_cookie(&begin, FLOW).expect("the flow's cookie");
    let of = attributes(&flow);
    for wanted in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=600"] {
        assert!(of.contains(&wanted), "{wanted}: {flow}");
    }
    assert!(!flow.contains("Domain"), "{flow}");

    // An attacker has planted a session of their own in this browser. It is replaced, not taken over.
    let planted = Organisation::new("planted");
    planted.member(&planted.upn("mallory"), "Mallory", "admin");
    let link = planted.sign_in_link(&planted.upn("mallory"));
    let theirs = Call::new("POST", &link).send().expect(303);
    let theirs = set_cookie(&theirs, COOKIE).expect("a session");
    let theirs = theirs.split(';').next().unwrap_or_default();
    let sign_in = || {
        let begun = Begun::new(org.stack, "");
        let callback = gina.pick(&begun);
        come_back(&callback, Some(&format!("{theirs}; {}", begun.cookie)))
    };
    let (first, second) = (sign_in(), sign_in());
    let cookie = |answer| set_cookie(answer, COOKIE).expect("a session");
    for answer in [&first, &second] {
        let session = cookie(answer);
        for wanted in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
            assert!(attributes(&session).contains(&wanted), "{wanted}: {session}");
        }
        assert!(!session.starts_with(theirs), "{session}");
        // The answer also removes the sign-in's cookie.
        let ended = set_cookie(answer, FLOW).expect("an end");
        assert!(attributes(&ended).contains(&"Max-Age=0"), "{ended}");
    }
    assert_ne!(cookie(&first), cookie(&second));
    session(&org, &first).get("requests").expect(200);
}

#[test]
fn a_sign_in_leads_to_our_own_form_whatever_the_address_says() {
    let org = Organisation::new("redirects");
    org.auto_onboarding_on();
    let gina = Account::at(&org, "gina", &json!({}));
    let evil = "https%3A%2F%2Fevil.example%2F";
    let fields = format!("return={evil}&next={evil}&redirect_uri={evil}&org=");
    // A text that cannot be an organisation's name is refused at once.
    let form = "application/x-www-form-urlencoded";
    let wrong = Call::new("POST", format!("{}/sign-in/google", org.stack.api))
        .header("accept", "text/html")
        .body(form, format!("{fields}..%2F..%2Fevil"))
        .send();
    assert_eq!((wrong.status, set_cookie(&wrong, FLOW)), (422, None), "{}", wrong.text);
    let begun = Begun::new(org.stack, &fields);
    assert!(!begun.url.contains("evil"), "{}", begun.url);
    let callback = format!("{}&return={evil}&next={evil}&redirect_uri={evil}", gina.pick(&begun));
    session(&org, &come_back(&callback, Some(&begun.cookie)));
}

#[test]
fn wrong_token_is_audited_and_gets_the_usual_refusal_page() {
    let org = Organisation::new("wrong-token");
    org.auto_onboarding_on();
    let gina = Account::at(&org, "gina", &json!({}));
    let off = Organisation::new("wrong-token-b");
    let ordinary = Account::at(&off, "gina", &json!({})).refused(org.stack);
    for order in [
        json!({"signed": "not"}),
        json!({"signed": "with_public_key"}),
        json!({"claims": {"aud": "somebody-else"}}),
        json!({"claims": {"nonce": "another-nonce-of-sufficient-length"}}),
    ] {
        gina.next_token(&order);
        assert_eq!(gina.refused(org.stack), ordinary, "{order}");
    }
    assert!(org.members().is_empty());
    let outside = aws::scan(org.stack.table("audit"));
    let refused = outside
        .iter()
        .filter(|item| item["org"]["S"] == "@outside" && item["new"]["S"] == "invalid_token");
    assert!(refused.count() >= 4);
}
