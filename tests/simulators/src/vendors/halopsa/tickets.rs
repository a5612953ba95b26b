//! Tickets and their actions. Notes are one kind of action.

use serde_json::{Value, json};

use super::{
    AGENT, CLOSED, error,
    fields::{ACTION, TICKET},
    query::{PAGING, flag, page},
};
use crate::{
    fields::Table,
    html,
    records::{Fields, Record, Records, fields, text},
    render::Shown,
    request::{Refusal, Reply, Request, Response},
    vendors::{NewTicket, Vendors},
    world::{Author, World},
};

const SUMMARY_LIMIT: usize = 255;
/// The number of actions in an answer unless the client asks for more.
const ACTIONS: i64 = 50;
/// The outcome of every ticket's first action.
const OPENED: &str = "Opened";
const PRIVATE_NOTE: &str = "Private Note";

/// Nobody documents how the plain text of a pair of fields is shown.
const SHOWN: &[(&str, Shown)] = &[
    ("summary", Shown::PlainOrHtml),
    ("details", Shown::PlainOrHtml),
    ("details_html", Shown::Html),
    ("note", Shown::PlainOrHtml),
    ("note_html", Shown::Html),
];

/// The agent and the application of an action. Gangway is no person, and a customer is no agent.
fn actor(by: Option<Author>) -> (i64, &'static str) {
    match by {
        None => (AGENT + 1, "Gangway"),
        Some(Author::Technician) => (AGENT, "nethelpdesk-agent-web-application"),
        Some(Author::Customer) => (0, "nethelpdesk-user-portal"),
    }
}

fn is_closed(ticket: &Record) -> bool {
    ticket["status_id"] == CLOSED
}

fn add_ticket(records: &mut Records, fields: Fields, by: Option<Author>) -> Value {
    let details = text(&fields, "details").to_owned();
    let id = records.add("tickets", fields)["id"].clone();
    add_action(records, &id, by, json!({"outcome": OPENED, "note": details}));
    id
}

/// Adds an action. `more` has the outcome, the note, whether it is hidden, and the time spent.
fn add_action<'a>(records: &'a mut Records, ticket: &Value, by: Option<Author>, more: Value) -> &'a Record {
    let (agent, application) = actor(by);
    let mut action = fields(json!({
        "ticket_id": ticket, "who_agentid": agent, "actionby_application_id": application, "hiddenfromuser": false,
        "timetaken": 0.0,
    }));
    action.extend(fields(more));
    records.add("actions", action)
}

/// Lists leave out the details.
fn view(records: &Records, ticket: &Record, with_details: bool) -> Value {
    let mut view = ticket.fields.clone();
    if !with_details {
        view.remove("details");
    }
    view.insert("hasbeenclosed".to_owned(), json!(is_closed(ticket)));
    let client = records.find("clients", &ticket["client_id"]);
    let client = client.map(|client| client.text("name")).unwrap_or_default();
    view.insert("client_name".to_owned(), json!(client));
    Value::Object(view)
}

fn find<'a>(world: &'a mut World, request: &Request, id: &Value) -> Result<&'a mut Record, Response> {
    let records = &mut world.vendors.halopsa.records;
    let found = records.visible("tickets", id, &mut world.hidden);
    found.ok_or_else(|| request.not_found("ticket"))
}

pub fn list(world: &mut World, request: &Request) -> Reply {
    let filters = ["client_id", "open_only", "search_details", "search_summary"];
    request.only_query(&[&PAGING[..], &filters].concat())?;
    let client: Option<i64> = request.value("client_id")?;
    let open_only = flag(request, "open_only")?;
    let like = |ticket: &Record, parameter: &str, field: &str| {
        let wanted = request.query(parameter).unwrap_or_default().to_lowercase();
        ticket.text(field).to_lowercase().contains(&wanted)
    };
    let records = &world.vendors.halopsa.records;
    let found = records.all_visible("tickets", &mut world.hidden, |ticket| {
        client.is_none_or(|client| ticket["client_id"] == client)
            && !(open_only && is_closed(ticket))
            && like(ticket, "search_details", "details")
            && like(ticket, "search_summary", "summary")
    });
    let found = found.into_iter().map(|ticket| view(records, ticket, false));
    page(request, "tickets", found.collect())
}

