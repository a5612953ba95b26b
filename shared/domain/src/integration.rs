//! What an organisation is in the outside systems: ids, never credentials.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
    /// The company's id in the PSA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub psa_company: Option<String>,
    /// The company's id at the distributor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distributor_company: Option<String>,
    /// The company's id in each vault, by the vault's name (`itglue`, `hudu`, `passportal`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vault_companies: BTreeMap<String, String>,
}
