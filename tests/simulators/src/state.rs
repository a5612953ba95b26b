//! The only mutable state: all worlds and rules behind one mutex. Vendors' operations are short and never wait.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{faults::Fault, proxy::AwsRule, world::World};

#[derive(Default)]
pub struct State {
    pub worlds: BTreeMap<String, World>,
    pub faults: Vec<Fault>,
    pub aws_rules: Vec<AwsRule>,
    pub last_rule: u64,
}

impl State {
    /// The first world that matches, such as the one whose credentials a request has.
    pub fn world(&self, fits: impl Fn(&World) -> bool) -> Option<&World> {
        self.worlds.values().find(|world| fits(world))
    }

    pub fn next_rule(&mut self) -> u64 {
        self.last_rule += 1;
        self.last_rule
    }
}

#[derive(Default)]
pub struct Shared(Mutex<State>);

impl Shared {
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
