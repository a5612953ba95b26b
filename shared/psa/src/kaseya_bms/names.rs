//! Accounts, queues, statuses, priorities and issue types: from the names in an organisation's variables to ids. A
//! ticket needs a status and a priority; if none is set, it gets the first one of BMS.

use domain::step_error::StepError;
use secrecy::ExposeSecret;

use super::calls::list;
use super::wire::NamedBody;
use super::{Credentials, KaseyaBms, SYSTEM, SYSTEM_ID};
use crate::names::{Named, resolve};

const QUEUES: [&str; 4] = ["v2", "system", "queues", "lookup"];
const STATUSES: [&str; 4] = ["v2", "system", "statuses", "lookup"];
const PRIORITIES: [&str; 4] = ["v2", "system", "priorities", "lookup"];
const ISSUE_TYPES: [&str; 4] = ["v2", "system", "issuetypes", "lookup"];

impl KaseyaBms {
    /// The organisation's account, which is given as an id or as a name.
    pub(super) async fn account(&self) -> Result<u64, StepError> {
        if let Ok(id) = self.company.parse() {
            return Ok(id);
        }
        let list = async {
            let found = self.accounts(("Filter.Name", &self.company)).await?;
            Ok(found.into_iter().map(NamedBody::named).collect())
        };
        let of = format!("named {}", self.company);
        self.number(&of, "account", &self.company, list).await
    }

    pub(super) async fn account_name(&self) -> Result<String, StepError> {
        let id = self.account().await?;
        let found = self.accounts(("Filter.Ids", &id.to_string())).await?;
        let account = found.into_iter().find(|account| account.id == id);
        account.map(|account| account.named().name).ok_or_else(|| {
            StepError::NeedsAttention(format!(
                "{SYSTEM} shows no such account: the operator sets the right one with --company {SYSTEM_ID}=ID"
            ))
        })
    }

    async fn accounts(&self, filter: (&str, &str)) -> Result<Vec<NamedBody>, StepError> {
        let path = ["v2", "crm", "accounts", "lookup"];
        self.pages("look up the account", &path, &[filter], |account: &NamedBody| {
            account.id
        })
        .await
    }

    /// The queue. A ticket needs a queue or an employee.
    pub(super) async fn queue(&self, wanted: Option<&str>, has_employee: bool) -> Result<Option<u64>, StepError> {
        let list = self.named(&QUEUES);
        match wanted {
            Some(wanted) => self.number("", "queue", wanted, list).await.map(Some),
            None if has_employee => Ok(None),
            None => Err(StepError::NeedsAttention(format!(
                "neither default_ticket_location nor default_tech_id is set, and {SYSTEM} needs a queue or an employee{}",
                self.listing.after("the queues are", &list.await?)
            ))),
        }
    }

    pub(super) async fn status(&self, wanted: Option<&str>) -> Result<u64, StepError> {
        if let Some(wanted) = wanted {
            return self.number("", "status", wanted, self.named(&STATUSES)).await;
        }
        let all = self.records(&STATUSES).await?;
        let first = all.iter().min_by_key(|status| status.status_order);
        first.map(|status| status.id).ok_or_else(|| none("status"))
    }

    pub(super) async fn priority(&self, wanted: Option<&str>) -> Result<u64, StepError> {
        if let Some(wanted) = wanted {
            return self.number("", "priority", wanted, self.named(&PRIORITIES)).await;
        }
        let all = self.records(&PRIORITIES).await?;
        let first = all.iter().find(|priority| priority.is_default).or(all.first());
        first.map(|priority| priority.id).ok_or_else(|| none("priority"))
    }

    /// The issue type. BMS has no work roles, so `default_work_role` names an issue type.
    pub(super) async fn issue_type(&self, wanted: &str) -> Result<u64, StepError> {
        self.number("", "issue type", wanted, self.named(&ISSUE_TYPES)).await
    }

    async fn number(
        &self,
        of: &str,
        what: &str,
        wanted: &str,
        list: impl Future<Output = Result<Vec<Named>, StepError>>,
    ) -> Result<u64, StepError> {
        let Credentials {
            tenant,
            user_name,
            password,
            ..
        } = &self.credentials;
        let scope = format!("{} {tenant} {user_name} {} {of}", self.base, password.expose_secret());
        let id = resolve(SYSTEM, what, &scope, wanted, self.listing, list).await?;
        id.parse()
            .map_err(|_| StepError::Permanent(format!("{SYSTEM} has an id that is no number")))
    }

    async fn named(&self, path: &[&str]) -> Result<Vec<Named>, StepError> {
        Ok(self.records(path).await?.into_iter().map(NamedBody::named).collect())
    }

    async fn records(&self, path: &[&str]) -> Result<Vec<NamedBody>, StepError> {
        const OPERATION: &str = "list the names";
        list(OPERATION, &self.get(OPERATION, path, &[]).await?)
    }
}

fn none(what: &str) -> StepError {
    StepError::NeedsAttention(format!("{SYSTEM} shows no {what}, and a ticket needs one"))
}
