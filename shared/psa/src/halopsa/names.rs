//! Teams, statuses, priorities and ticket types: from the names in an organisation's variables to HaloPSA's values.

use std::collections::BTreeSet;

use domain::step_error::StepError;
use secrecy::ExposeSecret;

use super::wire::{NamedBody, PriorityBody};
use super::{HaloPsa, SYSTEM, SYSTEM_ID};
use crate::names::{Named, record, resolve};

/// The type that a new installation has for requests; `default_work_role` may name another.
pub(super) const DEFAULT_TYPE: &str = "Service Request";

impl HaloPsa {
    /// The team's name in HaloPSA's spelling, which tickets need.
    pub(super) async fn team(&self, wanted: &str) -> Result<String, StepError> {
        let list = self.records(&["Team"]);
        let team = record(SYSTEM, "team", &self.scope(), wanted, self.listing, list).await?;
        Ok(team.name)
    }

    pub(super) async fn status(&self, wanted: &str) -> Result<u64, StepError> {
        self.id_of("status", wanted, &["Status"]).await
    }

    pub(super) async fn priority(&self, wanted: &str) -> Result<u64, StepError> {
        let list = async {
            let rows: Vec<PriorityBody> = self.get("list the names", &["Priority"], &[]).await?.json()?;
            Ok(priorities(rows))
        };
        number(resolve(SYSTEM, "priority", &self.scope(), wanted, self.listing, list).await?)
    }

    /// The ticket type. HaloPSA has no work roles, so `default_work_role` names a ticket type.
    pub(super) async fn ticket_type(&self, wanted: Option<&str>) -> Result<u64, StepError> {
        self.id_of("ticket type", wanted.unwrap_or(DEFAULT_TYPE), &["TicketType"])
            .await
    }

    async fn id_of(&self, what: &str, wanted: &str, path: &[&str]) -> Result<u64, StepError> {
        let list = self.records(path);
        number(resolve(SYSTEM, what, &self.scope(), wanted, self.listing, list).await?)
    }

    fn scope(&self) -> String {
        let secret = self.credentials.client_secret.expose_secret();
        format!("{} {} {secret}", self.base, self.credentials.client_id)
    }

    async fn records(&self, path: &[&str]) -> Result<Vec<Named>, StepError> {
        let all: Vec<NamedBody> = self.get("list the names", path, &[]).await?.json()?;
        Ok(all.into_iter().map(|named| Named::new(named.id, named.name)).collect())
    }

    pub(super) async fn client_name(&self) -> Result<String, StepError> {
        let id = self.client.to_string();
        let reply = self.get("look up the client", &["Client", &id], &[]).await?;
        if reply.status() == 404 {
            return Err(StepError::NeedsAttention(format!(
                "{SYSTEM} shows no such client: the operator sets the right one with --company {SYSTEM_ID}=ID"
            )));
        }
        Ok(reply.json::<NamedBody>()?.name)
    }
}

fn number(id: String) -> Result<u64, StepError> {
    id.parse()
        .map_err(|_| StepError::Permanent(format!("{SYSTEM} has an id that is no number")))
}

/// Converts the list of priorities. HaloPSA lists one row for each priority of each SLA, and tickets need the row's
/// small number and not its id. A name with several numbers is distinguished by its SLA, or can be given as the number.
fn priorities(rows: Vec<PriorityBody>) -> Vec<Named> {
    let numbers = |name: &str| -> BTreeSet<u64> {
        let same = rows.iter().filter(|row| row.name == name);
        same.filter_map(|row| row.priorityid).collect()
    };
    let mut all: Vec<Named> = Vec::new();
    for row in &rows {
        let Some(number) = row.priorityid else { continue };
        let name = match (numbers(&row.name).len(), row.slaid) {
            (2.., Some(sla)) => format!("{} (SLA {sla})", row.name),
            _ => row.name.clone(),
        };
        let named = Named::new(number, name);
        if !all.contains(&named) {
            all.push(named);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_priority_is_the_small_number_of_its_rows() {
        let row = |number: u64, sla: u64, name: &str| {
            json!({"id": format!("00000000-0000-0000-0000-00000000{sla:02}{number:02}"), "priorityid": number,
                "slaid": sla, "name": name})
        };
        let rows = json!([row(1, 1, "High"), row(1, 2, "High"), row(2, 1, "Low"), row(3, 2, "Low")]);
        let named = priorities(serde_json::from_value(rows).unwrap());
        let expected = [(1, "High"), (2, "Low (SLA 1)"), (3, "Low (SLA 2)")];
        assert_eq!(
            named,
            expected.map(|(number, name): (u64, &str)| Named::new(number, name.to_owned()))
        );
    }
}
