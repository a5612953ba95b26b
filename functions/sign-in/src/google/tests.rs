//! Tests with the simulated provider: the flow, and every token that must be refused.

use chrono::Utc;
use clap::Parser;
use domain::sign_in::Reason;
use openidconnect::ClientSecret;
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier};
use serde_json::{Value, json};
use simulators::google::{CLIENT_ID, CLIENT_SECRET};
use simulators::server::{Options, Running, start};
use web::Base;

use super::*;

struct At {
    running: Running,
    google: Google,
}

impl At {
    async fn new() -> Self {
        let running = start(Options::parse_from(["simulators", "--port", "0"])).await.unwrap();
        let google = google(&running, CLIENT_ID);
        Self { running, google }
    }

    async fn control(&self, path: &str, body: String) -> reqwest::Response {
        let url = format!("{}/control/google/{path}", self.running.base);
        let answer = outbound::http_client().post(url).body(body).send().await.unwrap();
        assert!(answer.status().as_u16() < 400, "{}", answer.text().await.unwrap());
        answer
    }

    /// Claims for Gina of example.com, with the given changes.
    async fn person(&self, more: Value) -> String {
        let mut person = json!({"name": "Gina Google", "email": "gina@example.com", "hd": "example.com"});
        person
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let made: Value = self.control("people", person.to_string()).await.json().await.unwrap();
        made["sub"].as_str().unwrap().to_owned()
    }

    async fn begin(&self) -> (Url, Flow) {
        self.google.begin(None, None, Utc::now()).await.unwrap()
    }

    /// What the browser sends back after the person's click.
    async fn pick(&self, url: &Url, sub: &str) -> Vec<(String, String)> {
        let answer = self.control(&format!("people/{sub}/pick"), url.to_string()).await;
        let location = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
        assert!(
            location
                .as_str()
                .starts_with("https://gangway.test/sign-in/google/callback?"),
            "{location}"
        );
        location.query_pairs().into_owned().collect()
    }

    async fn code(&self, url: &Url, sub: &str) -> String {
        let answer = self.pick(url, sub).await;
        answer.into_iter().find(|(name, _)| name == "code").unwrap().1
    }

    async fn finish(&self, flow: &Flow, code: &str) -> Result<Result<Person, Reason>, StepError> {
        self.google.finish(flow, code, &CLIENT_SECRET.to_owned().into()).await
    }

    async fn sign_in(&self, sub: &str) -> Result<Person, Reason> {
        let (url, flow) = self.begin().await;
        let code = self.code(&url, sub).await;
        self.finish(&flow, &code).await.unwrap()
    }

    /// A sign-in with a token that is spoilt in this way.
    async fn spoilt(&self, order: Value) -> Result<Person, Reason> {
        let sub = self.person(json!({})).await;
        self.control(&format!("people/{sub}/next-token"), order.to_string())
            .await;
        self.sign_in(&sub).await
    }

    async fn reads(&self, document: &str) -> u64 {
        let url = format!("{}/control/google/reads", self.running.base);
        let reads: Value = outbound::http_client()
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        reads[document].as_u64().unwrap_or_default()
    }
}

fn google(running: &Running, client_id: &str) -> Google {
    let base = Base::new("https://gangway.test").unwrap();
    let issuer = format!("{}/google", running.base);
    Google::new(&issuer, client_id, &base, running.base.clone()).unwrap()
}

#[tokio::test]
async fn person_has_the_claims_of_google() {
    let at = At::new().await;
    let sub = at.person(json!({})).await;
    let person = at.sign_in(&sub).await.unwrap();
    assert_eq!(person.identity.subject, sub);
    assert_eq!(person.identity.issuer, format!("{}/google", at.running.base));
    assert_eq!(person.workspace_address().unwrap().as_str(), "gina@example.com");
    assert_eq!(person.name(), "Gina Google");
}

#[tokio::test]
async fn request_has_state_nonce_and_challenge_but_no_secret() {
    let at = At::new().await;
    let (url, flow) = at.begin().await;
    let asked: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["redirect_uri"], "https://gangway.test/sign-in/google/callback");
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["state"], flow.state);
    assert_eq!(asked["nonce"], flow.nonce);
    assert!(!url.as_str().contains(&flow.verifier) && !url.as_str().contains(CLIENT_SECRET));
    let (_, other) = at.begin().await;
    assert!(flow.state != other.state && flow.nonce != other.nonce && flow.verifier != other.verifier);
}

#[tokio::test]
async fn response_must_match_the_flow_and_its_time() {
    let at = At::new().await;
    let (_, flow) = at.begin().await;
    let now = Utc::now();
    assert!(flow.expects(Some(&flow.state), now));
    let late = flow.until + Duration::seconds(1);
    let (_, foreign) = at.begin().await;
    for (state, when) in [
        (None, now),
        (Some(""), now),
        (Some(foreign.state.as_str()), now),
        (Some(flow.state.as_str()), late),
    ] {
        assert!(!flow.expects(state, when), "{state:?} {when}");
    }
}

