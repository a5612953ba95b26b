//! Updates the ticket: opens it if it is missing, posts missing notes, and sets its status.

use domain::request::{TicketRef, TicketStatus};
use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use domain::variables::{Minutes, OrgVariables};
use psa::{NewTicket, Note, NoteText, Psa};
use serde::{Deserialize, Serialize};
use steps::{Step, StepContext};
use store::outbox::{NoteState, QueuedNote};

pub(crate) struct Ticket;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    status: TicketStatus,
    /// Whether the PSA has failed for good, so that missing notes are mailed.
    fallback: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub(crate) enum Output {
    UpToDate,
    /// There is no PSA, or it failed. Notes were mailed if the organisation has an address for them.
    Mailed,
}

impl Step for Ticket {
    const NAME: StepName = StepName::Ticket;
    type Input = Input;
    type Output = Output;

    async fn run(cx: &StepContext, input: Input) -> Result<Output, StepError> {
        // Invalid variables are not a failure of the ticket system, so they are checked first.
        cx.config().await?;
        if input.fallback {
            return mail_the_rest(cx, "the ticket system did not answer").await;
        }
        let result = match cx.psa().await {
            Ok(Some(psa)) => Tickets { cx, psa }.update(input.status).await,
            Ok(None) => return Ok(Output::Mailed),
            Err(error) => Err(error),
        };
        match result {
            Ok(()) => Ok(Output::UpToDate),
            Err(error) if error.is_transient() => Err(error),
            Err(error) => mail_the_rest(cx, &error.to_string()).await,
        }
    }
}

/// The organisation's ticket system.
struct Tickets<'a> {
    cx: &'a StepContext,
    psa: Psa,
}

impl Tickets<'_> {
    async fn update(&self, status: TicketStatus) -> Result<(), StepError> {
        let variables = &self.cx.config().await?.variables;
        let ticket = match &self.cx.record.ticket {
            Some(ticket) => ticket.clone(),
            None => self.open(variables).await?,
        };
        for note in unposted(self.cx).await? {
            let minutes = variables
                .automation_task_new_user_time
                .filter(|_| note.name == messages::SUMMARY)
                .map(Minutes::get);
            self.post(&ticket, note, minutes).await?;
        }
        match status_name(variables, status) {
            Some(name) => self.psa.set_status(&ticket, name).await,
            None => Ok(()),
        }
    }

    /// Finds the request's ticket, or opens one.
    async fn open(&self, variables: &OrgVariables) -> Result<TicketRef, StepError> {
        let Self { cx, psa } = self;
        let marker = cx.record.id.as_str();
        let given = cx.record.job.ticket_id();
        let summary = messages::note_subject(cx.record.about());
        let ours = async |mark: &str| psa.find_ticket(given, marker, mark).await;
        let open = async |mark: &str| {
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
                description: messages::ticket_description(&cx.record.job, &cx.record.plan),
                location: variables.default_ticket_location.clone(),
                status: variables.default_ticket_status.clone(),
                priority: variables.default_priority.clone(),
                work_role: variables.default_work_role.clone(),
                tech_id: variables.default_tech_id.clone(),
                contact_email: cx.record.requester.email.clone(),
            })
            .await
        };
        let ticket = cx.store.once_marked(&cx.key, "ticket", ours, open).await?;
        cx.store.set_ticket(&cx.key, &ticket).await?;
        let detail = format!("{} ticket {}", ticket.system, ticket.id);
        cx.report(Event::Opened, detail).send().await?;
        Ok(ticket)
    }

    async fn post(&self, ticket: &TicketRef, note: QueuedNote, minutes: Option<u32>) -> Result<(), StepError> {
        let Self { cx, psa } = self;
        let marker = marker(cx, &note);
        // An earlier run began to post the note; only the PSA knows whether it was posted.
        let there = note.state == NoteState::Posting && psa.has_note(ticket, &marker).await?;
        if !there {
            cx.store.mark_note(&cx.key, &note.name, NoteState::Posting).await?;
            let plain = Note {
                marker,
                text: NoteText::Plain(note.text),
                internal: true,
                minutes,
            };
            psa.add_note(ticket, &plain).await?;
        }
        cx.store.mark_note(&cx.key, &note.name, NoteState::Posted).await
    }
}

fn status_name(variables: &OrgVariables, status: TicketStatus) -> Option<&str> {
    match status {
        TicketStatus::Working => variables.default_ticket_status.as_deref(),
        TicketStatus::Waiting => variables.ticket_status_waiting_input.as_deref(),
        TicketStatus::Complete => variables.ticket_status_workflow_complete.as_deref(),
    }
}

async fn unposted(cx: &StepContext) -> Result<Vec<QueuedNote>, StepError> {
    let mut notes = cx.store.notes(&cx.key).await?;
    notes.retain(|note| matches!(note.state, NoteState::Queued | NoteState::Posting));
    Ok(notes)
}

fn marker(cx: &StepContext, note: &QueuedNote) -> String {
    format!("{}/{}/{}", cx.key.request, note.mark, note.name)
}

/// Mails the remaining notes if the PSA fails, so that no request stops because of it.
async fn mail_the_rest(cx: &StepContext, reason: &str) -> Result<Output, StepError> {
    let detail = format!("The ticket could not be updated: {reason}");
    cx.report(Event::Failed, detail).warning().send().await?;
    let Some(mails) = cx.mail_psa().await? else {
        return Ok(Output::Mailed);
    };
    let place = TicketRef {
        system: mails.system().to_owned(),
        id: messages::note_subject(cx.record.about()),
    };
    for note in unposted(cx).await? {
        let mail = Note {
            marker: marker(cx, &note),
            text: NoteText::Plain(note.text),
            internal: true,
            minutes: None,
        };
        mails.add_note(&place, &mail).await?;
        cx.store.mark_note(&cx.key, &note.name, NoteState::Mailed).await?;
    }
    Ok(Output::Mailed)
}

steps::payload_tests!(Ticket);
