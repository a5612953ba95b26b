//! Faults: rules that make one operation of one vendor fail in one world, a given number of times.

use serde::{Deserialize, Serialize};

use crate::{
    request::Response,
    vendors::{Vendor, by_name},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    #[serde(rename = "429")]
    Throttled,
    #[serde(rename = "500")]
    Internal,
    #[serde(rename = "503")]
    Unavailable,
    #[serde(rename = "400")]
    BadRequest,
    #[serde(rename = "status")]
    Status,
    #[serde(rename = "404_after_create")]
    NotFoundAfterCreate,
    #[serde(rename = "lose_response")]
    LoseResponse,
    #[serde(rename = "kill_client")]
    KillClient,
    #[serde(rename = "delay")]
    Delay,
    #[serde(rename = "no_seats")]
    NoSeats,
    #[serde(rename = "seat_race")]
    SeatRace,
    #[serde(rename = "garbage")]
    Garbage,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Throttled => "429",
            Self::Internal => "500",
            Self::Unavailable => "503",
            Self::BadRequest => "400",
            Self::Status => "status",
            Self::NotFoundAfterCreate => "404_after_create",
            Self::LoseResponse => "lose_response",
            Self::KillClient => "kill_client",
            Self::Delay => "delay",
            Self::NoSeats => "no_seats",
            Self::SeatRace => "seat_race",
            Self::Garbage => "garbage",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Garbage {
    /// The right answer, cut off in the middle.
    Half,
    /// A gateway's HTML page.
    Html,
    /// JSON of another shape than the vendor's.
    Wrong,
}

fn once() -> u32 {
    1
}

fn two() -> u32 {
    2
}

fn server_error() -> u16 {
    500
}

fn seconds() -> u64 {
    1
}

fn half() -> Garbage {
    Garbage::Half
}

/// A rule as a client posts it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub world: String,
    #[serde(deserialize_with = "by_name")]
    pub system: &'static Vendor,
    /// `METHOD /path/{template}`, or `*`.
    pub operation: String,
    pub kind: Kind,
    #[serde(default = "once")]
    pub times: u32,
    #[serde(default)]
    pub skip: u32,
    /// If given, the rule applies only to requests whose path, query or body contains this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    #[serde(default = "seconds")]
    pub retry_after: u64,
    /// The delay in milliseconds, for `delay`.
    #[serde(default)]
    pub ms: u64,
    /// For `404_after_create`: how many requests do not find the object.
    #[serde(default = "two")]
    pub reads: u32,
    /// The status, for `status`.
    #[serde(default = "server_error")]
    pub status: u16,
    /// The error's text, for `400` and `status`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The kind of garbage, for `garbage`.
    #[serde(default = "half")]
    pub garbage: Garbage,
    /// For `no_seats` and `seat_race`: the SKU (part number or id); by default all SKUs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Fault {
    pub id: u64,
    #[serde(flatten)]
    pub rule: Rule,
    /// How many requests the rule applied to, including those for which it did not fire.
    pub matched: u32,
    pub fired: u32,
    /// How many processes `kill_client` has killed.
    pub killed: usize,
}

/// Finds the fault that this request meets; at most one.
pub fn take(faults: &mut [Fault], world: &str, system: &Vendor, operation: &str, text: &str) -> Option<Fault> {
    for fault in faults {
        let rule = &fault.rule;
        let fits = rule.world == world
            && *rule.system == *system
            && (rule.operation == "*" || same_operation(&rule.operation, operation))
            && rule.contains.as_ref().is_none_or(|part| text.contains(part.as_str()));
        if !fits {
            continue;
        }
        fault.matched += 1;
        if fault.matched > rule.skip && fault.fired < rule.times {
            fault.fired += 1;
            return Some(fault.clone());
        }
    }
    None
}

/// Whether two templates are the same apart from the names of their parameters.
pub fn same_operation(one: &str, other: &str) -> bool {
    let plain = |text: &str| -> Vec<String> {
        let parts = text
            .split('/')
            .map(|part| if part.starts_with('{') { "{}" } else { part });
        parts.map(str::to_owned).collect()
    };
    plain(one) == plain(other)
}

/// The vendor's answer to a request that has no effect, for the kinds of faults that answer so.
pub fn refusal(rule: &Rule) -> Option<Response> {
    let error = rule.system.error;
    let response = match rule.kind {
        Kind::Throttled => error(429, "TooManyRequests", "Too many requests."),
        Kind::Internal => error(500, "InternalServerError", "An internal error occurred."),
        Kind::Unavailable => error(503, "ServiceUnavailable", "The service is unavailable."),
        Kind::BadRequest => error(
            400,
            "Request_BadRequest",
            rule.message.as_deref().unwrap_or("The request is invalid."),
        ),
        Kind::Status => error(
            rule.status,
            "Refused",
            rule.message.as_deref().unwrap_or("The request was refused."),
        ),
        _ => return None,
    };
    let waits = matches!(rule.kind, Kind::Throttled);
    Some(if waits {
        response.with_header("retry-after", rule.retry_after.to_string())
    } else {
        response
    })
}
