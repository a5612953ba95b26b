//! Tickets and their notes.

use chrono::Utc;
use serde_json::{Value, json};

use super::{
    COMPLETED, EMPLOYEE, HIGH, NEW, NOTE_TYPE, ONBOARDING, SOURCE, TICKET_TYPE, date, failed,
    fields::{NOTE, NOTE_REQUIRES, SEARCH, TICKET, TICKET_REQUIRES},
    location_ids, path_id,
    query::{page, page_of},
    refused, success,
};
use crate::{
    fields::kind_of,
    records::{Fields, Record, Records, fields, text},
    render::Shown,
    request::{Reply, Request, Response},
    vendors::{NewTicket, Vendors},
    world::{Author, World},
};

const TITLE_LIMIT: usize = 250;

/// Nobody documents how texts are shown.
const SHOWN: &[(&str, Shown)] = &[("Title", Shown::PlainOrHtml), ("Details", Shown::PlainOrHtml)];

fn is_completed(ticket: &Record) -> bool {
    ticket["StatusId"] == COMPLETED
}

/// The number by which people refer to the ticket.
fn number(ticket: &Record) -> String {
    format!("T{}-26", ticket["Id"].as_i64().unwrap_or_default() % 100_000)
}

fn view(records: &Records, ticket: &Record) -> Value {
    let mut view = ticket.fields.clone();
    view.retain(|name, _| name != "WorkTypeId");
    let name = |list: &str, field: &str| records.look_up(list, &ticket[field], "Name");
    let more = json!({
        "TicketNumber": number(ticket), "AccountName": name("accounts", "AccountId"),
        "StatusName": name("statuses", "StatusId"), "QueueName": name("queues", "QueueId"),
        "PriorityName": name("priorities", "PriorityId"), "OpenDate": date(Utc::now()),
        "CompletedDate": is_completed(ticket).then(|| date(Utc::now())),
    });
    view.extend(more.as_object().cloned().unwrap_or_default());
    Value::Object(view)
}

fn find<'a>(world: &'a mut World, request: &Request) -> Result<&'a mut Record, Response> {
    let wanted = path_id(request)?;
    let records = &mut world.vendors.kaseya_bms.records;
    let found = records.visible("tickets", &wanted, &mut world.hidden);
    found.ok_or_else(|| request.not_found("ticket"))
}

pub fn search(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let body = request.object(SEARCH)?;
    let filter = body.get("Filter").cloned().unwrap_or_default();
    let wanted = |name: &str| filter[name].as_str().unwrap_or_default().to_lowercase();
    let accounts = wanted("AccountIds");
    let records = &world.vendors.kaseya_bms.records;
    let found = records.all_visible("tickets", &mut world.hidden, |ticket| {
        let account = ticket["AccountId"].to_string();
        (accounts.is_empty() || accounts.split(',').any(|wanted| wanted.trim() == account))
            && !(filter["ExcludeCompleted"] == 1 && is_completed(ticket))
            && ticket.text("Title").to_lowercase().contains(&wanted("Title"))
            && ticket.text("Details").to_lowercase().contains(&wanted("Details"))
            && number(ticket).to_lowercase().contains(&wanted("TicketNumber"))
    });
    let found: Vec<Value> = found.into_iter().map(|ticket| view(records, ticket)).collect();
    let total = found.len();
    let page = |name: &str| body.get(name).and_then(Value::as_i64);
    let shown = page_of(found, page("PageSize"), page("PageNumber"));
    Ok(Response::json(
        200,
        json!({"Success": true, "Result": shown, "TotalRecords": total}),
    ))
}

pub fn get(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let ticket = find(world, request)?.clone();
    Ok(success(view(&world.vendors.kaseya_bms.records, &ticket)))
}

fn required(body: &Fields, names: &[&str]) -> Result<(), Response> {
    match names.iter().find(|name| !body.contains_key(**name)) {
        Some(missing) => Err(failed(400, 400, &format!("The {missing} field is required."))),
        None => Ok(()),
    }
}

pub fn create(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let body = request.object(TICKET)?;
    required(&body, &TICKET_REQUIRES)?;
    world.shows_fields(request.vendor, &body, SHOWN);
    let records = &mut world.vendors.kaseya_bms.records;
    check(records, &body)?;
    let ticket = records.add("tickets", body).clone();
    world.count("tickets_created");
    Ok(success(view(&world.vendors.kaseya_bms.records, &ticket)))
}

fn check(records: &Records, ticket: &Fields) -> Result<(), Response> {
    let refuse = |message: &str| Err(refused(1002, message));
    let id = |field: &str| ticket.get(field).filter(|id| !id.is_null());
    let title = text(ticket, "Title");
    if title.trim().is_empty() || title.contains('\n') || title.encode_utf16().count() > TITLE_LIMIT {
        return refuse("The title is not valid");
    }
    if text(ticket, "Details").trim().is_empty() {
        return refuse("The details are required");
    }
    if id("QueueId").is_none() && id("AssigneeId").is_none() {
        return refuse("A queue or an assignee is required");
    }
    let account = ticket.get("AccountId").unwrap_or(&Value::Null);
    let in_list = |list: &str, id: &Value| records.find(list, id).is_some();
    let is_known = |field: &str, id: &Value| match field {
        "AccountId" => in_list("accounts", id),
        "LocationId" => location_ids(account).iter().any(|location| id == location),
        "ContactId" => records.look_up("contacts", id, "AccountId") == *account,
        "QueueId" => in_list("queues", id),
        "StatusId" => in_list("statuses", id),
        "PriorityId" => in_list("priorities", id),
        "IssueTypeId" => in_list("issue types", id),
        "TypeId" => *id == TICKET_TYPE,
        "SourceId" => *id == SOURCE,
        "AssigneeId" => *id == EMPLOYEE,
        _ => true,
    };
    for (field, value) in ticket {
        if !value.is_null() && !is_known(field, value) {
            return refuse(&format!("The {field} is not valid"));
        }
    }
    Ok(())
}

