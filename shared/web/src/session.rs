//! Sessions: a signed cookie that says who, never what they may do. The token against forged forms goes with it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use cookie::{Cookie, CookieJar, Key, SameSite};
use domain::fault::Fault;
use domain::ids::OrgId;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use http::header::COOKIE;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha512};

use crate::call::Call;

/// By the prefix, browsers take a cookie from this host alone: none of another one under the same domain can plant it.
const NAME: &str = "__Host-gangway_session";
const HOURS: i64 = 8;
const MIN_SECRET: usize = 32;

/// Role and membership are not here: they are read from the members table at each call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub org: OrgId,
    pub member: String,
    /// Random; what the CSRF token is bound to.
    id: String,
    expires: i64,
}

impl Session {
    pub fn begin(org: &OrgId, member: &str, now: DateTime<Utc>) -> Self {
        let id: [u8; 16] = rand::random();
        Self {
            org: org.clone(),
            member: member.to_owned(),
            id: URL_SAFE_NO_PAD.encode(id),
            expires: (now + Duration::hours(HOURS)).timestamp(),
        }
    }
}

/// What is made from the one secret of the deployment.
pub struct Keys {
    cookie: Key,
    /// A signature doesn't hold the cookie's name: what is no session has a key of its own.
    errand: Key,
    csrf: Hmac<Sha256>,
}

impl Keys {
    pub fn new(secret: &SecretString) -> Result<Self, Fault> {
        let bytes = secret.expose_secret().as_bytes();
        let wrong = || Fault::Permanent("the session key is too short".to_owned());
        if bytes.len() < MIN_SECRET {
            return Err(wrong());
        }
        let cookie = Key::try_from(Sha512::digest(bytes).as_slice()).map_err(|_| wrong())?;
        let errand = Sha512::new().chain_update(b"errand:").chain_update(bytes).finalize();
        let errand = Key::try_from(errand.as_slice()).map_err(|_| wrong())?;
        let csrf = Hmac::new_from_slice(bytes).map_err(|_| wrong())?;
        Ok(Self { cookie, errand, csrf })
    }

    /// The cookie that carries the session.
    pub fn seal(&self, session: &Session) -> Result<Cookie<'static>, Fault> {
        let mut cookie = blank(NAME);
        cookie.set_value(signed(&self.cookie, NAME, session)?);
        cookie.set_max_age(cookie::time::Duration::hours(HOURS));
        Ok(cookie)
    }

    /// The session of a call, if its cookie is ours and still good.
    pub fn open(&self, headers: &HeaderMap, now: DateTime<Utc>) -> Option<Session> {
        verified::<Session>(&self.cookie, NAME, headers).find(|session| session.expires > now.timestamp())
    }

    /// The cookie of something that the browser brings back soon.
    pub fn seal_errand<T: Serialize>(&self, errand: &Errand, value: &T) -> Result<Cookie<'static>, Fault> {
        let mut cookie = blank(errand.name);
        cookie.set_value(signed(&self.errand, errand.name, value)?);
        cookie.set_max_age(cookie::time::Duration::seconds(errand.seconds));
        Ok(cookie)
    }

    /// What the browser brought back, if it is ours. Its time is for the value itself to say.
    pub fn open_errand<T: DeserializeOwned>(&self, errand: &Errand, call: &Call) -> Option<T> {
        verified(&self.errand, errand.name, call.headers()).next()
    }

    /// Goes into every form of the session.
    pub fn csrf(&self, session: &Session) -> String {
        URL_SAFE_NO_PAD.encode(self.csrf_of(session).finalize().into_bytes())
    }

    /// Compares in constant time.
    pub fn csrf_is_right(&self, session: &Session, token: &str) -> bool {
        let token = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
        self.csrf_of(session).verify_slice(&token).is_ok()
    }

    fn csrf_of(&self, session: &Session) -> Hmac<Sha256> {
        let mut mac = self.csrf.clone();
        mac.update(b"csrf:");
        mac.update(session.id.as_bytes());
        mac
    }
}

/// A cookie that is good for one errand.
#[derive(Debug)]
pub struct Errand {
    pub name: &'static str,
    pub seconds: i64,
}

impl Errand {
    /// The cookie that makes the browser forget it.
    pub fn end(&self) -> Cookie<'static> {
        let mut cookie = blank(self.name);
        cookie.make_removal();
        cookie
    }
}

fn signed(key: &Key, name: &'static str, value: &impl Serialize) -> Result<String, Fault> {
    let json = serde_json::to_vec(value).map_err(|_| Fault::Permanent("a cookie cannot be written".to_owned()))?;
    let mut jar = CookieJar::new();
    jar.signed_mut(key).add((name, URL_SAFE_NO_PAD.encode(json)));
    Ok(jar
        .get(name)
        .map(|cookie| cookie.value().to_owned())
        .unwrap_or_default())
}

/// The values of the cookies with this name that are ours. API Gateway's list of cookies is in the header too.
fn verified<T: DeserializeOwned>(key: &Key, name: &'static str, headers: &HeaderMap) -> impl Iterator<Item = T> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let ours = values
        .flat_map(Cookie::split_parse)
        .flatten()
        .filter(move |cookie| cookie.name() == name);
    let jar = CookieJar::new();
    let verified = ours.filter_map(move |cookie| jar.signed(key).verify(cookie.into_owned()));
    verified.filter_map(|cookie| parse(cookie.value()))
}

