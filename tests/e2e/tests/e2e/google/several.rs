//! People whom several organisations know, and the organisation that their sign-in opens.

use e2e::{
    aws,
    google::{Account, Begun, come_back, session, set_cookie},
    organisation::Organisation,
    session::COOKIE,
};
use serde_json::{Value, json};

const ALLOWED: &str = "member.signed_in";
const REFUSED: &str = "sign_in.refused";

#[test]
fn sign_in_opens_the_named_or_last_used_organisation() {
    let (first, second) = (Organisation::new("several-a"), Organisation::new("several-b"));
    let gmail = format!("{}@gmail.com", first.id);
    first.member(&gmail, "Gil", "basic");
    second.member(&gmail, "Gil", "technician");
    let gil = Account::at(&first, "gil", &json!({"email": gmail, "hd": null}));
    let named = |org: &str| {
        let begun = Begun::new(first.stack, &format!("org={org}"));
        come_back(&gil.pick(&begun), Some(&begun.cookie))
    };
    session(&second, &named(&second.id));
    gil.session(&second);
    session(&first, &named(&first.id));
    let here = gil.session(&first);
    // A session belongs to one organisation.
    assert_eq!(here.at(&second).get("requests").status, 404);
    // An organisation that the person does not belong to is refused without a fallback. The page does not show whether
    // it exists.
    let third = Organisation::new("several-c");
    third.auto_onboarding_on();
    let refused = |org: &str| {
        let answer = named(org);
        assert_eq!(
            (answer.status, set_cookie(&answer, COOKIE)),
            (403, None),
            "{}",
            answer.text
        );
        answer.text
    };
    assert_eq!(refused(&third.id), refused("nobodys-at-all"));
    assert!(third.members().is_empty());
    assert!(third.sign_ins(REFUSED).is_empty() && first.sign_ins(REFUSED).is_empty());
    let outside = aws::query(first.stack.table("audit"), "org", "@outside");
    let by_name = |entry: &&Value| entry["subject"]["S"] == gmail.as_str() && entry["new"]["S"] == "not_a_member";
    assert_eq!(outside.iter().filter(by_name).count(), 2);
    gil.session(&first);
}

#[test]
fn home_adds_people_whom_others_added_by_hand() {
    let (own, other) = (Organisation::new("own"), Organisation::new("elsewhere"));
    own.auto_onboarding_on();
    let named = |account: &Account, org: &str| {
        let begun = Begun::new(own.stack, &format!("org={org}"));
        come_back(&account.pick(&begun), Some(&begun.cookie))
    };
    for name in ["vera", "vito", "vida"] {
        other.member(&own.upn(name), name, "technician");
    }
    // Without a name, with the name of their own organisation, and with the other's.
    let vera = Account::at(&own, "vera", &json!({}));
    vera.session(&own).get("requests").expect(200);
    let vito = Account::at(&own, "vito", &json!({}));
    session(&own, &named(&vito, &own.id)).get("requests").expect(200);
    assert_eq!(own.sign_ins(ALLOWED), ["auto_onboarded"; 2]);
    assert_eq!(own.member_with(&own.upn("vera")).expect("a member")["role"], "basic");
    let vida = Account::at(&own, "vida", &json!({}));
    session(&other, &named(&vida, &other.id));
    assert_eq!(own.members().len(), 2);
    // By its name, the other organisation opens too.
    session(&other, &named(&vera, &other.id)).get("requests").expect(200);

    // A refusal by the other organisation does not affect their own.
    other.member(&own.upn("nora"), "Nora", "technician");
    let before = Account::at(&own, "nora", &json!({}));
    session(&other, &named(&before, &other.id));
    let nora = Account::at(&own, "nora", &json!({}));
    nora.session(&own).get("requests").expect(200);
    assert_eq!(other.sign_ins(REFUSED), ["other_identity"]);
}

#[test]
fn an_address_that_changed_hands_at_home_is_bound_nowhere_else() {
    let (own, other) = (Organisation::new("hands"), Organisation::new("hands-b"));
    own.auto_onboarding_on();
    let gina = Account::at(&own, "gina", &json!({}));
    gina.session(&own);
    other.member(&own.upn("gina"), "Gina", "technician");
    Account::at(&own, "gina", &json!({})).refused(own.stack);
    assert_eq!(own.sign_ins(REFUSED), ["other_identity"]);
    // The other organisation still waits for the person's first sign-in.
    let begun = Begun::new(own.stack, &format!("org={}", other.id));
    session(&other, &come_back(&gina.pick(&begun), Some(&begun.cookie)));
    assert_eq!(other.sign_ins(ALLOWED), ["bound"]);
}