pub fn update(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let wrong = || failed(400, 400, "The body must be an array of patch operations");
    let body = request.json()?;
    let operations = body.as_array().filter(|all| !all.is_empty()).ok_or_else(wrong)?;
    let mut changed = find(world, request)?.fields.clone();
    for operation in operations {
        let mut keys: Vec<&String> = operation.as_object().ok_or_else(wrong)?.keys().collect();
        keys.sort();
        let path = operation["path"].as_str().and_then(|path| path.strip_prefix('/'));
        let path = path.filter(|path| kind_of(TICKET, path).is_some()).ok_or_else(wrong)?;
        if keys != ["op", "path", "value"] || operation["op"] != "replace" {
            return Err(wrong());
        }
        changed.insert(path.to_owned(), operation["value"].clone());
    }
    let records = &mut world.vendors.kaseya_bms.records;
    check(records, &changed)?;
    let id = changed["Id"].clone();
    let ticket = records.find_mut("tickets", &id);
    let ticket = ticket.ok_or_else(|| request.not_found("ticket"))?;
    ticket.fields = changed;
    let ticket = ticket.clone();
    world.count("tickets_updated");
    Ok(success(view(&world.vendors.kaseya_bms.records, &ticket)))
}

fn note_view(note: &Record) -> Value {
    json!({"Id": note["Id"], "Details": note["Details"], "IsInternal": note["IsInternal"], "TypeId": NOTE_TYPE})
}

pub fn list_notes(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["PageSize", "PageNumber", "Sort"])?;
    let ticket = find(world, request)?["Id"].clone();
    let notes = world.vendors.kaseya_bms.records.with("notes", "TicketId", &ticket);
    page(request, notes.map(note_view).collect())
}

pub fn create_note(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[])?;
    let body = request.object(NOTE)?;
    required(&body, &NOTE_REQUIRES)?;
    world.shows_fields(request.vendor, &body, SHOWN);
    let ticket = find(world, request)?["Id"].clone();
    if body["TypeId"] != NOTE_TYPE {
        return Err(refused(1002, "The note's type is not valid"));
    }
    let records = &mut world.vendors.kaseya_bms.records;
    let note = add_note(records, &ticket, text(&body, "Details"), body["IsInternal"] == true);
    let response = success(note_view(note));
    world.count("notes_created");
    Ok(response)
}

fn add_note<'a>(records: &'a mut Records, ticket: &Value, details: &str, internal: bool) -> &'a Record {
    let note = json!({"TicketId": ticket, "Details": details, "IsInternal": internal});
    records.add("notes", fields(note))
}

pub fn state(world: &World) -> Value {
    let records = &world.vendors.kaseya_bms.records;
    let tickets = records.list("tickets").iter();
    json!({ "tickets": tickets.map(|ticket| ticket_state(records, ticket)).collect::<Vec<_>>() })
}

fn ticket_state(records: &Records, ticket: &Record) -> Value {
    let marker = ticket.text("Details").split("[gangway ").nth(1);
    let name = |list: &str, field: &str| records.look_up(list, &ticket[field], "Name");
    let notes = records.with("notes", "TicketId", &ticket["Id"]);
    let notes = notes.map(|note| json!({"id": note["Id"], "text": note["Details"], "internal": note["IsInternal"]}));
    json!({
        "id": ticket["Id"], "number": number(ticket), "summary": ticket.text("Title"),
        "description": ticket.text("Details"), "status": name("statuses", "StatusId"), "location": name("queues", "QueueId"),
        "priority": name("priorities", "PriorityId"), "issue_type": name("issue types", "IssueTypeId"),
        "company": name("accounts", "AccountId"), "site": ticket["LocationId"], "owner": ticket["AssigneeId"],
        "contact": records.look_up("contacts", &ticket["ContactId"], "EmailAddress"),
        "marker": marker.and_then(|rest| rest.split_once(' ')).map(|(marker, _)| marker), "closed": is_completed(ticket),
        "notes": notes.collect::<Vec<_>>(),
    })
}

/// A ticket looks the same, whoever opened it.
pub fn open(vendors: &mut Vendors, new: &NewTicket<'_>) -> Value {
    let ticket = json!({
        "AccountId": new.company.parse::<i64>().ok(), "Title": new.summary,
        "Details": new.description.unwrap_or("By hand."), "StatusId": if new.closed { COMPLETED } else { NEW },
        "PriorityId": HIGH, "QueueId": ONBOARDING,
    });
    vendors.kaseya_bms.records.add("tickets", fields(ticket))["Id"].clone()
}

/// A customer's note is visible to everybody.
pub fn write(vendors: &mut Vendors, ticket: &Value, details: &str, by: Author) {
    let records = &mut vendors.kaseya_bms.records;
    add_note(records, ticket, details, by == Author::Technician);
}
