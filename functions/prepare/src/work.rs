//! First step: which gates the request meets.

use chrono::{Duration, Utc};
use domain::decision::Decision;
use domain::ids::{OrgId, RequestId};

use domain::request::{RequestKey, Status};
use domain::step_error::StepError;
use runtime::{Context, Env};
use serde::{Deserialize, Serialize};
use store::requests::Changed;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    org: OrgId,
    request: RequestId,
    run: u32,
    /// How often the approvers are asked, and the seconds between.
    rounds: u32,
    reminder: u32,
}

#[derive(Serialize)]
pub(crate) struct Output {
    approval: Approval,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Approval {
    Required,
    NotRequired,
}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, StepError> {
    let key = RequestKey {
        org: input.org,
        request: input.request,
    };
    let record = cx.begin("prepare", &key, input.run).await?;
    if record.resumed.is_some() {
        let until = Utc::now() + Duration::seconds(i64::from(input.rounds) * i64::from(input.reminder));
        cx.store.reopen_gate(&key, &record.plan.approval_gate(), until).await?;
    }
    let approved = async || {
        let gate = cx.store.gate(&key, &record.plan.approval_gate()).await?;
        Ok::<_, StepError>(gate.and_then(|gate| gate.decision) == Some(Decision::Approved))
    };
    // What was approved before a resume is not asked for again.
    if !record.plan.approval_required || approved().await? {
        return Ok(Output {
            approval: Approval::NotRequired,
        });
    }
    let waiting = [Status::Running, Status::WaitingApproval];
    if cx
        .store
        .move_status(&key, input.run, &waiting, Status::WaitingApproval)
        .await?
        == Changed::No
    {
        return Err(StepError::Permanent(
            "the request cannot wait for approval any more".to_owned(),
        ));
    }
    let page = format!("{}/orgs/{}/pending", Env.base_url()?, key.org);
    let zone = integrations::org_config(&cx.store, &key.org).await?.variables.timezone;
    let until = Utc::now() + Duration::seconds(i64::from(input.rounds) * i64::from(input.reminder));
    let text = messages::approval_requested(record.about(), &record.plan.approvers, until, zone, &page);
    cx.store
        .queue_note(&key, &record.once_an_approval("approval-requested"), &text)
        .await?;
    Ok(Output {
        approval: Approval::Required,
    })
}

#[cfg(test)]
mod payload_tests {
    use super::*;

    #[test]
    fn takes_what_the_state_machine_sends() {
        assert_eq!(payloads::accepted::<Input>("prepare"), Ok(()));
    }

    #[test]
    fn answers_what_the_state_machine_picks() {
        let answers = [Approval::Required, Approval::NotRequired].map(|approval| Output { approval });
        assert_eq!(payloads::answers("prepare", &answers), Ok(()));
    }
}