pub fn get(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["includedetails"])?;
    let id = json!(request.id()?);
    let ticket = find(world, request, &id)?.clone();
    Ok(Response::json(200, view(&world.vendors.halopsa.records, &ticket, true)))
}

/// The only record of a body, which is an array.
fn only_record(request: &Request, table: Table) -> Result<Fields, Response> {
    let Value::Array(mut records) = request.json()? else {
        return Err(request.refuse(Refusal::Body));
    };
    match (records.pop(), records.is_empty()) {
        (Some(record), true) => request.checked(record, table),
        _ => Err(request.refuse(Refusal::Body)),
    }
}

/// The plain text of a pair of fields. If the client sends HTML, its plain text is derived.
fn plain(body: &Fields, field: &str) -> String {
    match body.get(&format!("{field}_html")).and_then(Value::as_str) {
        Some(sent) => html::text(sent),
        None => text(body, field).to_owned(),
    }
}

/// The path is the same for both: a ticket with an id is changed, one without is created.
pub fn save(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let mut body = only_record(request, TICKET)?;
    world.shows_fields(request.vendor, &body, SHOWN);
    if body.contains_key("details") || body.contains_key("details_html") {
        let details = plain(&body, "details");
        body.insert("details".to_owned(), json!(details));
    }
    let id = match body.get("id").cloned() {
        Some(id) => {
            let mut changed = find(world, request, &id)?.fields.clone();
            changed.extend(body);
            let records = &mut world.vendors.halopsa.records;
            check(records, &changed)?;
            if let Some(ticket) = records.find_mut("tickets", &id) {
                ticket.fields = changed;
            }
            world.count("tickets_updated");
            id
        }
        None => {
            for (name, default) in [("status_id", 1), ("priority_id", 4)] {
                body.entry(name).or_insert(json!(default));
            }
            let records = &mut world.vendors.halopsa.records;
            check(records, &body)?;
            let id = add_ticket(records, body, None);
            world.count("tickets_created");
            id
        }
    };
    let records = &world.vendors.halopsa.records;
    let ticket = records.find("tickets", &id);
    let ticket = ticket.ok_or_else(|| request.not_found("ticket"))?;
    Ok(Response::json(201, view(records, ticket, true)))
}

fn check(records: &Records, ticket: &Fields) -> Result<(), Response> {
    let refuse = |message: &str| Err(error(400, message));
    let of = |field: &str| ticket.get(field).unwrap_or(&Value::Null);
    let summary = text(ticket, "summary");
    if summary.trim().is_empty() {
        return refuse("Please enter a summary");
    }
    if summary.encode_utf16().count() > SUMMARY_LIMIT || summary.contains('\n') {
        return refuse("The summary would be truncated");
    }
    let references = [
        ("client_id", "clients", true),
        ("tickettype_id", "ticket types", true),
        ("status_id", "statuses", false),
        ("priority_id", "priorities", false),
        ("agent_id", "agents", false),
    ];
    for (field, list, required) in references {
        if (required || ticket.contains_key(field)) && records.find(list, of(field)).is_none() {
            return refuse(&format!("The value of {field} is not valid"));
        }
    }
    if ticket.contains_key("team") && records.with("teams", "name", of("team")).next().is_none() {
        return refuse("The value of team is not valid");
    }
    if ticket.contains_key("user_id") {
        let user = records.find("users", of("user_id"));
        let fits =
            |user: &Record| user["client_id"] == *of("client_id") && user["site_id"].as_f64() == of("site_id").as_f64();
        if !user.is_some_and(fits) {
            return refuse("The user is not one of the site");
        }
    }
    Ok(())
}

