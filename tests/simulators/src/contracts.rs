//! Holds every request, and every answer of ours, against the vendors' OpenAPI files, where these are beside the repository.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, OnceLock, PoisonError},
};

use axum::http::HeaderMap;
use contract::{Answer, Contract, Request};
use serde_json::{Value, json};

use crate::vendors::{VENDORS, Vendor};

/// A request as it came, for the check after its answer is known.
pub struct Seen {
    pub method: String,
    /// Below the vendor's base, percent-encoded.
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What files say and can't mean.
const MISTAKES: [&str; 1] = [
    // All operations want the token, and so this one that gives it.
    "kaseya_bms: POST /v2/security/authenticate: header authorization: no Bearer",
];

/// What was checked since the start.
#[derive(Default)]
pub struct Contracts(Mutex<Log>);

#[derive(Default)]
struct Log {
    requests: BTreeMap<&'static str, u32>,
    answers: BTreeMap<&'static str, u32>,
    operations: BTreeMap<&'static str, BTreeSet<String>>,
    /// Each once, however often it came.
    wrong: BTreeSet<String>,
}

impl Contracts {
    /// `answer`: if it is the vendor's own and not a bad day's.
    pub fn check(&self, vendor: &'static Vendor, base: &str, seen: &Seen, answer: Option<&Answer<'_>>) {
        let Some(path) = path_of(vendor, base, &seen.path) else {
            return;
        };
        let Some(contract) = contract_of(vendor) else { return };
        let request = Request {
            method: &seen.method,
            path,
            query: &seen.query,
            headers: &seen.headers,
            body: &seen.body,
        };
        let mut wrong = contract.request(&request);
        if let Some(answer) = answer {
            let of_answer = contract.answer(&request, answer);
            wrong.extend(
                of_answer
                    .into_iter()
                    .map(|text| format!("answer {}: {text}", answer.status)),
            );
        }
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *log.requests.entry(vendor.name).or_default() += 1;
        *log.answers.entry(vendor.name).or_default() += u32::from(answer.is_some());
        let operation = contract
            .operation(&seen.method, path)
            .map(|(method, path)| format!("{method} {path}"));
        let place = operation
            .clone()
            .unwrap_or_else(|| format!("{} (an unknown path)", seen.method));
        log.operations.entry(vendor.name).or_default().extend(operation);
        for text in wrong {
            let line = format!("{}: {place}: {text}", vendor.name);
            if !MISTAKES.contains(&line.as_str()) && log.wrong.insert(line.clone()) {
                eprintln!("simulators: against the vendor's file: {line}");
            }
        }
    }

    /// What does not fit the vendors' files.
    pub fn wrong(&self) -> Vec<String> {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.wrong.iter().cloned().collect()
    }

    pub fn report(&self) -> Value {
        let skipped = contract::folder().is_none();
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        json!({
            "skipped": skipped, "requests": log.requests, "answers": log.answers, "operations": log.operations,
            "wrong": log.wrong,
        })
    }
}

/// The path below the server that the vendor's file names; nothing where the file doesn't cover this part of the vendor.
fn path_of<'a>(vendor: &Vendor, base: &str, path: &'a str) -> Option<&'a str> {
    // The world is named in the path, because a push needs no credentials.
    if vendor.name == "pwpush" {
        return path
            .get(1..)
            .and_then(|rest| rest.find('/').map(|slash| &rest[slash..]));
    }
    (vendor.bases.first() == Some(&base)).then_some(path)
}

fn contract_of(vendor: &Vendor) -> Option<&'static Contract> {
    static LOADED: OnceLock<Vec<OnceLock<Option<Contract>>>> = OnceLock::new();
    let loaded = LOADED.get_or_init(|| VENDORS.iter().map(|_| OnceLock::new()).collect());
    let index = VENDORS.iter().position(|other| other.name == vendor.name)?;
    loaded.get(index)?.get_or_init(|| load(vendor)).as_ref()
}

fn load(vendor: &Vendor) -> Option<Contract> {
    let file = contract::folder()?.join(format!("{}.json", vendor.contract));
    match Contract::load(&file) {
        Ok(contract) => Some(contract),
        #[expect(
            clippy::panic,
            reason = "a file that can't be read would be a check that is never made"
        )]
        Err(problem) => panic!("{}: {problem}", file.display()),
    }
}

pub fn headers_of(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value)))
        .collect()
}
