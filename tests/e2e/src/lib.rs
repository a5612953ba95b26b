//! Support for the end-to-end tests: the deployed engine, an organisation for each test, and helpers that submit
//! requests, read mails and tickets, and click. Helpers fail by panicking.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on fails by a panic that says why"
)]

pub mod aws;
pub mod browser;
pub mod engine;
pub mod google;
pub mod http;
pub mod limits;
pub mod links;
pub mod mail;
pub mod organisation;
pub mod request;
pub mod search;
pub mod session;
pub mod simulators;
pub mod sms;
pub mod wait;
