//! Tests of links, and of new and old servers.

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use vault::PwPush;
use vault::pwpush::{Found, Key};

use crate::fixture::{AnyPlace, Fixture, PASSWORD, Work, entry};
use crate::places::{ANONYMOUS, PWPUSH};

fn pwpush(fixture: &Fixture) -> &PwPush {
    match &fixture.any {
        AnyPlace::PwPush(pwpush) => pwpush,
        AnyPlace::Vault(_) => panic!("no vault"),
    }
}

async fn found(fixture: &Fixture, marker: &str) -> Option<SecretString> {
    match pwpush(fixture).find(marker).await.unwrap() {
        Found::Link(link) => Some(link),
        Found::Nothing | Found::CannotSay => None,
    }
}

#[tokio::test]
async fn link_leads_to_the_retrieval_step() {
    let fixture = Fixture::new(&PWPUSH).await;
    let link = pwpush(&fixture).push("r1/manager", &PASSWORD.into()).await.unwrap();
    let [push] = fixture.all().try_into().unwrap();
    let token = push["token"].as_str().unwrap();
    let url = fixture.sim.keys("pwpush")["url"].as_str().unwrap().to_owned();
    assert_eq!(link.expose_secret(), format!("{url}/p/{token}/r"));
    assert_eq!(push["payload"], PASSWORD);
    assert_eq!(push["retrieval_step"], true);
    assert_eq!(push["note"], "[gangway r1/manager]");
    assert_eq!(
        (&push["expire_after_days"], &push["expire_after_views"]),
        (&json!(7), &json!(5))
    );
    assert!(!format!("{link:?} {:?}", pwpush(&fixture).find("r1/manager").await).contains(token));
}

#[tokio::test]
async fn an_open_push_of_an_earlier_try_is_used_again() {
    let fixture = Fixture::new(&PWPUSH).await;
    let link = pwpush(&fixture).push("r1/manager", &PASSWORD.into()).await.unwrap();
    let again = found(&fixture, "r1/manager").await.unwrap();
    assert_eq!(again.expose_secret(), link.expose_secret());
    assert!(
        found(&fixture, "r1/technicians").await.is_none(),
        "one push a recipient"
    );
    fixture.sim.world(|world| world.vendors.pwpush.pushes[0].views = 5);
    assert!(found(&fixture, "r1/manager").await.is_none(), "it opens no more");
    fixture.sim.world(|world| {
        world.vendors.pwpush.pushes[0].views = 0;
        world.vendors.pwpush.pushes[0].expired = true;
    });
    assert!(found(&fixture, "r1/manager").await.is_none(), "it has expired");
}

#[tokio::test]
async fn older_server_is_used_with_api_v1() {
    for (place, owned) in [(&PWPUSH, true), (&ANONYMOUS, false)] {
        let fixture = Fixture::new(place).await;
        fixture.sim.world(|world| world.vendors.pwpush.v1_only = true);
        let link = fixture.any.write(&entry("r1", "x")).await.unwrap().unwrap();
        let operations = fixture.sim.operations();
        assert_eq!(operations, ["POST /{world}/api/v2/pushes", "POST /{world}/p.json"]);
        let [push] = fixture.all().try_into().unwrap();
        assert!(
            link.expose_secret()
                .ends_with(&format!("/p/{}/r", push["token"].as_str().unwrap()))
        );
        assert_eq!(
            (&push["payload"], &push["retrieval_step"]),
            (&json!(PASSWORD), &json!(true))
        );
        assert_eq!(push["owned"], owned);
        assert_eq!(fixture.any.has("r1").await, Ok(None), "it can't be asked");
        let findings = fixture.any.check().await;
        assert!(findings.iter().all(|finding| finding.result.is_ok()), "{findings:?}");
    }
    let fixture = Fixture::new(&ANONYMOUS).await;
    fixture.fault(json!({"kind": "status", "status": 405, "operation": "POST /{world}/api/v2/pushes"}));
    fixture.on(Work::Write).await.unwrap();
    assert_eq!(fixture.sim.operations().last().unwrap(), "POST /{world}/p.json");
}

