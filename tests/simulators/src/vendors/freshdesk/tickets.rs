//! Tickets and their notes.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    AGENT, OWN_COMPANY, PRIORITIES, STATUSES,
    fields::{NEW_TICKET, NOTE, TICKET},
    invalid,
    query::page,
};
use crate::{
    html,
    records::{self, Fields, Record, Records, fields, text},
    render::Shown,
    request::{Reply, Request, Response},
    vendors::{NewTicket, Vendors},
    world::{Author, World},
};

const SUBJECT: usize = 255;
const TAG: usize = 32;
/// The contact who sends mails.
const CUSTOMER: i64 = 802;
/// How many searches do not find a new ticket yet.
const UNSEEN: u32 = 2;

/// The documentation says that descriptions and notes are HTML. A subject is one line of text.
const SHOWN: &[(&str, Shown)] = &[
    ("subject", Shown::PlainOrHtml),
    ("description", Shown::Html),
    ("body", Shown::Html),
];

fn date(date: DateTime<Utc>) -> Value {
    json!(date.to_rfc3339_opts(SecondsFormat::Secs, true))
}

pub fn view(ticket: &Record) -> Value {
    let mut view = ticket.fields.clone();
    view.insert("created_at".to_owned(), date(ticket.created));
    view.insert("updated_at".to_owned(), date(ticket.updated));
    Value::Object(view)
}

fn find<'a>(world: &'a mut World, request: &Request) -> Result<&'a mut Record, Response> {
    let wanted = json!(request.id()?);
    let records = &mut world.vendors.freshdesk.records;
    let found = records.visible("tickets", &wanted, &mut world.hidden);
    found.ok_or_else(|| request.not_found("ticket"))
}

pub fn list(world: &mut World, request: &Request) -> Reply {
    let month_ago = Utc::now() - TimeDelta::days(30);
    let since = match request.query("updated_since").map(DateTime::parse_from_rfc3339) {
        None => None,
        Some(Ok(since)) => Some(since.to_utc()),
        Some(Err(_)) => return Err(invalid("updated_since", "invalid_date", "It should be a date.")),
    };
    match (request.query("order_by"), request.query("order_type")) {
        (None | Some("created_at" | "updated_at"), None | Some("asc" | "desc")) => {}
        _ => return Err(invalid("order_by", "invalid_value", "It should be one of these values")),
    }
    let by_update = request.query("order_by") == Some("updated_at");
    let mut tickets: Vec<&Record> = world.vendors.freshdesk.records.list("tickets").iter().collect();
    tickets.retain(|ticket| match since {
        Some(since) => ticket.updated >= since,
        // Older tickets only if the client asks for them.
        None => ticket.created >= month_ago,
    });
    tickets.sort_by_key(|ticket| {
        let at = if by_update { ticket.updated } else { ticket.created };
        (at, ticket["id"].as_i64())
    });
    if request.query("order_type") != Some("asc") {
        tickets.reverse();
    }
    let tickets = tickets.into_iter().map(view).collect();
    page(request, &["updated_since", "order_by", "order_type"], tickets)
}

pub fn get(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    Ok(Response::json(200, view(find(world, request)?)))
}

/// Checks a ticket, whether new or changed.
fn check(records: &Records, ticket: &Fields) -> Result<(), Response> {
    let of = |field: &str| ticket.get(field);
    if let Some(field) = records::missing(ticket, &["subject", "description"]) {
        return Err(invalid(field, "missing_field", "It should be a/an String"));
    }
    if text(ticket, "subject").chars().count() > SUBJECT {
        let message = "It can have maximum of 255 characters";
        return Err(invalid("subject", "invalid_value", message));
    }
    let tags = of("tags").and_then(Value::as_array);
    let mut tags = tags.into_iter().flatten().filter_map(Value::as_str);
    if tags.any(|tag| tag.chars().count() > TAG) {
        return Err(invalid("tags", "invalid_value", "It can have maximum of 32 characters"));
    }
    for (field, known) in [("status", &STATUSES), ("priority", &PRIORITIES)] {
        if !known.iter().any(|(id, _)| of(field) == Some(&json!(id))) {
            return Err(invalid(field, "invalid_value", "It should be one of these values"));
        }
    }
    if of("group_id").is_some_and(|id| records.find("groups", id).is_none()) {
        let message = "There is no group matching the given group_id";
        return Err(invalid("group_id", "invalid_value", message));
    }
    if of("responder_id").is_some_and(|id| *id != AGENT) {
        let message = "There is no agent matching the given responder_id";
        return Err(invalid("responder_id", "invalid_value", message));
    }
    Ok(())
}

