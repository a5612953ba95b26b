//! HaloPSA: signing in, and the lists that tickets are made from. Ids in lists come as numbers with a fraction where the real
//! one sends them so (95.0), and are refused like that.

pub mod tickets;

use serde_json::{Value, json};

use crate::{
    call::{Answer, Call, Operation, Outcome},
    fields::{self, Table},
    state::State,
    vendor::{Newcomer, Vendor},
    world::{Token, World, id, secret},
};

use self::tickets::Ticket;

pub const VENDOR: Vendor = Vendor {
    name: "halopsa",
    bases: &["/halopsa/api", "/halopsa"],
    operations: OPERATIONS,
    error: |status, _, message| error(status, message),
    world,
    keys,
    state: |world| {
        let halo = &world.vendors.halopsa;
        json!({"tickets": halo.tickets.iter().map(|ticket| tickets::state(halo, ticket)).collect::<Vec<_>>()})
    },
};

const OPERATIONS: &[Operation] = &[
    ("POST", TOKEN, token),
    ("GET", "/Tickets", tickets::list),
    ("POST", "/Tickets", tickets::save),
    ("GET", "/Tickets/{id}", tickets::get),
    ("GET", "/Actions", tickets::list_actions),
    ("POST", "/Actions", tickets::create_action),
    ("GET", "/Client/{id}", client),
    ("GET", "/Users", users),
    ("GET", "/Team", |world, call| {
        only_query(call, &["showall", "type"])?;
        names(&world.vendors.halopsa.teams)
    }),
    ("GET", "/Status", |_, call| {
        only_query(call, &["showall", "type", "tickettype_id"])?;
        names(&named(STATUSES))
    }),
    ("GET", "/Priority", |_, call| {
        only_query(call, &["includedistinct", "slaid"])?;
        Ok(Answer::json(200, priorities()))
    }),
    ("GET", "/TicketType", |_, call| {
        only_query(call, &["client_id", "showall"])?;
        names(&named(TICKET_TYPES))
    }),
];

const TOKEN: &str = "/auth/token";
const SECONDS: u64 = 3600;

/// A row for each priority of each SLA, whose id is a GUID; tickets take `priorityid`.
fn priorities() -> Value {
    let rows = [1, 2].into_iter().flat_map(|sla| {
        PRIORITIES.iter().map(move |(number, name)| {
            json!({"id": format!("00000000-0000-4000-8000-00000000{sla:02}{number:02}"), "priorityid": number,
                "slaid": sla, "name": name, "isdefault": *number == 4})
        })
    });
    rows.collect()
}

/// A record of a list: its id and its name.
pub type Record = (i64, String);

pub const STATUSES: &[(i64, &str)] = &[(1, "New"), (2, "In Progress"), (4, "Waiting"), (9, "Closed")];
pub const CLOSED: i64 = 9;
pub const PRIORITIES: &[(i64, &str)] = &[(1, "Critical"), (2, "High"), (3, "Medium"), (4, "Low")];
pub const TICKET_TYPES: &[(i64, &str)] = &[(1, "Incident"), (3, "Service Request"), (4, "Problem")];
pub const AGENT: i64 = 5;

/// What one MSP has there: clients 20 (the organisation) and 21.
pub struct HaloPsa {
    tenant: String,
    client_id: String,
    client_secret: String,
    tokens: Vec<Token>,
    pub clients: Vec<Record>,
    pub users: Vec<User>,
    pub teams: Vec<Record>,
    pub tickets: Vec<Ticket>,
    last_id: i64,
}

pub struct User {
    pub id: i64,
    pub name: &'static str,
    pub mail: String,
    pub client: i64,
    pub site: i64,
}

impl HaloPsa {
    pub fn new(newcomer: &Newcomer<'_>) -> Self {
        let user = |id, name, local: &str, client| User {
            id,
            name,
            mail: format!("{local}@{}", newcomer.domain),
            client,
            site: client + 75,
        };
        Self {
            tenant: newcomer.name.to_owned(),
            client_id: id(),
            client_secret: format!("{}-{}", id(), id()),
            tokens: Vec::new(),
            clients: vec![(20, newcomer.company.to_owned()), (21, "Somebody Else".to_owned())],
            users: vec![
                user(161, "Morgan Manager", "mmanager", 20),
                user(162, "Alex Approver", "aapprover", 20),
                user(163, "Morgan Elsewhere", "xmmanager", 21),
            ],
            teams: named(&[(31, "Onboarding"), (32, "Help Desk")]),
            tickets: Vec::new(),
            last_id: 2000,
        }
    }