#[tokio::test]
async fn code_is_valid_once_and_only_with_its_verifier() {
    let at = At::new().await;
    let sub = at.person(json!({})).await;
    let (url, flow) = at.begin().await;
    let code = at.code(&url, &sub).await;
    assert!(at.finish(&flow, &code).await.unwrap().is_ok());
    assert_eq!(at.finish(&flow, &code).await.unwrap(), Err(Reason::InvalidToken));
    // A code stolen from one browser is useless in another.
    let stolen = at.code(&url, &sub).await;
    let (_, thief) = at.begin().await;
    assert_eq!(at.finish(&thief, &stolen).await.unwrap(), Err(Reason::InvalidToken));
    assert_eq!(at.finish(&flow, "made-up").await.unwrap(), Err(Reason::InvalidToken));
}

#[tokio::test]
async fn tokens_with_wrong_claims_are_refused() {
    let at = At::new().await;
    let past = Utc::now().timestamp() - 1;
    let future = Utc::now().timestamp() + 6 * 60;
    for claims in [
        json!({"azp": "somebody-else.apps.googleusercontent.com"}),
        json!({"azp": ""}),
        json!({"iat": future}),
        json!({"iat": null}),
        json!({"aud": "somebody-else.apps.googleusercontent.com"}),
        json!({"aud": [CLIENT_ID, "somebody-else.apps.googleusercontent.com"]}),
        json!({"aud": null}),
        json!({"iss": "https://accounts.evil.test"}),
        json!({"iss": "accounts.google.com"}),
        json!({"iss": null}),
        json!({"exp": past}),
        json!({"exp": null}),
        json!({"nonce": "another-nonce-of-sufficient-length"}),
        json!({"nonce": null}),
        json!({"sub": ""}),
        json!({"sub": "a b"}),
        json!({"sub": "x".repeat(256)}),
        json!({"sub": null}),
    ] {
        let result = at.spoilt(json!({ "claims": claims })).await;
        assert_eq!(result, Err(Reason::InvalidToken), "{claims}");
    }
    // The harness itself is right: an unchanged token is accepted, and clocks may differ a little.
    assert!(at.spoilt(json!({})).await.is_ok());
    let ahead = Utc::now().timestamp() + 60;
    for claims in [json!({"iat": ahead}), json!({"azp": null})] {
        assert!(at.spoilt(json!({ "claims": claims })).await.is_ok(), "{claims}");
    }
}

#[tokio::test]
async fn tokens_with_wrong_signatures_are_refused() {
    let at = At::new().await;
    for signed in [
        "not",
        "with_public_key",
        "with_client_secret",
        "by_stranger",
        "by_unknown_key",
        "altered",
    ] {
        let result = at.spoilt(json!({ "signed": signed })).await;
        assert_eq!(result, Err(Reason::InvalidToken), "{signed}");
    }
}

/// Apart from their signatures these tokens are valid. A verifier that does not check signatures, or uses the client's
/// secret as a key, would accept them.
#[tokio::test]
async fn forged_tokens_are_valid_apart_from_their_signature() {
    let at = At::new().await;
    for signed in [
        "not",
        "with_public_key",
        "with_client_secret",
        "by_stranger",
        "by_unknown_key",
    ] {
        let sub = at.person(json!({})).await;
        let order = json!({ "signed": signed });
        at.control(&format!("people/{sub}/next-token"), order.to_string()).await;
        let (url, flow) = at.begin().await;
        let code = at.code(&url, &sub).await;
        let secret = CLIENT_SECRET.to_owned();
        let text = at
            .google
            .exchange(&flow, &code, &secret.clone().into())
            .await
            .unwrap()
            .unwrap();
        let careless = CoreIdTokenVerifier::new_confidential_client(
            ClientId::new(CLIENT_ID.to_owned()),
            ClientSecret::new(secret),
            IssuerUrl::new(at.google.issuer.clone()).unwrap(),
            at.google.provider().await.unwrap().jwks().clone(),
        );
        let careless = match signed {
            "with_client_secret" => careless.allow_any_alg(),
            _ => careless.insecure_disable_signature_check(),
        };
        let token: CoreIdToken = text.parse().unwrap();
        assert!(token.claims(&careless, &Nonce::new(flow.nonce)).is_ok(), "{signed}");
    }
}

#[tokio::test]
async fn unknown_key_causes_one_more_read_of_the_keys() {
    let at = At::new().await;
    assert!(at.spoilt(json!({})).await.is_ok());
    assert!(at.spoilt(json!({})).await.is_ok());
    assert_eq!((at.reads("discovery").await, at.reads("certs").await), (1, 1));
    assert!(at.spoilt(json!({"signed": "by_new_key"})).await.is_ok());
    assert_eq!((at.reads("discovery").await, at.reads("certs").await), (1, 2));
    assert!(at.spoilt(json!({"signed": "by_unknown_key"})).await.is_err());
    assert_eq!((at.reads("discovery").await, at.reads("certs").await), (1, 3));
}

