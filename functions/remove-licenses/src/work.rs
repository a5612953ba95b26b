//! Frees the leaver's licenses. Those assigned directly are removed, and those from a group by leaving the group.

use directory::{Change, Graph, GroupMatch};
use domain::step_error::StepError;
use domain::timeline::StepName;
use messages::{Removed, Skipped};
use serde::{Deserialize, Serialize};
use steps::{NoInput, Step, StepContext, effects};
use store::effects::EffectState;

pub(crate) struct RemoveLicenses;

#[derive(Serialize)]
pub(crate) struct Output {}

/// An assignment of a license when the step first ran. A run after a crash would no longer find it.
#[derive(Clone, Serialize, Deserialize)]
struct Way {
    sku_id: String,
    /// The license's part number.
    name: String,
    #[serde(flatten)]
    by: By,
}

impl Way {
    /// The text for people.
    fn freed(self) -> String {
        match self.by {
            By::Group { group, .. } => format!("{} (by leaving the group {group})", self.name),
            By::Itself | By::FixedGroup { .. } => self.name,
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
enum By {
    Itself,
    Group {
        id: String,
        group: String,
    },
    /// The license comes from a group whose members Graph can't change, for this reason.
    FixedGroup {
        why: String,
    },
}

impl Step for RemoveLicenses {
    const NAME: StepName = StepName::RemoveLicenses;
    type Input = NoInput;
    type Output = Output;

    async fn run(cx: &StepContext, _: NoInput) -> Result<Output, StepError> {
        if cx.is_skipped() {
            return Ok(Output {});
        }
        cx.record.job.offboarding()?;
        let user = cx.user()?;
        let graph = cx.graph().await?;
        let ways = ways(&graph, &user.id).await?;
        let licenses = match cx.store.intend(&cx.key, effects::LICENSES_REMOVED, &ways).await? {
            EffectState::Done(licenses) => licenses,
            EffectState::New => free(&graph, &user.id, ways).await?,
            EffectState::Intended(before) => free(&graph, &user.id, before).await?,
        };
        let text = messages::licenses_removed(&user.upn, &licenses);
        cx.report_removed(effects::LICENSES_REMOVED, &licenses, &text).await?;
        Ok(Output {})
    }
}

async fn ways(graph: &Graph, user_id: &str) -> Result<Vec<Way>, StepError> {
    let licenses = graph.licensing_of(user_id).await?.licenses;
    if licenses.is_empty() {
        return Ok(Vec::new());
    }
    let skus = graph.subscribed_skus().await?;
    let mut ways = Vec::new();
    for license in licenses {
        let sku = skus.iter().find(|sku| sku.sku.id == license.sku_id);
        let name = sku.map_or_else(|| license.sku_id.clone(), |sku| sku.sku.part_number.clone());
        let by = match license.by_group {
            None => By::Itself,
            Some(id) => by_group(graph, id).await?,
        };
        ways.push(Way {
            sku_id: license.sku_id,
            name,
            by,
        });
    }
    Ok(ways)
}

async fn by_group(graph: &Graph, id: String) -> Result<By, StepError> {
    let GroupMatch::One(group) = graph.group(&id).await? else {
        return Ok(By::FixedGroup {
            why: "it comes with a group that does not exist any more".to_owned(),
        });
    };
    Ok(match group.kind.refuses_members() {
        None => By::Group { id, group: group.name },
        Some(why) => By::FixedGroup {
            why: format!("it comes with the group {}, and {why}", group.name),
        },
    })
}

/// Frees the licenses. One that is already gone counts as freed, so this can run again.
async fn free(graph: &Graph, user_id: &str, ways: Vec<Way>) -> Result<Removed, StepError> {
    let mut closed = Vec::new();
    let mut failed = Vec::new();
    let mut open = ways;
    // A license that others depend on can be removed only after those. So as long as some are removed, the rest is
    // tried again.
    let refused = loop {
        let before = closed.len();
        let mut refused = Vec::new();
        for way in open {
            match close(graph, user_id, &way).await {
                Ok(Change::Done) => closed.push(way),
                Ok(Change::Refused(why)) => refused.push((way, why)),
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => failed.push((way, error.to_string())),
            }
        }
        if closed.len() == before {
            break refused;
        }
        open = refused.into_iter().map(|(way, _)| way).collect();
    };
    // A seat is free only when every assignment of the license is gone.
    let stays = |way: &Way| {
        refused
            .iter()
            .chain(&failed)
            .any(|(other, _)| other.sku_id == way.sku_id)
    };
    closed.retain(|way| !stays(way));
    let skipped = |(way, reason): (Way, String)| Skipped { name: way.name, reason };
    Ok(Removed {
        removed: closed.into_iter().map(Way::freed).collect(),
        left: refused.into_iter().map(skipped).collect(),
        failed: failed.into_iter().map(skipped).collect(),
    })
}

async fn close(graph: &Graph, user_id: &str, way: &Way) -> Result<Change, StepError> {
    match &way.by {
        By::Itself => graph.remove_license(user_id, &way.sku_id).await,
        By::Group { id, .. } => graph.remove_member(id, user_id).await,
        By::FixedGroup { why } => Ok(Change::Refused(why.clone())),
    }
}

steps::payload_tests!(RemoveLicenses);