    pub fn next_id(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }

    pub fn add_team(&mut self, name: &str) {
        let id = self.next_id();
        self.teams.push((id, name.to_owned()));
    }
}

pub fn named(records: &[(i64, &str)]) -> Vec<Record> {
    records.iter().map(|(id, name)| (*id, (*name).to_owned())).collect()
}

/// The name of the record with this id.
pub fn name_of(records: &[Record], id: Option<i64>) -> Option<&str> {
    let found = records.iter().find(|record| Some(record.0) == id);
    found.map(|record| record.1.as_str())
}

pub fn error(status: u16, message: &str) -> Answer {
    Answer::json(status, json!({"ClassName": "System.Exception", "Message": message}))
}

fn world(state: &State, call: &Call, template: &str) -> Result<String, Answer> {
    let found = if template == TOKEN {
        let client = field(&form(call)?, "client_id").unwrap_or_default();
        state
            .worlds
            .values()
            .find(|world| world.vendors.halopsa.client_id == client)
    } else {
        let token = call.bearer().unwrap_or_default();
        let of = |world: &&World| world.vendors.halopsa.tokens.iter().any(|known| known.is(token));
        state.worlds.values().find(of)
    };
    let refused = || match template {
        TOKEN => invalid_client(),
        _ => Answer::empty(401),
    };
    found.map(|world| world.name.clone()).ok_or_else(refused)
}

fn invalid_client() -> Answer {
    Answer::json(401, json!({"error": "invalid_client"}))
}

fn form(call: &Call) -> Result<Vec<(String, String)>, Answer> {
    let refused = || Answer::json(400, json!({"error": "invalid_request"}));
    if call.content_type() != "application/x-www-form-urlencoded" {
        return Err(refused());
    }
    serde_urlencoded::from_bytes(&call.body).map_err(|_| refused())
}

/// The value of a field that is there once.
fn field(form: &[(String, String)], name: &str) -> Option<String> {
    let mut values = form.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
    let value = values.next()?.clone();
    values.next().is_none().then_some(value)
}

fn token(world: &mut World, call: &Call) -> Outcome {
    let halo = &mut world.vendors.halopsa;
    let refused = |code: &str| Answer::json(400, json!({"error": code}));
    only_query(call, &["tenant"])?;
    let form = form(call)?;
    let known = ["grant_type", "client_id", "client_secret", "scope"];
    if form.iter().any(|(name, _)| !known.contains(&name.as_str())) || call.query("tenant") != Some(&halo.tenant) {
        return Err(refused("invalid_request"));
    }
    if field(&form, "grant_type").as_deref() != Some("client_credentials") {
        return Err(refused("unsupported_grant_type"));
    }
    if field(&form, "scope").as_deref() != Some("all") {
        return Err(refused("invalid_scope"));
    }
    if field(&form, "client_secret").as_ref() != Some(&halo.client_secret) {
        return Err(invalid_client());
    }
    let token = Token::new(SECONDS);
    let answer = json!({
        "scope": "all", "token_type": "Bearer", "access_token": token.value, "expires_in": SECONDS, "id_token": secret(),
    });
    halo.tokens.push(token);
    Ok(Answer::json(200, answer))
}

fn keys(world: &World, base: &str) -> Value {
    let halo = &world.vendors.halopsa;
    json!({
        "credentials": {
            "address": format!("{base}/halopsa"), "client_id": halo.client_id, "client_secret": halo.client_secret,
            "tenant": halo.tenant,
        },
        "company": "20", "other_company": "21", "contact": format!("mmanager@{}", world.domain()),
        "location": "Onboarding", "status_new": "New", "status_working": "In Progress", "status_waiting": "Waiting",
        "status_complete": "Closed", "priority": "Medium", "work_role": "Service Request", "tech_id": AGENT.to_string(),
    })
}

