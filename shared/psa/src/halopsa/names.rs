//! Teams, statuses, priorities and ticket types: from the names in an organisation's variables to what HaloPSA takes.

use domain::fault::Fault;
use secrecy::ExposeSecret;

use super::wire::NamedBody;
use super::{HaloPsa, SYSTEM, SYSTEM_ID};
use crate::names::{Named, record, resolve};

/// What a new installation has for requests; `default_work_role` names another.
pub(super) const DEFAULT_TYPE: &str = "Service Request";

impl HaloPsa {
    /// Tickets take a team by its name, as HaloPSA writes it.
    pub(super) async fn team(&self, wanted: &str) -> Result<String, Fault> {
        let list = self.records(&["Team"]);
        let team = record(SYSTEM, "team", &self.scope(), wanted, self.listing, list).await?;
        Ok(team.name)
    }

    pub(super) async fn status(&self, wanted: &str) -> Result<u64, Fault> {
        self.id_of("status", wanted, &["Status"]).await
    }

    pub(super) async fn priority(&self, wanted: &str) -> Result<u64, Fault> {
        self.id_of("priority", wanted, &["Priority"]).await
    }

    /// HaloPSA has no work roles; what kind of work a ticket is, its type says.
    pub(super) async fn ticket_type(&self, wanted: Option<&str>) -> Result<u64, Fault> {
        self.id_of("ticket type", wanted.unwrap_or(DEFAULT_TYPE), &["TicketType"])
            .await
    }

    async fn id_of(&self, what: &str, wanted: &str, path: &[&str]) -> Result<u64, Fault> {
        let list = self.records(path);
        let id = resolve(SYSTEM, what, &self.scope(), wanted, self.listing, list).await?;
        id.parse()
            .map_err(|_| Fault::Permanent(format!("{SYSTEM} has an id that is no number")))
    }

    fn scope(&self) -> String {
        let secret = self.credentials.client_secret.expose_secret();
        format!("{} {} {secret}", self.base, self.credentials.client_id)
    }

    async fn records(&self, path: &[&str]) -> Result<Vec<Named>, Fault> {
        let all: Vec<NamedBody> = self.get("list the names", path, &[]).await?.json()?;
        Ok(all.into_iter().map(|named| Named::new(named.id, named.name)).collect())
    }

    pub(super) async fn client_name(&self) -> Result<String, Fault> {
        let id = self.client.to_string();
        let reply = self.get("look up the client", &["Client", &id], &[]).await?;
        if reply.status() == 404 {
            return Err(Fault::NeedsAttention(format!(
                "{SYSTEM} shows no such client: the operator sets the right one with --company {SYSTEM_ID}=ID"
            )));
        }
        Ok(reply.json::<NamedBody>()?.name)
    }
}
