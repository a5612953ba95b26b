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
struct LicenseSource {
    sku_id: String,
    /// The license's part number.
    name: String,
    #[serde(flatten)]
    by: By,
}

impl LicenseSource {
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
        let sources = sources(&graph, &user.id).await?;
        let licenses = match cx.store.intend(&cx.key, effects::LICENSES_REMOVED, &sources).await? {
            EffectState::Done(licenses) => licenses,
            EffectState::New => free(&graph, &user.id, sources).await?,
            EffectState::Intended(before) => free(&graph, &user.id, before).await?,
        };
        let text = messages::licenses_removed(&user.upn, &licenses);
        cx.report_removed(effects::LICENSES_REMOVED, &licenses, &text).await?;
        Ok(Output {})
    }
}

async fn sources(graph: &Graph, user_id: &str) -> Result<Vec<LicenseSource>, StepError> {
    let licenses = graph.licensing_of(user_id).await?.licenses;
    if licenses.is_empty() {
        return Ok(Vec::new());
    }
    let skus = graph.subscribed_skus().await?;
    let mut sources = Vec::new();
    for license in licenses {
        let sku = skus.iter().find(|sku| sku.sku.id == license.sku_id);
        let name = sku.map_or_else(|| license.sku_id.clone(), |sku| sku.sku.part_number.clone());
        let by = match license.by_group {
            None => By::Itself,
            Some(id) => by_group(graph, id).await?,
        };
        sources.push(LicenseSource {
            sku_id: license.sku_id,
            name,
            by,
        });
    }
    Ok(sources)
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
async fn free(graph: &Graph, user_id: &str, sources: Vec<LicenseSource>) -> Result<Removed, StepError> {
    let mut closed = Vec::new();
    let mut failed = Vec::new();
    let mut open = sources;
    // A license that others depend on can be removed only after those. So as long as some are removed, the rest is
    // tried again.
    let refused = loop {
        let before = closed.len();
        let mut refused = Vec::new();
        for source in open {
            match close(graph, user_id, &source).await {
                Ok(Change::Done) => closed.push(source),
                Ok(Change::Refused(why)) => refused.push((source, why)),
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => failed.push((source, error.to_string())),
            }
        }
        if closed.len() == before {
            break refused;
        }
        open = refused.into_iter().map(|(source, _)| source).collect();
    };
    // A seat is free only when every assignment of the license is gone.
    let stays = |source: &LicenseSource| {
        refused
            .iter()
            .chain(&failed)
            .any(|(other, _)| other.sku_id == source.sku_id)
    };
    closed.retain(|source| !stays(source));
    let skipped = |(source, reason): (LicenseSource, String)| Skipped {
        name: source.name,
        reason,
    };
    Ok(Removed {
        removed: closed.into_iter().map(LicenseSource::freed).collect(),
        left: refused.into_iter().map(skipped).collect(),
        failed: failed.into_iter().map(skipped).collect(),
    })
}

async fn close(graph: &Graph, user_id: &str, source: &LicenseSource) -> Result<Change, StepError> {
    match &source.by {
        By::Itself => graph.remove_license(user_id, &source.sku_id).await,
        By::Group { id, .. } => graph.remove_member(id, user_id).await,
        By::FixedGroup { why } => Ok(Change::Refused(why.clone())),
    }
}

steps::payload_tests!(RemoveLicenses);
