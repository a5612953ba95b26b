//! Brings the ticket up to date: opens it where it is missing, posts the notes that it lacks, sets its status.

use domain::ids::{OrgId, RequestId};

use domain::request::{RequestKey, TicketRef, TicketStatus};
use domain::step_error::StepError;
use domain::variables::{Minutes, OrgVariables};
use integrations::OrgConfig;
use psa::{NewTicket, Note, NoteText, Psa};
use runtime::Context;
use serde::{Deserialize, Serialize};
use store::outbox::{NoteState, QueuedNote};
use store::requests::RequestRecord;

const STEP: &str = "ticket";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    org: OrgId,
    request: RequestId,
    run: u32,
    status: TicketStatus,
    /// The PSA has failed for good: mail what it lacks.
    fallback: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub(crate) enum Output {
    UpToDate,
    /// There is no PSA, or it failed: notes went out as mails where there is an address for them.
    Mailed,
}

pub(crate) async fn run(cx: &Context, input: Input) -> Result<Output, StepError> {
    let key = RequestKey {
        org: input.org,
        request: input.request,
    };
    let record = cx.begin(STEP, &key, input.run).await?;
    let config = integrations::request_config(&cx.store, &record).await?;
    if input.fallback {
        return mail_the_rest(cx, &record, &config, "the ticket system did not answer").await;
    }
    let result = match integrations::psa(&cx.aws, &cx.secrets, &config).await {
        Ok(Some(psa)) => update(cx, &record, &config, &psa, input.status).await,
        Ok(None) => return Ok(Output::Mailed),
        Err(error) => Err(error),
    };
    match result {
        Ok(()) => Ok(Output::UpToDate),
        Err(error) if error.is_transient() => Err(error),
        Err(error) => mail_the_rest(cx, &record, &config, &error.to_string()).await,
    }
}

async fn update(
    cx: &Context,
    record: &RequestRecord,
    config: &OrgConfig,
    psa: &Psa,
    status: TicketStatus,
) -> Result<(), StepError> {
    let key = record.key();
    let ticket = match &record.ticket {
        Some(ticket) => ticket.clone(),
        None => open(cx, record, &config.variables, psa).await?,
    };
    for note in unposted(cx, &key).await? {
        let minutes = config
            .variables
            .automation_task_new_user_time
            .filter(|_| note.name == messages::SUMMARY)
            .map(Minutes::get);
        post(cx, &key, psa, &ticket, note, minutes).await?;
    }
    match status_name(&config.variables, status) {
        Some(name) => psa.set_status(&ticket, name).await,
        None => Ok(()),
    }
}

fn status_name(variables: &OrgVariables, status: TicketStatus) -> Option<&str> {
    match status {
        TicketStatus::Working => variables.default_ticket_status.as_deref(),
        TicketStatus::Waiting => variables.ticket_status_waiting_input.as_deref(),
        TicketStatus::Complete => variables.ticket_status_workflow_complete.as_deref(),
    }
}

async fn open(
    cx: &Context,
    record: &RequestRecord,
    variables: &OrgVariables,
    psa: &Psa,
) -> Result<TicketRef, StepError> {
    let key = record.key();
    let marker = record.id.as_str();
    let given = record.job.ticket_id();
    let summary = messages::note_subject(record.about());
    let ticket = cx
        .store
        .once_marked(
            &key,
            "ticket",
            async |mark| psa.find_ticket(given, marker, mark).await,
            async |mark| {
                if let Some(found) = psa.find_ticket(given, marker, mark).await? {
                    return Ok(found);
                }
                if let Some(found) = psa.find_matching(&summary).await? {
                    return Ok(found);
                }
                psa.create_ticket(&NewTicket {
                    marker: marker.to_owned(),
                    mark: mark.to_owned(),
                    summary: summary.clone(),
                    description: messages::ticket_description(&record.job, &record.plan),
                    location: variables.default_ticket_location.clone(),
                    status: variables.default_ticket_status.clone(),
                    priority: variables.default_priority.clone(),
                    work_role: variables.default_work_role.clone(),
                    tech_id: variables.default_tech_id.clone(),
                    contact_email: record.requester.email.clone(),
                })
                .await
            },
        )
        .await?;
    cx.store.set_ticket(&key, &ticket).await?;
    let detail = format!("{} ticket {}", ticket.system, ticket.id);
    cx.store.record_event(&key, STEP, "opened", "", &detail, false).await?;
    Ok(ticket)
}

async fn unposted(cx: &Context, key: &RequestKey) -> Result<Vec<QueuedNote>, StepError> {
    let mut notes = cx.store.notes(key).await?;
    notes.retain(|note| matches!(note.state, NoteState::Queued | NoteState::Posting));
    Ok(notes)
}

async fn post(
    cx: &Context,
    key: &RequestKey,
    psa: &Psa,
    ticket: &TicketRef,
    note: QueuedNote,
    minutes: Option<u32>,
) -> Result<(), StepError> {
    let marker = note_marker(key, &note);
    // An earlier run got as far as this: only the PSA knows whether it came through.
    let there = note.state == NoteState::Posting && psa.has_note(ticket, &marker).await?;
    if !there {
        cx.store.mark_note(key, &note.name, NoteState::Posting).await?;
        psa.add_note(
            ticket,
            &Note {
                marker,
                text: NoteText::Plain(note.text),
                internal: true,
                minutes,
            },
        )
        .await?;
    }
    cx.store.mark_note(key, &note.name, NoteState::Posted).await
}

fn note_marker(key: &RequestKey, note: &QueuedNote) -> String {
    format!("{}/{}/{}", key.request, note.mark, note.name)
}

/// The way out when the PSA fails: no request stops for it.
async fn mail_the_rest(
    cx: &Context,
    record: &RequestRecord,
    config: &OrgConfig,
    reason: &str,
) -> Result<Output, StepError> {
    let key = record.key();
    cx.store
        .record_event(
            &key,
            STEP,
            "failed",
            "",
            &format!("The ticket could not be updated: {reason}"),
            true,
        )
        .await?;
    let Some(mails) = integrations::mail_psa(&cx.aws, &config.variables)? else {
        return Ok(Output::Mailed);
    };
    let place = TicketRef {
        system: mails.system().to_owned(),
        id: messages::note_subject(record.about()),
    };
    for note in unposted(cx, &key).await? {
        let marker = note_marker(&key, &note);
        mails
            .add_note(
                &place,
                &Note {
                    marker,
                    text: NoteText::Plain(note.text),
                    internal: true,
                    minutes: None,
                },
            )
            .await?;
        cx.store.mark_note(&key, &note.name, NoteState::Mailed).await?;
    }
    Ok(Output::Mailed)
}

#[cfg(test)]
mod payload_tests {
    use super::*;

    #[test]
    fn takes_what_the_state_machine_sends() {
        assert_eq!(payloads::accepted::<Input>("ticket"), Ok(()));
    }
}
