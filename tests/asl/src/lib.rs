//! What the engines don't check on the state machines, and on the template, before an execution or a stranger meets it. Each
//! check answers the problems it found, as sentences; `tests/machines.rs` runs them over every statemachine/*.asl.json and
//! over the template.

pub mod flow;
pub mod graph;
pub mod machine;
mod paths;
pub mod policies;
pub mod rules;
mod shape;
pub mod shared;
pub mod steps;
pub mod template;
