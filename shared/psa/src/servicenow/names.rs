//! Companies, groups, technicians and choices: from the names in an organisation's variables to ServiceNow's values.

use domain::step_error::StepError;
use outbound::endpoint;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::wire::{Answer, ChoiceBody, NamedBody, UserBody, is_id, may_be_asked};
use super::{SYSTEM, SYSTEM_ID, ServiceNow};
use crate::names::{Named, resolve};

const ON_HOLD: &str = "3";
const RESOLVED: &str = "6";
const CLOSED: &str = "7";
/// The value of the reason "Awaiting Caller".
const AWAITING_CALLER: &str = "1";
/// Names of the resolution code, which differ between versions of ServiceNow, the best first.
const CLOSE_CODES: [&str; 3] = ["Resolved by request", "Solution provided", "Solved (Permanently)"];

impl ServiceNow {
    /// The sys_id of the organisation's company, which is given as a sys_id or as a name.
    pub(super) async fn company(&self) -> Result<String, StepError> {
        if is_id(&self.company) {
            return Ok(self.company.to_lowercase());
        }
        let list = async {
            let query = format!("name={}", self.company);
            self.named("look up the company", "core_company", &query).await
        };
        let scope = format!("{} {}", self.scope(), self.company);
        resolve(SYSTEM, "company", &scope, &self.company, self.listing, list).await
    }

    pub(super) async fn company_name(&self) -> Result<String, StepError> {
        let id = self.company().await?;
        let query = [("sysparm_fields", "sys_id,name")];
        let url = endpoint(&self.base, &["table", "core_company", &id], &query);
        let reply = self.call("look up the company", self.http.get(url)).await?;
        if reply.status() == 404 {
            return Err(StepError::NeedsAttention(format!(
                "{SYSTEM} shows no such company: the operator sets the right one with --company {SYSTEM_ID}=ID"
            )));
        }
        Ok(reply.json::<Answer<NamedBody>>()?.result.name)
    }

    pub(super) async fn group(&self, wanted: &str) -> Result<String, StepError> {
        let list = self.named("list the groups", "sys_user_group", "active=true^ORDERBYname");
        resolve(SYSTEM, "assignment group", &self.scope(), wanted, self.listing, list).await
    }

    /// Finds a technician by sys_id, user name or mail address.
    pub(super) async fn technician(&self, wanted: &str) -> Result<String, StepError> {
        let wanted = wanted.trim();
        let unknown =
            || StepError::NeedsAttention(format!("{SYSTEM} shows no active user that default_tech_id could mean"));
        if !may_be_asked(wanted) {
            return Err(unknown());
        }
        let query = format!("sys_id={wanted}^ORuser_name={wanted}^ORemail={wanted}^active=true");
        let found: Vec<UserBody> = self
            .records("look up the technician", "sys_user", UserBody::FIELDS, &query)
            .await?;
        let is_meant = |user: &UserBody| {
            let names = [&user.sys_id, &user.user_name, &user.email];
            names.iter().any(|name| name.eq_ignore_ascii_case(wanted))
        };
        let user = found.into_iter().find(is_meant);
        user.map(|user| user.sys_id).ok_or_else(unknown)
    }

    /// The fields that put an incident into this state; some states need more than one field.
    pub(super) async fn status(&self, wanted: &str) -> Result<Map<String, Value>, StepError> {
        let choices = self.choices("state");
        let state = resolve(SYSTEM, "status", &self.scope(), wanted, self.listing, choices).await?;
        let mut fields = Map::from_iter([("state".to_owned(), json!(state))]);
        match state.as_str() {
            ON_HOLD => {
                fields.insert("hold_reason".to_owned(), json!(AWAITING_CALLER));
            }
            RESOLVED | CLOSED => {
                fields.insert(
                    "close_notes".to_owned(),
                    json!("Onboarding by Gangway: see the work notes."),
                );
                fields.insert("close_code".to_owned(), json!(self.close_code().await?));
            }
            _ => {}
        }
        Ok(fields)
    }

    async fn close_code(&self) -> Result<String, StepError> {
        let all = self.choices("close_code").await?;
        let is = |code: &str, choice: &Named| {
            [&choice.name, &choice.id]
                .iter()
                .any(|text| text.eq_ignore_ascii_case(code))
        };
        let best = CLOSE_CODES
            .iter()
            .find_map(|code| all.iter().find(|choice| is(code, choice)));
        let found = best.or(all.first());
        found.map(|choice| choice.id.clone()).ok_or_else(|| {
            StepError::NeedsAttention(format!(
                "{SYSTEM} shows no resolution code, and an incident is not closed without one"
            ))
        })
    }

    /// The impact and urgency from which ServiceNow computes the priority, by its default table.
    pub(super) async fn priority(&self, wanted: &str) -> Result<(&'static str, &'static str), StepError> {
        let choices = self.choices("priority");
        let priority = resolve(SYSTEM, "priority", &self.scope(), wanted, self.listing, choices).await?;
        match priority.as_str() {
            "1" => Ok(("1", "1")),
            "2" => Ok(("2", "1")),
            "3" => Ok(("2", "2")),
            "4" => Ok(("3", "2")),
            "5" => Ok(("3", "3")),
            _ => Err(StepError::NeedsAttention(format!(
                "no impact and urgency of {SYSTEM} come to the priority \"{}\"",
                wanted.trim()
            ))),
        }
    }

    /// The choices of a field of incidents: their own, or else those of all tasks.
    async fn choices(&self, element: &str) -> Result<Vec<Named>, StepError> {
        let query = format!("nameINincident,task^element={element}^inactive=false^ORDERBYsequence");
        let all: Vec<ChoiceBody> = self
            .records("list the names", "sys_choice", "name,value,label", &query)
            .await?;
        let of = |table: &str| -> Vec<Named> {
            let own = all.iter().filter(|choice| choice.name == table);
            own.map(|choice| Named::new(&choice.value, &choice.label)).collect()
        };
        let own = of("incident");
        Ok(if own.is_empty() { of("task") } else { own })
    }

    fn scope(&self) -> String {
        let password = self.credentials.password.expose_secret();
        format!("{} {} {password}", self.base, self.credentials.user_name)
    }

    async fn named(&self, operation: &'static str, table: &str, query: &str) -> Result<Vec<Named>, StepError> {
        let all: Vec<NamedBody> = self.records(operation, table, "sys_id,name", query).await?;
        Ok(all
            .into_iter()
            .map(|record| Named::new(record.sys_id, record.name))
            .collect())
    }
}
