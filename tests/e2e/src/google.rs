//! People with Google accounts, and their way through a sign-in without a browser.

use serde_json::{Value, json};

use crate::{
    engine::{Stack, engine},
    http::{Answer, Call, post},
    organisation::{Organisation, operator},
    session::{self, Session},
    simulators::merge,
};

/// The name of the cookie that a sign-in travels in.
pub const FLOW: &str = "__Host-gangway_google";

#[derive(Debug)]
pub struct Account {
    pub sub: String,
}

/// A sign-in that waits at Google.
#[derive(Debug, Clone)]
pub struct Begun {
    /// Google's address, with all that Gangway asks for.
    pub url: String,
    /// What the browser brings back.
    pub cookie: String,
}

/// The name and value of a cookie that an answer sets, with its attributes.
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

    /// From the answer that leads to Google.
    pub fn of(answer: &Answer) -> Self {
        let cookie = set_cookie(answer, FLOW).expect("the flow's cookie");
        Self {
            url: answer.header("location").to_owned(),
            cookie: value(&cookie),
        }
    }
}

/// Google's answer, as a browser brings it.
pub fn come_back(callback: &str, cookie: Option<&str>) -> Answer {
    let mut call = Call::new("GET", callback).header("accept", "text/html");
    if let Some(cookie) = cookie {
        call = call.header("cookie", cookie);
    }
    call.send()
}

impl Account {
    /// At the organisation's domain, with its `hd`; `more` over that, null for none.
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

    /// What is wrong with the next token.
    pub fn next_token(&self, order: &Value) {
        post(
            engine().control(&format!("google/people/{}/next-token", self.sub)),
            order,
        )
        .expect(204);
    }

    /// The person's click at Google: the address that they are sent back to.
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

    /// A sign-in that succeeds, into this organisation.
    pub fn session<'a>(&self, org: &'a Organisation) -> Session<'a> {
        session(org, &self.sign_in(org.stack))
    }

    /// The page that everybody gets who is refused; nobody is signed in.
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

    /// But for whom the tests' own token counts as.
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

    /// The reasons of sign-ins, as the audit has them, newest first.
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
