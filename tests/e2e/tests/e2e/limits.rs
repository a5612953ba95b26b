//! No organisation, member or stranger uses up what all share.

use e2e::{
    aws,
    engine::engine,
    google::Account,
    http::Answer,
    limits::{begin_anew, count_in_this_hour, counted},
    mail,
    organisation::Organisation,
    request::Request,
    wait::until,
};
use serde_json::{Value, json};

/// The constants of `store::limits`.
const SUBMISSIONS_AN_HOUR: u32 = 600;
const CHECKS_A_MINUTE: u32 = 30;
const REFUSED_SIGN_INS_AN_HOUR: u32 = 200;
const MAILS_AN_HOUR: u32 = 500;

#[track_caller]
fn is_told_when_to_come_back(answer: &Answer, within: u32) {
    assert_eq!(answer.status, 429, "{}", answer.text);
    assert!(answer.header("content-type").starts_with("application/problem+json"));
    let seconds: u32 = answer.header("retry-after").parse().expect("seconds");
    assert!((1..=within).contains(&seconds), "{seconds}");
    assert_eq!(answer.json()["status"], 429);
}

#[test]
fn a_member_checks_so_often_in_a_minute_and_others_go_on() {
    let org = Organisation::new("limit-checks");
    let ada = org.person("Ada", "Lovelace", &json!({"manager": org.manager()}));
    let wrong = json!({"first_name": 1});
    let mut done = 0;
    // A new minute may begin on the way.
    let refused = loop {
        assert!(done <= 3 * CHECKS_A_MINUTE, "nobody stops {done} checks");
        // What is refused for its fields is checked as well.
        let answer = if done % 2 == 0 {
            org.dry_run(&ada)
        } else {
            org.post(&wrong)
        };
        if answer.status == 429 {
            break answer;
        }
        assert!(matches!(answer.status, 200 | 422), "{}", answer.text);
        done += 1;
    };
    assert!(done >= CHECKS_A_MINUTE, "{done}");
    is_told_when_to_come_back(&refused, 60);
    let basic = org.token_of("basic");
    let check = org.call_with(&basic, "POST", "onboardings?dry_run=true");
    check.json(&ada).send().expect(200);
    // Who can't check any more can submit.
    org.submit(&ada).ends("completed");
}

#[test]
fn an_organisation_submits_so_often_in_an_hour_and_others_go_on() {
    let (org, other) = (Organisation::new("limit-submits"), Organisation::new("limit-other"));
    let name = format!("submissions#{}", org.id);
    let ada = org.person("Ada", "Lovelace", &json!({"manager": org.manager()}));
    let with_key = || {
        org.call("POST", "onboardings")
            .header("idempotency-key", "once")
            .json(&ada)
            .send()
    };
    count_in_this_hour(org.stack, &name, SUBMISSIONS_AN_HOUR - 1);
    let request = Request::of(&org, &with_key().expect(201));
    is_told_when_to_come_back(&org.post(&org.person("Bob", "Babbage", &json!({}))), 3600);
    let leaver = json!({"user": org.colleague()});
    is_told_when_to_come_back(&org.post_leaver(&leaver), 3600);
    // A repeated call is no further submission.
    assert_eq!(Request::of(&org, &with_key().expect(201)).id, request.id);
    org.dry_run(&org.person("Bob", "Babbage", &json!({}))).expect(200);
    other
        .submit(&other.person("Ada", "Lovelace", &json!({"manager": other.manager()})))
        .ends("completed");
    request.ends("completed");
}

/// Of all organisations the mails leave by one address, whose name one of them could spoil.
#[test]
fn mails_above_the_limit_go_out_later() {
    let org = Organisation::approving(&engine().patient, "limit-mails", &json!({}), &[]);
    let name = format!("mails#{}", org.id);
    count_in_this_hour(org.stack, &name, MAILS_AN_HOUR);
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    until("a mail too many", || {
        (counted(org.stack, &name) > MAILS_AN_HOUR).then_some(())
    });
    assert_eq!(mail::to(org.approver()).len(), 0);
    begin_anew(org.stack, &name);
    let (approve, _) = request.approval_links(org.approver(), "Ada Lovelace");
    e2e::links::press(&approve).expect(200);
    request.ends("completed");
}

#[test]
fn refused_sign_ins_beyond_the_limit_are_counted_and_not_listed() {
    let org = Organisation::new("limit-refused");
    org.auto_onboarding_on();
    org.auto_onboarding_off();
    let eve = Account::at(&org, "eve", &json!({}));
    let refused = format!("refused-sign-ins#{}", org.id);
    count_in_this_hour(org.stack, &refused, REFUSED_SIGN_INS_AN_HOUR - 1);
    for _ in 0..4 {
        eve.refused(org.stack);
    }
    assert_eq!(org.sign_ins("sign_in.refused"), ["too_many", "off"]);
    assert_eq!(counted(org.stack, &refused), REFUSED_SIGN_INS_AN_HOUR + 3);
    // Such entries are not kept for ever, and all others are.
    let entries = aws::query(org.stack.table("audit"), "org", &org.id);
    for entry in &entries {
        let stranger = entry["what"]["S"] == "sign_in.refused";
        assert_eq!(
            entry.get("expires_at").is_some_and(Value::is_object),
            stranger,
            "{entry}"
        );
    }
}
