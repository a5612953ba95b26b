//! Tickets and their notes.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::{AGENT, Freshdesk, PRIORITIES, STATUSES, Ticket, error, invalid, only_query, page};
use crate::{
    call::{Answer, Call, Outcome},
    fields::{self, Kind, Problem, Table},
    html,
    render::Shown,
    world::{Hand, World},
};

const SUBJECT: usize = 255;
const TAG: usize = 32;
/// The contact whose mails come in.
const CUSTOMER: i64 = 802;

fn ticket_field(name: &str) -> Option<Kind> {
    Some(match name {
        "subject" | "description" | "type" => Kind::Text,
        "status" | "priority" | "source" | "responder_id" | "group_id" | "product_id" => Kind::Integer,
        "tags" => Kind::Texts,
        _ => return None,
    })
}

fn new_ticket_field(name: &str) -> Option<Kind> {
    match name {
        "email" | "phone" => Some(Kind::Text),
        "requester_id" => Some(Kind::Integer),
        "cc_emails" => Some(Kind::Texts),
        _ => ticket_field(name),
    }
}

fn note_field(name: &str) -> Option<Kind> {
    match name {
        "body" => Some(Kind::Text),
        "private" | "incoming" => Some(Kind::Flag),
        "notify_emails" => Some(Kind::Texts),
        _ => None,
    }
}

fn date(date: DateTime<Utc>) -> Value {
    json!(date.to_rfc3339_opts(SecondsFormat::Secs, true))
}

pub fn view(ticket: &Ticket) -> Value {
    let mut view = ticket.properties.clone();
    view.insert("id".to_owned(), json!(ticket.id));
    view.insert("created_at".to_owned(), date(ticket.created));
    view.insert("updated_at".to_owned(), date(ticket.updated));
    Value::Object(view)
}

fn body(call: &Call, table: Table) -> Result<Map<String, Value>, Answer> {
    if call.content_type() != "application/json" {
        return Err(error(
            415,
            "invalid_content_type",
            "Content-Type header is set to something else.",
        ));
    }
    let body = call.json_object();
    let body = body.ok_or_else(|| error(400, "invalid_json", "Request body has invalid json format"))?;
    fields::check(&body, table).map_err(|problem| match &problem {
        Problem::Unknown(field) => invalid(field, "invalid_field", "Unexpected/invalid field in request"),
        Problem::WrongType(field) => invalid(field, "datatype_mismatch", "Value set is of another type."),
    })?;
    Ok(body)
}

fn find<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Ticket, Answer> {
    // What is not there is answered without a word.
    let absent = || Answer::json(404, json!({}));
    let id: i64 = call.param(0).parse().map_err(|_| absent())?;
    if world.is_hidden(&id.to_string()) {
        return Err(absent());
    }
    let mut tickets = world.vendors.freshdesk.tickets.iter_mut();
    tickets.find(|ticket| ticket.id == id).ok_or_else(absent)
}

pub fn list(world: &mut World, call: &Call) -> Outcome {
    let month_ago = Utc::now() - TimeDelta::days(30);
    let since = match call.query("updated_since").map(DateTime::parse_from_rfc3339) {
        None => None,
        Some(Ok(since)) => Some(since.to_utc()),
        Some(Err(_)) => return Err(invalid("updated_since", "invalid_date", "It should be a date.")),
    };
    match (call.query("order_by"), call.query("order_type")) {
        (None | Some("created_at" | "updated_at"), None | Some("asc" | "desc")) => {}
        _ => return Err(invalid("order_by", "invalid_value", "It should be one of these values")),
    }
    let by_update = call.query("order_by") == Some("updated_at");
    let mut tickets: Vec<&Ticket> = world.vendors.freshdesk.tickets.iter().collect();
    tickets.retain(|ticket| match since {
        Some(since) => ticket.updated >= since,
        // Older ones only if they are asked for.
        None => ticket.created >= month_ago,
    });
    tickets.sort_by_key(|ticket| (if by_update { ticket.updated } else { ticket.created }, ticket.id));
    if call.query("order_type") != Some("asc") {
        tickets.reverse();
    }
    let tickets = tickets.into_iter().map(view).collect();
    page(call, &["updated_since", "order_by", "order_type"], tickets)
}

