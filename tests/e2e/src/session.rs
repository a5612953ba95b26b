//! A member who is signed in, without a browser.

use serde_json::Value;

use crate::{
    http::{Answer, Call},
    organisation::Organisation,
};

/// The cookie's name.
pub const COOKIE: &str = "__Host-gangway_session";

#[derive(Debug)]
pub struct Session<'a> {
    org: &'a Organisation,
    cookie: String,
    csrf: String,
}

impl<'a> Session<'a> {
    pub fn begin(org: &'a Organisation, link: &str) -> Self {
        let page = Call::new("GET", link).header("accept", "text/html").send();
        assert_eq!(page.status, 200, "{}", page.text);
        let signed_in = Call::new("POST", link).header("accept", "text/html").send();
        assert_eq!(signed_in.status, 303, "{}", signed_in.text);
        let cookie = signed_in.header("set-cookie");
        for attribute in ["HttpOnly", "Secure", "SameSite=Lax"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Self::with_cookie(org, cookie)
    }

    /// Of whoever has this cookie.
    pub fn with_cookie(org: &'a Organisation, cookie: String) -> Self {
        let mut session = Self {
            org,
            cookie,
            csrf: String::new(),
        };
        let form = session
            .call("GET", "onboardings/new")
            .header("accept", "text/html")
            .send()
            .expect(200);
        let (_, rest) = form
            .text
            .split_once("name=\"csrf\" value=\"")
            .expect("a CSRF token in the form");
        session.csrf = rest.split('"').next().unwrap_or_default().to_owned();
        session
    }

    /// The same person, at the addresses of another organisation.
    pub fn at<'b>(&self, org: &'b Organisation) -> Session<'b> {
        Session {
            org,
            cookie: self.cookie.clone(),
            csrf: self.csrf.clone(),
        }
    }

    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    fn call(&self, method: &'static str, path: &str) -> Call {
        Call::new(method, self.org.url(path)).header("cookie", &self.cookie)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.call("GET", path).header("accept", "application/json").send()
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, body)
    }

    pub fn send(&self, method: &'static str, path: &str, body: &Value) -> Answer {
        self.call(method, path)
            .header("accept", "application/json")
            .header("x-csrf-token", &self.csrf)
            .json(body)
            .send()
    }

    /// The page, as a browser without script sees it.
    pub fn page(&self, path: &str) -> Answer {
        self.call("GET", path).header("accept", "text/html").send()
    }

    /// As a browser without script sends a form; `fields` are encoded, and may be empty.
    pub fn submit(&self, path: &str, fields: &str) -> Answer {
        let form = format!("csrf={}&{fields}", self.csrf);
        self.call("POST", path)
            .header("accept", "text/html")
            .body("application/x-www-form-urlencoded", form.trim_end_matches('&'))
            .send()
    }

    pub fn post_without_csrf(&self, path: &str) -> Call {
        self.without_csrf("POST", path)
    }

    pub fn without_csrf(&self, method: &'static str, path: &str) -> Call {
        self.call(method, path).header("accept", "application/json")
    }
}
