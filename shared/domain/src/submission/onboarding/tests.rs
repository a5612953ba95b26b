use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::submission::{Form, MAX_BODY_BYTES, Partial};

mod overrides;

fn names() -> Vec<&'static str> {
    Onboarding::FIELDS.iter().map(|field| field.name).collect()
}

fn with(field: &str, value: Value) -> Value {
    let mut body = json!({"first_name": "Ada", "last_name": "Lovelace"});
    body[field] = value;
    body
}

fn problems(body: &Value) -> Vec<(String, String)> {
    Onboarding::parse(body)
        .unwrap_err()
        .into_iter()
        .map(|problem| (problem.field, problem.message))
        .collect()
}

fn fields(body: &Value) -> Vec<String> {
    problems(body).into_iter().map(|(field, _)| field).collect()
}

fn full() -> Value {
    json!({
        "first_name": " Ada ", "middle_name": "King", "last_name": "Lovelace", "display_name": "Ada L.",
        "email_domain": "Contoso.com", "username": "Ada.L", "rehire": true, "personal_email": "ada@example.com",
        "mobile_phone": "+44 20 7946 0000", "job_title": "Analyst", "department": "Engines", "office": "1.01",
        "manager": "charles@contoso.com", "usage_location": "gb",
        "licenses": ["SPB", "c7df2760-2c81-4ef7-b578-5b5392b571df", "O365_w/o_Teams_Bundle_M3"],
        "license_purchase": "manual", "groups": ["All staff", "Künstler"], "copy_groups_from": "mary@contoso.com",
        "start_date": "2027-01-04", "ticket_id": "1234", "password_style": "passphrase", "store_password_in_ticket": "true",
        "onboarding_password_save_location": ["hudu"],
    })
}

#[test]
fn reads_a_form_with_all_fields() {
    let parsed = Onboarding::parse(&full()).unwrap();
    assert_eq!(parsed.first_name, "Ada");
    assert_eq!(parsed.email_domain.as_ref().unwrap().as_str(), "contoso.com");
    assert_eq!(parsed.username.as_ref().unwrap().as_str(), "ada.l");
    assert_eq!(parsed.mobile_phone.as_ref().unwrap().as_str(), "+442079460000");
    assert_eq!(parsed.usage_location.as_ref().unwrap().as_str(), "GB");
    assert_eq!(parsed.license_purchase, LicensePurchase::Manual);
    assert_eq!(parsed.licenses.len(), 3);
    assert_eq!(parsed.shown_name(), "Ada L.");
    assert_eq!(parsed.start_date, NaiveDate::from_ymd_opt(2027, 1, 4));
}

#[test]
fn stored_form_reads_back_the_same() {
    for body in [
        full(),
        with("groups", json!([])),
        json!({"first_name": "Suharto", "single_name": true}),
    ] {
        let parsed = Onboarding::parse(&body).unwrap();
        let stored = serde_json::to_value(&parsed).unwrap();
        assert_eq!(serde_json::from_value::<Onboarding>(stored.clone()).unwrap(), parsed);
        assert_eq!(
            Onboarding::parse(&stored).unwrap(),
            parsed,
            "what is stored is a body too"
        );
    }
}

#[test]
fn reads_a_form_with_only_required_fields() {
    let parsed = Onboarding::parse(&with("middle_name", json!(null))).unwrap();
    assert_eq!(parsed.license_purchase, LicensePurchase::Auto);
    assert_eq!(parsed.shown_name(), "Ada Lovelace");
    let parsed = Onboarding::parse(&json!({"first_name": "Suharto", "single_name": true})).unwrap();
    assert_eq!(parsed.shown_name(), "Suharto");
    assert_eq!(
        OnboardingFields::from(parsed).names(),
        Some(Names {
            first: "Suharto",
            middle: None,
            last: None
        })
    );
}

#[test]
fn names_are_required() {
    assert_eq!(fields(&json!({})), ["first_name", "last_name"]);
    assert_eq!(
        fields(&json!({"first_name": "", "last_name": "  "})),
        ["first_name", "last_name"]
    );
    assert_eq!(
        fields(&json!({"first_name": "Ada", "single_name": false})),
        ["last_name"]
    );
    assert_eq!(fields(&with("single_name", json!(true))), ["last_name"]);
    assert_eq!(fields(&json!({"single_name": true})), ["first_name"]);
    assert_eq!(fields(&with("last_name", json!("-"))), ["last_name"]);
}