#[tokio::test]
async fn missing_token_is_reported() {
    let fixture = Fixture::new(&ANONYMOUS).await;
    fixture.sim.world(|world| world.vendors.pwpush.anonymous = false);
    let error = fixture.on(Work::Write).await.unwrap_err();
    assert!(error.to_string().contains("without an API token"), "{error}");
    let fixture = Fixture::new(&PWPUSH).await;
    fixture
        .sim
        .world(|world| world.vendors.pwpush.api_token = "another".to_owned());
    let error = fixture.on(Work::Write).await.unwrap_err();
    assert!(error.to_string().contains("does not accept the API token"), "{error}");
}

#[tokio::test]
async fn malformed_token_becomes_no_link() {
    let fixture = Fixture::new(&PWPUSH).await;
    fixture.sim.world(|world| {
        let push = world
            .vendors
            .pwpush
            .add(true, &json!({"payload": "x", "note": "[gangway r1]"}));
        push.token = "../../evil?x=1".to_owned();
    });
    let error = pwpush(&fixture).find("r1").await.unwrap_err();
    assert!(error.is_transient() && !error.to_string().contains("evil"), "{error}");
}

/// The address and the token may come from two organisations: a child sets `pwpush_url`, its parent the token.
#[tokio::test]
async fn token_is_sent_only_to_its_own_origin() {
    let fixture = Fixture::new(&PWPUSH).await;
    let keys = fixture.sim.keys("pwpush");
    let base: url::Url = keys["url"].as_str().unwrap().parse().unwrap();
    let token = || SecretString::from(keys["credentials"]["api_token"].as_str().unwrap());
    let with = |server: &str, own: bool| {
        let client = crate::fixture::client(std::time::Duration::from_secs(20));
        let key = Key {
            server: server.parse().unwrap(),
            token: token(),
            own,
        };
        PwPush::new(client, base.clone(), Some(key))
    };
    let owned = |fixture: &Fixture| fixture.all().last().unwrap()["owned"].clone();
    let port = base.port().unwrap();
    // The same scheme, host and port are enough, whatever the path.
    let same = with(&format!("http://127.0.0.1:{port}/"), false);
    same.push("r1/manager", &PASSWORD.into()).await.unwrap();
    assert_eq!(owned(&fixture), true);
    for other in [
        format!("https://127.0.0.1:{port}"),
        format!("http://127.0.0.2:{port}"),
        "http://127.0.0.1:1".to_owned(),
        "http://127.0.0.1".to_owned(),
        "https://pwpush.example.com".to_owned(),
    ] {
        let elsewhere = with(&other, false);
        let before = fixture.sim.operations().len();
        elsewhere.push("r1/manager", &PASSWORD.into()).await.unwrap();
        assert_eq!(owned(&fixture), false, "{other}");
        assert!(
            matches!(elsewhere.find("r1/manager").await, Ok(Found::CannotSay)),
            "{other}"
        );
        let [inherited, own] = [false, true].map(|own| with(&other, own));
        let told = inherited.check().await.remove(1).result.unwrap();
        let why = own.check().await.remove(1).result.unwrap_err().to_string();
        for text in [told, why] {
            assert!(text.contains("for another server than pwpush_url names"), "{text}");
            assert!(
                !text.contains("127.0.0.") && !text.contains("example.com"),
                "the parent's: {text}"
            );
        }
        let shown = fixture.sim.world(|world| {
            let since = world.requests.iter().skip(before);
            since.filter(|request| request.authorization).count()
        });
        assert_eq!(shown, 0, "{other}");
    }
    fixture.sim.world(|world| world.vendors.pwpush.anonymous = false);
    let error = with("https://pwpush.example.com", false)
        .push("r1/manager", &PASSWORD.into())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("is for another server"), "{error}");
}
