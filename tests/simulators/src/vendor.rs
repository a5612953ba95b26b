//! The vendors: each is one module, one line here and one field of [`Vendors`].

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::Value;

use crate::{
    autotask::{self, Autotask},
    call::{Answer, Call, Operation},
    connectwise,
    freshdesk::{self, Freshdesk},
    graph,
    halopsa::{self, HaloPsa},
    hudu::{self, Hudu},
    ingram_micro::{self, IngramMicro},
    itglue::{self, ItGlue},
    kaseya_bms::{self, KaseyaBms},
    passportal::{self, Passportal},
    pax8,
    pwpush::{self, PwPush},
    servicenow::{self, ServiceNow},
    sherweb::{self, Sherweb},
    state::State,
    td_synnex::{self, TdSynnex},
    world::{Sku, World},
};

pub struct Vendor {
    /// As Gangway's variables and the contract files name it.
    pub name: &'static str,
    /// Where it is on this server; the longest comes first, because one vendor has two.
    pub bases: &'static [&'static str],
    pub operations: &'static [Operation],
    /// An error as the vendor writes it: status, code, message.
    pub error: fn(u16, &str, &str) -> Answer,
    /// The world that the credentials of a request belong to; the text is the operation's path template.
    pub world: fn(&State, &Call, &str) -> Result<String, Answer>,
    /// What a new organisation needs to know: `credentials` as Gangway keeps them, `company`, and names where there are any.
    /// The text is this server's address.
    pub keys: fn(&World, &str) -> Value,
    /// What has become of it, for assertions.
    pub state: fn(&World) -> Value,
}

pub const VENDORS: &[&Vendor] = &[
    &graph::login::VENDOR,
    &graph::VENDOR,
    &connectwise::VENDOR,
    &autotask::VENDOR,
    &freshdesk::VENDOR,
    &halopsa::VENDOR,
    &kaseya_bms::VENDOR,
    &servicenow::VENDOR,
    &pax8::VENDOR,
    &sherweb::VENDOR,
    &ingram_micro::VENDOR,
    &td_synnex::VENDOR,
    &hudu::VENDOR,
    &itglue::VENDOR,
    &passportal::VENDOR,
    &pwpush::VENDOR,
];

/// What one organisation has at each vendor; the first ones are fields of the world itself.
pub struct Vendors {
    pub autotask: Autotask,
    pub freshdesk: Freshdesk,
    pub halopsa: HaloPsa,
    pub kaseya_bms: KaseyaBms,
    pub servicenow: ServiceNow,
    pub sherweb: Sherweb,
    pub ingram_micro: IngramMicro,
    pub td_synnex: TdSynnex,
    pub hudu: Hudu,
    pub itglue: ItGlue,
    pub passportal: Passportal,
    pub pwpush: PwPush,
}

/// Who moves in.
pub struct Newcomer<'a> {
    /// Short, unique: fit for a login or an identifier.
    pub name: &'a str,
    pub company: &'a str,
    pub domain: &'a str,
    /// What the tenant has; `enabled` is what a distributor has sold.
    pub skus: &'a [Sku],
}

impl Vendors {
    pub fn new(newcomer: &Newcomer<'_>) -> Self {
        Self {
            autotask: Autotask::new(newcomer),
            freshdesk: Freshdesk::new(newcomer),
            halopsa: HaloPsa::new(newcomer),
            kaseya_bms: KaseyaBms::new(newcomer),
            servicenow: ServiceNow::new(newcomer),
            sherweb: Sherweb::new(newcomer),
            ingram_micro: IngramMicro::new(newcomer),
            td_synnex: TdSynnex::new(newcomer),
            hudu: Hudu::new(newcomer),
            itglue: ItGlue::new(newcomer),
            passportal: Passportal::new(newcomer),
            pwpush: PwPush::new(newcomer),
        }
    }
}

/// A vendor in a rule: by its name.
#[derive(Clone, Copy)]
pub struct System(pub &'static Vendor);

impl PartialEq for System {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl std::fmt::Debug for System {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0.name)
    }
}

impl System {
    /// The vendor at a path, and its base.
    pub fn at(path: &str) -> Option<(Self, &'static str)> {
        VENDORS.iter().find_map(|vendor| {
            let mut bases = vendor.bases.iter();
            let base = bases.find(|base| path.strip_prefix(**base).is_some_and(|rest| rest.starts_with('/')))?;
            Some((Self(vendor), *base))
        })
    }

    pub fn error(self, status: u16, code: &str, message: &str) -> Answer {
        (self.0.error)(status, code, message)
    }
}

impl Serialize for System {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name)
    }
}

impl<'de> Deserialize<'de> for System {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let found = VENDORS.iter().find(|vendor| vendor.name == name);
        let all = || VENDORS.iter().map(|vendor| vendor.name).collect::<Vec<_>>().join(", ");
        found
            .map(|vendor| Self(vendor))
            .ok_or_else(|| D::Error::custom(format!("system: one of {}", all())))
    }
}
