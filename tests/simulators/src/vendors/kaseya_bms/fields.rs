//! The fields that a search, a ticket and a note may have, and those that they must have.

use crate::fields::{Kind, Table};

const FILTER: Table = &[
    (Kind::Text, "AccountIds Title Details TicketNumber"),
    (Kind::Integer, "ExcludeCompleted"),
];

pub const SEARCH: Table = &[
    (Kind::Integer, "PageSize PageNumber"),
    (Kind::Text, "Sort Exclude"),
    (Kind::Object(FILTER), "Filter"),
];

pub const TICKET: Table = &[
    (Kind::Text, "Title Details"),
    (
        Kind::Integer,
        "AccountId LocationId StatusId PriorityId TypeId SourceId",
    ),
    (
        Kind::IntegerOrNull,
        "QueueId ContactId AssigneeId IssueTypeId WorkTypeId",
    ),
    (Kind::Date, "OpenDate"),
];

pub const TICKET_REQUIRES: [&str; 9] = [
    "AccountId",
    "Details",
    "LocationId",
    "OpenDate",
    "PriorityId",
    "SourceId",
    "StatusId",
    "Title",
    "TypeId",
];

pub const NOTE: Table = &[
    (Kind::Text, "Details"),
    (Kind::Flag, "IsInternal"),
    (Kind::Integer, "TypeId"),
    (Kind::Date, "NoteDate"),
];

pub const NOTE_REQUIRES: [&str; 4] = ["Details", "IsInternal", "NoteDate", "TypeId"];
