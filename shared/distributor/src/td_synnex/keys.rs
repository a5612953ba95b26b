//! TD SYNNEX's tokens. A refresh token can be used once, and the response contains the next one. Using it twice voids
//! all tokens of the account, and a person has to get a new one from the portal. So only one function at a time may
//! renew, and it must store the new refresh token before it uses the access token.

use chrono::{DateTime, TimeDelta, Utc};
use domain::step_error::StepError;
use outbound::{endpoint, send};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use url::Url;

use super::SYSTEM;

/// An access token is not used in its last minutes, because other functions may have read it earlier and still cache
/// it.
const MARGIN: TimeDelta = TimeDelta::minutes(10);
/// The lifetime of an access token in seconds, if the response does not say.
const TWO_HOURS: i64 = 7200;

/// The keys as stored in the secret. A person sets the first two; each renewal writes the others.
#[derive(Debug, Clone, Deserialize)]
pub struct Keys {
    pub account_id: String,
    pub refresh_token: SecretString,
    access_token: Option<SecretString>,
    until: Option<DateTime<Utc>>,
}

impl Keys {
    /// The access token, if it is still valid.
    pub fn access_token(&self, now: DateTime<Utc>) -> Option<&SecretString> {
        let until = self.until?;
        self.access_token.as_ref().filter(|_| now + MARGIN < until)
    }

    /// Uses up the refresh token. The caller must store the returned keys at once.
    pub async fn renewed(&self, http: &reqwest::Client, base: &Url) -> Result<Self, StepError> {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", self.refresh_token.expose_secret()),
        ];
        let request = http.post(endpoint(base, &["oauth", "token"], &[])).form(&form);
        let reply = send(SYSTEM, "renew the access token", request).await?;
        if matches!(reply.status(), 400..=403) {
            return Err(StepError::NeedsAttention(format!(
                "{SYSTEM} does not accept the refresh token (status {}); set a new refresh token",
                reply.status()
            )));
        }
        let answer: Answer = reply.json()?;
        Ok(Self {
            account_id: self.account_id.clone(),
            refresh_token: answer.refresh_token,
            access_token: Some(answer.access_token),
            until: Some(Utc::now() + TimeDelta::seconds(answer.expires_in)),
        })
    }

    /// The text for the credentials secret.
    pub fn secret(&self) -> SecretString {
        let mut secret = json!({
            "account_id": self.account_id,
            "refresh_token": self.refresh_token.expose_secret(),
        });
        if let (Some(token), Some(until)) = (&self.access_token, self.until) {
            secret["access_token"] = token.expose_secret().into();
            secret["until"] = json!(until);
        }
        secret.to_string().into()
    }
}

#[derive(Deserialize)]
struct Answer {
    access_token: SecretString,
    refresh_token: SecretString,
    #[serde(default = "two_hours", deserialize_with = "number_or_text")]
    expires_in: i64,
}

fn two_hours() -> i64 {
    TWO_HOURS
}

fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let seconds = match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    // Refusing the response here would lose the account.
    Ok(seconds
        .filter(|seconds| (0..=86_400).contains(seconds))
        .unwrap_or(TWO_HOURS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_keys_are_read_again() {
        let by_hand: Keys = serde_json::from_str(r#"{"account_id": "5212", "refresh_token": "r1"}"#).unwrap();
        let now = Utc::now();
        assert!(by_hand.access_token(now).is_none());
        let renewed = Keys {
            refresh_token: "r2".into(),
            access_token: Some("a2".into()),
            until: Some(now + TimeDelta::hours(2)),
            ..by_hand
        };
        let kept: Keys = serde_json::from_str(renewed.secret().expose_secret()).unwrap();
        assert_eq!(kept.account_id, "5212");
        assert_eq!(kept.refresh_token.expose_secret(), "r2");
        assert_eq!(kept.access_token(now).map(ExposeSecret::expose_secret), Some("a2"));
        assert!(
            kept.access_token(now + TimeDelta::minutes(111)).is_none(),
            "its last minutes"
        );
    }

    #[test]
    fn lifetime_never_makes_a_response_invalid() {
        for (seconds, expected) in [
            ("7200", 7200),
            ("\"3600\"", 3600),
            ("\"soon\"", 7200),
            ("null", 7200),
            ("-1", 7200),
        ] {
            let text = format!(r#"{{"access_token": "a", "refresh_token": "r", "expires_in": {seconds}}}"#);
            assert_eq!(
                serde_json::from_str::<Answer>(&text).unwrap().expires_in,
                expected,
                "{seconds}"
            );
        }
        let without = r#"{"access_token": "a", "refresh_token": "r"}"#;
        assert_eq!(serde_json::from_str::<Answer>(without).unwrap().expires_in, 7200);
    }
}
