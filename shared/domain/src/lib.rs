//! What Gangway knows about people, requests and settings. No AWS, no HTTP client, no environment.

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
