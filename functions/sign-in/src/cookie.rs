//! Signed cookies that the browser returns during a sign-in. No other function reads them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use cookie::{Cookie, CookieJar, Key};
use domain::step_error::StepError;
use http::HeaderMap;
use http::header::COOKIE;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha512};
use store::secrets::SignInKeys;
use web::host_cookie;

const MIN_SECRET: usize = 32;

/// A cookie for one purpose.
#[derive(Debug)]
pub(crate) struct SignInCookie {
    /// Begins with `__Host-`.
    pub(crate) name: &'static str,
    pub(crate) seconds: i64,
}

impl SignInCookie {
    /// The cookie that makes the browser forget this one.
    pub(crate) fn end(&self) -> Cookie<'static> {
        let mut cookie = host_cookie(self.name);
        cookie.make_removal();
        cookie
    }
}

/// The deployment's current key and the previous one, so that a rotation interrupts no sign-in.
pub(crate) struct Keys(SignInKeys);

impl Keys {
    pub(crate) fn new(keys: SignInKeys) -> Self {
        Self(keys)
    }

    pub(crate) fn seal<T: Serialize>(
        &self,
        spec: &SignInCookie,
        value: &T,
        now: DateTime<Utc>,
    ) -> Result<Cookie<'static>, StepError> {
        let json =
            serde_json::to_vec(value).map_err(|_| StepError::Permanent("a cookie cannot be written".to_owned()))?;
        let mut jar = CookieJar::new();
        let plain = (spec.name, URL_SAFE_NO_PAD.encode(json));
        jar.signed_mut(&key(self.0.signing(now), spec)?).add(plain);
        let mut cookie = host_cookie(spec.name);
        if let Some(signed) = jar.get(spec.name) {
            cookie.set_value(signed.value().to_owned());
        }
        cookie.set_max_age(cookie::time::Duration::seconds(spec.seconds));
        Ok(cookie)
    }

    /// The value that the browser returned, if its signature is ours. The value itself must contain its expiry.
    pub(crate) fn open<T: DeserializeOwned>(&self, spec: &SignInCookie, headers: &HeaderMap) -> Option<T> {
        let keys: Vec<Key> = self.0.verifying().filter_map(|secret| key(secret, spec).ok()).collect();
        let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let ours = values
            .flat_map(Cookie::split_parse)
            .flatten()
            .filter(|cookie| cookie.name() == spec.name)
            .map(Cookie::into_owned);
        let jar = CookieJar::new();
        let mut verified = ours.filter_map(|cookie| keys.iter().find_map(|key| jar.signed(key).verify(cookie.clone())));
        verified.find_map(|cookie| parse(cookie.value()))
    }
}

/// The key of a cookie. A signature does not cover the cookie's name, so each name has its own key.
fn key(secret: &SecretString, spec: &SignInCookie) -> Result<Key, StepError> {
    let wrong = || StepError::Permanent("the key of the sign-in cookies is too short".to_owned());
    let bytes = secret.expose_secret().as_bytes();
    if bytes.len() < MIN_SECRET {
        return Err(wrong());
    }
    let digest = Sha512::new()
        .chain_update(spec.name)
        .chain_update(":")
        .chain_update(bytes)
        .finalize();
    Key::try_from(digest.as_slice()).map_err(|_| wrong())
}

fn parse<T: DeserializeOwned>(value: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(value).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOW: SignInCookie = SignInCookie {
        name: "__Host-gangway_flow",
        seconds: 600,
    };
    const OTHER: SignInCookie = SignInCookie {
        name: "__Host-gangway_other",
        seconds: 60,
    };

    fn secret(letter: &str) -> SecretString {
        letter.repeat(64).into()
    }

    fn keys(current: &str, previous: Option<&str>) -> Keys {
        Keys::new(SignInKeys::new(secret(current), None, previous.map(secret)))
    }

    fn header(name: &str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, format!("{name}={value}").parse().unwrap());
        headers
    }

    fn opened(keys: &Keys, spec: &SignInCookie, headers: &HeaderMap) -> Option<String> {
        keys.open(spec, headers)
    }

    #[test]
    fn cookie_round_trips_and_is_hidden_from_scripts() {
        let keys = keys("a", None);
        let cookie = keys.seal(&FLOW, &"value", Utc::now()).unwrap();
        let text = cookie.to_string();
        for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=600"] {
            assert!(text.split("; ").any(|part| part == attribute), "{attribute}: {text}");
        }
        assert!(!text.contains("Domain"), "{text}");
        let found = opened(&keys, &FLOW, &header(FLOW.name, cookie.value()));
        assert_eq!(found.as_deref(), Some("value"));
        let end = FLOW.end().to_string();
        assert!(end.contains("Max-Age=0"), "{end}");
    }

    #[test]
    fn changed_or_renamed_cookie_is_refused() {
        let keys = keys("a", None);
        let cookie = keys.seal(&FLOW, &"value", Utc::now()).unwrap();
        for (at, _) in cookie.value().char_indices() {
            let mut changed = cookie.value().as_bytes().to_vec();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            if changed != cookie.value() {
                assert_eq!(opened(&keys, &FLOW, &header(FLOW.name, &changed)), None, "{at}");
            }
        }
        assert_eq!(opened(&keys, &FLOW, &header("other", cookie.value())), None);
        assert_eq!(opened(&keys, &OTHER, &header(OTHER.name, cookie.value())), None);
        assert_eq!(opened(&keys, &FLOW, &header(FLOW.name, "e30")), None);
    }

    #[test]
    fn only_the_last_two_keys_are_valid() {
        let old = keys("a", None).seal(&FLOW, &"value", Utc::now()).unwrap();
        let headers = header(FLOW.name, old.value());
        assert!(opened(&keys("b", Some("a")), &FLOW, &headers).is_some());
        assert!(opened(&keys("c", Some("b")), &FLOW, &headers).is_none());
    }

    #[test]
    fn short_key_is_refused() {
        let keys = Keys::new(SignInKeys::new("short".to_owned().into(), None, None));
        assert!(keys.seal(&FLOW, &"value", Utc::now()).is_err());
    }
}
