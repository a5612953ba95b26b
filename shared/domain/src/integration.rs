//! What an organisation is in the outside systems: ids, never credentials.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::credentials::SHAPES;
use crate::ids::OrgId;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    pub id: OrgId,
    pub name: String,
    /// The MSP that this organisation is a customer of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<OrgId>,
    /// Entra tenant id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// The company's id in each PSA, distributor and vault, by the system's name. An id means another company in another
    /// system, so none of them stands for two.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub companies: BTreeMap<String, String>,
}

impl Organisation {
    /// An organisation that is known nowhere yet.
    pub fn new(id: OrgId, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            parent: None,
            tenant_id: None,
            companies: BTreeMap::new(),
        }
    }

    /// The company's id in this system, if the operator has set one.
    pub fn company(&self, system: &str) -> Option<&str> {
        self.companies.get(system).map(String::as_str)
    }
}

/// The systems in which an organisation is one company of several. A tenant has an id of its own, and PWPush knows no
/// companies.
pub fn systems_with_companies() -> impl Iterator<Item = &'static str> {
    SHAPES
        .iter()
        .map(|shape| shape.system)
        .filter(|system| !["graph", "pwpush"].contains(system))
}
