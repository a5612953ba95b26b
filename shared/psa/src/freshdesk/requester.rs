//! The requester of a ticket. Freshdesk needs one, and it decides to which company the ticket belongs.

use domain::step_error::StepError;

use super::wire::Contact;
use super::{Freshdesk, SYSTEM};

pub(super) enum Requester {
    Contact(u64),
    /// An unknown address, for which Freshdesk creates a contact in the company that has its domain.
    Stranger(String),
}

impl Freshdesk {
    /// The company's contact with this mail address, or else its first contact, so that the ticket belongs to the
    /// company.
    pub(super) async fn requester(&self, email: Option<&str>) -> Result<Requester, StepError> {
        const OPERATION: &str = "look up the contact";
        let email = email.map(str::trim).filter(|email| email.contains('@'));
        let mut known: Vec<Contact> = Vec::new();
        if let Some(email) = email {
            known = self.list(OPERATION, &["contacts"], &[("email", email)]).await?;
            let own = known
                .iter()
                .find(|contact| contact.company_id == Some(self.company) && contact.has(email));
            if let Some(contact) = own {
                return Ok(Requester::Contact(contact.id));
            }
        }
        let company = self.company.to_string();
        let colleagues: Vec<Contact> = self.list(OPERATION, &["contacts"], &[("company_id", &company)]).await?;
        let colleagues = colleagues
            .iter()
            .filter(|contact| contact.company_id == Some(self.company));
        if let Some(first) = colleagues.map(|contact| contact.id).min() {
            return Ok(Requester::Contact(first));
        }
        match email {
            Some(email) if known.is_empty() => Ok(Requester::Stranger(email.to_owned())),
            _ => Err(StepError::NeedsAttention(format!(
                "{SYSTEM} takes no ticket without a requester, and company {company} has no contact: add one there"
            ))),
        }
    }
}
