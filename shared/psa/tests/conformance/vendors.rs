//! The vendors under test. The simulators' `keys` contain more than credentials: `company` and `other_company`, the
//! mail address of the company's `contact`, and existing names (`location`, `status_new`, `status_working`,
//! `status_waiting`, `status_complete`, `priority`, `work_role`, `tech_id`). A name is missing if the vendor has no
//! such thing.

use psa::{Autotask, ConnectWise, Freshdesk, HaloPsa, KaseyaBms, Psa, ServiceNow};
use serde_json::Value;

use crate::fixture::Vendor;

fn read<T: serde::de::DeserializeOwned>(credentials: Value) -> T {
    serde_json::from_value(credentials).unwrap()
}

pub(crate) const AUTOTASK: Vendor = Vendor {
    name: "autotask",
    build: |http, base, keys, company| {
        let base = format!("{base}/autotask").parse().unwrap();
        Psa::Autotask(Autotask::new(http, base, read(keys), company).unwrap())
    },
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
    page: 1000,
    summary_limit: 160,
    tells_who_opened: true,
    sign_in: &[],
};
