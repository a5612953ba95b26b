//! Tickets and their notes.

use chrono::Utc;
use serde_json::{Map, Value, json};

use super::{
    COMPLETED, EMPLOYEE, ISSUE_TYPES, KaseyaBms, NEW, NOTE_TYPE, PRIORITIES, SOURCE, STATUSES, TICKET_TYPE, constant,
    date, failed, json_body, name_of, object, only_query, page, page_of_query, path_id, refused, success,
};
use crate::{
    call::{Answer, Call, Outcome},
    fields::Kind,
    render::Shown,
    world::{Hand, World},
};

const TITLE_LIMIT: usize = 250;

pub struct Ticket {
    pub id: i64,
    fields: Map<String, Value>,
    pub notes: Vec<Note>,
}

pub struct Note {
    pub id: i64,
    pub details: String,
    pub internal: bool,
}

impl Ticket {
    fn number(&self, field: &str) -> Option<i64> {
        self.fields.get(field).and_then(Value::as_i64)
    }

    fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    fn is_completed(&self) -> bool {
        self.number("StatusId") == Some(COMPLETED)
    }

    /// What people call it by.
    fn ticket_number(&self) -> String {
        format!("T{}-26", self.id % 100_000)
    }
}

impl KaseyaBms {
    /// A ticket that somebody opened by hand; it looks the same whoever that was.
    pub fn open(&mut self, account: i64, title: &str, completed: bool, _by: Hand) -> i64 {
        let status = if completed { COMPLETED } else { NEW };
        let fields = json!({
            "AccountId": account, "Title": title, "Details": "By hand.", "StatusId": status, "PriorityId": PRIORITIES[0].0,
            "QueueId": self.queues[0].0,
        });
        self.keep(fields.as_object().cloned().unwrap_or_default())
    }

    /// What the one who opened it wrote.
    pub fn describe(&mut self, ticket: i64, details: &str) {
        if let Some(ticket) = self.tickets.iter_mut().find(|other| other.id == ticket) {
            ticket.fields.insert("Details".to_owned(), json!(details));
        }
    }

    /// A note that somebody wrote by hand.
    /// A customer's is for everybody.
    pub fn write(&mut self, ticket: i64, details: &str, by: Hand) {
        let id = self.next_id();
        if let Some(ticket) = self.tickets.iter_mut().find(|other| other.id == ticket) {
            ticket.notes.push(Note {
                id,
                details: details.to_owned(),
                internal: by == Hand::Technician,
            });
        }
    }

    fn keep(&mut self, fields: Map<String, Value>) -> i64 {
        let id = self.next_id();
        let notes = Vec::new();
        self.tickets.push(Ticket { id, fields, notes });
        id
    }
}

pub fn state(bms: &KaseyaBms, ticket: &Ticket) -> Value {
    let marker = ticket.text("Details").split("[gangway ").nth(1);
    let contact = ticket.number("ContactId");
    let contact = bms.contacts.iter().find(|other| Some(other.id) == contact);
    let note = |note: &Note| json!({"id": note.id, "text": note.details, "internal": note.internal});
    json!({
        "id": ticket.id,
        "number": ticket.ticket_number(),
        "summary": ticket.text("Title"),
        "description": ticket.text("Details"),
        "status": constant(STATUSES, ticket.number("StatusId")),
        "location": name_of(&bms.queues, ticket.number("QueueId")),
        "priority": constant(PRIORITIES, ticket.number("PriorityId")),
        "issue_type": constant(ISSUE_TYPES, ticket.number("IssueTypeId")),
        "company": name_of(&bms.accounts, ticket.number("AccountId")),
        "site": ticket.number("LocationId"),
        "owner": ticket.number("AssigneeId"),
        "contact": contact.map(|contact| &contact.mail),
        "marker": marker.and_then(|rest| rest.split_once(' ')).map(|(marker, _)| marker),
        "closed": ticket.is_completed(),
        "notes": ticket.notes.iter().map(note).collect::<Vec<_>>(),
    })
}

fn view(bms: &KaseyaBms, ticket: &Ticket) -> Value {
    let mut view = ticket.fields.clone();
    view.retain(|name, _| !["WorkTypeId", "OpenDate"].contains(&name.as_str()));
    let status = ticket.number("StatusId");
    let more = json!({
        "Id": ticket.id, "TicketNumber": ticket.ticket_number(), "AccountName": name_of(&bms.accounts, ticket.number("AccountId")),
        "StatusName": constant(STATUSES, status), "QueueName": name_of(&bms.queues, ticket.number("QueueId")),
        "PriorityName": constant(PRIORITIES, ticket.number("PriorityId")), "OpenDate": date(Utc::now()),
        "CompletedDate": ticket.is_completed().then(|| date(Utc::now())),
    });
    view.extend(more.as_object().cloned().unwrap_or_default());
    Value::Object(view)
}

