//! Links with which people decide. A link holds 256 random bits and is valid for one request, one gate, one action and
//! one person. Only its hash is stored.

use std::convert::Infallible;

use chrono::Utc;
use domain::decision::{Action, Gate};
use domain::ids::{OrgId, RequestId};
use domain::request::RequestKey;
use domain::step_error::StepError;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::access::{hash, random_token};
use crate::read::{Item, decode, encode, item};
use crate::write::{Tx, put, update};
use crate::{Store, has_expired, number, text};

const TABLE: &str = "capabilities";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capability {
    pub org: OrgId,
    pub request: RequestId,
    pub gate: Gate,
    pub action: Action,
    /// The address of the person who received the link, or `technician` for a link on a ticket.
    pub person: String,
}

impl Capability {
    pub fn key(&self) -> RequestKey {
        RequestKey {
            org: self.org.clone(),
            request: self.request.clone(),
        }
    }
}

fn key(hash: &str) -> Item {
    item([("hash", text(hash))])
}

impl Store {
    /// Creates one link per action for one person, and returns their secrets in the order of the actions.
    pub async fn issue_links(
        &self,
        key: &RequestKey,
        gate: &Gate,
        actions: &[Action],
        person: &str,
    ) -> Result<Vec<SecretString>, StepError> {
        let tokens: Vec<_> = actions.iter().map(|_| random_token()).collect();
        let hashes: Vec<_> = tokens.iter().map(hash).collect();
        let mut tx: Tx<'_, Infallible> = self.tx("issuing links");
        for (action, hash) in actions.iter().zip(&hashes) {
            let capability = Capability {
                org: key.org.clone(),
                request: key.request.clone(),
                gate: gate.clone(),
                action: *action,
                person: person.to_owned(),
            };
            tx.add(put(TABLE, encode(TABLE, &capability)?).with("hash", text(hash)));
        }
        self.remember_links(key, gate, hashes).await?;
        tx.commit_all().await?;
        Ok(tokens)
    }

    pub async fn capability(&self, token: &SecretString) -> Result<Option<Capability>, StepError> {
        let found = self.item("reading a link", TABLE, key(&hash(token))).await?;
        // DynamoDB may take days to delete expired items.
        let live = found.filter(|found| !has_expired(found, Utc::now()));
        live.map(|found| decode(TABLE, found)).transpose()
    }

    /// Makes the link expire at `until`, in Unix seconds.
    pub(crate) async fn retire_capability(&self, hash: &str, until: i64) -> Result<(), StepError> {
        let ends = update(TABLE, key(hash), "SET expires_at = :u").value(":u", number(until));
        self.write("retiring a link", ends).await
    }
}