#[test]
fn reports_all_wrong_fields_at_once() {
    let mut body = json!({
        "first_name": 1, "middle_name": "x".repeat(65), "last_name": "a\nb", "single_name": "yes", "display_name": ["x"],
        "email_domain": "contoso", "username": "a b", "rehire": "no", "personal_email": "x", "mobile_phone": "555", "job_title": "x".repeat(129),
        "department": "x".repeat(65), "office": {}, "manager": "charles", "usage_location": "UK", "licenses": "SPB",
        "license_purchase": "AUTO", "groups": [1], "copy_groups_from": "@x.com", "start_date": "04.01.2027",
        "ticket_id": "1/2", "nickname": "Ada",
    });
    for field in overrides::names() {
        body[field] = json!(7);
    }
    let mut found = fields(&body);
    found.sort();
    let mut expected: Vec<String> = names().into_iter().map(str::to_owned).collect();
    expected.push("nickname".into());
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn valid_fields_are_kept_beside_wrong_ones() {
    let body = json!({"first_name": 1, "last_name": "L", "start_date": "soon", "licenses": ["SPB"], "shoe": 43});
    let Partial { fields, errors, .. } = Onboarding::read(&body);
    let wrong: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(wrong, ["shoe", "first_name", "start_date"]);
    assert_eq!(fields.licenses.as_ref().map(Vec::len), Some(1));
    assert_eq!((fields.first_name.as_deref(), fields.start_date), (None, None));
    assert_eq!(fields.last_name.as_ref().map(Option::as_deref), Some(Some("L")));
}

#[test]
fn no_username_is_made_of_wrong_names() {
    let of = |body: Value| {
        let fields = Onboarding::read(&body).fields;
        (fields.names().is_some(), fields.shown_name().is_some())
    };
    assert_eq!(of(with("job_title", json!(7))), (true, true));
    assert_eq!(of(with("middle_name", json!(7))), (false, true));
    assert_eq!(of(with("display_name", json!(7))), (true, false));
    assert_eq!(of(with("single_name", json!("yes"))), (false, true));
    for name in ["first_name", "last_name"] {
        assert_eq!(of(with(name, json!("/"))), (false, false), "{name}");
    }
}

#[test]
fn body_must_be_an_object() {
    for body in [json!([]), json!("x"), json!(null), json!(1)] {
        assert_eq!(fields(&body), ["body"]);
    }
}

#[test]
fn hidden_characters_are_refused() {
    for hidden in [
        "a\u{0}b",
        "a\tb",
        "a\r\nb",
        "a\u{85}b",
        "a\u{202e}b",
        "a\u{2066}b",
        "a\u{2028}b",
        "a\u{feff}b",
        "a\u{7f}b",
    ] {
        for field in ["first_name", "job_title", "office", "manager"] {
            assert_eq!(fields(&with(field, json!(hidden))), [field], "{hidden:?}");
        }
        assert_eq!(fields(&with("groups", json!([hidden]))), ["groups"]);
    }
    for hidden in ["a\u{200b}b", "a\u{ad}b", "a\u{61c}b", "a\u{2060}b", "a\u{e0041}b"] {
        assert_eq!(fields(&with("last_name", json!(hidden))), ["last_name"], "{hidden:?}");
    }
    // Joiners are part of the spelling in some languages.
    assert!(Onboarding::parse(&with("first_name", json!("مه\u{200c}سا"))).is_ok());
}

#[test]
fn limits_match_graph() {
    for (field, max) in [
        ("first_name", 64),
        ("last_name", 64),
        // Graph would accept 256.
        ("display_name", 128),
        ("job_title", 128),
        ("department", 64),
        ("office", 128),
    ] {
        assert!(
            Onboarding::parse(&with(field, json!("é".repeat(max)))).is_ok(),
            "{field}"
        );
        assert_eq!(fields(&with(field, json!("é".repeat(max + 1)))), [field]);
    }
    assert_eq!(
        fields(&with("job_title", json!("😀".repeat(65)))),
        ["job_title"],
        "counted in UTF-16"
    );
}

#[test]
fn name_must_not_look_like_an_address() {
    for name in ["https://evil.example", "evil.example/login", "[code]x[/code]", "C:\\x"] {
        for field in ["first_name", "middle_name", "last_name", "display_name"] {
            assert_eq!(fields(&with(field, json!(name))), [field], "{name}");
        }
    }
    for name in ["J.R.R. Tolkien", "Seán O'Brien \"X\" & <Y> 🙂", "Ada [Sales] (UK)"] {
        assert!(Onboarding::parse(&with("display_name", json!(name))).is_ok(), "{name}");
    }
}

#[test]
fn lists_are_parsed() {
    let numbered = |count: usize| json!((0..count).map(|n| format!("SKU{n}")).collect::<Vec<_>>());
    assert_eq!(
        Onboarding::parse(&with("licenses", numbered(20)))
            .unwrap()
            .licenses
            .len(),
        20
    );
    assert_eq!(
        problems(&with("licenses", numbered(21))),
        [("licenses".into(), "must have at most 20 items".into())]
    );
    assert_eq!(
        Onboarding::parse(&with("groups", numbered(50))).unwrap().groups.len(),
        50
    );
    assert_eq!(fields(&with("groups", numbered(51))), ["groups"]);
    assert_eq!(
        problems(&with("licenses", json!(["SPB", " spb ", "a b", 7, ""]))),
        [
            ("licenses".into(), "item 2 is there twice".into()),
            ("licenses".into(), format!("item 3 {}", LicenseName::TAKES)),
            ("licenses".into(), "item 4 must be text".into()),
            ("licenses".into(), "item 5 must not be empty".into()),
        ]
    );
}

#[test]
fn licenses_are_named_either_way() {
    let sku = crate::request::Sku {
        id: "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46".into(),
        part_number: "SPB".into(),
    };
    assert!(LicenseName::parse("spb").unwrap().is(&sku));
    assert!(
        LicenseName::parse("CBDC14AB-D96C-4C30-B9F4-6ADA7CDC1D46")
            .unwrap()
            .is(&sku)
    );
    assert!(!LicenseName::parse("SPE_E3").unwrap().is(&sku));
}

#[test]
fn dates_are_parsed() {
    for bad in [
        "2027-1-4",
        "2027-02-29",
        "+2027-01-4",
        "2027-01-04T00:00",
        "today",
        "20270104",
    ] {
        assert_eq!(fields(&with("start_date", json!(bad))), ["start_date"], "{bad}");
    }
    assert!(Onboarding::parse(&with("start_date", json!("2028-02-29"))).is_ok());
}

#[test]
fn html_form_and_json_give_the_same() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let form = [
        pair("first_name", " Ada "),
        pair("middle_name", "King"),
        pair("last_name", "Lovelace"),
        pair("display_name", "Ada L."),
        pair("email_domain", "Contoso.com"),
        pair("username", "Ada.L"),
        pair("rehire", "true"),
        pair("personal_email", "ada@example.com"),
        pair("mobile_phone", "+44 20 7946 0000"),
        pair("job_title", "Analyst"),
        pair("department", "Engines"),
        pair("office", "1.01"),
        pair("manager", "charles@contoso.com"),
        pair("usage_location", "gb"),
        pair("licenses", "SPB, c7df2760-2c81-4ef7-b578-5b5392b571df\r\n"),
        pair("licenses", "O365_w/o_Teams_Bundle_M3"),
        pair("license_purchase", "manual"),
        pair("groups[]", "All staff\r\nKünstler\r\n\r\n"),
        pair("copy_groups_from", "mary@contoso.com"),
        pair("start_date", "2027-01-04"),
        pair("ticket_id", "1234"),
        pair("password_style", "passphrase"),
        pair("store_password_in_ticket", "true"),
        pair("onboarding_password_save_location", "Hudu"),
    ];
    assert_eq!(
        Onboarding::parse(&Onboarding::from_pairs(&form)),
        Onboarding::parse(&full())
    );

    let empty: Vec<_> = names().into_iter().map(|field| pair(field, " ")).collect();
    assert_eq!(Onboarding::from_pairs(&empty), json!({}));
    let one_name = Onboarding::from_pairs(&[pair("first_name", "Suharto"), pair("single_name", "on")]);
    assert!(Onboarding::parse(&one_name).unwrap().single_name);
    let twice = Onboarding::from_pairs(&[
        pair("first_name", "Ada"),
        pair("first_name", "Eve"),
        pair("last_name", "L"),
    ]);
    assert_eq!(fields(&twice), ["first_name"]);
    let unknown = Onboarding::from_pairs(&[pair("first_name", "Ada"), pair("last_name", "L"), pair("role", "admin")]);
    assert_eq!(fields(&unknown), ["role"]);
}

