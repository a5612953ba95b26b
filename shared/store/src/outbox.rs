//! Notes that are not on the ticket yet. Steps queue them, and the ticket step posts each of them once, in order.
//! Nothing secret may be queued, because the texts stay in DynamoDB.

use chrono::{DateTime, Utc};
use domain::request::RequestKey;
use domain::step_error::StepError;
use serde::{Deserialize, Serialize};

use crate::effects::{TABLE, effect_key, random_mark};
use crate::read::{Item, all_items, decode_all, encode, encode_value};
use crate::timeline::partition;
use crate::write::{put, update};
use crate::{Store, text};

const PREFIX: &str = "note#";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedNote {
    /// The note's name, unique in the request.
    pub name: String,
    pub text: String,
    /// A random mark that appears on the ticket only with the note, so nobody can write a note in advance that passes
    /// for this one.
    pub mark: String,
    pub queued_at: DateTime<Utc>,
    pub state: NoteState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteState {
    Queued,
    /// The note is about to be posted. After a crash, the step asks the PSA whether it was posted.
    Posting,
    Posted,
    /// The note was sent by mail because the PSA refused it.
    Mailed,
}

fn note_key(key: &RequestKey, name: &str) -> Item {
    effect_key(key, &format!("{PREFIX}{name}"))
}

impl Store {
    /// Queues a note for the ticket. If the name was used before, the first text stays.
    pub async fn queue_note(&self, key: &RequestKey, name: &str, body: &str) -> Result<(), StepError> {
        let note = QueuedNote {
            name: name.to_owned(),
            text: body.to_owned(),
            mark: random_mark(),
            queued_at: Utc::now(),
            state: NoteState::Queued,
        };
        let mut queued = encode(TABLE, &note)?;
        queued.extend(note_key(key, name));
        let queued = put(TABLE, queued).unless_exists("effect");
        self.write_if("queueing a note", queued).await.map(|_| ())
    }

    /// All notes of a request, oldest first.
    pub async fn notes(&self, key: &RequestKey) -> Result<Vec<QueuedNote>, StepError> {
        let notes = self
            .query(TABLE)
            .key_condition_expression("#request = :r AND begins_with(effect, :p)")
            .expression_attribute_names("#request", "request")
            .expression_attribute_values(":r", text(partition(key)))
            .expression_attribute_values(":p", text(PREFIX))
            .consistent_read(true);
        let notes = all_items("reading the notes", notes).await?;
        let mut notes: Vec<QueuedNote> = decode_all(TABLE, notes)?;
        notes.sort_by_key(|note| note.queued_at);
        Ok(notes)
    }

    pub async fn mark_note(&self, key: &RequestKey, name: &str, state: NoteState) -> Result<(), StepError> {
        let marked = update(TABLE, note_key(key, name), "SET #s = :s")
            .name("#s", "state")
            .value(":s", encode_value(TABLE, &state)?);
        self.write_or_fail("marking a note", marked.if_exists("effect")).await
    }
}
