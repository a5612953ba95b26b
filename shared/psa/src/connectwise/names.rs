//! Boards, statuses and priorities: from the names in an organisation's variables to ids.

use domain::fault::Fault;
use secrecy::ExposeSecret;

use super::{ConnectWise, Named, SYSTEM};
use crate::names::{self, listed, resolve};

const QUERY: [(&str, &str); 1] = [("fields", "id,name")];

impl ConnectWise {
    pub(super) async fn board(&self, wanted: Option<&str>) -> Result<u64, Fault> {
        let Some(wanted) = wanted else {
            let boards = self.records("list the boards", &["service", "boards"]).await?;
            return Err(Fault::NeedsAttention(format!(
                "default_ticket_location is not set, and {SYSTEM} needs a board; there are: {}",
                listed(&boards)
            )));
        };
        self.id_of("board", "", wanted, &["service", "boards"]).await
    }

    pub(super) async fn status(&self, board: u64, wanted: &str) -> Result<u64, Fault> {
        let board = board.to_string();
        let path = ["service", "boards", &board, "statuses"];
        self.id_of("status of this board", &board, wanted, &path).await
    }

    pub(super) async fn priority(&self, wanted: &str) -> Result<u64, Fault> {
        self.id_of("priority", "", wanted, &["service", "priorities"]).await
    }

    async fn id_of(&self, what: &str, of: &str, wanted: &str, path: &[&str]) -> Result<u64, Fault> {
        let user = self.credentials.public_key.expose_secret();
        let scope = format!("{} {} {user} {of}", self.base, self.credentials.company_id);
        let list = self.records("list the names", path);
        let id = resolve(SYSTEM, what, &scope, wanted, list).await?;
        id.parse()
            .map_err(|_| Fault::Permanent(format!("{SYSTEM} has an id that is no number")))
    }

    async fn records(&self, operation: &'static str, path: &[&str]) -> Result<Vec<names::Named>, Fault> {
        let all: Vec<Named> = self.list(operation, path, &QUERY).await?;
        Ok(all
            .into_iter()
            .map(|named| names::Named::new(named.id, named.name))
            .collect())
    }
}
