//! Resolves the names in an organisation's variables to the PSA's ids. Each list is read once and cached for a while.

use std::fmt::Display;
use std::time::{Duration, Instant};

use domain::step_error::StepError;
use tokio::sync::Mutex;

/// How long a list is cached. A name that is not in it causes it to be read again.
const AGE: Duration = Duration::from_secs(600);
/// How many names an error lists.
const NAMES_LISTED: usize = 20;

/// The cached lists, a handful for each organisation that this process serves, so a linear search is fast enough.
static LISTS: Mutex<Vec<Kept>> = Mutex::const_new(Vec::new());

struct Kept {
    key: String,
    at: Instant,
    all: Vec<Named>,
}

/// A record of the PSA: its id as text and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl Named {
    pub(crate) fn new(id: impl Display, name: impl Into<String>) -> Self {
        Self {
            id: id.to_string(),
            name: name.into(),
        }
    }
}

/// Whether an error lists the existing names. They belong to the owner of the key, so a customer who works with its
/// parent's key learns only that the name does not exist.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Listing {
    #[default]
    Withheld,
    Shown,
}

impl Listing {
    /// The end of an error's sentence, such as "; there are: New, Closed".
    pub(crate) fn after(self, words: &str, all: &[Named]) -> String {
        match self {
            Self::Withheld => String::new(),
            Self::Shown => format!("; {words}: {}", listed(all)),
        }
    }
}

/// The id of the record called `wanted` (by name in any case, or by id). `system` and `what` are for the error, such as
/// "status of this board". `scope` identifies the list: the address, the user with the secret, and the record that the
/// list belongs to.
pub(crate) async fn resolve(
    system: &str,
    what: &str,
    scope: &str,
    wanted: &str,
    listing: Listing,
    list: impl Future<Output = Result<Vec<Named>, StepError>>,
) -> Result<String, StepError> {
    Ok(record(system, what, scope, wanted, listing, list).await?.id)
}

/// Like [`resolve`], for a PSA that needs the name in its own spelling.
pub(crate) async fn record(
    system: &str,
    what: &str,
    scope: &str,
    wanted: &str,
    listing: Listing,
    list: impl Future<Output = Result<Vec<Named>, StepError>>,
) -> Result<Named, StepError> {
    let key = format!("{system}\n{what}\n{scope}");
    let kept = {
        let mut lists = LISTS.lock().await;
        lists.retain(|kept| kept.at.elapsed() < AGE);
        lists
            .iter()
            .find(|kept| kept.key == key)
            .and_then(|kept| pick(wanted, &kept.all))
    };
    if let Some(named) = kept {
        return Ok(named);
    }
    let all = list.await?;
    let found = pick(wanted, &all);
    let unknown = || {
        StepError::NeedsAttention(format!(
            "{system} has no {what} named \"{}\"{}",
            wanted.trim(),
            listing.after("there are", &all)
        ))
    };
    let named = found.ok_or_else(unknown)?;
    let mut lists = LISTS.lock().await;
    lists.retain(|kept| kept.key != key);
    lists.push(Kept {
        key,
        at: Instant::now(),
        all,
    });
    Ok(named)
}

/// Finds a record by name in any case, or by id.
fn pick(wanted: &str, all: &[Named]) -> Option<Named> {
    let wanted = wanted.trim();
    let lower = wanted.to_lowercase();
    let by_name = all.iter().find(|named| named.name.trim().to_lowercase() == lower);
    let found = by_name.or_else(|| all.iter().find(|named| named.id == wanted));
    found.cloned()
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
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn statuses() -> Vec<Named> {
        vec![
            Named::new(16, "New (not responded)"),
            Named::new(17, "Waiting Input"),
            Named::new(18, "17"),
        ]
    }

    #[test]
    fn names_win_over_ids() {
        for (wanted, id) in [
            ("waiting input ", Some("17")),
            ("16", Some("16")),
            ("17", Some("18")),
            ("Done", None),
        ] {
            assert_eq!(
                pick(wanted, &statuses()).map(|named| named.id).as_deref(),
                id,
                "{wanted}"
            );
        }
    }

    #[tokio::test]
    async fn list_is_read_again_only_for_an_unknown_name() {
        let reads = AtomicU32::new(0);
        let list = async || {
            reads.fetch_add(1, Ordering::Relaxed);
            Ok(statuses())
        };
        for _ in 0..3 {
            assert_eq!(
                resolve("X", "status", "once", "New (Not responded)", Listing::Shown, list()).await,
                Ok("16".to_owned())
            );
        }
        assert_eq!(reads.load(Ordering::Relaxed), 1);
        let unknown = async |listing| match resolve("X", "status", "once", "Done", listing, list()).await {
            Err(StepError::NeedsAttention(text)) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            unknown(Listing::Shown).await,
            "X has no status named \"Done\"; there are: New (not responded), Waiting Input, 17"
        );
        assert_eq!(reads.load(Ordering::Relaxed), 2);
        assert_eq!(
            unknown(Listing::Withheld).await,
            "X has no status named \"Done\"",
            "other people's names"
        );
        let other = resolve("X", "status", "other", "Waiting Input", Listing::Shown, list()).await;
        assert!(other.is_ok());
        assert_eq!(reads.load(Ordering::Relaxed), 4);
    }

    #[test]
    fn long_lists_are_cut() {
        let many: Vec<Named> = (0..23).map(|id| Named::new(id, format!("S{id}"))).collect();
        assert!(listed(&many).ends_with("S19 and 3 more"));
    }
}