fn only_query(call: &Call, known: &[&str]) -> Result<(), Answer> {
    call.unknown_query(known).map_or(Ok(()), |option| {
        Err(error(400, &format!("The parameter {option} is not supported")))
    })
}

/// A whole number in the query.
fn number(call: &Call, name: &str) -> Result<Option<i64>, Answer> {
    let parsed = call.query(name).map(str::parse).transpose();
    parsed.map_err(|_| error(400, &format!("The value of {name} is not valid")))
}

fn flag(call: &Call, name: &str) -> Result<bool, Answer> {
    let parsed = call.query(name).map(str::parse).transpose();
    let parsed = parsed.map_err(|_| error(400, &format!("The value of {name} is not valid")))?;
    Ok(parsed.unwrap_or_default())
}

fn path_id(call: &Call) -> Result<i64, Answer> {
    call.param(0)
        .parse()
        .map_err(|_| error(400, "The value of id is not valid"))
}

const PAGING: [&str; 5] = ["pageinate", "page_size", "page_no", "order", "orderdesc"];

/// A list by its key; all of it unless pages are asked for.
fn page(call: &Call, key: &str, all: &[Value]) -> Outcome {
    let count = all.len();
    if !flag(call, "pageinate")? {
        return Ok(Answer::json(200, json!({"record_count": count, key: all})));
    }
    let size = number(call, "page_size")?.unwrap_or(50);
    let page = number(call, "page_no")?.unwrap_or(1);
    if !(1..=100).contains(&size) || page < 1 {
        return Err(error(400, "The page is not valid"));
    }
    let place = |number: i64| usize::try_from(number).unwrap_or_default();
    let shown: Vec<&Value> = all.iter().skip(place((page - 1) * size)).take(place(size)).collect();
    Ok(Answer::json(
        200,
        json!({"page_no": page, "page_size": size, "record_count": count, key: shown}),
    ))
}

fn names(records: &[Record]) -> Outcome {
    let all: Vec<Value> = records
        .iter()
        .map(|(id, name)| json!({"id": id, "name": name}))
        .collect();
    Ok(Answer::json(200, Value::Array(all)))
}

fn client(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &["includedetails"])?;
    let wanted = path_id(call)?;
    match name_of(&world.vendors.halopsa.clients, Some(wanted)) {
        Some(name) => Ok(Answer::json(
            200,
            json!({"id": wanted, "name": name, "inactive": false}),
        )),
        None => Err(error(404, "There is no such client")),
    }
}

fn users(world: &mut World, call: &Call) -> Outcome {
    only_query(
        call,
        &[&PAGING[..], &["client_id", "search", "includeinactive"]].concat(),
    )?;
    let client = number(call, "client_id")?;
    let text = call.query("search").unwrap_or_default().to_lowercase();
    let fits = |user: &&User| {
        client.is_none_or(|client| user.client == client)
            && (user.mail.contains(&text) || user.name.to_lowercase().contains(&text))
    };
    let found: Vec<Value> = world.vendors.halopsa.users.iter().filter(fits).map(view).collect();
    page(call, "users", &found)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the real one's site ids have a fraction, and these are small"
)]
fn view(user: &User) -> Value {
    json!({
        "id": user.id, "name": user.name, "client_id": user.client, "site_id": user.site as f64,
        "emailaddress": user.mail, "inactive": false,
    })
}

/// The one record of a body, which is an array.
fn only_record(call: &Call, table: Table) -> Result<serde_json::Map<String, Value>, Answer> {
    if call.content_type() != "application/json" {
        return Err(error(415, "The media type is not supported"));
    }
    let body: Value = serde_json::from_slice(&call.body).map_err(|_| error(400, "The body can't be read"))?;
    let Value::Array(mut records) = body else {
        return Err(error(400, "The body must be an array"));
    };
    let (Some(Value::Object(record)), true) = (records.pop(), records.is_empty()) else {
        return Err(error(400, "The body must be an array of one record"));
    };
    fields::check(&record, table).map_err(|problem| {
        let message = format!("The value of {} can't be converted", problem.field());
        error(400, &message)
    })?;
    Ok(record)
}