pub fn create_action(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let body = only_record(request, ACTION)?;
    let ticket = body.get("ticket_id").cloned();
    let ticket = ticket.ok_or_else(|| error(400, "Please enter a ticket"))?;
    find(world, request, &ticket)?;
    if body.get("outcome_id") != Some(&json!(7)) && text(&body, "outcome") != PRIVATE_NOTE {
        return Err(error(400, "An Outcome must be entered for this Action"));
    }
    world.shows_fields(request.vendor, &body, SHOWN);
    let note = plain(&body, "note");
    if note.trim().is_empty() {
        return Err(error(400, "Please enter a note"));
    }
    // The private note's own setting.
    let hidden = body.get("hiddenfromuser").and_then(Value::as_bool).unwrap_or(true);
    let hours = body.get("timetaken").and_then(Value::as_f64).unwrap_or_default();
    let more = json!({"outcome": PRIVATE_NOTE, "note": note, "hiddenfromuser": hidden, "timetaken": hours});
    let action = add_action(&mut world.vendors.halopsa.records, &ticket, None, more);
    let response = Response::json(201, Value::Object(action.fields.clone()));
    world.count("notes_created");
    Ok(response)
}

/// The newest action comes first.
pub fn list_actions(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["ticket_id", "count", "excludesys", "includehtmlnote"])?;
    let ticket: Option<i64> = request.value("ticket_id")?;
    let ticket = json!(ticket.ok_or_else(|| error(400, "Please enter a ticket"))?);
    let count: i64 = request.value("count")?.unwrap_or(ACTIONS);
    find(world, request, &ticket)?;
    let records = &world.vendors.halopsa.records;
    let all: Vec<&Record> = records.with("actions", "ticket_id", &ticket).collect();
    let shown = all.iter().rev().take(usize::try_from(count).unwrap_or_default());
    let shown: Vec<&Fields> = shown.map(|action| &action.fields).collect();
    Ok(Response::json(
        200,
        json!({"record_count": all.len(), "actions": shown}),
    ))
}

pub fn state(world: &World) -> Value {
    let records = &world.vendors.halopsa.records;
    let tickets = records.list("tickets").iter();
    json!({ "tickets": tickets.map(|ticket| ticket_state(records, ticket)).collect::<Vec<_>>() })
}

fn ticket_state(records: &Records, ticket: &Record) -> Value {
    let marker = ticket.text("details").split("[gangway ").nth(1);
    let name = |list: &str, field: &str| records.look_up(list, &ticket[field], "name");
    let actions = records.with("actions", "ticket_id", &ticket["id"]);
    let notes = actions.filter(|action| action["outcome"] != OPENED).map(|action| {
        json!({
            "id": action["id"], "text": action["note"], "internal": action["hiddenfromuser"], "hours": action["timetaken"],
        })
    });
    json!({
        "id": ticket["id"], "summary": ticket.text("summary"), "description": ticket.text("details"),
        "status": name("statuses", "status_id"), "location": ticket["team"], "priority": name("priorities", "priority_id"),
        "type": name("ticket types", "tickettype_id"), "company": name("clients", "client_id"), "owner": ticket["agent_id"],
        "contact": records.look_up("users", &ticket["user_id"], "emailaddress"),
        "marker": marker.and_then(|rest| rest.split_once(' ')).map(|(marker, _)| marker), "closed": is_closed(ticket),
        "notes": notes.collect::<Vec<_>>(),
    })
}

/// A customer's ticket comes from the portal.
pub fn open(vendors: &mut Vendors, new: &NewTicket<'_>) -> Value {
    let ticket = json!({
        "client_id": new.company.parse::<i64>().ok(), "summary": new.summary,
        "details": new.description.unwrap_or("By hand."), "status_id": if new.closed { CLOSED } else { 1 },
        "tickettype_id": 1,
    });
    add_ticket(&mut vendors.halopsa.records, fields(ticket), Some(new.by))
}

pub fn write(vendors: &mut Vendors, ticket: &Value, note: &str, by: Author) {
    let more = json!({"outcome": PRIVATE_NOTE, "note": note, "hiddenfromuser": by == Author::Technician});
    add_action(&mut vendors.halopsa.records, ticket, Some(by), more);
}
