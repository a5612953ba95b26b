//! Queues, statuses and priorities: from the names in an organisation's variables to the values of picklists.

use domain::step_error::StepError;
use secrecy::ExposeSecret;
use tokio::sync::OnceCell;

use super::calls::done;
use super::wire::{Choice, Field, Fields};
use super::{Autotask, SYSTEM};
use crate::names::{Named, resolve};

/// Parts of the picklists' names for sources that customers use.
const CUSTOMERS_SOURCES: [&str; 5] = ["mail", "portal", "web", "chat", "client"];

impl Autotask {
    pub(super) async fn queue(&self, wanted: Option<&str>) -> Result<u64, StepError> {
        let Some(wanted) = wanted else {
            let queues = named(self.picklist("queueID").await?);
            return Err(StepError::NeedsAttention(format!(
                "default_ticket_location is not set, and {SYSTEM} needs a queue{}",
                self.listing.after("there are", &queues)
            )));
        };
        self.id_of("queue", "queueID", wanted).await
    }

    /// A required status or priority. If none is set, it is the default of Autotask's own window.
    pub(super) async fn choice(&self, field: &'static str, wanted: Option<&str>) -> Result<u64, StepError> {
        if let Some(wanted) = wanted {
            return self.id_of(field, field, wanted).await;
        }
        let choices = self.picklist(field).await?;
        let default = choices.iter().find(|choice| choice.is_default_value);
        let default = default.ok_or_else(|| {
            let what = if field == "status" {
                "default_ticket_status"
            } else {
                "default_priority"
            };
            StepError::NeedsAttention(format!(
                "{what} is not set, and {SYSTEM} has no {field} that it takes by itself"
            ))
        })?;
        number(&default.value)
    }

    /// The kind of a note. Customers use these differently, so this is the default one, or else the first.
    pub(super) async fn note_type(&self) -> Result<u64, StepError> {
        let fields = self.fields(&self.note_fields, "TicketNotes").await?;
        let kinds = active(fields, "noteType");
        let kind = kinds
            .iter()
            .find(|kind| kind.is_default_value)
            .or_else(|| kinds.first());
        let kind = kind.ok_or_else(|| StepError::NeedsAttention(format!("{SYSTEM} has no active note type")))?;
        number(&kind.value)
    }

    /// Whether a ticket came from the customer, by the picklist's name for its source: a mail, the portal, a chat.
    pub(super) async fn is_from_customer(&self, source: Option<i64>) -> Result<bool, StepError> {
        let Some(source) = source.map(|source| source.to_string()) else {
            return Ok(false);
        };
        let fields = self.fields(&self.ticket_fields, "Tickets").await?;
        let field = fields.iter().find(|field| field.name.as_deref() == Some("source"));
        let choices = field.and_then(|field| field.picklist_values.as_deref());
        let choice = choices.unwrap_or_default().iter().find(|choice| choice.value == source);
        // A source without a name counts as the customer's.
        Ok(choice.is_none_or(|choice| {
            let label = choice.label.to_lowercase();
            CUSTOMERS_SOURCES.iter().any(|word| label.contains(word))
        }))
    }

    async fn id_of(&self, what: &str, field: &'static str, wanted: &str) -> Result<u64, StepError> {
        let secret = self.credentials.secret.expose_secret();
        let scope = format!("{} {} {secret}", self.base, self.credentials.user_name);
        let list = async { Ok(named(self.picklist(field).await?)) };
        number(&resolve(SYSTEM, what, &scope, wanted, self.listing, list).await?)
    }

    async fn picklist(&self, field: &str) -> Result<Vec<&Choice>, StepError> {
        Ok(active(self.fields(&self.ticket_fields, "Tickets").await?, field))
    }

    /// Reads all picklists of an entity, once; they come in one response.
    async fn fields<'a>(&self, kept: &'a OnceCell<Vec<Field>>, entity: &str) -> Result<&'a [Field], StepError> {
        const OPERATION: &str = "list the names";
        let fields = kept.get_or_try_init(async || {
            let url = self.url(&[entity, "entityInformation", "fields"]).await?;
            let reply = self.call(OPERATION, self.http.get(url)).await?;
            done(OPERATION, &reply)?;
            Ok(reply.json::<Fields>()?.fields)
        });
        Ok(fields.await?)
    }
}

/// The active values; the list also contains inactive ones.
fn active<'a>(fields: &'a [Field], name: &str) -> Vec<&'a Choice> {
    let field = fields.iter().find(|field| field.name.as_deref() == Some(name));
    let choices = field.and_then(|field| field.picklist_values.as_deref());
    choices
        .unwrap_or_default()
        .iter()
        .filter(|choice| choice.is_active)
        .collect()
}

fn named(choices: Vec<&Choice>) -> Vec<Named> {
    let named = choices.iter().map(|choice| Named::new(&choice.value, &choice.label));
    named.collect()
}

fn number(value: &str) -> Result<u64, StepError> {
    value
        .parse()
        .map_err(|_| StepError::Permanent(format!("{SYSTEM} has an id that is no number")))
}

/// The technician and their role. Autotask needs both or neither, and does not let Gangway read their lists.
pub(super) fn technician(tech: Option<&str>, role: Option<&str>) -> Result<Option<(u64, u64)>, StepError> {
    let (tech, role) = match (tech, role) {
        (None, None) => return Ok(None),
        (tech, role) => (tech.unwrap_or_default(), role.unwrap_or_default()),
    };
    match (tech.trim().parse(), role.trim().parse()) {
        (Ok(tech), Ok(role)) => Ok(Some((tech, role))),
        _ => Err(StepError::NeedsAttention(format!(
            "{SYSTEM} needs the ids (numbers) of the resource in default_tech_id and of its role in default_work_role, or none of both"
        ))),
    }
}
