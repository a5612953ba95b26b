//! Gets a token for the user's name and password, which are sent as a form.

use chrono::{DateTime, NaiveDateTime, Utc};
use domain::step_error::StepError;
use outbound::{Token, endpoint, send};
use reqwest::header::CONTENT_TYPE;
use secrecy::ExposeSecret;

use super::calls::one;
use super::wire::{Refusal, TokenBody};
use super::{KaseyaBms, SYSTEM};

const OPERATION: &str = "get a token";

impl KaseyaBms {
    pub(super) async fn sign_in(&self) -> Result<Token, StepError> {
        let (content_type, body) = form(&[
            ("GrantType", "password"),
            ("UserName", &self.credentials.user_name),
            ("Password", self.credentials.password.expose_secret()),
            ("Tenant", &self.credentials.tenant),
        ]);
        let url = endpoint(&self.base, &["v2", "security", "authenticate"], &[]);
        let request = self.http.post(url).header(CONTENT_TYPE, content_type).body(body);
        let reply = send(SYSTEM, OPERATION, request).await?;
        let refused = Refusal::of(&reply).is_some_and(|refusal| !refusal.error(OPERATION).is_transient());
        if refused || matches!(reply.status(), 400..=403) {
            return Err(StepError::NeedsAttention(format!(
                "{SYSTEM} does not accept the user name, the password and the tenant; renew them in Gangway"
            )));
        }
        let token: TokenBody = one(OPERATION, &reply)?;
        Ok(Token {
            seconds: seconds_until(&token.access_token_expire_on),
            value: token.access_token,
        })
    }
}

/// A multipart form as bytes, so that it can be sent again after a wait, which reqwest's own form can't. Returns the
/// media type and the body.
fn form(fields: &[(&str, &str)]) -> (String, String) {
    let mut boundary = "gangway".to_owned();
    while fields.iter().any(|(_, value)| value.contains(&boundary)) {
        boundary.push('-');
        boundary.push_str("gangway");
    }
    let part = |(name, value): &(&str, &str)| {
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let parts: String = fields.iter().map(part).collect();
    (
        format!("multipart/form-data; boundary={boundary}"),
        format!("{parts}--{boundary}--\r\n"),
    )
}

/// A time without a zone is UTC. An invalid date counts as past.
fn seconds_until(text: &str) -> u64 {
    let with_zone = DateTime::parse_from_rfc3339(text).map(|date| date.to_utc());
    let date = with_zone.or_else(|_| text.parse().map(|date: NaiveDateTime| date.and_utc()));
    let left = date.map(|date| date - Utc::now()).unwrap_or_default();
    u64::try_from(left.num_seconds()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn no_value_ends_its_part() {
        let (content_type, body) = form(&[("A", "--gangway--\r\n"), ("B", "gangway-gangwa")]);
        assert_eq!(content_type, "multipart/form-data; boundary=gangway-gangway");
        assert_eq!(body.matches("gangway-gangway\r\n").count(), 2);
        assert!(body.ends_with("\r\n--gangway-gangway--\r\n"), "{body}");
    }

    #[test]
    fn dates_with_and_without_a_zone() {
        let soon = Utc::now() + TimeDelta::seconds(100);
        for text in [soon.to_rfc3339(), soon.format("%Y-%m-%dT%H:%M:%S%.f").to_string()] {
            assert!((98..=100).contains(&seconds_until(&text)), "{text}");
        }
        for text in ["", "soon", "2001-01-01T00:00:00Z"] {
            assert_eq!(seconds_until(text), 0, "{text}");
        }
    }
}
