//! Checks every request, and every answer of the simulators, against the contract file of its system
//! (`tests/contract/vendors`).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, OnceLock, PoisonError},
};

use axum::http::HeaderMap;
use contract::{Answer, Contract, Request};
use serde_json::{Value, json};

use crate::vendors::{VENDORS, Vendor};

/// A request as it was received. It is checked once its answer is known.
pub struct Seen {
    /// The path template of the simulator's operation, or none if no operation takes the request.
    pub template: Option<&'static str>,
    pub method: String,
    /// The percent-encoded path below the vendor's base.
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// The results of all checks since the start.
#[derive(Default)]
pub struct Contracts(Mutex<Log>);

#[derive(Default)]
struct Log {
    requests: BTreeMap<&'static str, u32>,
    answers: BTreeMap<&'static str, u32>,
    operations: BTreeMap<&'static str, BTreeSet<String>>,
    /// Complaints, each once.
    wrong: BTreeSet<String>,
}

impl Contracts {
    /// Checks a request. `answer` is none if a fault made it, because it is then not the vendor's own.
    pub fn check(&self, vendor: &'static Vendor, seen: &Seen, answer: Option<&Answer<'_>>) {
        let path = path_of(vendor, &seen.path);
        let contract = contract_of(vendor);
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
            .unwrap_or_else(|| format!("{} {}", seen.method, seen.template.unwrap_or("(an unknown path)")));
        log.operations.entry(vendor.name).or_default().extend(operation);
        for text in wrong {
            let line = format!("{}: {place}: {text}", vendor.name);
            if log.wrong.insert(line.clone()) {
                eprintln!("simulators: against the contract file: {line}");
            }
        }
    }

    /// Lists what does not fit the contract files.
    pub fn wrong(&self) -> Vec<String> {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.wrong.iter().cloned().collect()
    }

    pub fn report(&self) -> Value {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        json!({
            "requests": log.requests, "answers": log.answers, "operations": log.operations, "wrong": log.wrong,
        })
    }
}

/// The path as the system itself would see it.
fn path_of<'a>(vendor: &Vendor, path: &'a str) -> &'a str {
    // The path names the world, because a push needs no credentials.
    let begins = if vendor.name == "pwpush" {
        path.get(1..).and_then(|rest| rest.find('/')).map(|slash| slash + 1)
    } else {
        None
    };
    begins.and_then(|begins| path.get(begins..)).unwrap_or(path)
}

fn contract_of(vendor: &Vendor) -> &'static Contract {
    static LOADED: OnceLock<BTreeMap<&'static str, OnceLock<Contract>>> = OnceLock::new();
    let files = LOADED.get_or_init(|| VENDORS.iter().map(|vendor| (vendor.name, OnceLock::new())).collect());
    files[vendor.name].get_or_init(|| load(vendor.name))
}

#[expect(
    clippy::panic,
    reason = "a file that can't be read would be a check that is never made"
)]
fn load(system: &str) -> Contract {
    Contract::of(system).unwrap_or_else(|problem| panic!("{problem}"))
}

pub fn headers_of(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts the segments that the template and the path have in common, if the template takes the path. A
    /// placeholder takes any text.
    fn literals_in_common(template: &str, path: &str) -> Option<usize> {
        let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
        let takes = |(own, other): &(&str, &str)| own == other || own.starts_with('{');
        let fits = template.len() == path.len()
            && template
                .iter()
                .copied()
                .zip(path.iter().copied())
                .all(|pair| takes(&pair));
        fits.then(|| template.iter().zip(&path).filter(|(own, other)| own == other).count())
    }

    #[test]
    fn every_simulated_system_has_a_contract_file_and_no_other_has() {
        let mut simulated: Vec<_> = VENDORS.iter().map(|vendor| vendor.name.to_owned()).collect();
        simulated.sort();
        assert_eq!(contract::systems(), Ok(simulated));
    }

    #[test]
    fn contract_files_and_simulators_have_the_same_operations() {
        for vendor in VENDORS {
            let mut simulated: BTreeSet<_> = vendor
                .operations
                .iter()
                .map(|(method, template, _)| (*method, *template))
                .collect();
            let world = if vendor.name == "pwpush" { "/{world}" } else { "" };
            for (method, template) in contract_of(vendor).operations() {
                let path = format!("{world}{template}");
                let same = vendor.operations.iter().filter(|(other, ..)| *other == method);
                let found = same.filter_map(|(_, other, _)| Some((literals_in_common(other, &path)?, *other)));
                let Some((_, found)) = found.max() else {
                    panic!("{}.yaml: {method} {template}: nothing uses it", vendor.name);
                };
                simulated.retain(|operation| *operation != (method.as_str(), found));
            }
            assert_eq!(simulated, BTreeSet::new(), "{}.yaml lacks these", vendor.name);
        }
    }
}