fn not_found() -> Answer {
    refused(404, "The ticket was not found")
}

fn find(world: &mut World, call: &Call) -> Result<usize, Answer> {
    let wanted = path_id(call)?;
    if world.is_hidden(&wanted.to_string()) {
        return Err(not_found());
    }
    let mut all = world.vendors.kaseya_bms.tickets.iter();
    all.position(|ticket| ticket.id == wanted).ok_or_else(not_found)
}

fn search_field(name: &str) -> Option<Kind> {
    fn filter(name: &str) -> Option<Kind> {
        match name {
            "AccountIds" | "Title" | "Details" | "TicketNumber" => Some(Kind::Text),
            "ExcludeCompleted" => Some(Kind::Integer),
            _ => None,
        }
    }
    match name {
        "PageSize" | "PageNumber" => Some(Kind::Integer),
        "Sort" | "Exclude" => Some(Kind::Text),
        "Filter" => Some(Kind::Object(filter)),
        _ => None,
    }
}

pub fn search(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let body = object(call, search_field)?;
    let filter = body.get("Filter").cloned().unwrap_or_default();
    let text = |name: &str| filter[name].as_str().unwrap_or_default().to_lowercase();
    let accounts = text("AccountIds");
    let fits = |ticket: &Ticket| {
        let account = ticket.number("AccountId").unwrap_or_default().to_string();
        (accounts.is_empty() || accounts.split(',').any(|wanted| wanted.trim() == account))
            && !(filter["ExcludeCompleted"] == 1 && ticket.is_completed())
            && ticket.text("Title").to_lowercase().contains(&text("Title"))
            && ticket.text("Details").to_lowercase().contains(&text("Details"))
            && ticket.ticket_number().to_lowercase().contains(&text("TicketNumber"))
    };
    let mut found = Vec::new();
    for index in 0..world.vendors.kaseya_bms.tickets.len() {
        let bms = &world.vendors.kaseya_bms;
        let ticket = &bms.tickets[index];
        if fits(ticket) {
            let (id, view) = (ticket.id.to_string(), view(bms, ticket));
            if !world.is_hidden(&id) {
                found.push(view);
            }
        }
    }
    let number = |name: &str| body.get(name).and_then(Value::as_i64);
    let shown = page(&found, number("PageSize"), number("PageNumber"));
    Ok(Answer::json(
        200,
        json!({"Success": true, "Result": shown, "TotalRecords": found.len()}),
    ))
}

pub fn get(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let index = find(world, call)?;
    let bms = &world.vendors.kaseya_bms;
    Ok(success(view(bms, &bms.tickets[index])))
}

fn ticket_field(name: &str) -> Option<Kind> {
    match name {
        "Title" | "Details" => Some(Kind::Text),
        "AccountId" | "LocationId" | "StatusId" | "PriorityId" | "TypeId" | "SourceId" => Some(Kind::Integer),
        "QueueId" | "ContactId" | "AssigneeId" | "IssueTypeId" | "WorkTypeId" => Some(Kind::IntegerOrNull),
        "OpenDate" => Some(Kind::Date),
        _ => None,
    }
}

