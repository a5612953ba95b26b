//! HaloPSA: errors, and the lists that tickets refer to. Lists show some ids as fractions (95.0), as the real HaloPSA
//! does, and requests with such ids are refused.

pub mod fields;
pub mod query;
pub mod sign_in;
pub mod tickets;

use serde_json::{Value, json};

use self::query::{PAGING, page};
use crate::{
    records::Records,
    request::{Operation, Refusal, Reply, Request, Response},
    vendors::{ByHand, Organisation, Vendor, Vendors},
    world::{Token, World, id},
};

pub const VENDOR: Vendor = Vendor {
    name: "halopsa",
    bases: &["/halopsa/api", "/halopsa"],
    operations: OPERATIONS,
    error: |status, _, message| error(status, message),
    refuse,
    world: sign_in::world,
    keys,
    state: tickets::state,
    by_hand: Some(ByHand {
        open: tickets::open,
        write: tickets::write,
        add_location: |vendors: &mut Vendors, name| {
            let team = json!({ "name": name });
            vendors.halopsa.records.add("teams", crate::records::fields(team));
        },
    }),
};

const OPERATIONS: &[Operation] = &[
    ("POST", sign_in::TOKEN, sign_in::token),
    ("GET", "/Tickets", tickets::list),
    ("POST", "/Tickets", tickets::save),
    ("GET", "/Tickets/{id}", tickets::get),
    ("GET", "/Actions", tickets::list_actions),
    ("POST", "/Actions", tickets::create_action),
    ("GET", "/Client/{id}", client),
    ("GET", "/Users", users),
    ("GET", "/Team", |world, request| {
        names(world, request, &["showall", "type"], "teams")
    }),
    ("GET", "/Status", |world, request| {
        names(world, request, &["showall", "type", "tickettype_id"], "statuses")
    }),
    ("GET", "/Priority", priorities),
    ("GET", "/TicketType", |world, request| {
        names(world, request, &["client_id", "showall"], "ticket types")
    }),
];

const CLOSED: i64 = 9;
const AGENT: i64 = 5;

/// What one MSP has at HaloPSA: clients 20 (the organisation) and 21.
pub struct HaloPsa {
    tenant: String,
    client_id: String,
    client_secret: String,
    tokens: Vec<Token>,
    pub records: Records,
}

impl HaloPsa {
    pub fn new(organisation: &Organisation<'_>) -> Self {
        let user = |id, name: &str, local: &str, client, site: f64| {
            json!({
                "id": id, "name": name, "client_id": client, "site_id": site, "inactive": false,
                "emailaddress": format!("{local}@{}", organisation.domain),
            })
        };
        let users = vec![
            user(161, "Morgan Manager", "mmanager", 20, 95.0),
            user(162, "Alex Approver", "aapprover", 20, 95.0),
            user(163, "Morgan Elsewhere", "xmmanager", 21, 96.0),
        ];
        let lists = vec![
            ("clients", named(&[(20, organisation.company), (21, "Somebody Else")])),
            ("users", users),
            ("agents", named(&[(AGENT, "Terry Technician")])),
            ("teams", named(&[(31, "Onboarding"), (32, "Help Desk")])),
            (
                "statuses",
                named(&[(1, "New"), (2, "In Progress"), (4, "Waiting"), (CLOSED, "Closed")]),
            ),
            (
                "priorities",
                named(&[(1, "Critical"), (2, "High"), (3, "Medium"), (4, "Low")]),
            ),
            (
                "ticket types",
                named(&[(1, "Incident"), (3, "Service Request"), (4, "Problem")]),
            ),
        ];
        Self {
            tenant: organisation.name.to_owned(),
            client_id: id(),
            client_secret: format!("{}-{}", id(), id()),
            tokens: Vec::new(),
            records: Records::new("id", 2000, lists),
        }
    }
}

fn named(records: &[(i64, &str)]) -> Vec<Value> {
    let records = records.iter();
    records.map(|(id, name)| json!({"id": id, "name": name})).collect()
}

fn error(status: u16, message: &str) -> Response {
    Response::json(status, json!({"ClassName": "System.Exception", "Message": message}))
}

fn refuse(refusal: Refusal<'_>) -> Response {
    match refusal {
        Refusal::UnknownParameter(name) => error(400, &format!("The parameter {name} is not supported")),
        Refusal::InvalidParameter(name) => error(400, &format!("The value of {name} is not valid")),
        Refusal::InvalidId => error(400, "The value of id is not valid"),
        Refusal::NotFound(what) => error(404, &format!("There is no such {what}")),
        Refusal::MediaType => error(415, "The media type is not supported"),
        Refusal::Body => error(400, "The body must be an array of one record"),
        Refusal::UnknownField(field) | Refusal::InvalidField(field) => {
            error(400, &format!("The value of {field} can't be converted"))
        }
    }
}

fn keys(world: &World, base: &str) -> Value {
    let keys = &world.vendors.halopsa;
    json!({
        "credentials": {
            "address": format!("{base}/halopsa"), "client_id": keys.client_id, "client_secret": keys.client_secret,
            "tenant": keys.tenant,
        },
        "company": "20", "other_company": "21", "contact": format!("mmanager@{}", world.domain()),
        "location": "Onboarding", "status_new": "New", "status_working": "In Progress", "status_waiting": "Waiting",
        "status_complete": "Closed", "priority": "Medium", "work_role": "Service Request", "tech_id": AGENT.to_string(),
    })
}

fn names(world: &World, request: &Request, known: &[&str], list: &str) -> Reply {
    request.only_query(known)?;
    let all = world.vendors.halopsa.records.values(list);
    Ok(Response::json(200, Value::Array(all)))
}

/// A row for each priority of each SLA. A row's id is a GUID; tickets take `priorityid`.
fn priorities(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["includedistinct", "slaid"])?;
    let priorities = world.vendors.halopsa.records.list("priorities");
    let rows = [1, 2].into_iter().flat_map(|sla| {
        priorities.iter().map(move |priority| {
            let number = priority["id"].as_i64().unwrap_or_default();
            json!({"id": format!("00000000-0000-4000-8000-00000000{sla:02}{number:02}"), "priorityid": number,
                "slaid": sla, "name": priority["name"], "isdefault": number == 4})
        })
    });
    Ok(Response::json(200, rows.collect()))
}

fn client(world: &mut World, request: &Request) -> Reply {
    request.only_query(&["includedetails"])?;
    let wanted = json!(request.id()?);
    let client = world.vendors.halopsa.records.find("clients", &wanted);
    let client = client.ok_or_else(|| request.not_found("client"))?;
    Ok(Response::json(
        200,
        json!({"id": wanted, "name": client["name"], "inactive": false}),
    ))
}

fn users(world: &mut World, request: &Request) -> Reply {
    request.only_query(&[&PAGING[..], &["client_id", "search", "includeinactive"]].concat())?;
    let client: Option<i64> = request.value("client_id")?;
    let text = request.query("search").unwrap_or_default().to_lowercase();
    let has = |user: &Value, field: &str| user[field].as_str().unwrap_or_default().to_lowercase().contains(&text);
    let mut found = world.vendors.halopsa.records.values("users");
    found.retain(|user| {
        client.is_none_or(|client| user["client_id"] == client) && (has(user, "emailaddress") || has(user, "name"))
    });
    page(request, "users", found)
}
