//! Boards, statuses and priorities: from the names in an organisation's variables to ids.

use domain::fault::Fault;

use super::{ConnectWise, Named, SYSTEM};

const QUERY: [(&str, &str); 1] = [("fields", "id,name")];
/// How many names an error lists.
const NAMES_LISTED: usize = 20;

impl ConnectWise {
    pub(super) async fn board(&self, wanted: Option<&str>) -> Result<u64, Fault> {
        let boards = self.list("list the boards", &["service", "boards"], &QUERY).await?;
        match wanted {
            Some(wanted) => pick("board", wanted, &boards),
            None => Err(Fault::NeedsAttention(format!(
                "default_ticket_location is not set, and {SYSTEM} needs a board; there are: {}",
                listed(&boards)
            ))),
        }
    }

    pub(super) async fn status(&self, board: u64, wanted: &str) -> Result<u64, Fault> {
        let path = ["service", "boards", &board.to_string(), "statuses"];
        pick(
            "status of this board",
            wanted,
            &self.list("list the statuses", &path, &QUERY).await?,
        )
    }

    pub(super) async fn priority(&self, wanted: &str) -> Result<u64, Fault> {
        pick(
            "priority",
            wanted,
            &self
                .list("list the priorities", &["service", "priorities"], &QUERY)
                .await?,
        )
    }
}

/// By name in any case, or by id.
fn pick(what: &str, wanted: &str, all: &[Named]) -> Result<u64, Fault> {
    let wanted = wanted.trim();
    let lower = wanted.to_lowercase();
    let by_name = all.iter().find(|named| named.name.trim().to_lowercase() == lower);
    let found = by_name.or_else(|| all.iter().find(|named| wanted.parse() == Ok(named.id)));
    found.map(|named| named.id).ok_or_else(|| {
        Fault::NeedsAttention(format!(
            "{SYSTEM} has no {what} named \"{wanted}\"; there are: {}",
            listed(all)
        ))
    })
}

fn listed(all: &[Named]) -> String {
    let names: Vec<&str> = all.iter().take(NAMES_LISTED).map(|named| named.name.as_str()).collect();
    let rest = all.len().saturating_sub(NAMES_LISTED);
    let more = if rest > 0 {
        format!(" and {rest} more")
    } else {
        String::new()
    };
    format!("{}{more}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statuses() -> Vec<Named> {
        [(16, "New (not responded)"), (17, "Waiting Input"), (18, "17")]
            .map(|(id, name)| Named { id, name: name.into() })
            .into()
    }

    #[test]
    fn names_win_over_ids() {
        assert_eq!(pick("status", "waiting input ", &statuses()), Ok(17));
        assert_eq!(pick("status", "16", &statuses()), Ok(16));
        assert_eq!(pick("status", "17", &statuses()), Ok(18));
    }

    #[test]
    fn an_unknown_name_lists_what_there_is() {
        let Err(Fault::NeedsAttention(text)) = pick("status", "Done", &statuses()) else {
            panic!()
        };
        assert_eq!(
            text,
            "ConnectWise has no status named \"Done\"; there are: New (not responded), Waiting Input, 17"
        );
        let many: Vec<Named> = (0..23)
            .map(|id| Named {
                id,
                name: format!("S{id}"),
            })
            .collect();
        let Err(Fault::NeedsAttention(text)) = pick("status", "Done", &many) else {
            panic!()
        };
        assert!(text.ends_with("S19 and 3 more"), "{text}");
    }
}
