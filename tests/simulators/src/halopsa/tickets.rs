//! Tickets and their actions, of which notes are one kind.

use serde_json::{Map, Value, json};

use super::{
    AGENT, CLOSED, HaloPsa, PAGING, PRIORITIES, STATUSES, TICKET_TYPES, error, flag, name_of, named, number,
    only_query, only_record, page, path_id,
};
use crate::{
    call::{Answer, Call, Outcome},
    fields::Kind,
    html,
    render::Shown,
    world::{Hand, World},
};

const SUMMARY_LIMIT: usize = 255;
/// How many actions come without being asked for more.
const ACTIONS: i64 = 50;

pub struct Ticket {
    pub id: i64,
    fields: Map<String, Value>,
    pub actions: Vec<Action>,
}

pub struct Action {
    pub id: i64,
    pub note: String,
    pub hidden: bool,
    pub hours: f64,
    pub outcome: &'static str,
    pub who: Who,
}

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Api,
    Hand(Hand),
}

impl Who {
    /// None for a user of the customer's.
    fn agent(self) -> i64 {
        match self {
            Self::Api => AGENT + 1,
            Self::Hand(Hand::Technician) => AGENT,
            Self::Hand(Hand::Customer) => 0,
        }
    }

    fn application(self) -> &'static str {
        match self {
            Self::Api => "Gangway",
            Self::Hand(Hand::Technician) => "nethelpdesk-agent-web-application",
            Self::Hand(Hand::Customer) => "nethelpdesk-user-portal",
        }
    }
}

/// Every ticket begins with it.
const OPENED: &str = "Opened";

impl Ticket {
    fn number(&self, field: &str) -> Option<i64> {
        self.fields.get(field).and_then(Value::as_i64)
    }

    fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    fn is_closed(&self) -> bool {
        self.number("status_id") == Some(CLOSED)
    }
}

impl HaloPsa {
    /// A ticket that somebody opened by hand: a customer in the portal.
    pub fn open(&mut self, client: i64, summary: &str, closed: bool, by: Hand) -> i64 {
        let status = if closed { CLOSED } else { 1 };
        let fields = [
            ("client_id", json!(client)),
            ("summary", json!(summary)),
            ("details", json!("By hand.")),
            ("status_id", json!(status)),
            ("tickettype_id", json!(1)),
        ];
        self.keep(
            fields
                .map(|(name, value)| (name.to_owned(), value))
                .into_iter()
                .collect(),
            Who::Hand(by),
        )
    }

    /// What the one who opened it wrote.
    pub fn describe(&mut self, ticket: i64, details: &str) {
        if let Some(ticket) = self.tickets.iter_mut().find(|other| other.id == ticket) {
            ticket.fields.insert("details".to_owned(), json!(details));
        }
    }

    /// A note that somebody wrote by hand; a customer's everybody sees.
    pub fn write(&mut self, ticket: i64, note: &str, by: Hand) {
        let id = self.next_id();
        if let Some(ticket) = self.tickets.iter_mut().find(|other| other.id == ticket) {
            ticket.actions.push(Action {
                id,
                note: note.to_owned(),
                hidden: by == Hand::Technician,
                hours: 0.0,
                outcome: "Private Note",
                who: Who::Hand(by),
            });
        }
    }

    fn keep(&mut self, fields: Map<String, Value>, who: Who) -> i64 {
        let id = self.next_id();
        let note = fields.get("details").and_then(Value::as_str).unwrap_or_default();
        let actions = vec![Action {
            id: self.next_id(),
            note: note.to_owned(),
            hidden: false,
            hours: 0.0,
            outcome: OPENED,
            who,
        }];
        self.tickets.push(Ticket { id, fields, actions });
        id
    }
}

pub fn state(halo: &HaloPsa, ticket: &Ticket) -> Value {
    let marker = ticket.text("details").split("[gangway ").nth(1);
    let user = ticket.number("user_id");
    let contact = halo.users.iter().find(|other| Some(other.id) == user);
    let note = |action: &Action| json!({"id": action.id, "text": action.note, "internal": action.hidden, "hours": action.hours});
    json!({
        "id": ticket.id,
        "summary": ticket.text("summary"),
        "description": ticket.text("details"),
        "status": name_of(&named(STATUSES), ticket.number("status_id")),
        "location": ticket.fields.get("team"),
        "priority": name_of(&named(PRIORITIES), ticket.number("priority_id")),
        "type": name_of(&named(TICKET_TYPES), ticket.number("tickettype_id")),
        "company": name_of(&halo.clients, ticket.number("client_id")),
        "owner": ticket.fields.get("agent_id"),
        "contact": contact.map(|user| &user.mail),
        "marker": marker.and_then(|rest| rest.split_once(' ')).map(|(marker, _)| marker),
        "closed": ticket.is_closed(),
        "notes": ticket.actions.iter().filter(|action| action.outcome != OPENED).map(note).collect::<Vec<_>>(),
    })
}