#[test]
fn body_with_all_fields_at_their_limits_fits() {
    let mut body = full();
    for (field, max) in [
        ("first_name", 64),
        ("middle_name", 64),
        ("last_name", 64),
        // Graph would accept 256.
        ("display_name", 128),
        ("job_title", 128),
    ] {
        body[field] = json!("王".repeat(max));
    }
    body["groups"] = json!(
        (0..MAX_GROUPS)
            .map(|n| format!("{n:0>2}{}", "王".repeat(254)))
            .collect::<Vec<_>>()
    );
    body["licenses"] = json!((0..MAX_LICENSES).map(|n| format!("{n:0>100}")).collect::<Vec<_>>());
    assert!(Onboarding::parse(&body).is_ok());
    assert!(body.to_string().len() < MAX_BODY_BYTES);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 16, 4, |inner| {
        prop::collection::vec(inner, 0..4).prop_map(Value::from)
    })
}

proptest! {
    #[test]
    fn any_value_is_accepted_or_reported(field in prop::sample::select(names()), value in any_json()) {
        match Onboarding::parse(&with(field, value)) {
            Ok(parsed) => {
                let stored = serde_json::to_value(&parsed).unwrap();
                prop_assert_eq!(Onboarding::parse(&stored), Ok(parsed));
            }
            Err(problems) => for problem in problems {
                prop_assert!(problem.field == field || (field == "single_name" && problem.field == "last_name"));
            },
        }
    }
}