/// Finds the contact who is the requester. An unknown address becomes a contact of the company with its domain.
fn requester(records: &mut Records, ticket: &mut Fields) -> Result<(), Response> {
    let email = ticket.remove("email");
    let email = email.as_ref().and_then(Value::as_str).unwrap_or_default();
    let wanted = ticket.get("requester_id");
    let mut contacts = records.list("contacts").iter();
    let is = |contact: &&Record| wanted.map_or_else(|| contact["email"] == email, |id| contact["id"] == *id);
    let contact = match contacts.find(is).cloned() {
        Some(contact) => contact,
        None if wanted.is_some() => {
            let message = "There is no contact matching the given requester_id";
            return Err(invalid("requester_id", "invalid_value", message));
        }
        None => {
            let Some((_, domain)) = email.split_once('@') else {
                let message = "One of these fields is required";
                return Err(invalid("requester_id", "missing_field", message));
            };
            let mut companies = records.list("companies").iter();
            let company = companies.find(|company| company["domains"][0] == domain);
            let company = company.map(|company| company["id"].clone());
            let contact = json!({"name": email, "email": email, "company_id": company});
            let contact = contact.as_object().cloned().unwrap_or_default();
            records.add("contacts", contact).clone()
        }
    };
    let (id, company) = (contact["id"].clone(), contact["company_id"].clone());
    ticket.insert("requester_id".to_owned(), id);
    ticket.insert("company_id".to_owned(), company);
    Ok(())
}

/// Sets the description's text from its HTML.
fn read_html(ticket: &mut Fields) {
    let read = html::text(text(ticket, "description"));
    ticket.insert("description_text".to_owned(), json!(read));
}

pub fn create(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let mut ticket = request.object(NEW_TICKET)?;
    world.shows_fields(request.vendor, &ticket, SHOWN);
    for (field, default) in [("status", 2), ("priority", 1), ("source", 2)] {
        ticket.entry(field).or_insert_with(|| json!(default));
    }
    let freshdesk = &mut world.vendors.freshdesk;
    check(&freshdesk.records, &ticket)?;
    requester(&mut freshdesk.records, &mut ticket)?;
    read_html(&mut ticket);
    let response = view(freshdesk.records.add("tickets", ticket));
    let id = response["id"].as_i64().unwrap_or_default();
    freshdesk.unseen.insert(id, UNSEEN);
    world.count("tickets_created");
    let location = format!("{}/tickets/{id}", request.base);
    Ok(Response::json(201, response).with_header("location", location))
}

pub fn update(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let changes = request.object(TICKET)?;
    world.shows_fields(request.vendor, &changes, SHOWN);
    let mut changed = find(world, request)?.fields.clone();
    changed.extend(changes);
    check(&world.vendors.freshdesk.records, &changed)?;
    read_html(&mut changed);
    let ticket = find(world, request)?;
    ticket.fields = changed;
    ticket.updated = Utc::now();
    let response = view(ticket);
    world.count("tickets_updated");
    Ok(Response::json(200, response))
}

pub fn list_notes(world: &mut World, request: &Request) -> Reply {
    let ticket = find(world, request)?["id"].clone();
    let mut notes = world.vendors.freshdesk.records.values("notes");
    notes.retain(|note| note["ticket_id"] == ticket);
    page(request, &[], notes)
}

