//! No organisation, member or stranger can use up what all share.

use e2e::{
    aws,
    engine::engine,
    google::Account,
    http::Answer,
    limits::{count_in_this_hour, counted},
    organisation::Organisation,
    request::Request,
};
use serde_json::{Value, json};

/// These are the constants of `store::limits`.
const SUBMISSIONS_AN_HOUR: u32 = 600;
const CHECKS_A_MINUTE: u32 = 30;
const REFUSED_SIGN_INS_AN_HOUR: u32 = 200;
const REFUSED_SIGN_INS_OF_ONE: u32 = 20;
const SUBMISSIONS_OF_A_BASIC: u32 = 30;

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
    // A new minute may begin meanwhile.
    let refused = loop {
        assert!(done <= 3 * CHECKS_A_MINUTE, "nobody stops {done} checks");
        // Submissions with wrong fields count as well.
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
    // A member who has used up the dry runs can still submit.
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
    // A repeated call does not count as another submission.
    assert_eq!(Request::of(&org, &with_key().expect(201)).id, request.id);
    org.dry_run(&org.person("Bob", "Babbage", &json!({}))).expect(200);
    other
        .submit(&other.person("Ada", "Lovelace", &json!({"manager": other.manager()})))
        .ends("completed");
    request.ends("completed");
}

/// All approvers get a mail for each of a basic member's requests. That must not keep anybody else from submitting.
#[test]
fn hourly_limit_of_one_basic_member_spares_the_organisation() {
    let org = Organisation::approving(&engine().patient, "limit-basic", &json!({}), &[]);
    let basic = org.token_of("basic");
    let (own, all) = (own_submissions(&org), format!("submissions#{}", org.id));
    let ask = |first: &str| {
        let person = org.person(first, "Lovelace", &json!({"manager": org.manager()}));
        org.call_with(&basic, "POST", "onboardings").json(&person).send()
    };
    count_in_this_hour(org.stack, &own, SUBMISSIONS_OF_A_BASIC - 2);
    // A submission that is refused for its content counts for the member, and not for the organisation.
    let nobody = json!({"first_name": "Eve", "last_name": "Lovelace", "manager": org.upn("nobody-here")});
    let refused = org.call_with(&basic, "POST", "onboardings").json(&nobody).send();
    refused.expect(422);
    assert_eq!(counted(org.stack, &all), 0);
    let waiting = Request::of(&org, &ask("Ada").expect(201));
    waiting.until("waiting_approval");
    assert_eq!(counted(org.stack, &all), 1);
    is_told_when_to_come_back(&ask("Bob"), 3600);
    // Changing the date sends a mail and a note as well.
    let date = json!({"start_date": "2099-01-04"});
    let path = format!("requests/{}/reschedule", waiting.id);
    is_told_when_to_come_back(&org.call_with(&basic, "POST", &path).json(&date).send(), 3600);
    assert_eq!(counted(org.stack, &all), 1);
    waiting.reschedule("2099-01-05").expect(200);
    // Other members' approvers still get mails.
    let other = org.submit(&org.person("Carl", "Lovelace", &json!({"manager": org.manager()})));
    let (approve, _) = other.approval_links(org.approver(), "Carl Lovelace");
    e2e::links::press(&approve).expect(200);
    other.ends("completed");
}

/// The counter of the basic member who owns the program of [`Organisation::token_of`].
fn own_submissions(org: &Organisation) -> String {
    let members = aws::query(org.stack.table("members"), "org", &org.id);
    let basic = members
        .iter()
        .find(|item| item["role"]["S"] == "basic")
        .expect("a member");
    let id = basic["member"]["S"].as_str().expect("an id");
    format!("submissions#{0}#{0}/{id}", org.id)
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
    // These entries expire; all others are kept.
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

/// Otherwise somebody who tries often enough could hide the refusals of others.
#[test]
fn one_accounts_refused_sign_ins_hide_nobody_elses() {
    let org = Organisation::new("limit-one");
    org.auto_onboarding_on();
    org.auto_onboarding_off();
    let eve = Account::at(&org, "eve", &json!({}));
    for _ in 0..REFUSED_SIGN_INS_OF_ONE + 3 {
        eve.refused(org.stack);
    }
    Account::at(&org, "mallory", &json!({})).refused(org.stack);
    let listed = org.sign_ins("sign_in.refused");
    let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
    // Newest first.
    assert_eq!(listed[..2], ["off", "too_many"], "{listed:?}");
    assert_eq!(listed.len() as u32, REFUSED_SIGN_INS_OF_ONE + 2);
    let all = format!("refused-sign-ins#{}", org.id);
    assert_eq!(counted(org.stack, &all), REFUSED_SIGN_INS_OF_ONE + 2);
}
