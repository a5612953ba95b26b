//! What the page of a world shows of each vendor: tickets and other records.

use serde_json::Value;

use crate::{vendors::VENDORS, world::World};

pub struct VendorSection {
    pub vendor: &'static str,
    pub tickets: Vec<Ticket>,
    /// Other records (subscriptions, passwords, pushes), as `name: value` texts.
    pub records: Vec<String>,
}

pub struct Ticket {
    pub title: String,
    pub facts: String,
    /// The kind and the text of each note.
    pub notes: Vec<(&'static str, String)>,
}

/// The vendors at which the organisation has anything.
pub fn sections(world: &World) -> Vec<VendorSection> {
    let all = VENDORS.iter().map(|vendor| {
        let state = (vendor.state)(world);
        let lists = state.as_object().into_iter().flatten();
        let records = lists
            .filter(|(list, _)| *list != "tickets")
            .flat_map(|(list, records)| items(records).map(move |record| format!("{list}: {}", facts(record, &[]))));
        VendorSection {
            vendor: vendor.name,
            tickets: items(&state["tickets"]).map(ticket).collect(),
            records: records.collect(),
        }
    });
    all.filter(|section| !section.tickets.is_empty() || !section.records.is_empty())
        .collect()
}

/// Counts the organisation's tickets, and the open ones among them.
pub fn tickets(world: &World) -> (usize, usize) {
    let states = VENDORS.iter().map(|vendor| (vendor.state)(world));
    let states: Vec<Value> = states.collect();
    let all = || states.iter().flat_map(|state| items(&state["tickets"]));
    (all().count(), all().filter(|ticket| ticket["closed"] != true).count())
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

fn ticket(ticket: &Value) -> Ticket {
    let note = |note: &Value| {
        let kind = if note["internal"] == true {
            "internal note"
        } else {
            "public note"
        };
        (kind, text(&note["text"]))
    };
    Ticket {
        title: format!("#{} {}", text(&ticket["id"]), text(&ticket["summary"])),
        facts: facts(ticket, &["id", "summary", "description"]),
        notes: items(&ticket["notes"]).map(note).collect(),
    }
}
