//! The tables of a new world: two companies, users with the same address in both, groups, and the choices of fields.

use serde_json::{Map, Value, json};

use crate::{vendors::Organisation, world::secret};

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
    // These choices belong to other kinds of tasks, not to incidents.
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

/// A record with an id of its own, unless the fields contain one.
pub fn record(fields: &[(&str, &str)]) -> Value {
    let mut record = Map::new();
    record.insert("sys_id".to_owned(), json!(secret()));
    for (name, value) in fields {
        record.insert((*name).to_owned(), json!(value));
    }
    Value::Object(record)
}

pub fn lists(organisation: &Organisation<'_>, company: &str, other_company: &str) -> Vec<(&'static str, Vec<Value>)> {
    let user = |login: &str, local: &str, company: &str| {
        let mail = format!("{local}@{}", organisation.domain);
        record(&[
            ("user_name", login),
            ("email", &mail),
            ("name", login),
            ("active", "true"),
            ("company", company),
        ])
    };
    let group = |name: &str, active: &str| record(&[("name", name), ("active", active)]);
    vec![
        (
            "core_company",
            vec![
                record(&[("sys_id", other_company), ("name", "Somebody Else")]),
                record(&[("sys_id", company), ("name", organisation.company)]),
            ],
        ),
        (
            "sys_user",
            vec![
                user("xmorgan.manager", "mmanager", other_company),
                user("morgan.manager", "mmanager", company),
                user("terry.technician", "tech", other_company),
            ],
        ),
        (
            "sys_user_group",
            vec![
                group("Onboarding", "true"),
                group("Help Desk", "true"),
                group("Long Gone", "false"),
            ],
        ),
        ("sys_choice", choices()),
    ]
}

fn choices() -> Vec<Value> {
    let choice = |table: &str, element: &str, label: &str, value: &str, inactive: &str| {
        record(&[
            ("name", table),
            ("element", element),
            ("label", label),
            ("value", value),
            ("sequence", value),
            ("inactive", inactive),
        ])
    };
    let gone = choice("incident", "state", "Awaiting Evidence", "5", "true");
    let all = CHOICES.iter().flat_map(|(table, element, all)| {
        let all = all.iter();
        all.map(move |(label, value)| choice(table, element, label, value, "false"))
    });
    [gone].into_iter().chain(all).collect()
}
