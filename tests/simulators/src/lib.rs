//! The vendors that Gangway talks to, simulated in one process, each a module, with
//! pages for people, a control API for tests, and a proxy that has bad days on AWS's behalf.

pub mod autotask;
pub mod call;
pub mod connectwise;
pub mod contracts;
pub mod control;
pub mod elsewhere;
pub mod faults;
pub mod fields;
pub mod freshdesk;
pub mod google;
pub mod graph;
pub mod halopsa;
pub mod html;
pub mod hudu;
pub mod ingram_micro;
pub mod itglue;
pub mod kaseya_bms;
pub mod kill;
pub mod pages;
pub mod passportal;
pub mod pax8;
pub mod proxy;
pub mod pwpush;
pub mod render;
pub mod report;
pub mod server;
pub mod servicenow;
pub mod setup;
pub mod sherweb;
pub mod state;
pub mod td_synnex;
pub mod testing;
pub mod vendor;
pub mod world;
