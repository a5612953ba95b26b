//! The three ways in which work fails, as the state machine names them.

/// The variant decides what happens next, the text is for people: it never quotes payloads, tokens or personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// May work later: the state machine retries.
    #[error("{0}")]
    Transient(String),
    /// Will not work however often it is tried.
    #[error("{0}")]
    Permanent(String),
    /// A person must change something; the text says what.
    #[error("{0}")]
    NeedsAttention(String),
}

impl StepError {
    /// The name that Retry and Catch match.
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