fn parse<T: DeserializeOwned>(value: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(value).ok()?).ok()
}

/// The cookie without its value: sent as it is, it ends what it stood for in the browser.
fn blank(name: &'static str) -> Cookie<'static> {
    Cookie::build((name, ""))
        .http_only(true)
        .secure(true)
        .same_site(SameSite::Lax)
        .path("/")
        .build()
}

/// The cookie that makes the browser forget the session.
pub(crate) fn end() -> Cookie<'static> {
    let mut cookie = blank(NAME);
    cookie.make_removal();
    cookie
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(letter: &str) -> Keys {
        Keys::new(&letter.repeat(64).into()).unwrap()
    }

    fn other_keys() -> Keys {
        keys("b")
    }

    fn session() -> Session {
        Session::begin(&OrgId::parse("acme").unwrap(), "m1", Utc::now())
    }

    fn header(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, value.parse().unwrap());
        headers
    }

    fn sealed(keys: &Keys, session: &Session) -> String {
        keys.seal(session).unwrap().stripped().to_string()
    }

    #[test]
    fn a_session_comes_back() {
        let (keys, session) = (keys("a"), session());
        let cookie = sealed(&keys, &session);
        assert_eq!(keys.open(&header(&cookie), Utc::now()), Some(session.clone()));
        let among = format!("other=1; {cookie}; more=2");
        assert_eq!(keys.open(&header(&among), Utc::now()), Some(session.clone()));
        let mut twice = header("theirs=1");
        twice.append(COOKIE, cookie.parse().unwrap());
        assert_eq!(keys.open(&twice, Utc::now()), Some(session));
    }

    #[test]
    fn the_cookie_is_kept_from_scripts_and_strangers() {
        let cookie = keys("a").seal(&session()).unwrap().to_string();
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
    fn forged_changed_and_old_cookies_are_none() {
        let (keys, session) = (keys("a"), session());
        let cookie = sealed(&keys, &session);
        let later = Utc::now() + Duration::hours(HOURS) + Duration::seconds(1);
        assert_eq!(keys.open(&header(&cookie), later), None);
        assert_eq!(other_keys().open(&header(&cookie), Utc::now()), None);
        for (at, _) in cookie.char_indices().skip(NAME.len() + 1) {
            let mut changed = cookie.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            if changed != cookie {
                assert_eq!(keys.open(&header(&changed), Utc::now()), None, "{at}");
            }
        }
        let unprefixed = cookie.trim_start_matches("__Host-");
        for bad in [
            unprefixed,
            "__Host-gangway_session=",
            "__Host-gangway_session",
            "=",
            ";;",
            "__Host-gangway_session=e30",
        ] {
            assert_eq!(keys.open(&header(bad), Utc::now()), None, "{bad}");
        }
    }

    #[test]
    fn an_errand_is_kept_from_scripts_and_is_no_session() {
        let keys = keys("a");
        let errand = Errand {
            name: "__Host-gangway_google",
            seconds: 600,
        };
        let session = session();
        let cookie = keys.seal_errand(&errand, &session).unwrap();
        let text = cookie.to_string();
        for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=600"] {
            assert!(text.split("; ").any(|part| part == attribute), "{attribute}: {text}");
        }
        let call = |name: &str, value: &str| {
            let value = format!("{name}={value}").parse().unwrap();
            Call::new(http::Method::GET, "/x").with_header(COOKIE, value)
        };
        let opened = |call: &Call| keys.open_errand::<Session>(&errand, call);
        assert_eq!(
            opened(&call("__Host-gangway_google", cookie.value())),
            Some(session.clone())
        );
        assert_eq!(opened(&call("other", cookie.value())), None);
        assert_eq!(
            opened(&call("__Host-gangway_google", &format!("{}A", cookie.value()))),
            None
        );
        assert_eq!(
            other_keys().open_errand::<Session>(&errand, &call("__Host-gangway_google", cookie.value())),
            None
        );
        // Neither is the other under the other's name.
        let as_session = header(&format!("{NAME}={}", cookie.value()));
        assert_eq!(keys.open(&as_session, Utc::now()), None);
        let sealed = keys.seal(&session).unwrap();
        assert_eq!(opened(&call("__Host-gangway_google", sealed.value())), None);
    }

    #[test]
    fn csrf_tokens_belong_to_one_session() {
        let keys = keys("a");
        let (mine, theirs) = (session(), session());
        let token = keys.csrf(&mine);
        assert!(keys.csrf_is_right(&mine, &token));
        assert!(!keys.csrf_is_right(&theirs, &token));
        assert!(!other_keys().csrf_is_right(&mine, &token));
        for bad in ["", "x", "%%%", &token[1..], &format!("{token}A")] {
            assert!(!keys.csrf_is_right(&mine, bad), "{bad}");
        }
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert!(Keys::new(&"short".to_owned().into()).is_err());
    }
}
