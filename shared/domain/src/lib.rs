//! What Gangway knows about people, requests and settings. No AWS, no HTTP client, no environment.

pub mod fault;
pub mod field;
pub mod ids;
pub mod integration;
pub mod request;
