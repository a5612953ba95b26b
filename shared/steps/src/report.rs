//! Reports what a step did: one event on the timeline and, if technicians should read it, a note for the ticket.

use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use store::timeline::NewEvent;

use crate::StepContext;

/// An event, optionally with a note. Reporting the same event again changes nothing.
#[must_use = "nothing is reported before `send`"]
pub struct Report<'a> {
    cx: &'a StepContext,
    event: NewEvent,
    note: Option<(String, String)>,
}

impl StepContext {
    /// `detail` is the text for people on the timeline.
    pub fn report(&self, event: Event, detail: impl Into<String>) -> Report<'_> {
        self.report_for(self.step(), event, detail)
    }

    /// Reports on behalf of another step that could not report its own failure.
    pub fn report_for(&self, step: StepName, event: Event, detail: impl Into<String>) -> Report<'_> {
        Report {
            cx: self,
            event: NewEvent::new(step, event, detail),
            note: None,
        }
    }

    /// Queues a note for the ticket. If the name was used before, the first text stays. The text is stored, so it must
    /// not contain a secret.
    pub async fn note(&self, name: &str, text: &str) -> Result<(), StepError> {
        self.store.queue_note(&self.key, name, text).await
    }
}

impl Report<'_> {
    /// Distinguishes occurrences of the same event, for example by SKU or by round.
    pub fn once(mut self, once: impl Into<String>) -> Self {
        self.event = self.event.once(once);
        self
    }

    /// Marks the event as a warning; a request with a warning completes with warnings.
    pub fn warning(self) -> Self {
        self.warning_if(true)
    }

    pub fn warning_if(mut self, warning: bool) -> Self {
        self.event = self.event.warning_if(warning);
        self
    }

    /// The people named in the detail, spelled as in the detail.
    pub fn naming(mut self, people: &[String]) -> Self {
        self.event = self.event.naming(people);
        self
    }

    /// Marks a step that failed or left something undone. This is a warning until a resume makes up for it.
    pub fn failure(mut self) -> Self {
        self.event = self.event.failed_in(self.cx.record.run);
        self
    }

    /// Also queues a note for the ticket, under a name that is unique in the request.
    pub fn note(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.note = Some((name.into(), text.into()));
        self
    }

    /// Like [`Report::note`], with the detail as its text.
    pub fn noted(self, name: impl Into<String>) -> Self {
        let text = self.event.detail().to_owned();
        self.note(name, text)
    }

    pub async fn send(self) -> Result<(), StepError> {
        if let Some((name, text)) = &self.note {
            self.cx.note(name, text).await?;
        }
        self.cx.store.record(&self.cx.key, &self.event).await
    }
}
