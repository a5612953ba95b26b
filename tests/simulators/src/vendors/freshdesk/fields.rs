//! Which fields a ticket and a note take.

use crate::fields::{Kind, Table};

pub const TICKET: Table = &[
    (Kind::Text, "subject description type"),
    (Kind::Integer, "status priority source responder_id group_id product_id"),
    (Kind::Texts, "tags"),
];

/// Only a new ticket may have a requester.
pub const NEW_TICKET: Table = &[
    (Kind::Text, "subject description type email phone"),
    (
        Kind::Integer,
        "status priority source responder_id group_id product_id requester_id",
    ),
    (Kind::Texts, "tags cc_emails"),
];

pub const NOTE: Table = &[
    (Kind::Text, "body"),
    (Kind::Flag, "private incoming"),
    (Kind::Texts, "notify_emails"),
];
