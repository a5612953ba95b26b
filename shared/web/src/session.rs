//! Sessions in the browser: a cookie with a random secret. The store knows the member and whether the session is still
//! valid. The CSRF token is derived from the same secret.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use cookie::{Cookie, SameSite};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use http::header::COOKIE;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use store::sessions::LONGEST;

/// With this prefix, browsers accept the cookie only from this host, so that no other host of the domain can plant it.
const NAME: &str = "__Host-gangway_session";
/// The length of the secret, in bytes.
const BYTES: usize = 32;

/// A valid session.
#[derive(Debug)]
pub struct Session {
    secret: SecretString,
    stored: store::sessions::Session,
}

impl Session {
    pub(crate) fn new(secret: SecretString, stored: store::sessions::Session) -> Self {
        Self { secret, stored }
    }

    /// Whether the sign-in is recent enough for sensitive actions.
    pub(crate) fn is_recent(&self, now: DateTime<Utc>) -> bool {
        self.stored.is_recent(now)
    }

    /// The CSRF token, which goes into every form of the session.
    pub(crate) fn csrf(&self) -> String {
        URL_SAFE_NO_PAD.encode(csrf_of(&self.secret))
    }

    /// Checks a CSRF token in constant time.
    pub fn csrf_is_right(&self, token: &str) -> bool {
        let token = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
        mac(&self.secret).is_some_and(|mac| mac.verify_slice(&token).is_ok())
    }
}

fn mac(secret: &SecretString) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).ok()?;
    mac.update(b"csrf");
    Some(mac)
}

fn csrf_of(secret: &SecretString) -> Vec<u8> {
    mac(secret)
        .map(|mac| mac.finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

/// The secret in the request's cookie. With the prefix, a browser has at most one cookie of this name.
pub(crate) fn brought(headers: &HeaderMap) -> Option<SecretString> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut ours = values
        .flat_map(Cookie::split_parse)
        .flatten()
        .filter(|cookie| cookie.name() == NAME);
    ours.find(|cookie| {
        URL_SAFE_NO_PAD
            .decode(cookie.value())
            .is_ok_and(|bytes| bytes.len() == BYTES)
    })
    .map(|cookie| cookie.value().to_owned().into())
}

/// The cookie that carries a new session.
pub(crate) fn cookie(secret: &SecretString) -> Cookie<'static> {
    let mut cookie = host_cookie(NAME);
    cookie.set_value(secret.expose_secret().to_owned());
    cookie.set_max_age(cookie::time::Duration::seconds(LONGEST.num_seconds()));
    cookie
}

/// The cookie that makes the browser forget the session.
pub(crate) fn end() -> Cookie<'static> {
    let mut cookie = host_cookie(NAME);
    cookie.make_removal();
    cookie
}

/// A cookie for this host that scripts can't read, still without a value. `name` begins with `__Host-`.
pub fn host_cookie(name: &'static str) -> Cookie<'static> {
    Cookie::build((name, ""))
        .http_only(true)
        .secure(true)
        .same_site(SameSite::Lax)
        .path("/")
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(byte: u8) -> SecretString {
        URL_SAFE_NO_PAD.encode([byte; BYTES]).into()
    }

    fn header(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, value.parse().unwrap());
        headers
    }

    fn read(headers: &HeaderMap) -> Option<String> {
        brought(headers).map(|secret| secret.expose_secret().to_owned())
    }

    #[test]
    fn session_cookie_round_trips() {
        let secret = secret(7);
        let expected = Some(secret.expose_secret().to_owned());
        let cookie = cookie(&secret).stripped().to_string();
        assert_eq!(read(&header(&cookie)), expected);
        assert_eq!(read(&header(&format!("other=1; {cookie}; more=2"))), expected);
        let mut twice = header("theirs=1");
        twice.append(COOKIE, cookie.parse().unwrap());
        assert_eq!(read(&twice), expected);
    }

    #[test]
    fn malformed_secret_is_not_looked_up() {
        let whole = secret(7);
        let whole = whole.expose_secret();
        for bad in [
            format!("gangway_session={whole}"),
            format!("{NAME}={}", &whole[1..]),
            format!("{NAME}={whole}A"),
            format!("{NAME}=acme.{whole}"),
            format!("{NAME}="),
            NAME.to_owned(),
            "=".to_owned(),
            ";;".to_owned(),
        ] {
            assert_eq!(read(&header(&bad)), None, "{bad}");
        }
    }

    #[test]
    fn cookie_is_hidden_from_scripts_and_other_hosts() {
        let cookie = cookie(&secret(1)).to_string();
        for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=28800"] {
            assert!(
                cookie.split("; ").any(|part| part == attribute),
                "{attribute}: {cookie}"
            );
        }
        assert!(cookie.starts_with("__Host-") && !cookie.contains("Domain"));
        let end = end().to_string();
        for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=0"] {
            assert!(end.split("; ").any(|part| part == attribute), "{attribute}: {end}");
        }
    }

    #[test]
    fn csrf_token_belongs_to_one_session_and_hides_its_secret() {
        let token = URL_SAFE_NO_PAD.encode(csrf_of(&secret(1)));
        assert_ne!(token, secret(1).expose_secret());
        assert_ne!(csrf_of(&secret(1)), csrf_of(&secret(2)));
        let right = |token: &str| {
            let token = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
            mac(&secret(1)).unwrap().verify_slice(&token).is_ok()
        };
        assert!(right(&token));
        for bad in ["", "x", "%%%", &token[1..], &format!("{token}A")] {
            assert!(!right(bad), "{bad}");
        }
    }
}
