//! The customer: its name, its contacts and its sites.

use domain::step_error::StepError;
use serde::Deserialize;

use super::wire::{CompanyBody, Named};
use super::{ConnectWise, SYSTEM, SYSTEM_ID};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Contact {
    pub(super) id: u64,
    pub(super) site: Option<Named>,
    company: Option<CompanyBody>,
    inactive_flag: Option<bool>,
    #[serde(default)]
    communication_items: Vec<CommunicationItem>,
}

#[derive(Deserialize)]
struct CommunicationItem {
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Site {
    id: u64,
    primary_address_flag: Option<bool>,
    inactive_flag: Option<bool>,
}

impl ConnectWise {
    pub(super) async fn company(&self) -> Result<Named, StepError> {
        let condition = self.company.own_condition();
        let query = [("conditions", condition.as_str()), ("fields", "id,identifier,name")];
        let found: Vec<Named> = self
            .list("look up the company", &["company", "companies"], &query)
            .await?;
        found.into_iter().next().ok_or_else(|| {
            StepError::NeedsAttention(format!(
                "{SYSTEM} shows no such company: the operator sets the right one with --company {SYSTEM_ID}=ID"
            ))
        })
    }

    /// The company's contact with this mail address.
    pub(super) async fn contact(&self, email: &str) -> Result<Option<Contact>, StepError> {
        // The address goes between quotes, for which ConnectWise documents no escaping.
        if email.contains(['"', '\\']) {
            return Ok(None);
        }
        let of_company = self.company.condition();
        let of_email = format!("communicationItems/value=\"{email}\"");
        let query = [
            ("conditions", of_company.as_str()),
            ("childConditions", &of_email),
            ("fields", "id,site,company,inactiveFlag,communicationItems"),
            ("orderBy", "id asc"),
        ];
        let found: Vec<Contact> = self
            .list("look up the contact", &["company", "contacts"], &query)
            .await?;
        let has_email = |item: &CommunicationItem| {
            let value = item.value.as_deref();
            value.is_some_and(|value| value.eq_ignore_ascii_case(email))
        };
        Ok(found.into_iter().find(|contact| {
            let active = contact.inactive_flag != Some(true);
            active && self.company.is(contact.company.as_ref()) && contact.communication_items.iter().any(has_email)
        }))
    }

    /// The company's main site.
    pub(super) async fn main_site(&self) -> Result<Option<u64>, StepError> {
        let company = self.company().await?.id.to_string();
        let path = ["company", "companies", &company, "sites"];
        let query = [("fields", "id,name,primaryAddressFlag,inactiveFlag")];
        let sites: Vec<Site> = self.list("list the company's sites", &path, &query).await?;
        let main = sites
            .iter()
            .find(|site| site.primary_address_flag == Some(true) && site.inactive_flag != Some(true));
        Ok(main.map(|site| site.id))
    }
}
