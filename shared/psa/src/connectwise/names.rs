//! Boards, statuses and priorities: from the names in an organisation's variables to ids.

use domain::step_error::StepError;
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::{ConnectWise, Named, SYSTEM};
use crate::names::{self, resolve};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BoardType {
    id: u64,
    default_flag: Option<bool>,
    inactive_flag: Option<bool>,
}

impl ConnectWise {
    pub(super) async fn board(&self, wanted: Option<&str>) -> Result<u64, StepError> {
        let Some(wanted) = wanted else {
            let boards = self
                .records("list the boards", &["service", "boards"], "id,name")
                .await?;
            return Err(StepError::NeedsAttention(format!(
                "default_ticket_location is not set, and {SYSTEM} needs a board{}",
                self.listing.after("there are", &boards)
            )));
        };
        self.id_of("board", "", wanted, &["service", "boards"], "id,name").await
    }

    pub(super) async fn status(&self, board: u64, wanted: &str) -> Result<u64, StepError> {
        let board = board.to_string();
        let path = ["service", "boards", &board, "statuses"];
        self.id_of("status of this board", &board, wanted, &path, "id,name")
            .await
    }

    pub(super) async fn priority(&self, wanted: &str) -> Result<u64, StepError> {
        // According to the API's description, a priority always has a colour, so it must be read too.
        self.id_of("priority", "", wanted, &["service", "priorities"], "id,name,color")
            .await
    }

    /// The default type of tickets on this board. Unlike the window, the API does not set it.
    pub(super) async fn default_type(&self, board: u64) -> Result<Option<u64>, StepError> {
        let board = board.to_string();
        let path = ["service", "boards", &board, "types"];
        let query = [("fields", "id,name,defaultFlag,inactiveFlag")];
        let types: Vec<BoardType> = self.list("list the board's types", &path, &query).await?;
        let default = types
            .iter()
            .find(|kind| kind.default_flag == Some(true) && kind.inactive_flag != Some(true));
        Ok(default.map(|kind| kind.id))
    }

    async fn id_of(&self, what: &str, of: &str, wanted: &str, path: &[&str], fields: &str) -> Result<u64, StepError> {
        let (user, secret) = (&self.credentials.public_key, &self.credentials.private_key);
        let scope = format!(
            "{} {} {} {} {of}",
            self.base,
            self.credentials.company_id,
            user.expose_secret(),
            secret.expose_secret()
        );
        let list = self.records("list the names", path, fields);
        let id = resolve(SYSTEM, what, &scope, wanted, self.listing, list).await?;
        id.parse()
            .map_err(|_| StepError::Permanent(format!("{SYSTEM} has an id that is no number")))
    }

    async fn records(
        &self,
        operation: &'static str,
        path: &[&str],
        fields: &str,
    ) -> Result<Vec<names::Named>, StepError> {
        let all: Vec<Named> = self.list(operation, path, &[("fields", fields)]).await?;
        Ok(all
            .into_iter()
            .map(|named| names::Named::new(named.id, named.name))
            .collect())
    }
}
