//! Finds the Autotask server of the customer.

use domain::step_error::StepError;
use outbound::{endpoint, given_address};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::calls::done;
use super::wire::Errors;
use super::{Autotask, SYSTEM};

/// The server by the asked address and the user. Customers almost never move, so entries are kept until the process
/// ends.
static ZONES: Mutex<Vec<(String, Url)>> = Mutex::const_new(Vec::new());

#[derive(Deserialize)]
struct Zone {
    url: String,
}

impl Autotask {
    pub(super) async fn zone(&self) -> Result<Url, StepError> {
        const OPERATION: &str = "ask for the zone";
        let user = &self.credentials.user_name;
        let key = format!("{} {user}", self.base);
        let mut zones = ZONES.lock().await;
        if let Some((_, zone)) = zones.iter().find(|(known, _)| *known == key) {
            return Ok(zone.clone());
        }
        let url = endpoint(&self.base, &["V1.0", "ZoneInformation"], &[("user", user)]);
        let reply = self.call(OPERATION, self.http.get(url)).await?;
        let unknown = |errors: Errors| errors.is_unknown_user();
        if !reply.is_success() && reply.error_body().is_some_and(unknown) {
            return Err(StepError::NeedsAttention(format!(
                "{SYSTEM} does not know the API user's name; renew the credentials in Gangway"
            )));
        }
        done(OPERATION, &reply)?;
        let zone: Zone = reply.json()?;
        // The address is checked, because every call sends the secret to it.
        let own = self.base.origin().ascii_serialization();
        let zone = given_address(&format!("{SYSTEM}'s zone"), &zone.url, &own)?;
        zones.push((key, zone.clone()));
        Ok(zone)
    }
}
