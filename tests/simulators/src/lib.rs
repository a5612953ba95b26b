//! The vendors that Gangway talks to, simulated in one process: Microsoft login and Graph, ConnectWise PSA and Pax8, with
//! pages for people, a control API for tests, and a proxy that has bad days on AWS's behalf.

pub mod call;
pub mod connectwise;
pub mod control;
pub mod faults;
pub mod fields;
pub mod graph;
pub mod kill;
pub mod pages;
pub mod pax8;
pub mod proxy;
pub mod report;
pub mod server;
pub mod setup;
pub mod state;
pub mod world;