pub fn get(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    Ok(Answer::json(200, view(find(world, call)?)))
}

/// Everything that a ticket must fulfil, new or changed.
fn settle(desk: &Freshdesk, properties: &Map<String, Value>) -> Result<(), Answer> {
    let of = |field: &str| properties.get(field);
    let text = |field: &str| of(field).and_then(Value::as_str).unwrap_or_default();
    for field in ["subject", "description"] {
        if text(field).trim().is_empty() {
            return Err(invalid(field, "missing_field", "It should be a/an String"));
        }
    }
    if text("subject").chars().count() > SUBJECT {
        return Err(invalid(
            "subject",
            "invalid_value",
            "It can have maximum of 255 characters",
        ));
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
    let group = of("group_id");
    if group.is_some_and(|id| Freshdesk::named(&desk.groups, id).is_none()) {
        return Err(invalid(
            "group_id",
            "invalid_value",
            "There is no group matching the given group_id",
        ));
    }
    if of("responder_id").is_some_and(|id| *id != AGENT) {
        let message = "There is no agent matching the given responder_id";
        return Err(invalid("responder_id", "invalid_value", message));
    }
    Ok(())
}

/// The contact that a ticket is from; an address that nobody has becomes one of the company with its domain.
fn requester(desk: &mut Freshdesk, body: &mut Map<String, Value>) -> Result<(), Answer> {
    let email = body.remove("email");
    let wanted = body.get("requester_id");
    let email = email.as_ref().and_then(Value::as_str).unwrap_or_default();
    let is = |contact: &&Value| wanted.map_or_else(|| contact["email"] == email, |id| contact["id"] == *id);
    let contact = match desk.contacts.iter().find(is).cloned() {
        Some(contact) => contact,
        None if wanted.is_some() => {
            let message = "There is no contact matching the given requester_id";
            return Err(invalid("requester_id", "invalid_value", message));
        }
        None => {
            let Some((_, domain)) = email.split_once('@') else {
                return Err(invalid(
                    "requester_id",
                    "missing_field",
                    "One of these fields is required",
                ));
            };
            let mut companies = desk.companies.iter();
            let company = companies.find(|company| company["domains"][0] == domain);
            let contact = json!({"name": email, "email": email, "company_id": company.map(|company| &company["id"])});
            let mut contact = contact.clone();
            contact["id"] = json!(desk.next_id());
            desk.contacts.push(contact.clone());
            contact
        }
    };
    body.insert("requester_id".to_owned(), contact["id"].clone());
    body.insert("company_id".to_owned(), contact["company_id"].clone());
    Ok(())
}

fn read_html(properties: &mut Map<String, Value>) {
    let html = properties.get("description").and_then(Value::as_str);
    let text = html.map(html::text).unwrap_or_default();
    properties.insert("description_text".to_owned(), json!(text));
}

pub fn create(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let mut properties = body(call, new_ticket_field)?;
    judge(world, &properties);
    for (field, default) in [("status", 2), ("priority", 1), ("source", 2)] {
        properties.entry(field).or_insert_with(|| json!(default));
    }
    let desk = &mut world.vendors.freshdesk;
    settle(desk, &properties)?;
    requester(desk, &mut properties)?;
    read_html(&mut properties);
    let id = desk.next_id();
    let ticket = Ticket {
        id,
        properties,
        notes: Vec::new(),
        created: Utc::now(),
        updated: Utc::now(),
        unseen_by_searches: 2,
    };
    let answer = view(&ticket);
    desk.tickets.push(ticket);
    world.count("tickets_created");
    let location = format!("{}/tickets/{id}", call.base);
    Ok(Answer::json(201, answer).with_header("location", location))
}

pub fn update(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let changes = body(call, ticket_field)?;
    judge(world, &changes);
    let mut properties = find(world, call)?.properties.clone();
    properties.extend(changes);
    settle(&world.vendors.freshdesk, &properties)?;
    read_html(&mut properties);
    let ticket = find(world, call)?;
    ticket.properties = properties;
    ticket.updated = Utc::now();
    let answer = view(ticket);
    world.count("tickets_updated");
    Ok(Answer::json(200, answer))
}

pub fn conversations(world: &mut World, call: &Call) -> Outcome {
    let ticket = find(world, call)?;
    let notes = ticket.notes.iter().cloned().map(Value::Object).collect();
    page(call, &[], notes)
}

pub fn create_note(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let note = body(call, note_field)?;
    find(world, call)?;
    let text = note.get("body").and_then(Value::as_str).unwrap_or_default();
    world.shows("freshdesk", "note", text, Shown::Html);
    if text.trim().is_empty() {
        return Err(invalid("body", "missing_field", "It should be a/an String"));
    }
    let private = note.get("private").and_then(Value::as_bool).unwrap_or(true);
    let id = world.vendors.freshdesk.next_id();
    let ticket = find(world, call)?;
    let note = conversation(id, ticket.id, text, private, AGENT);
    ticket.notes.push(note.clone());
    ticket.updated = Utc::now();
    world.count("notes_created");
    Ok(Answer::json(201, Value::Object(note)))
}

/// Its documentation calls descriptions and notes HTML; a subject is a line.
fn judge(world: &mut World, ticket: &Map<String, Value>) {
    for (field, shown) in [("subject", Shown::PlainOrHtml), ("description", Shown::Html)] {
        let text = ticket.get(field).and_then(Value::as_str).unwrap_or_default();
        world.shows("freshdesk", field, text, shown);
    }
}

fn conversation(id: i64, ticket: i64, html: &str, private: bool, user: i64) -> Map<String, Value> {
    let note = json!({
        "id": id, "ticket_id": ticket, "body": format!("<div>{html}</div>"), "body_text": html::text(html),
        "private": private, "incoming": user != AGENT, "source": 2, "user_id": user, "to_emails": [], "attachments": [],
        "created_at": date(Utc::now()), "updated_at": date(Utc::now()),
    });
    note.as_object().cloned().unwrap_or_default()
}

/// What people do by hand: no effect of Gangway's.
impl Freshdesk {
    /// A technician's is a call that was taken; a customer's came by mail.
    pub fn open(&mut self, company: i64, subject: &str, closed: bool, by: Hand) -> i64 {
        let id = self.next_id();
        let source = match by {
            Hand::Technician => 3,
            Hand::Customer => 1,
        };
        let properties = json!({
            "subject": subject, "description": "By hand", "description_text": "By hand", "priority": 1, "source": source,
            "status": if closed { 5 } else { 2 }, "company_id": company, "requester_id": 802, "tags": ["by-hand"],
        });
        self.tickets.push(Ticket {
            id,
            properties: properties.as_object().cloned().unwrap_or_default(),
            notes: Vec::new(),
            created: Utc::now(),
            updated: Utc::now(),
            unseen_by_searches: 0,
        });
        id
    }

    /// A technician's is private; a customer's is a reply by mail, which everybody may see.
    pub fn write(&mut self, ticket: i64, html: &str, by: Hand) {
        let (private, user) = match by {
            Hand::Technician => (true, AGENT),
            Hand::Customer => (false, CUSTOMER),
        };
        let id = self.next_id();
        let mut tickets = self.tickets.iter_mut();
        if let Some(found) = tickets.find(|other| other.id == ticket) {
            found.notes.push(conversation(id, ticket, html, private, user));
        }
    }
}
