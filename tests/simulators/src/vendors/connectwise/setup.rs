//! The lists of a new world: two boards with their statuses, our company and another one, people.

use serde_json::{Value, json};

use crate::{
    records::fields,
    vendors::{Organisation, Vendors},
};

/// The company of the world's organisation.
pub const OWN_COMPANY: i64 = 20;

pub fn lists(organisation: &Organisation<'_>) -> Vec<(&'static str, Vec<Value>)> {
    let company = json!({"id": OWN_COMPANY, "identifier": organisation.name, "name": organisation.company});
    let other_company = json!({"id": 21, "identifier": "other", "name": "Somebody Else"});
    let contact = |id: i64, first: &str, last: &str| {
        let address = format!("{}{last}@{}", &first[..1], organisation.domain).to_lowercase();
        json!({
            "id": id, "firstName": first, "lastName": last, "name": format!("{first} {last}"), "company": company,
            "site": {"id": 151, "name": "Main"}, "inactiveFlag": false,
            "communicationItems": [{"id": id + 1000, "type": {"id": 1, "name": "Email"}, "value": address,
                "defaultFlag": true, "communicationType": "Email"}],
        })
    };
    vec![
        ("boards", vec![board(10, "Onboarding"), board(11, "Help Desk")]),
        ("statuses", statuses()),
        ("types", types()),
        ("priorities", priorities()),
        (
            "sources",
            vec![
                json!({"id": 141, "name": "Call", "defaultFlag": true}),
                json!({"id": 142, "name": "Portal", "defaultFlag": false}),
            ],
        ),
        (
            "sites",
            vec![
                json!({"id": 151, "name": "Main", "company": company, "primaryAddressFlag": true, "inactiveFlag": false}),
            ],
        ),
        (
            "contacts",
            vec![contact(161, "Morgan", "Manager"), contact(162, "Alex", "Approver")],
        ),
        (
            "members",
            vec![json!({"id": 171, "identifier": "ttech", "name": "Terry Technician"})],
        ),
        ("workRoles", vec![json!({"id": 181, "name": "Engineer"})]),
        ("companies", vec![company, other_company]),
    ]
}

fn board(id: i64, name: &str) -> Value {
    json!({"id": id, "name": name, "inactiveFlag": false, "projectFlag": false})
}

fn statuses() -> Vec<Value> {
    let status = |id: i64, name: &str, default: bool, closed: bool| {
        json!({
            "id": id, "name": name, "board": {"id": 10, "name": "Onboarding"}, "sortOrder": id, "displayOnBoard": !closed,
            "inactive": false, "closedStatus": closed, "defaultFlag": default, "timeEntryNotAllowed": false,
        })
    };
    let other = json!({"id": 11, "name": "Help Desk"});
    vec![
        status(101, "New", true, false),
        status(102, "In Progress", false, false),
        status(103, "Waiting", false, false),
        status(104, "Closed", false, true),
        json!({"id": 111, "name": "New", "board": other, "sortOrder": 1, "closedStatus": false, "defaultFlag": false}),
        json!({"id": 112, "name": "Closed", "board": other, "sortOrder": 2, "closedStatus": true, "defaultFlag": false}),
    ]
}

fn types() -> Vec<Value> {
    let board = json!({"id": 10, "name": "Onboarding"});
    vec![
        json!({"id": 121, "name": "New User", "board": board, "defaultFlag": true, "inactiveFlag": false}),
        json!({"id": 122, "name": "Leaver", "board": board, "defaultFlag": false, "inactiveFlag": false}),
    ]
}

fn priorities() -> Vec<Value> {
    let priority = |order: i64, name: &str, color: &str| json!({"id": 130 + order, "name": format!("Priority {order} - {name}"), "color": color, "sortOrder": order, "defaultFlag": order == 3});
    vec![
        priority(1, "Critical", "Red"),
        priority(2, "High", "Orange"),
        priority(3, "Medium", "Yellow"),
        priority(4, "Low", "Green"),
    ]
}

/// Adds a board with the Onboarding board's statuses.
pub fn add_board(vendors: &mut Vendors, name: &str) {
    let records = &mut vendors.connectwise.records;
    let id = records.next_id();
    let board = board(id, name);
    let statuses = records.list("statuses").iter();
    let onboarding = statuses.filter(|status| status["board"]["id"] == 10).take(4);
    let own: Vec<_> = onboarding.map(|status| status.fields.clone()).collect();
    for mut status in own {
        let number = status.get("id").and_then(Value::as_i64).unwrap_or_default();
        status.insert("id".to_owned(), json!(id * 1000 + number));
        status.insert("board".to_owned(), board.clone());
        records.add("statuses", status);
    }
    records.add("boards", fields(board));
}
