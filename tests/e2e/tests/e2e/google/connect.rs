//! A one-time link connects a Google account; what the page says if that fails.

use e2e::{
    aws,
    google::{Account, Begun, come_back, set_cookie},
    http::{Answer, Call},
    organisation::Organisation,
    session::{COOKIE, Session},
};
use serde_json::json;

const ALLOWED: &str = "member.signed_in";
const REFUSED: &str = "sign_in.refused";

/// Opens a one-time link with the button that connects an account, and expects a redirect to Google.
fn connect(link: &str) -> Answer {
    let form = "application/x-www-form-urlencoded";
    let call = Call::new("POST", link).header("accept", "text/html");
    call.body(form, "google=connect").send().expect(303)
}

#[test]
fn failed_account_connection_keeps_the_session() {
    let org = Organisation::new("connect");
    let address = format!("vera@vendor-{}.example", org.id);
    org.member(&address, "Vera", "technician");
    let stranger = json!({"email": format!("x@x-{}.example", org.id), "hd": null});
    let stranger = Account::at(&org, "stranger", &stranger);
    // A browser returns both cookies of the link's answer.
    let redeemed = connect(&org.sign_in_link(&address));
    let session = set_cookie(&redeemed, COOKIE).expect("a session");
    let session = session.split(';').next().unwrap_or_default();
    let come_back = |begun: &Begun, callback: &str| come_back(callback, Some(&format!("{session}; {}", begun.cookie)));
    let begun = Begun::of(&redeemed);
    let told = come_back(&begun, &stranger.pick(&begun));
    assert_eq!((told.status, set_cookie(&told, COOKIE)), (403, None));
    assert!(told.text.contains("You stay signed in"), "{}", told.text);
    assert!(!told.text.contains("You are not signed in"), "{}", told.text);
    assert!(
        told.text.contains(&format!("/orgs/{}/onboardings/new", org.id)),
        "{}",
        told.text
    );
    Session::with_cookie(&org, session.to_owned())
        .get("requests")
        .expect(200);

    // The person breaks off at Google.
    let broken_off = |begun: &Begun| {
        let callback = stranger.pick(begun);
        let (address, query) = callback.split_once('?').expect("a query");
        let kept: Vec<_> = query.split('&').filter(|pair| !pair.starts_with("code=")).collect();
        format!("{address}?{}&error=access_denied", kept.join("&"))
    };
    let begun = Begun::of(&connect(&org.sign_in_link(&address)));
    assert_eq!(come_back(&begun, &broken_off(&begun)).text, told.text);
    // The member is deleted while they are at Google, so the session is over too.
    let begun = Begun::of(&connect(&org.sign_in_link(&address)));
    let member = org.member_with(&address).expect("a member");
    let path = format!("members/{}", member["id"].as_str().expect("an id"));
    org.call("DELETE", &path).send().expect(200);
    let vera = Account::at(&org, "vera", &json!({"email": address, "hd": null}));
    let told = come_back(&begun, &vera.pick(&begun));
    assert!(told.text.contains("You are not signed in"), "{}", told.text);

    assert_eq!(org.sign_ins(REFUSED), ["deleted", "broken_off", "address_not_googles"]);
    assert_eq!(org.sign_ins(ALLOWED), ["one_time_link"; 3]);
    // If an ordinary sign-in is broken off, nobody knows for whom it was.
    let count = || {
        let outside = aws::query(org.stack.table("audit"), "org", "@outside");
        outside.iter().filter(|entry| entry["new"]["S"] == "broken_off").count()
    };
    let before = count();
    let begun = Begun::new(org.stack, "");
    assert_eq!(come_back(&begun, &broken_off(&begun)).status, 403);
    assert!(count() > before);
}
