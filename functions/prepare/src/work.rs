//! The first step: decides whether the request needs approval.

use chrono::{DateTime, Duration, Utc};
use domain::decision::Decision;
use domain::request::Status;
use domain::step_error::StepError;
use domain::timeline::StepName;
use runtime::Env;
use serde::{Deserialize, Serialize};
use steps::{Step, StepContext};
use store::requests::Changed;

pub(crate) struct Prepare;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    /// How often the approvers are asked.
    rounds: u32,
    /// Seconds between rounds.
    reminder: u32,
}

impl Input {
    /// The time at which the gate closes.
    fn until(&self) -> DateTime<Utc> {
        Utc::now() + Duration::seconds(i64::from(self.rounds) * i64::from(self.reminder))
    }
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

impl Step for Prepare {
    const NAME: StepName = StepName::Prepare;
    type Input = Input;
    type Output = Output;

    async fn run(cx: &StepContext, input: Input) -> Result<Output, StepError> {
        let record = &cx.record;
        let gate = record.plan.approval_gate();
        if record.resumed.is_some() {
            cx.store.reopen_gate(&cx.key, &gate, input.until()).await?;
        }
        let approved = async || {
            let gate = cx.store.gate(&cx.key, &gate).await?;
            Ok::<_, StepError>(gate.and_then(|gate| gate.decision) == Some(Decision::Approved))
        };
        // Approval from before a resume is not requested again.
        if !record.plan.approval_required || approved().await? {
            return Ok(Output {
                approval: Approval::NotRequired,
            });
        }
        wait_for_approval(cx).await?;
        let page = format!("{}/orgs/{}/pending", Env.base_url()?, cx.key.org);
        let zone = cx.config().await?.variables.timezone;
        let text = messages::approval_requested(record.about(), &record.plan.approvers, input.until(), zone, &page);
        cx.note(&record.once_an_approval("approval-requested"), &text).await?;
        Ok(Output {
            approval: Approval::Required,
        })
    }
}

async fn wait_for_approval(cx: &StepContext) -> Result<(), StepError> {
    let from = [Status::Running, Status::WaitingApproval];
    let to = Status::WaitingApproval;
    match cx.store.move_status(&cx.key, cx.run, &from, to).await? {
        Changed::Yes => Ok(()),
        Changed::No => Err(StepError::Permanent(
            "the request cannot wait for approval any more".to_owned(),
        )),
    }
}

steps::payload_tests!(
    Prepare,
    [Approval::Required, Approval::NotRequired].map(|approval| Output { approval })
);
