//! What a variable accepts, as data for pages and schemas.

use std::fmt;

/// The most characters of a text.
pub const MAX_TEXT: usize = 256;
pub const MAX_APPROVERS: usize = 20;

/// What a variable accepts. Its `Display` is a description for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Boolean,
    OneOf(&'static [&'static str]),
    AnyOf(&'static [&'static str]),
    Email,
    Approvers,
    Text,
    /// A URL given by the organisation. A change is refused if Gangway may not call that address.
    OrgUrl,
    TimeZone,
    LocalTime,
    Country,
    Whole {
        what: &'static str,
        min: u32,
        max: u32,
    },
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("1, 0, true or false"),
            Self::OneOf(names) => write!(f, "one of {}", names.join(", ")),
            Self::AnyOf(names) => write!(f, "any of {}", names.join(", ")),
            Self::Email => f.write_str("an e-mail address"),
            Self::Approvers => f.write_str("one or more e-mail addresses, or manager for the person's manager"),
            Self::Text => write!(f, "a name or id of at most {MAX_TEXT} characters"),
            Self::OrgUrl => f.write_str("an https address, such as https://pwpush.example.com"),
            Self::TimeZone => f.write_str("an IANA time zone, such as Europe/Berlin"),
            Self::LocalTime => f.write_str("a time of day as HH:MM or HH:MM:SS"),
            Self::Country => f.write_str("an ISO 3166 country code of two letters, such as US or DE"),
            Self::Whole { what, min, max } => write!(f, "{what} from {min} to {max}"),
        }
    }
}
