//! What the page of a world shows of the vendors that have no part of the page to themselves.

use serde_json::Value;

use crate::{vendor::VENDORS, world::World};

/// These have their own.
const SHOWN: [&str; 4] = ["login", "graph", "connectwise", "pax8"];

pub struct Elsewhere {
    pub vendor: &'static str,
    pub tickets: Vec<TicketThere>,
    /// Subscriptions, passwords, pushes: whatever else there is, as `name: value` texts.
    pub records: Vec<String>,
}

pub struct TicketThere {
    pub title: String,
    pub facts: String,
    /// Kind and text.
    pub notes: Vec<(&'static str, String)>,
}

/// Only vendors where something happened or is.
pub fn elsewhere(world: &World) -> Vec<Elsewhere> {
    let others = VENDORS.iter().filter(|vendor| !SHOWN.contains(&vendor.name));
    let all = others.map(|vendor| {
        let state = (vendor.state)(world);
        let lists = state.as_object().into_iter().flatten();
        let records = lists
            .filter(|(list, _)| *list != "tickets")
            .flat_map(|(list, records)| items(records).map(move |record| format!("{list}: {}", facts(record, &[]))));
        Elsewhere {
            vendor: vendor.name,
            tickets: items(&state["tickets"]).map(ticket).collect(),
            records: records.collect(),
        }
    });
    all.filter(|there| !there.tickets.is_empty() || !there.records.is_empty())
        .collect()
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn facts(record: &Value, without: &[&str]) -> String {
    let fields = record.as_object().into_iter().flatten();
    let shown = fields.filter(|(name, value)| {
        !without.contains(&name.as_str()) && !value.is_null() && !value.is_array() && !value.is_object()
    });
    let texts: Vec<String> = shown.map(|(name, value)| format!("{name} {}", text(value))).collect();
    texts.join(" \u{b7} ")
}

fn ticket(ticket: &Value) -> TicketThere {
    let note = |note: &Value| {
        let kind = if note["internal"] == true {
            "internal note"
        } else {
            "public note"
        };
        (kind, text(&note["text"]))
    };
    TicketThere {
        title: format!("#{} {}", text(&ticket["id"]), text(&ticket["summary"])),
        facts: facts(ticket, &["id", "summary", "description"]),
        notes: items(&ticket["notes"]).map(note).collect(),
    }
}
