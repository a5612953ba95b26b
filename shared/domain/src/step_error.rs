//! The three kinds of failure, under the names that the state machine matches.

/// The variant decides what happens next. The text is for people: it never quotes payloads, tokens or personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// The work may succeed later, so the state machine retries it.
    #[error("{0}")]
    Transient(String),
    /// The work will fail however often it is tried.
    #[error("{0}")]
    Permanent(String),
    /// A person has to change something; the text says what.
    #[error("{0}")]
    NeedsAttention(String),
}

impl StepError {
    /// The error name that Retry and Catch match.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Transient(_) => "Transient",
            Self::Permanent(_) => "Permanent",
            Self::NeedsAttention(_) => "NeedsAttention",
        }
    }

    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Transient(_))
    }
}
