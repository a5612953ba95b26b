//! HaloPSA's responses.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
pub(super) struct Records<T> {
    pub(super) record_count: usize,
    #[serde(rename = "tickets", alias = "users")]
    pub(super) items: Vec<T>,
}

#[derive(Deserialize)]
pub(super) struct TicketBody {
    #[serde(deserialize_with = "whole")]
    pub(super) id: u64,
    pub(super) summary: Option<String>,
    details: Option<String>,
    #[serde(default, deserialize_with = "whole_if_any")]
    client_id: Option<u64>,
    #[serde(default, deserialize_with = "whole_if_any")]
    pub(super) status_id: Option<u64>,
    #[serde(default, rename = "hasbeenclosed")]
    pub(super) is_closed: bool,
}

impl TicketBody {
    pub(super) fn is_of(&self, client: u64) -> bool {
        self.client_id == Some(client)
    }

    pub(super) fn details(&self) -> &str {
        self.details.as_deref().unwrap_or_default()
    }
}

#[derive(Deserialize)]
pub(super) struct CreatedBody {
    #[serde(deserialize_with = "whole")]
    pub(super) id: u64,
}

#[derive(Deserialize)]
pub(super) struct UserBody {
    #[serde(deserialize_with = "whole")]
    pub(super) id: u64,
    #[serde(default, deserialize_with = "whole_if_any")]
    pub(super) client_id: Option<u64>,
    #[serde(default, deserialize_with = "whole_if_any")]
    pub(super) site_id: Option<u64>,
    pub(super) emailaddress: Option<String>,
}

/// A row of /Priority. Its id is a GUID that tickets do not accept.
#[derive(Deserialize)]
pub(super) struct PriorityBody {
    #[serde(default, deserialize_with = "whole_if_any")]
    pub(super) priorityid: Option<u64>,
    #[serde(default, deserialize_with = "whole_if_any")]
    pub(super) slaid: Option<u64>,
    #[serde(default)]
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct NamedBody {
    #[serde(deserialize_with = "whole")]
    pub(super) id: u64,
    #[serde(default)]
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct Actions {
    record_count: usize,
    pub(super) actions: Vec<ActionBody>,
}

impl Actions {
    pub(super) fn is_complete(&self) -> bool {
        self.actions.len() >= self.record_count
    }
}

#[derive(Deserialize)]
pub(super) struct ActionBody {
    #[serde(deserialize_with = "whole")]
    pub(super) id: u64,
    pub(super) note: Option<String>,
    hiddenfromuser: Option<bool>,
    outcome: Option<String>,
    /// `None`, 0 or -1 if no agent acted.
    who_agentid: Option<f64>,
    /// The application in which the action was done.
    actionby_application_id: Option<String>,
    /// `I` for an incoming mail, `O` for an outgoing one.
    emaildirection: Option<String>,
}

/// The outcome of a ticket's first action.
const OPENED: &str = "Opened";
/// HaloPSA's name for the agents' application.
const AGENTS_APPLICATION: &str = "nethelpdesk-agent-web-application";

impl ActionBody {
    pub(super) fn is_internal(&self) -> bool {
        self.hiddenfromuser == Some(true)
    }

    pub(super) fn is_opening_by_agent(&self) -> bool {
        let is_opening = self
            .outcome
            .as_deref()
            .is_some_and(|outcome| outcome.eq_ignore_ascii_case(OPENED));
        let application = self.actionby_application_id.as_deref().unwrap_or_default();
        let mail = self.emaildirection.as_deref().unwrap_or_default();
        is_opening
            && self.who_agentid.is_some_and(|agent| agent > 0.0)
            && application == AGENTS_APPLICATION
            && mail != "I"
    }
}

/// Reads an id, which may be sent as 95.0 but is not accepted in that form.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    whole_if_any(deserializer)?.ok_or_else(|| D::Error::custom("no id"))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole and in between"
)]
fn whole_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    /// A float is exact up to this number.
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    let number = Option::<f64>::deserialize(deserializer)?;
    // A missing id may be sent as -1.
    let id = number.filter(|number| (0.0..=LARGEST).contains(number) && number.fract() == 0.0);
    Ok(id.map(|id| id as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_may_end_in_a_zero_fraction() {
        let id = |text: &str| serde_json::from_str::<CreatedBody>(text).map(|body| body.id).ok();
        assert_eq!(id(r#"{"id": 95.0}"#), Some(95));
        assert_eq!(id(r#"{"id": 4294967296}"#), Some(4_294_967_296));
        for wrong in [
            r#"{"id": 95.5}"#,
            r#"{"id": -1}"#,
            r#"{"id": null}"#,
            r#"{"id": "95"}"#,
            "{}",
        ] {
            assert_eq!(id(wrong), None, "{wrong}");
        }
        let user: UserBody = serde_json::from_str(r#"{"id": 1, "site_id": 95.0, "client_id": null}"#).unwrap();
        assert_eq!((user.site_id, user.client_id), (Some(95), None));
    }
}
