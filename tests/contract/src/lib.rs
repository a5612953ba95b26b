//! Checks HTTP requests and answers against contract files, so that a client and its simulator can't be wrong in the
//! same way.
//!
//! A contract file, `vendors/SYSTEM.yaml`, is Gangway's own statement of the operations that it uses at a system, with
//! the fields, limits and words that the vendor documents for them: an OpenAPI 3.1 document, one for each system.
//!
//! ```no_run
//! # fn main() -> Result<(), String> {
//! use contract::{Answer, Contract, Request};
//!
//! let connectwise = Contract::of("connectwise")?;
//! let headers = [
//!     ("authorization".to_owned(), "Basic ...".to_owned()),
//!     ("clientid".to_owned(), "...".to_owned()),
//! ];
//! let request = Request { method: "GET", path: "/service/tickets/5", query: &[], headers: &headers, body: b"" };
//! assert_eq!(connectwise.request(&request), Vec::<String>::new());
//!
//! let headers = [("content-type".to_owned(), "application/json".to_owned())];
//! let answer = Answer { status: 200, headers: &headers, body: br#"{"id": "five", "summary": "A"}"# };
//! assert_eq!(connectwise.answer(&request, &answer), ["body /id: wrong type, not integer"]);
//! # Ok(())
//! # }
//! ```
//!
//! `Contract::operation` names the operation that a request is for, and `Contract::operations` names all: the
//! difference is what a test has not covered.
//!
//! Loading compiles every schema of a file and fails on what it can't compile or doesn't know (a parameter's style, a
//! security scheme): nothing is skipped in silence. What a complaint says comes from the file and from names; it never
//! repeats a value, as that may be a secret.

mod answer;
mod body;
mod contract;
mod kinds;
mod media;
mod multipart;
mod node;
mod operation;
mod parameter;
mod schema;
mod security;
mod template;
#[cfg(feature = "wiremock")]
mod watch;
mod words;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vendors;
#[cfg(test)]
mod walk;

pub use contract::{Contract, systems};
#[cfg(feature = "wiremock")]
pub use watch::watch;

pub struct Request<'a> {
    pub method: &'a str,
    /// The path below the server's base address as it is sent: percent-encoded and without a query.
    pub path: &'a str,
    /// The decoded parameters.
    pub query: &'a [(String, String)],
    /// Headers by their lower-case names.
    pub headers: &'a [(String, String)],
    pub body: &'a [u8],
}

pub struct Answer<'a> {
    pub status: u16,
    /// Headers by their lower-case names.
    pub headers: &'a [(String, String)],
    pub body: &'a [u8],
}

fn header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    let found = headers.iter().find(|(header, _)| header == name);
    found.map(|(_, value)| value.as_str())
}
