//! The vendors' data of one organisation, read and changed with the simulators' control API.

use serde_json::{Value, json};

use crate::{
    engine::engine,
    http::{self, Call},
};

/// An organisation's tenant, PSA and distributor.
#[derive(Debug, Clone)]
pub struct World {
    pub name: String,
    /// The credentials and ids with which a new organisation is set up.
    pub keys: Value,
}

impl World {
    /// Creates a world. `more` has the free seats by part number, the seats' delay and other options.
    pub fn create(name: &str, more: &Value) -> Self {
        let mut wanted = json!({"name": name});
        merge(&mut wanted, more);
        let keys = http::post(engine().control("worlds"), &wanted).expect(201).json();
        Self {
            name: name.to_owned(),
            keys,
        }
    }

    pub fn state(&self) -> Value {
        http::get(engine().control(&format!("worlds/{}", self.name)))
            .expect(200)
            .json()
    }

    pub fn key(&self, pointer: &str) -> &str {
        self.keys
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("no {pointer} in {}", self.keys))
    }

    fn change(&self, what: &str, body: &Value) -> Value {
        http::post(engine().control(&format!("worlds/{}/{what}", self.name)), body)
            .expect(200)
            .json()
    }

    /// Buys seats by hand. The tenant shows them after `reads` reads.
    pub fn buy_seats(&self, sku: &str, quantity: u32, reads: u32) {
        self.change("buy-seats", &json!({"sku": sku, "quantity": quantity, "reads": reads}));
    }

    /// Sets the tenant's MFA policies: `security_defaults`, `policies`, `refuse`.
    pub fn set_mfa(&self, mfa: &Value) {
        self.change("mfa", mfa);
    }

    /// Makes Microsoft refuse the license with this error, unless the user has the other license.
    pub fn refuse_license(&self, sku: &str, error: &str, unless: Option<&str>) {
        self.change("license-rules", &json!({"sku": sku, "error": error, "unless": unless}));
    }

    /// Adds a group that assigns the license.
    pub fn add_license_group(&self, name: &str, sku: &str) {
        self.change("license-groups", &json!({"name": name, "sku": sku}));
    }

    /// Adds somebody else's account.
    pub fn add_stranger(&self, upn: &str) -> String {
        let made = self.change("users", &json!({"upn": upn}));
        made["id"].as_str().expect("an id").to_owned()
    }

    /// Adds an account with a phone number and without a mailbox.
    pub fn add_phone_user(&self, upn: &str, number: &str) {
        self.change("users", &json!({"upn": upn, "mobile_phone": number}));
    }

    /// Signs in with the password: whether it works, and whether it must be changed.
    pub fn sign_in(&self, upn: &str, password: &str) -> (bool, bool) {
        let url = engine().control(&format!("graph/{}/sign-in", self.name));
        let answer = http::post(url, &json!({"upn": upn, "password": password}))
            .expect(200)
            .json();
        (answer["ok"] == true, answer["must_change"] == true)
    }

    /// Calls Graph with the application's rights, as somebody else in the tenant.
    pub fn graph(&self, method: &'static str, path: &str) -> Call {
        let keys = &self.keys["credentials"]["graph"];
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
            keys["client_id"].as_str().expect("an id"),
            keys["client_secret"].as_str().expect("a secret"),
        );
        let url = format!(
            "{}/{}/oauth2/v2.0/token",
            self.key("/urls/login"),
            self.key("/tenant_id")
        );
        let answer = Call::new("POST", url)
            .body("application/x-www-form-urlencoded", form)
            .send()
            .expect(200)
            .json();
        let token = answer["access_token"].as_str().expect("a token");
        Call::new(method, format!("{}{path}", self.key("/urls/graph")))
            .header("authorization", format!("Bearer {token}"))
    }

    /// Lists the requests that a vendor has received with valid credentials, oldest first.
    pub fn requests(&self, system: &str) -> Vec<Value> {
        let answer = http::get(engine().control(&format!("requests/{}", self.name)))
            .expect(200)
            .json();
        let all = answer["requests"].as_array().expect("requests").iter();
        all.filter(|request| request["system"] == system).cloned().collect()
    }

    pub fn forget_requests(&self) {
        Call::new("DELETE", engine().control(&format!("requests/{}", self.name)))
            .send()
            .expect(200);
    }

    /// Makes an operation fail.
    pub fn spoil(&self, system: &str, operation: &str, kind: &str, more: &Value) {
        let mut rule = json!({"world": self.name, "system": system, "operation": operation, "kind": kind});
        merge(&mut rule, more);
        let answer = http::post(engine().control("faults"), &rule);
        assert_eq!(answer.status, 201, "{}", answer.text);
    }

    pub fn faults(&self) -> Vec<Value> {
        let url = engine().control(&format!("faults?world={}", self.name));
        http::get(url).expect(200).json()["faults"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    pub fn end_bad_days(&self) {
        Call::new("DELETE", engine().control(&format!("faults?world={}", self.name)))
            .send()
            .expect(204);
    }
}

/// A rule that makes AWS calls of the functions fail. It is removed when it is dropped.
#[derive(Debug)]
pub struct AwsRule {
    id: u64,
}

impl AwsRule {
    /// `target` is a part of the operation's name or path. `body` is a part of the body that occurs only in this
    /// test's calls.
    pub fn new(target: &str, body: &str, action: &str, times: u32, skip: u32) -> Self {
        let rule = json!({"match": {"target": target, "body": body}, "action": action, "times": times, "skip": skip});
        let made = http::post(engine().control("aws-rules"), &rule).expect(201).json();
        Self {
            id: made["id"].as_u64().expect("an id"),
        }
    }

    fn state(&self) -> Value {
        let all = http::get(engine().control("aws-rules")).expect(200).json();
        let mut rules = all["rules"].as_array().into_iter().flatten();
        rules.find(|rule| rule["id"] == self.id).cloned().expect("the rule")
    }

    pub fn fired(&self) -> u64 {
        self.state()["fired"].as_u64().expect("a number")
    }

    /// Counts the processes that the rule has killed.
    pub fn killed(&self) -> u64 {
        self.state()["killed"].as_u64().expect("a number")
    }
}

impl Drop for AwsRule {
    fn drop(&mut self) {
        let _ = Call::new("DELETE", engine().control(&format!("aws-rules?id={}", self.id))).try_send();
    }
}

/// Merges the members of the second object into the first.
pub fn merge(object: &mut Value, more: &Value) {
    let (Some(object), Some(more)) = (object.as_object_mut(), more.as_object()) else {
        panic!("two objects are wanted: {object}, {more}");
    };
    object.extend(more.clone());
}