/// Lists leave the details out.
fn view(halo: &HaloPsa, ticket: &Ticket, with_details: bool) -> Value {
    let mut view = ticket.fields.clone();
    if !with_details {
        view.remove("details");
    }
    view.insert("id".to_owned(), json!(ticket.id));
    view.insert("hasbeenclosed".to_owned(), json!(ticket.is_closed()));
    let client = name_of(&halo.clients, ticket.number("client_id"));
    view.insert("client_name".to_owned(), json!(client.unwrap_or_default()));
    Value::Object(view)
}

fn not_found() -> Answer {
    error(404, "There is no such ticket")
}

fn find(world: &mut World, id: i64) -> Result<usize, Answer> {
    if world.is_hidden(&id.to_string()) {
        return Err(not_found());
    }
    let mut all = world.vendors.halopsa.tickets.iter();
    all.position(|ticket| ticket.id == id).ok_or_else(not_found)
}

pub fn list(world: &mut World, call: &Call) -> Outcome {
    only_query(
        call,
        &[
            &PAGING[..],
            &["client_id", "open_only", "search_details", "search_summary"],
        ]
        .concat(),
    )?;
    let client = number(call, "client_id")?;
    let open_only = flag(call, "open_only")?;
    let like = |ticket: &Ticket, parameter: &str, field: &str| {
        let wanted = call.query(parameter).unwrap_or_default().to_lowercase();
        ticket.text(field).to_lowercase().contains(&wanted)
    };
    let fits = |ticket: &Ticket| {
        client.is_none_or(|client| ticket.number("client_id") == Some(client))
            && !(open_only && ticket.is_closed())
            && like(ticket, "search_details", "details")
            && like(ticket, "search_summary", "summary")
    };
    let mut found = Vec::new();
    for index in 0..world.vendors.halopsa.tickets.len() {
        let halo = &world.vendors.halopsa;
        let ticket = &halo.tickets[index];
        if fits(ticket) {
            let (id, view) = (ticket.id.to_string(), view(halo, ticket, false));
            if !world.is_hidden(&id) {
                found.push(view);
            }
        }
    }
    page(call, "tickets", &found)
}

pub fn get(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &["includedetails"])?;
    let index = find(world, path_id(call)?)?;
    let halo = &world.vendors.halopsa;
    Ok(Answer::json(200, view(halo, &halo.tickets[index], true)))
}

fn ticket_field(name: &str) -> Option<Kind> {
    match name {
        "id" | "client_id" | "site_id" | "user_id" | "tickettype_id" | "status_id" | "priority_id" | "agent_id"
        | "sla_id" | "impact" | "urgency" => Some(Kind::Integer),
        "summary" | "details" | "details_html" | "team" | "category_1" | "category_2" => Some(Kind::Text),
        "dont_do_rules" | "donotapplytemplateintheapi" => Some(Kind::Flag),
        _ => None,
    }
}

/// Nobody says how the plain text of a pair of fields is shown. What is sent as HTML has its plain text made of it.
fn texts(world: &mut World, body: &Map<String, Value>, field: &str) -> String {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let html = format!("{field}_html");
    if let Some(plain) = text(field) {
        world.shows("halopsa", field, plain, Shown::PlainOrHtml);
    }
    match text(&html) {
        Some(sent) => {
            world.shows("halopsa", &html, sent, Shown::Html);
            html::text(sent)
        }
        None => text(field).unwrap_or_default().to_owned(),
    }
}

/// One path for both: a ticket with an id is changed, one without is made.
pub fn save(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let mut body = only_record(call, ticket_field)?;
    let summary = body.get("summary").and_then(Value::as_str).unwrap_or_default();
    world.shows("halopsa", "summary", summary, Shown::PlainOrHtml);
    if body.contains_key("details") || body.contains_key("details_html") {
        let details = texts(world, &body, "details");
        body.insert("details".to_owned(), json!(details));
    }
    let index = match body.remove("id").and_then(|id| id.as_i64()) {
        Some(id) => {
            let index = find(world, id)?;
            let mut fields = world.vendors.halopsa.tickets[index].fields.clone();
            fields.extend(body);
            check(&world.vendors.halopsa, &fields)?;
            world.vendors.halopsa.tickets[index].fields = fields;
            world.count("tickets_updated");
            index
        }
        None => {
            for (name, default) in [("status_id", 1), ("priority_id", 4)] {
                body.entry(name).or_insert(json!(default));
            }
            check(&world.vendors.halopsa, &body)?;
            world.vendors.halopsa.keep(body, Who::Api);
            world.count("tickets_created");
            world.vendors.halopsa.tickets.len() - 1
        }
    };
    let halo = &world.vendors.halopsa;
    Ok(Answer::json(201, view(halo, &halo.tickets[index], true)))
}

