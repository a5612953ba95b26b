//! The vendors that Gangway talks to, simulated in one process, each a module, with
//! pages for people, a control API for tests, and a proxy that has bad days on AWS's behalf.

pub mod contracts;
pub mod control;
pub mod dispatch;
pub mod faults;
pub mod fields;
pub mod google;
pub mod html;
pub mod kill;

pub mod pages;
pub mod proxy;
pub mod records;
pub mod render;
pub mod report;
pub mod request;
pub mod server;
pub mod setup;
pub mod state;
pub mod testing;
pub mod vendor_sections;
pub mod vendors;
pub mod world;
