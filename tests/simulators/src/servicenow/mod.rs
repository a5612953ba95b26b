//! ServiceNow: one API for all tables. Every value is a text, as the Table API gives them.

pub mod incidents;
pub mod query;

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};

use self::query::Query;
use crate::{
    call::{Answer, Call, Operation, Outcome},
    state::State,
    vendor::{Newcomer, Vendor},
    world::{World, secret},
};

pub const VENDOR: Vendor = Vendor {
    name: "servicenow",
    bases: &["/servicenow/api/now"],
    operations: OPERATIONS,
    error: |status, _, message| error(status, message, ""),
    world,
    keys,
    state: |world| {
        let now = &world.vendors.servicenow;
        let all = now.table("incident").iter();
        json!({"tickets": all.map(|incident| incidents::state(now, incident)).collect::<Vec<_>>()})
    },
};

const OPERATIONS: &[Operation] = &[
    ("GET", "/table/{tableName}", list),
    ("POST", "/table/{tableName}", incidents::create),
    ("GET", "/table/{tableName}/{sys_id}", get),
    ("PATCH", "/table/{tableName}/{sys_id}", incidents::patch),
];

pub type Record = BTreeMap<&'static str, String>;

/// What one MSP has there.
pub struct ServiceNow {
    user_name: String,
    password: String,
    company: String,
    other_company: String,
    tables: BTreeMap<&'static str, Vec<Record>>,
    last_number: u32,
}

/// The name of a field and, where it refers to a record of another table, that table.
type Fields = &'static [(&'static str, Option<&'static str>)];

const TABLES: &[(&str, Fields)] = &[
    ("core_company", &[("sys_id", None), ("name", None)]),
    (
        "sys_user",
        &[
            ("sys_id", None),
            ("user_name", None),
            ("email", None),
            ("name", None),
            ("active", None),
            ("company", Some("core_company")),
        ],
    ),
    ("sys_user_group", &[("sys_id", None), ("name", None), ("active", None)]),
    (
        "sys_choice",
        &[
            ("sys_id", None),
            ("name", None),
            ("element", None),
            ("value", None),
            ("label", None),
            ("sequence", None),
            ("inactive", None),
        ],
    ),
    (
        "sys_journal_field",
        &[
            ("sys_id", None),
            ("name", None),
            ("element", None),
            ("element_id", None),
            ("value", None),
            ("sys_created_on", None),
            ("sys_created_by", None),
        ],
    ),
    ("incident", incidents::FIELDS),
];

/// The choices of a field: label and value.
type Choices = &'static [(&'static str, &'static str)];

const CHOICES: &[(&str, &str, Choices)] = &[
    (
        "incident",
        "state",
        &[
            ("New", "1"),
            ("In Progress", "2"),
            ("On Hold", "3"),
            ("Resolved", "6"),
            ("Closed", "7"),
            ("Canceled", "8"),
        ],
    ),
    // What tasks of other kinds have: not an incident's.
    (
        "task",
        "state",
        &[
            ("Pending", "-5"),
            ("Open", "1"),
            ("Work in Progress", "2"),
            ("Closed Complete", "3"),
        ],
    ),
    (
        "task",
        "priority",
        &[
            ("1 - Critical", "1"),
            ("2 - High", "2"),
            ("3 - Moderate", "3"),
            ("4 - Low", "4"),
            ("5 - Planning", "5"),
        ],
    ),
    (
        "incident",
        "close_code",
        &[
            ("Duplicate", "Duplicate"),
            ("Resolved by request", "Resolved by request"),
            ("Solution provided", "Solution provided"),
        ],
    ),
];