fn check(halo: &HaloPsa, ticket: &Map<String, Value>) -> Result<(), Answer> {
    let refuse = |message: &str| Err(error(400, message));
    let text = |field: &str| ticket.get(field).and_then(Value::as_str).unwrap_or_default();
    let id = |field: &str| ticket.get(field).and_then(Value::as_i64);
    if text("summary").trim().is_empty() {
        return refuse("Please enter a summary");
    }
    if text("summary").encode_utf16().count() > SUMMARY_LIMIT || text("summary").contains('\n') {
        return refuse("The summary would be truncated");
    }
    let references = [
        ("client_id", halo.clients.clone(), true),
        ("tickettype_id", named(TICKET_TYPES), true),
        ("status_id", named(STATUSES), false),
        ("priority_id", named(PRIORITIES), false),
        ("agent_id", named(&[(AGENT, "Terry Technician")]), false),
    ];
    for (field, records, required) in references {
        if (required || id(field).is_some()) && name_of(&records, id(field)).is_none() {
            return refuse(&format!("The value of {field} is not valid"));
        }
    }
    if ticket.contains_key("team") && !halo.teams.iter().any(|team| team.1 == text("team")) {
        return refuse("The value of team is not valid");
    }
    if let Some(user) = id("user_id") {
        let user = halo.users.iter().find(|other| other.id == user);
        let fits = |user: &super::User| Some(user.client) == id("client_id") && Some(user.site) == id("site_id");
        if !user.is_some_and(fits) {
            return refuse("The user is not one of the site");
        }
    }
    Ok(())
}

fn action_field(name: &str) -> Option<Kind> {
    match name {
        "ticket_id" | "outcome_id" => Some(Kind::Integer),
        "outcome" | "note" | "note_html" => Some(Kind::Text),
        "hiddenfromuser" | "sendemail" => Some(Kind::Flag),
        "timetaken" => Some(Kind::Number),
        _ => None,
    }
}

fn action_view(ticket: i64, action: &Action) -> Value {
    json!({
        "id": action.id, "ticket_id": ticket, "outcome": action.outcome, "note": action.note,
        "who_agentid": action.who.agent(), "actionby_application_id": action.who.application(),
        "hiddenfromuser": action.hidden, "timetaken": action.hours,
    })
}

pub fn create_action(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let body = only_record(call, action_field)?;
    let ticket = body.get("ticket_id").and_then(Value::as_i64);
    let index = find(world, ticket.ok_or_else(|| error(400, "Please enter a ticket"))?)?;
    let outcome = body.get("outcome_id").and_then(Value::as_i64) == Some(7)
        || body.get("outcome").and_then(Value::as_str) == Some("Private Note");
    if !outcome {
        return Err(error(400, "An Outcome must be entered for this Action"));
    }
    let note = texts(world, &body, "note");
    if note.trim().is_empty() {
        return Err(error(400, "Please enter a note"));
    }
    let halo = &mut world.vendors.halopsa;
    let action = Action {
        id: halo.next_id(),
        note,
        outcome: "Private Note",
        who: Who::Api,
        // The private note's own setting.
        hidden: body.get("hiddenfromuser").and_then(Value::as_bool).unwrap_or(true),
        hours: body.get("timetaken").and_then(Value::as_f64).unwrap_or_default(),
    };
    let ticket = &mut halo.tickets[index];
    let answer = action_view(ticket.id, &action);
    ticket.actions.push(action);
    world.count("notes_created");
    Ok(Answer::json(201, answer))
}

/// The newest first.
pub fn list_actions(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &["ticket_id", "count", "excludesys", "includehtmlnote"])?;
    let ticket = number(call, "ticket_id")?.ok_or_else(|| error(400, "Please enter a ticket"))?;
    let count = usize::try_from(number(call, "count")?.unwrap_or(ACTIONS)).unwrap_or_default();
    let index = find(world, ticket)?;
    let ticket = &world.vendors.halopsa.tickets[index];
    let actions = ticket.actions.iter().rev().take(count);
    let actions: Vec<Value> = actions.map(|action| action_view(ticket.id, action)).collect();
    Ok(Answer::json(
        200,
        json!({"record_count": ticket.actions.len(), "actions": actions}),
    ))
}
