//! The rules about people, requests and variables. This crate uses no AWS, no HTTP client and no environment.

pub mod authority;
pub mod contact;
pub mod country;
pub mod credentials;
pub mod decision;
pub mod field;
pub mod finding;
pub mod ids;
pub mod integration;
pub mod job;
pub mod licensing;
pub mod mfa;
pub mod password;
pub mod request;
pub mod resume;
pub mod role;
pub mod schedule;
pub mod sign_in;
pub mod step_error;
pub mod submission;
pub mod text;
pub mod timeline;
pub mod token;
pub mod username;
pub mod variables;
