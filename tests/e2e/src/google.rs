//! People with Google accounts, and sign-ins with Google without a browser.

use serde_json::{Value, json};

use crate::{
    engine::{Stack, engine},
    http::{Answer, Call, post},
    organisation::{Organisation, operator},
    session::{self, Session},
    simulators::merge,
};

/// The name of the cookie that holds the state of a sign-in.
pub const FLOW: &str = "__Host-gangway_google";

#[derive(Debug)]
pub struct Account {
    pub sub: String,
}

/// A sign-in that was begun and waits for the person at Google.
#[derive(Debug, Clone)]
pub struct Begun {
    /// The address at Google, with all parameters of Gangway.
    pub url: String,
    /// The cookie that the browser returns with the callback.
    pub cookie: String,
}

/// Finds a cookie that an answer sets: its name, value and attributes.
pub fn set_cookie(answer: &Answer, name: &str) -> Option<String> {
    let cookies = answer.headers.get_all("set-cookie").iter();
    let mut texts = cookies.filter_map(|value| value.to_str().ok()).map(str::to_owned);
    texts.find(|text| text.starts_with(&format!("{name}=")))
}

fn value(cookie: &str) -> String {
    cookie.split(';').next().unwrap_or_default().to_owned()
}

impl Begun {
    pub fn new(stack: &Stack, fields: &str) -> Self {
        let answer = Call::new("POST", format!("{}/sign-in/google", stack.api))
            .header("accept", "text/html")
            .header("sec-fetch-site", "same-origin")
            .body("application/x-www-form-urlencoded", fields)
            .send()
            .expect(303);
        Self::of(&answer)
    }

    /// Reads the answer that redirects to Google.
    pub fn of(answer: &Answer) -> Self {
        let cookie = set_cookie(answer, FLOW).expect("the flow's cookie");
        Self {
            url: answer.header("location").to_owned(),
            cookie: value(&cookie),
        }
    }
}

/// Calls the callback address as a browser does after Google's redirect.
pub fn come_back(callback: &str, cookie: Option<&str>) -> Answer {
    let mut call = Call::new("GET", callback).header("accept", "text/html");
    if let Some(cookie) = cookie {
        call = call.header("cookie", cookie);
    }
    call.send()
}

impl Account {
    /// Creates an account at the organisation's domain, with its `hd`. `more` overrides claims; null removes one.
    pub fn at(org: &Organisation, local_part: &str, more: &Value) -> Self {
        let mut person = json!({"name": "Gina Google", "email": org.upn(local_part), "hd": org.world.key("/domain")});
        merge(&mut person, more);
        if let Some(person) = person.as_object_mut() {
            person.retain(|_, value| !value.is_null());
        }
        let made = post(engine().control("google/people"), &person).expect(200).json();
        Self {
            sub: made["sub"].as_str().expect("a sub").to_owned(),
        }
    }

    /// Makes the provider issue a wrong next token for this account.
    pub fn next_token(&self, order: &Value) {
        post(
            engine().control(&format!("google/people/{}/next-token", self.sub)),
            order,
        )
        .expect(204);
    }

    /// Picks this account at the provider, and returns the callback address that the provider redirects to.
    pub fn pick(&self, begun: &Begun) -> String {
        let url = engine().control(&format!("google/people/{}/pick", self.sub));
        let answer = Call::new("POST", url)
            .body("text/plain", begun.url.as_str())
            .send()
            .expect(302);
        answer.header("location").to_owned()
    }

    pub fn sign_in(&self, stack: &Stack) -> Answer {
        let begun = Begun::new(stack, "");
        come_back(&self.pick(&begun), Some(&begun.cookie))
    }

    /// Signs in to this organisation, and expects success.
    pub fn session<'a>(&self, org: &'a Organisation) -> Session<'a> {
        session(org, &self.sign_in(org.stack))
    }

    /// Signs in and expects a refusal without a session. Returns the page, which is the same for everybody.
    pub fn refused(&self, stack: &Stack) -> String {
        let answer = self.sign_in(stack);
        assert_eq!(answer.status, 403, "{}", answer.text);
        assert_eq!(set_cookie(&answer, session::COOKIE), None);
        answer.text
    }
}

pub fn session<'a>(org: &'a Organisation, answer: &Answer) -> Session<'a> {
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert!(
        answer
            .header("location")
            .ends_with(&format!("/orgs/{}/onboardings/new", org.id)),
        "{answer:?}"
    );
    let cookie = set_cookie(answer, session::COOKIE).expect("a session");
    Session::with_cookie(org, value(&cookie))
}

impl Organisation {
    pub fn auto_onboarding_on(&self) {
        let domain = self.world.key("/domain");
        operator(self.stack, &["auto-onboarding", "on", &self.id, "--domain", domain], "").expect("on");
    }

    pub fn auto_onboarding_off(&self) {
        operator(self.stack, &["auto-onboarding", "off", &self.id], "").expect("off");
    }

    /// Lists the members except the owner of the tests' own token.
    pub fn members(&self) -> Vec<Value> {
        let answer = self.call("GET", "members").send().expect(200).json();
        let mut members = answer["members"].as_array().expect("members").clone();
        members.retain(|member| member["email"] != self.owner().as_str());
        members
    }

    pub fn member_with(&self, email: &str) -> Option<Value> {
        let is = |member: &Value| {
            member["email"]
                .as_str()
                .is_some_and(|text| text.eq_ignore_ascii_case(email))
        };
        self.members().into_iter().find(is)
    }

    /// Lists the reasons of sign-ins in the audit, newest first.
    pub fn sign_ins(&self, what: &str) -> Vec<String> {
        let answer = self
            .call("GET", &format!("audit?what={what}"))
            .send()
            .expect(200)
            .json();
        let entries = answer["entries"].as_array().expect("entries").clone();
        let reasons = entries.iter().filter_map(|entry| entry["new"].as_str());
        reasons.map(str::to_owned).collect()
    }
}
