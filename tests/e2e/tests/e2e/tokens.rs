//! TD SYNNEX's refresh token can be used once. All functions share one secret, so they renew the token one at a time.

use e2e::engine::engine;
use e2e::http::Call;
use e2e::links;
use e2e::organisation::{Organisation, operator};
use serde_json::{Value, json};

const SKUS: [&str; 3] = ["SPB", "O365_BUSINESS_PREMIUM", "ENTERPRISEPACK"];

fn org(name: &str) -> Organisation {
    let none =
        json!({"seats": SKUS.map(|sku| (sku.to_owned(), 0)).into_iter().collect::<std::collections::BTreeMap<_, _>>()});
    let org = Organisation::on(&engine().patient, name, &none, &[]);
    org.use_distributor("td_synnex");
    org
}

fn account(org: &Organisation) -> Value {
    org.world.state()["vendors"]["td_synnex"].clone()
}

/// Purchases of different licenses do not wait for each other.
#[test]
fn many_purchases_at_once_renew_it_once() {
    let org = org("td-at-once");
    // Slow enough that all purchases need the token at once.
    org.world.spoil(
        "td_synnex",
        "POST /oauth/token",
        "delay",
        &json!({"ms": 4000, "times": 10}),
    );
    let people = [("Ada", "Lovelace"), ("Bob", "Babbage"), ("Cleo", "Curie")];
    let requests: Vec<_> = people
        .iter()
        .zip(SKUS)
        .map(|((first, last), sku)| {
            let more = json!({"manager": org.manager(), "licenses": [sku]});
            org.submit(&org.person(first, last, &more))
        })
        .collect();
    for (request, sku) in requests.iter().zip(SKUS) {
        request.ends("completed");
        let user = request.user().expect("a user");
        assert_eq!(user["licenses"][0]["sku"], sku, "{user:#}");
    }
    let account = account(&org);
    assert_eq!((&account["renewals"], &account["lost"]), (&json!(1), &json!(false)));
    assert_eq!(org.world.state()["effects"]["seats_bought"], 3);
    // A later call uses the same access token.
    operator(org.stack, &["verify", &org.id], "").expect("all is well");
    assert_eq!(self::account(&org)["renewals"], 1);
}

#[test]
fn one_that_was_used_elsewhere_is_named_on_the_ticket() {
    let org = org("td-used");
    let vendors = engine().vendors();
    let (_, base) = vendors
        .iter()
        .find(|(variable, _)| *variable == "TD_SYNNEX_URL")
        .expect("an address");
    let token = org.world.key("/vendors/td_synnex/credentials/refresh_token");
    Call::new("POST", format!("{base}/oauth/token"))
        .body(
            "application/x-www-form-urlencoded",
            format!("grant_type=refresh_token&refresh_token={token}"),
        )
        .send()
        .expect(200);
    let request = org.submit(&org.person(
        "Ada",
        "Lovelace",
        &json!({"manager": org.manager(), "licenses": ["SPB"]}),
    ));
    let (_, reject) = request.license_links();
    assert!(request.has_note("set a new refresh token"));
    links::press(&reject).expect(200);
    request.ends("completed_with_warnings");
    assert_eq!(account(&org)["orders"], json!([]));
}