pub fn create_note(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let body = request.object(NOTE)?;
    let ticket = find(world, request)?["id"].clone();
    world.shows_fields(request.vendor, &body, SHOWN);
    if records::missing(&body, &["body"]).is_some() {
        return Err(invalid("body", "missing_field", "It should be a/an String"));
    }
    let private = body.get("private").and_then(Value::as_bool).unwrap_or(true);
    let records = &mut world.vendors.freshdesk.records;
    let note = add_note(records, &ticket, text(&body, "body"), private, AGENT);
    let response = Response::json(201, Value::Object(note.fields.clone()));
    find(world, request)?.updated = Utc::now();
    world.count("notes_created");
    Ok(response)
}

fn add_note<'a>(records: &'a mut Records, ticket: &Value, html: &str, private: bool, user: i64) -> &'a Record {
    let at = date(Utc::now());
    let note = json!({
        "ticket_id": ticket, "body": format!("<div>{html}</div>"), "body_text": html::text(html), "private": private,
        "incoming": user != AGENT, "source": 2, "user_id": user, "to_emails": [], "attachments": [], "created_at": at,
        "updated_at": at,
    });
    records.add("notes", fields(note))
}

pub fn state(world: &World) -> Value {
    let records = &world.vendors.freshdesk.records;
    let tickets = records.list("tickets").iter();
    json!({ "tickets": tickets.map(|ticket| ticket_state(records, ticket)).collect::<Vec<_>>() })
}

fn ticket_state(records: &Records, ticket: &Record) -> Value {
    let label = |names: &[(i64, &str)], field: &str| {
        let mut names = names.iter();
        let found = names.find(|(id, _)| ticket[field] == *id);
        found.map(|(_, name)| (*name).to_owned())
    };
    let name = |list: &str, field: &str| records.look_up(list, &ticket[field], "name");
    let notes = records.with("notes", "ticket_id", &ticket["id"]).map(
        |note| json!({"id": note["id"], "text": note["body_text"], "internal": note["private"], "html": note["body"]}),
    );
    let tags = ticket["tags"].as_array();
    let ours = tags.filter(|tags| tags.iter().any(|tag| tag == "gangway"));
    let marker = ours.into_iter().flatten().find(|tag| *tag != "gangway");
    json!({
        "id": ticket["id"], "summary": ticket["subject"], "status": label(&STATUSES, "status"),
        "location": name("groups", "group_id"), "priority": label(&PRIORITIES, "priority"),
        "company": name("companies", "company_id"), "owner": ticket["responder_id"],
        "contact": name("contacts", "requester_id"), "marker": marker, "description": ticket["description_text"],
        "closed": ticket["status"].as_i64() >= Some(4), "notes": notes.collect::<Vec<_>>(),
    })
}

/// A technician's ticket came by phone; a customer's came by mail. Searches find both at once.
pub fn open(vendors: &mut Vendors, new: &NewTicket<'_>) -> Value {
    let source = match new.by {
        Author::Technician => 3,
        Author::Customer => 1,
    };
    let description = new.description.unwrap_or("By hand");
    let ticket = json!({
        "subject": new.summary, "description": description, "description_text": description, "priority": 1,
        "source": source, "status": if new.closed { 5 } else { 2 },
        "company_id": new.company.parse::<i64>().unwrap_or(OWN_COMPANY), "requester_id": CUSTOMER, "tags": ["by-hand"],
    });
    vendors.freshdesk.records.add("tickets", fields(ticket))["id"].clone()
}

/// A technician's note is private; a customer's is a public reply by mail.
pub fn write(vendors: &mut Vendors, ticket: &Value, html: &str, by: Author) {
    let (private, user) = match by {
        Author::Technician => (true, AGENT),
        Author::Customer => (false, CUSTOMER),
    };
    add_note(&mut vendors.freshdesk.records, ticket, html, private, user);
}
