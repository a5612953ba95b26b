//! The vendors. Their simulators' `keys` say more than credentials: `company` and `other_company`, the `contact` of the
//! company (a mail address), and the names that exist there (`location`, `status_new`, `status_working`, `status_waiting`,
//! `status_complete`, `priority`, `work_role`, `tech_id`), each left out where the vendor has no such thing.

use psa::{Autotask, ConnectWise, Freshdesk, HaloPsa, KaseyaBms, Psa, ServiceNow};
use serde_json::{Value, json};
use simulators::world::{Hand, Note, Ticket, World};

use crate::desk::Vendor;

fn read<T: serde::de::DeserializeOwned>(credentials: Value) -> T {
    serde_json::from_value(credentials).unwrap()
}

/// The marker of a ticket stands in a field that customers do not have.
const ELSEWHERE: fn(&mut World, &str, &str) = |_, _, _| {};

pub(crate) const AUTOTASK: Vendor = Vendor {
    name: "autotask",
    build: |http, base, keys, company| {
        let base = format!("{base}/autotask").parse().unwrap();
        Psa::Autotask(Autotask::new(http, base, read(keys), company).unwrap())
    },
    open: |world, ticket| {
        let company = ticket.company.parse().unwrap();
        let id = world
            .vendors
            .autotask
            .open(company, ticket.summary, ticket.closed, ticket.by);
        id.to_string()
    },
    write: |world, ticket, text, by| world.vendors.autotask.write(ticket.parse().unwrap(), text, by),
    describe: ELSEWHERE,
    add_location: |world, name| world.vendors.autotask.add_queue(name),
    page: 500,
    summary_limit: 255,
    tells_who_opened: true,
    sign_in: &["GET /V1.0/ZoneInformation"],
};

pub(crate) const CONNECTWISE: Vendor = Vendor {
    name: "connectwise",
    build: |http, _, keys, company| {
        let site = keys["site"].as_str().unwrap().parse().unwrap();
        Psa::ConnectWise(ConnectWise::new(http, site, read(keys), company).unwrap())
    },
    open: |world, ticket| {
        let record = |list: &str, name: &str, value: Value| {
            let mut all = world.psa.records[list].iter();
            let found = all.find(|record| record[name] == value).unwrap();
            json!({"id": found["id"], "name": found["name"]})
        };
        let status = if ticket.closed { "Closed" } else { "New" };
        let company: i64 = ticket.company.parse().unwrap();
        let properties = json!({
            "summary": ticket.summary, "closedFlag": ticket.closed, "company": record("companies", "id", json!(company)),
            "board": record("boards", "id", json!(10)), "status": record("statuses", "name", json!(status)),
        });
        let id = world.psa.next_id();
        world.psa.tickets.push(Ticket {
            id,
            properties: properties.as_object().unwrap().clone(),
            notes: Vec::new(),
            statuses: Vec::new(),
            created: Default::default(),
        });
        id.to_string()
    },
    write: |world, ticket, text, by| {
        let id = world.psa.next_id();
        let mut all = world.psa.tickets.iter_mut();
        all.find(|other| other.id.to_string() == ticket)
            .unwrap()
            .notes
            .push(Note {
                id,
                text: text.to_owned(),
                discussion: by == Hand::Customer,
                internal: by == Hand::Technician,
                resolution: false,
                created: Default::default(),
            });
    },
    describe: ELSEWHERE,
    add_location: |world, name| {
        let id = world.psa.next_id();
        let board = json!({"id": id, "name": name, "inactiveFlag": false, "projectFlag": false});
        let statuses = world.psa.records["statuses"].iter();
        let of_onboarding = statuses.filter(|status| status["board"]["id"] == 10).take(4);
        let own: Vec<Value> = of_onboarding
            .map(|status| {
                let mut status = status.clone();
                status["board"] = board.clone();
                status["id"] = json!(id * 1000 + status["id"].as_i64().unwrap());
                status
            })
            .collect();
        world.psa.records.get_mut("statuses").unwrap().extend(own);
        world.psa.records.get_mut("boards").unwrap().push(board);
    },
    page: 1000,
    summary_limit: 100,
    tells_who_opened: false,
    sign_in: &[],
};

