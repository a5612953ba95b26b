//! Which fields a ticket and an action take.

use crate::fields::{Kind, Table};

pub const TICKET: Table = &[
    (
        Kind::Integer,
        "id client_id site_id user_id tickettype_id status_id priority_id agent_id sla_id impact urgency",
    ),
    (Kind::Text, "summary details details_html team category_1 category_2"),
    (Kind::Flag, "dont_do_rules donotapplytemplateintheapi"),
];

pub const ACTION: Table = &[
    (Kind::Integer, "ticket_id outcome_id"),
    (Kind::Text, "outcome note note_html"),
    (Kind::Flag, "hiddenfromuser sendemail"),
    (Kind::Number, "timetaken"),
];
