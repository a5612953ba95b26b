//! An organisation's ids in the outside systems, without credentials.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::credentials::SHAPES;
use crate::ids::OrgId;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    pub id: OrgId,
    pub name: String,
    /// The MSP whose customer this organisation is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<OrgId>,
    /// The Entra tenant id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// The company's id in each PSA, distributor and vault, keyed by the system's name. The same id names different
    /// companies in different systems, so no id is shared between two systems.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub companies: BTreeMap<String, String>,
}

impl Organisation {
    /// An organisation that has no ids in outside systems yet.
    pub fn new(id: OrgId, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            parent: None,
            tenant_id: None,
            companies: BTreeMap::new(),
        }
    }

    /// The company's id in this system, or `None` if the operator has not set one.
    pub fn company(&self, system: &str) -> Option<&str> {
        self.companies.get(system).map(String::as_str)
    }
}

/// The systems in which an organisation is one of several companies. A tenant has an id of its own, and PWPush has no
/// companies.
pub fn systems_with_companies() -> impl Iterator<Item = &'static str> {
    SHAPES
        .iter()
        .map(|shape| shape.system)
        .filter(|system| !["graph", "pwpush"].contains(system))
}