pub(crate) const FRESHDESK: Vendor = Vendor {
    name: "freshdesk",
    build: |http, _, keys, company| {
        let address = keys["address"].as_str().unwrap().parse().unwrap();
        Psa::Freshdesk(Freshdesk::new(http, address, read(keys), company).unwrap())
    },
    open: |world, ticket| {
        let company = ticket.company.parse().unwrap();
        let id = world
            .vendors
            .freshdesk
            .open(company, ticket.summary, ticket.closed, ticket.by);
        id.to_string()
    },
    write: |world, ticket, text, by| world.vendors.freshdesk.write(ticket.parse().unwrap(), text, by),
    describe: ELSEWHERE,
    add_location: |world, name| world.vendors.freshdesk.add_group(name),
    page: 100,
    summary_limit: 255,
    tells_who_opened: true,
    sign_in: &[],
};

pub(crate) const HALOPSA: Vendor = Vendor {
    name: "halopsa",
    build: |http, _, keys, company| {
        let address = keys["address"].as_str().unwrap().parse().unwrap();
        Psa::HaloPsa(HaloPsa::new(http, address, read(keys), company).unwrap())
    },
    open: |world, ticket| {
        let client = ticket.company.parse().unwrap();
        let id = world
            .vendors
            .halopsa
            .open(client, ticket.summary, ticket.closed, ticket.by);
        id.to_string()
    },
    write: |world, ticket, text, by| world.vendors.halopsa.write(ticket.parse().unwrap(), text, by),
    describe: |world, company, text| {
        let halo = &mut world.vendors.halopsa;
        let id = halo.open(company.parse().unwrap(), "Theirs", false, Hand::Customer);
        halo.describe(id, text);
    },
    add_location: |world, name| world.vendors.halopsa.add_team(name),
    page: 100,
    summary_limit: 255,
    tells_who_opened: true,
    sign_in: &["POST /auth/token"],
};

pub(crate) const KASEYA_BMS: Vendor = Vendor {
    name: "kaseya_bms",
    build: |http, _, keys, company| {
        let address = keys["address"].as_str().unwrap().parse().unwrap();
        Psa::KaseyaBms(KaseyaBms::new(http, address, read(keys), company).unwrap())
    },
    open: |world, ticket| {
        let account = ticket.company.parse().unwrap();
        let id = world
            .vendors
            .kaseya_bms
            .open(account, ticket.summary, ticket.closed, ticket.by);
        id.to_string()
    },
    write: |world, ticket, text, by| world.vendors.kaseya_bms.write(ticket.parse().unwrap(), text, by),
    describe: |world, company, text| {
        let bms = &mut world.vendors.kaseya_bms;
        let id = bms.open(company.parse().unwrap(), "Theirs", false, Hand::Customer);
        bms.describe(id, text);
    },
    add_location: |world, name| world.vendors.kaseya_bms.add_queue(name),
    page: 100,
    summary_limit: 250,
    tells_who_opened: false,
    sign_in: &["POST /v2/security/authenticate"],
};

pub(crate) const SERVICENOW: Vendor = Vendor {
    name: "servicenow",
    build: |http, _, keys, company| {
        let address = keys["address"].as_str().unwrap().parse().unwrap();
        Psa::ServiceNow(ServiceNow::new(http, address, read(keys), company).unwrap())
    },
    open: |world, ticket| {
        let now = &mut world.vendors.servicenow;
        now.open(ticket.company, ticket.summary, ticket.closed, ticket.by)
    },
    write: |world, ticket, text, by| world.vendors.servicenow.write(ticket, text, by),
    describe: ELSEWHERE,
    add_location: |world, name| world.vendors.servicenow.add_group(name),
    page: 1000,
    summary_limit: 160,
    tells_who_opened: true,
    sign_in: &[],
};