pub fn create(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let body = object(call, ticket_field)?;
    let required = [
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
    if let Some(missing) = required.iter().find(|name| !body.contains_key(**name)) {
        return Err(failed(400, 400, &format!("The {missing} field is required.")));
    }
    judge(world, &body);
    check(&world.vendors.kaseya_bms, &body)?;
    let bms = &mut world.vendors.kaseya_bms;
    bms.keep(body);
    world.count("tickets_created");
    let bms = &world.vendors.kaseya_bms;
    Ok(success(view(bms, &bms.tickets[bms.tickets.len() - 1])))
}

/// Nobody says how it shows texts.
fn judge(world: &mut World, record: &Map<String, Value>) {
    for field in ["Title", "Details"] {
        let text = record.get(field).and_then(Value::as_str).unwrap_or_default();
        world.shows("kaseya_bms", field, text, Shown::PlainOrHtml);
    }
}

fn check(bms: &KaseyaBms, ticket: &Map<String, Value>) -> Result<(), Answer> {
    let refuse = |message: &str| Err(refused(1002, message));
    let text = |field: &str| ticket.get(field).and_then(Value::as_str).unwrap_or_default();
    let id = |field: &str| ticket.get(field).and_then(Value::as_i64);
    let title = text("Title");
    if title.trim().is_empty() || title.contains('\n') || title.encode_utf16().count() > TITLE_LIMIT {
        return refuse("The title is not valid");
    }
    if text("Details").trim().is_empty() {
        return refuse("The details are required");
    }
    if id("QueueId").is_none() && id("AssigneeId").is_none() {
        return refuse("A queue or an assignee is required");
    }
    let ids = |records: &[(i64, &str)]| records.iter().map(|record| record.0).collect::<Vec<_>>();
    let account = id("AccountId").unwrap_or_default();
    let contacts = bms.contacts.iter().filter(|contact| contact.account == account);
    let references = [
        ("AccountId", bms.accounts.iter().map(|account| account.0).collect()),
        ("LocationId", vec![account * 10 + 1, account * 10 + 2]),
        ("ContactId", contacts.map(|contact| contact.id).collect()),
        ("QueueId", bms.queues.iter().map(|queue| queue.0).collect()),
        ("StatusId", ids(STATUSES)),
        ("PriorityId", ids(PRIORITIES)),
        ("IssueTypeId", ids(ISSUE_TYPES)),
        ("TypeId", vec![TICKET_TYPE]),
        ("SourceId", vec![SOURCE]),
        ("AssigneeId", vec![EMPLOYEE]),
    ];
    for (field, known) in references {
        if id(field).is_some_and(|id| !known.contains(&id)) {
            return refuse(&format!("The {field} is not valid"));
        }
    }
    Ok(())
}

pub fn patch(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let wrong = || failed(400, 400, "The body must be an array of patch operations");
    let body = json_body(call)?;
    let operations = body.as_array().filter(|all| !all.is_empty()).ok_or_else(wrong)?;
    let index = find(world, call)?;
    let mut fields = world.vendors.kaseya_bms.tickets[index].fields.clone();
    for operation in operations {
        let keys = operation.as_object().ok_or_else(wrong)?.keys();
        let known = ["op", "path", "value"];
        if keys.clone().count() != known.len() || keys.into_iter().any(|key| !known.contains(&key.as_str())) {
            return Err(wrong());
        }
        let path = operation["path"].as_str().and_then(|path| path.strip_prefix('/'));
        let path = path.filter(|path| ticket_field(path).is_some()).ok_or_else(wrong)?;
        if operation["op"] != "replace" {
            return Err(wrong());
        }
        fields.insert(path.to_owned(), operation["value"].clone());
    }
    check(&world.vendors.kaseya_bms, &fields)?;
    world.vendors.kaseya_bms.tickets[index].fields = fields;
    world.count("tickets_updated");
    let bms = &world.vendors.kaseya_bms;
    Ok(success(view(bms, &bms.tickets[index])))
}

fn note_view(note: &Note) -> Value {
    json!({"Id": note.id, "Details": note.details, "IsInternal": note.internal, "TypeId": NOTE_TYPE})
}

pub fn list_notes(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &["PageSize", "PageNumber", "Sort"])?;
    let index = find(world, call)?;
    let notes: Vec<Value> = world.vendors.kaseya_bms.tickets[index]
        .notes
        .iter()
        .map(note_view)
        .collect();
    page_of_query(call, &notes)
}

fn note_field(name: &str) -> Option<Kind> {
    match name {
        "Details" => Some(Kind::Text),
        "IsInternal" => Some(Kind::Flag),
        "TypeId" => Some(Kind::Integer),
        "NoteDate" => Some(Kind::Date),
        _ => None,
    }
}

pub fn create_note(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let body = object(call, note_field)?;
    let required = ["Details", "IsInternal", "NoteDate", "TypeId"];
    if let Some(missing) = required.iter().find(|name| !body.contains_key(**name)) {
        return Err(failed(400, 400, &format!("The {missing} field is required.")));
    }
    judge(world, &body);
    let index = find(world, call)?;
    if body["TypeId"] != NOTE_TYPE {
        return Err(refused(1002, "The note's type is not valid"));
    }
    let bms = &mut world.vendors.kaseya_bms;
    let note = Note {
        id: bms.next_id(),
        details: body["Details"].as_str().unwrap_or_default().to_owned(),
        internal: body["IsInternal"] == true,
    };
    let answer = note_view(&note);
    bms.tickets[index].notes.push(note);
    world.count("notes_created");
    Ok(success(answer))
}
