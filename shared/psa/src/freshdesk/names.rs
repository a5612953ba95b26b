//! Statuses, priorities, groups and agents: from the names in an organisation's variables to ids.

use domain::step_error::StepError;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::wire::{Field, Group};
use super::{Freshdesk, SYSTEM, answer};
use crate::names::{Named, resolve};

/// The statuses that every help desk has.
const STATUSES: [(u64, &str); 4] = [(2, "Open"), (3, "Pending"), (4, "Resolved"), (5, "Closed")];
const PRIORITIES: [(u64, &str); 4] = [(1, "Low"), (2, "Medium"), (3, "High"), (4, "Urgent")];

impl Freshdesk {
    pub(super) async fn status(&self, wanted: &str) -> Result<u64, StepError> {
        self.id_of("status", wanted, self.choices("status", &STATUSES)).await
    }

    pub(super) async fn priority(&self, wanted: &str) -> Result<u64, StepError> {
        self.id_of("priority", wanted, self.choices("priority", &PRIORITIES))
            .await
    }

    pub(super) async fn group(&self, wanted: &str) -> Result<u64, StepError> {
        let groups = async {
            let all: Vec<Group> = self.list("list the groups", &["groups"], &[]).await?;
            Ok(all.into_iter().map(|group| Named::new(group.id, group.name)).collect())
        };
        self.id_of("group", wanted, groups).await
    }

    /// The agent: an id is used as it is, a name is looked up among those of the ticket form.
    pub(super) async fn agent(&self, wanted: &str) -> Result<u64, StepError> {
        match wanted.trim().parse() {
            Ok(id) => Ok(id),
            Err(_) => self.id_of("agent", wanted, self.choices("agent", &[])).await,
        }
    }

    async fn id_of(
        &self,
        what: &str,
        wanted: &str,
        list: impl Future<Output = Result<Vec<Named>, StepError>>,
    ) -> Result<u64, StepError> {
        let scope = format!("{} {}", self.base, self.api_key.expose_secret());
        let id = resolve(SYSTEM, what, &scope, wanted, self.listing, list).await?;
        id.parse()
            .map_err(|_| StepError::Permanent(format!("{SYSTEM} has an id that is no number")))
    }

    async fn choices(&self, field: &str, known: &[(u64, &str)]) -> Result<Vec<Named>, StepError> {
        let url = self.url(&["ticket_fields"], &[]);
        let fields: Vec<Field> = answer(&self.call("list the names", self.http.get(url)).await?)?;
        let field = fields.into_iter().find(|candidate| candidate.name == field);
        Ok(named(field.map(|field| field.choices).unwrap_or_default(), known))
    }
}

/// Reads choices, which Freshdesk writes in three ways: `{"2": ["Open", "Being Processed"]}` with the names for agents
/// and for customers, `{"Low": 1}`, and bare names, whose ids are those that every help desk has.
fn named(choices: Value, known: &[(u64, &str)]) -> Vec<Named> {
    let of_known = |name: &str| {
        let mut known = known.iter();
        known
            .find(|(_, own)| own.eq_ignore_ascii_case(name))
            .map(|(id, _)| Named::new(id, name))
    };
    match choices {
        Value::Object(choices) => choices
            .iter()
            .filter_map(|(key, value)| match value {
                Value::Array(names) => Some(Named::new(key, names.first()?.as_str()?)),
                Value::Number(id) => Some(Named::new(id, key)),
                _ => None,
            })
            .collect(),
        Value::Array(names) => names.iter().filter_map(|name| of_known(name.as_str()?)).collect(),
        _ => known.iter().map(|(id, name)| Named::new(id, *name)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn choices_come_in_three_ways() {
        let ids = |choices: Value| -> Vec<String> {
            let named = named(choices, &STATUSES);
            named
                .into_iter()
                .map(|named| format!("{} {}", named.id, named.name))
                .collect()
        };
        let objects = json!({"2": ["Open", "Being Processed"], "7": ["Waiting", "Awaiting you"], "8": []});
        assert_eq!(ids(objects), ["2 Open", "7 Waiting"]);
        assert_eq!(ids(json!({"Low": 1, "High": 3})), ["3 High", "1 Low"]);
        assert_eq!(ids(json!(["Open", "Waiting", "Closed"])), ["2 Open", "5 Closed"]);
        assert_eq!(ids(json!(null)).len(), 4);
    }
}
