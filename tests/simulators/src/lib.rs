//! Simulators of all vendors in one process, one module each. With pages for people, a control API for tests, and a
//! proxy that makes AWS calls fail.

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