fn record<const N: usize>(fields: [(&'static str, &str); N]) -> Record {
    let with_id = [("sys_id", secret())].into_iter();
    let fields = fields.map(|(name, value)| (name, value.to_owned()));
    with_id.chain(fields).collect()
}

impl ServiceNow {
    pub fn new(newcomer: &Newcomer<'_>) -> Self {
        let (ours, theirs) = (
            record([("name", newcomer.company)]),
            record([("name", "Somebody Else")]),
        );
        let user = |login: &str, local: &str, company: &Record| {
            let mail = format!("{local}@{}", newcomer.domain);
            record([
                ("user_name", login),
                ("email", &mail),
                ("name", login),
                ("active", "true"),
                ("company", &company["sys_id"]),
            ])
        };
        let users = vec![
            user("xmorgan.manager", "mmanager", &theirs),
            user("morgan.manager", "mmanager", &ours),
            user("terry.technician", "tech", &theirs),
        ];
        let group = |name: &str, active: &str| record([("name", name), ("active", active)]);
        let groups = vec![
            group("Onboarding", "true"),
            group("Help Desk", "true"),
            group("Long Gone", "false"),
        ];
        let mut choices = vec![choice("incident", "state", "Awaiting Evidence", "5", "true")];
        for (table, element, all) in CHOICES {
            choices.extend(
                all.iter()
                    .map(|(label, value)| choice(table, element, label, value, "false")),
            );
        }
        let (company, other_company) = (ours["sys_id"].clone(), theirs["sys_id"].clone());
        Self {
            user_name: format!("gangway.{}", secret()),
            password: secret(),
            company,
            other_company,
            tables: BTreeMap::from([
                ("core_company", vec![theirs, ours]),
                ("sys_user", users),
                ("sys_user_group", groups),
                ("sys_choice", choices),
                ("sys_journal_field", Vec::new()),
                ("incident", Vec::new()),
            ]),
            last_number: 10_000,
        }
    }

    pub fn table(&self, name: &str) -> &[Record] {
        self.tables.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    fn push(&mut self, table: &'static str, record: Record) {
        self.tables.entry(table).or_default().push(record);
    }

    /// A field of the record with this id.
    fn look_up(&self, table: &str, id: &str, field: &str) -> Option<&str> {
        let found = self.table(table).iter().find(|record| record["sys_id"] == id)?;
        found.get(field).map(String::as_str)
    }

    pub fn add_group(&mut self, name: &str) {
        self.push("sys_user_group", record([("name", name), ("active", "true")]));
    }
}

fn choice(table: &str, element: &str, label: &str, value: &str, inactive: &str) -> Record {
    record([
        ("name", table),
        ("element", element),
        ("label", label),
        ("value", value),
        ("sequence", value),
        ("inactive", inactive),
    ])
}

fn error(status: u16, message: &str, detail: &str) -> Answer {
    Answer::json(
        status,
        json!({"error": {"message": message, "detail": detail}, "status": "failure"}),
    )
}

fn bad(detail: &str) -> Answer {
    error(400, "Invalid request", detail)
}

fn not_found() -> Answer {
    error(
        404,
        "No Record found",
        "Record doesn't exist or ACL restricts the record retrieval",
    )
}

fn world(state: &State, call: &Call, _template: &str) -> Result<String, Answer> {
    let refused = || error(401, "User Not Authenticated", "Required to provide Auth information");
    let encoded = call
        .header("authorization")
        .and_then(|value| value.strip_prefix("Basic "));
    let decoded = BASE64_STANDARD
        .decode(encoded.ok_or_else(refused)?)
        .map_err(|_| refused())?;
    let found = state.worlds.values().find(|world| {
        let now = &world.vendors.servicenow;
        decoded == format!("{}:{}", now.user_name, now.password).as_bytes()
    });
    found.map(|world| world.name.clone()).ok_or_else(refused)
}

fn keys(world: &World, base: &str) -> Value {
    let now = &world.vendors.servicenow;
    json!({
        "credentials": {
            "address": format!("{base}/servicenow"), "user_name": now.user_name, "password": now.password,
        },
        "company": now.company, "other_company": now.other_company, "contact": format!("mmanager@{}", world.domain()),
        "location": "Onboarding", "status_new": "New", "status_working": "In Progress", "status_waiting": "On Hold",
        "status_complete": "Resolved", "priority": "3 - Moderate", "tech_id": "terry.technician",
    })
}

fn fields_of(call: &Call) -> Result<(&'static str, Fields), Answer> {
    let found = TABLES.iter().find(|(name, _)| *name == call.param(0));
    found
        .copied()
        .ok_or_else(|| error(400, &format!("Invalid table {}", call.param(0)), ""))
}

const SHAPE: [&str; 2] = ["sysparm_fields", "sysparm_exclude_reference_link"];

fn only_query(call: &Call, known: &[&str]) -> Result<(), Answer> {
    call.unknown_query(&[&SHAPE[..], known].concat())
        .map_or(Ok(()), |name| Err(bad(&format!("{name} is not known"))))
}

/// As `sysparm_fields` wants it; a reference is an object unless that is switched off.
fn view(call: &Call, fields: Fields, record: &Record) -> Result<Value, Answer> {
    let plain = call.query("sysparm_exclude_reference_link") == Some("true");
    let all = fields.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(",");
    let mut view = Map::new();
    for name in call.query("sysparm_fields").unwrap_or(&all).split(',') {
        let Some((name, of)) = fields.iter().find(|field| field.0 == name) else {
            return Err(bad(&format!("There is no field {name}")));
        };
        let value = record.get(name).cloned().unwrap_or_default();
        let shown = match of {
            Some(table) if !plain && !value.is_empty() => {
                json!({"link": format!("{}/table/{table}/{value}", call.base), "value": value})
            }
            _ => json!(value),
        };
        view.insert((*name).to_owned(), shown);
    }
    Ok(Value::Object(view))
}

fn list(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &["sysparm_query", "sysparm_limit", "sysparm_offset"])?;
    let (table, fields) = fields_of(call)?;
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let query = Query::parse(call.query("sysparm_query").unwrap_or_default(), &names).map_err(|why| bad(&why))?;
    let number = |name: &str, default: usize| {
        let parsed = call.query(name).map(str::parse).transpose();
        parsed.map_err(|_| bad(name)).map(|number| number.unwrap_or(default))
    };
    let (limit, offset) = (number("sysparm_limit", 10_000)?, number("sysparm_offset", 0)?);
    let mut found = query.of(world.vendors.servicenow.table(table));
    found.retain(|record| !world.is_hidden(&record["sys_id"]));
    let shown = found.iter().skip(offset).take(limit);
    let shown = shown
        .map(|record| view(call, fields, record))
        .collect::<Result<Vec<_>, _>>()?;
    let answer = Answer::json(200, json!({ "result": shown }));
    Ok(answer.with_header("x-total-count", found.len().to_string()))
}

fn find(world: &mut World, call: &Call) -> Result<usize, Answer> {
    let id = call.param(1);
    if world.is_hidden(id) {
        return Err(not_found());
    }
    let mut all = world.vendors.servicenow.table(call.param(0)).iter();
    all.position(|record| record["sys_id"] == id).ok_or_else(not_found)
}

fn get(world: &mut World, call: &Call) -> Outcome {
    only_query(call, &[])?;
    let (table, fields) = fields_of(call)?;
    let index = find(world, call)?;
    let record = &world.vendors.servicenow.table(table)[index];
    Ok(Answer::json(200, json!({ "result": view(call, fields, record)? })))
}
