//! A member who is signed in without a browser.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{Duration, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    aws,
    engine::Stack,
    http::{Answer, Call},
    organisation::Organisation,
};

/// The name of the session cookie.
pub const COOKIE: &str = "__Host-gangway_session";

#[derive(Debug)]
pub struct Session<'a> {
    org: &'a Organisation,
    cookie: String,
    csrf: String,
}

/// Moves the sign-in of the session with this cookie some minutes into the past.
pub fn signed_in_ago(stack: &Stack, cookie: &str, minutes: i64) {
    age(stack, &key("session", cookie), "signed_in_at", minutes);
}

fn key(kind: &str, cookie: &str) -> String {
    let (_, secret) = cookie.split_once('=').expect("a cookie");
    format!("{kind}#{}", URL_SAFE_NO_PAD.encode(Sha256::digest(secret)))
}

fn age(stack: &Stack, key: &str, field: &str, minutes: i64) {
    let at = Utc::now() - Duration::minutes(minutes);
    let body = json!({
        "TableName": stack.table("access"), "Key": {"hash": {"S": key}},
        "UpdateExpression": "SET #f = :at", "ExpressionAttributeNames": {"#f": field},
        "ExpressionAttributeValues": {":at": {"S": at.to_rfc3339()}},
    });
    aws::call("DynamoDB_20120810.UpdateItem", &body);
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

    /// Uses the session that a cookie belongs to.
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

    /// Uses the same session at the addresses of another organisation.
    pub fn at<'b>(&self, org: &'b Organisation) -> Session<'b> {
        Session {
            org,
            cookie: self.cookie.clone(),
            csrf: self.csrf.clone(),
        }
    }

    /// Moves the sign-in some minutes into the past.
    pub fn signed_in_ago(&self, minutes: i64) {
        signed_in_ago(self.org.stack, &self.cookie, minutes);
    }

    /// Moves the session's last use some minutes into the past.
    pub fn unused_for(&self, minutes: i64) {
        age(self.org.stack, &key("seen", &self.cookie), "seen_at", minutes);
    }

    /// The time of the last use that is stored in the session's item.
    pub fn seen_at(&self) -> Option<String> {
        let items = aws::query(self.org.stack.table("access"), "hash", &key("seen", &self.cookie));
        items
            .first()
            .map(|item| item["seen_at"]["S"].as_str().expect("a time").to_owned())
    }

    /// Signs out with the button beside the navigation: everywhere, or in this browser only.
    pub fn sign_out(&self, everywhere: bool) {
        let fields = if everywhere { "&everywhere=1" } else { "" };
        let answer = Call::new("POST", format!("{}/sign-out", self.org.stack.api))
            .header("cookie", &self.cookie)
            .header("accept", "text/html")
            .body(
                "application/x-www-form-urlencoded",
                format!("csrf={}{fields}", self.csrf),
            )
            .send()
            .expect(303);
        assert!(answer.header("set-cookie").contains("Max-Age=0"), "{answer:?}");
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

    /// Opens a page as a browser without script does.
    pub fn page(&self, path: &str) -> Answer {
        self.call("GET", path).header("accept", "text/html").send()
    }

    /// Sends a form as a browser without script does. `fields` are URL-encoded and may be empty.
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
