//! The one reader of `statemachine/gangway.asl.json` and of `infra/template.yaml` in tests and tools.
//!
//! - [`Machine`] is the state machine as it is written: the diagram, the end-to-end tests and every check below use it.
//! - [`graph`], [`flow`], [`rules`], [`retries`], [`limits`], [`steps`] and [`template`] find what no engine reports before
//!   an execution meets it. Each check returns the problems it found, as sentences.
//! - [`policies`] checks the template's permissions and its public API.
//! - [`accepted`] and [`answers`] are for the tests of a step: they check its input and output types against what the state
//!   machine sends and picks.
//!
//! `tests/machine.rs` runs every check over the project's own files.

mod files;
pub mod flow;
pub mod graph;
pub mod limits;
pub mod machine;
mod paths;
mod payloads;
pub mod policies;
pub mod retries;
pub mod rules;
mod samples;
mod shape;
pub mod steps;
pub mod template;

pub use files::root;
pub use machine::{Machine, function_of};
pub use payloads::{accepted, answers, payloads};