#[tokio::test]
async fn address_must_be_verified_by_google() {
    let at = At::new().await;
    for (verified, counts) in [
        (json!(true), true),
        (json!("true"), true),
        (json!(false), false),
        (json!("false"), false),
    ] {
        let sub = at.person(json!({ "email_verified": verified })).await;
        let person = at.sign_in(&sub).await.unwrap();
        assert_eq!(person.verified.is_some(), counts, "{verified}");
        assert_eq!(person.workspace_address().is_ok(), counts, "{verified}");
    }
    let result = at.spoilt(json!({"claims": {"email_verified": null}})).await;
    assert_eq!(result.unwrap().verified, None);
}

#[tokio::test]
async fn missing_or_other_hd_leads_to_no_organisation() {
    let at = At::new().await;
    for (hd, reason) in [
        (Value::Null, Reason::DomainMissing),
        (json!("evil.test"), Reason::DomainDiffers),
        (json!("example.com."), Reason::DomainDiffers),
        (json!("\u{435}xample.com"), Reason::DomainDiffers),
    ] {
        let person = at.spoilt(json!({"claims": {"hd": hd}})).await.unwrap();
        assert_eq!(person.workspace_address(), Err(reason), "{hd}");
    }
}

/// Google's older spelling of its issuer is not a URL; its current one is.
#[tokio::test]
async fn both_spellings_of_googles_issuer_are_equal() {
    let at = At::new().await;
    let read = async |order: Value| {
        let sub = at.person(json!({})).await;
        at.control(&format!("people/{sub}/next-token"), order.to_string()).await;
        let (url, flow) = at.begin().await;
        let code = at.code(&url, &sub).await;
        let text = at.google.exchange(&flow, &code, &CLIENT_SECRET.to_owned().into()).await;
        let provider = at.google.provider().await.unwrap();
        let nonce = Nonce::new(flow.nonce);
        let issuer = "https://accounts.google.com";
        (
            sub,
            token::read(&text.unwrap().unwrap(), issuer, CLIENT_ID, provider.jwks(), &nonce),
        )
    };
    for iss in ["https://accounts.google.com", "accounts.google.com"] {
        let (sub, person) = read(json!({"claims": {"iss": iss}})).await;
        let identity = person.unwrap().identity;
        assert_eq!(
            (identity.issuer.as_str(), identity.subject),
            ("https://accounts.google.com", sub),
            "{iss}"
        );
        let past = Utc::now().timestamp() - 1;
        for order in [
            json!({"claims": {"iss": iss, "aud": "other"}}),
            json!({"claims": {"iss": iss, "exp": past}}),
            json!({"claims": {"iss": iss, "nonce": "another-nonce-of-sufficient-length"}}),
            json!({"claims": {"iss": iss}, "signed": "not"}),
            json!({"claims": {"iss": iss}, "signed": "with_public_key"}),
            json!({"claims": {"iss": iss}, "signed": "with_client_secret"}),
            json!({"claims": {"iss": iss}, "signed": "by_stranger"}),
            json!({"claims": {"iss": iss}, "signed": "altered"}),
        ] {
            assert!(read(order.clone()).await.1.is_err(), "{order}");
        }
        let unknown = read(json!({"claims": {"iss": iss}, "signed": "by_unknown_key"}))
            .await
            .1;
        assert_eq!(unknown, Err(token::Refused::UnknownKey));
    }
    for iss in [
        "http://accounts.google.com",
        "accounts.google.com.evil.test",
        "https://accounts.google.com/",
    ] {
        assert!(read(json!({"claims": {"iss": iss}})).await.1.is_err(), "{iss}");
    }
}

#[tokio::test]
async fn wrong_client_secret_needs_attention() {
    let at = At::new().await;
    let sub = at.person(json!({})).await;
    let (url, flow) = at.begin().await;
    let code = at.code(&url, &sub).await;
    let error = at
        .google
        .finish(&flow, &code, &"wrong".to_owned().into())
        .await
        .unwrap_err();
    assert!(
        matches!(&error, StepError::NeedsAttention(text) if !text.contains("wrong")),
        "{error}"
    );
}

#[tokio::test]
async fn local_issuer_is_accepted_only_on_the_local_engine() {
    let at = At::new().await;
    let base = Base::new("https://gangway.test").unwrap();
    let issuer = format!("{}/google", at.running.base);
    assert!(Google::new(&issuer, CLIENT_ID, &base, String::new()).is_err());
    assert!(Google::new("https://accounts.google.com", CLIENT_ID, &base, String::new()).is_ok());
    assert!(Google::new("http://accounts.google.com", CLIENT_ID, &base, String::new()).is_err());
    // Addresses in a discovery document get the same check.
    let documents = Documents::new(String::new());
    let inside = Url::parse("http://169.254.169.254/latest").unwrap();
    assert!(documents.allowed(&inside).is_err());
}
