//! What the engines don't check on the state machines before an execution meets it. Each check answers the problems it
//! found, as sentences; `tests/machines.rs` runs them over every statemachine/*.asl.json.

pub mod flow;
pub mod graph;
pub mod machine;
mod paths;
pub mod rules;
mod shape;
pub mod shared;
pub mod steps;
pub mod template;
