//! The vendors. Each is one module with a `VENDOR`, and two lines below.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::Value;

use crate::{
    request::{Operation, Refusal, Request, Response},
    state::State,
    world::{Author, Sku, World},
};

pub mod autotask;
pub mod connectwise;
pub mod freshdesk;
pub mod graph;
pub mod halopsa;
pub mod hudu;
pub mod ingram_micro;
pub mod itglue;
pub mod kaseya_bms;
pub mod passportal;
pub mod pax8;
pub mod pwpush;
pub mod servicenow;
pub mod sherweb;
pub mod td_synnex;

/// Takes a list of modules, each with the type that holds an organisation's data at the vendor.
macro_rules! vendors {
    ($($module:ident: $state:ident,)*) => {
        /// The organisation's data at each vendor. At Microsoft it has the world's tenant.
        pub struct Vendors {
            $(pub $module: $module::$state,)*
        }

        impl Vendors {
            pub fn new(organisation: &Organisation<'_>) -> Self {
                Self { $($module: $module::$state::new(organisation),)* }
            }
        }

        pub const VENDORS: &[&Vendor] = &[&graph::login::VENDOR, &graph::VENDOR, $(&$module::VENDOR,)*];
    };
}

vendors! {
    connectwise: ConnectWise,
    autotask: Autotask,
    freshdesk: Freshdesk,
    halopsa: HaloPsa,
    kaseya_bms: KaseyaBms,
    servicenow: ServiceNow,
    pax8: Pax8,
    sherweb: Sherweb,
    ingram_micro: IngramMicro,
    td_synnex: TdSynnex,
    hudu: Hudu,
    itglue: ItGlue,
    passportal: Passportal,
    pwpush: PwPush,
}

pub struct Vendor {
    /// The vendor's name in Gangway's variables and contract files.
    pub name: &'static str,
    /// The vendor's paths on this server. One contract file describes all of them.
    pub bases: &'static [&'static str],
    pub operations: &'static [Operation],
    /// Writes an error as the vendor does: status, code, message.
    pub error: fn(u16, &str, &str) -> Response,
    /// Writes the vendor's answer to a request that no operation would take.
    pub refuse: fn(Refusal<'_>) -> Response,
    /// Finds the world that a request's credentials belong to. The text is the operation's path template.
    pub world: fn(&State, &Request, &str) -> Result<String, Response>,
    /// Returns what a new organisation needs to know: `credentials` as Gangway stores them, `company`, and names if
    /// there are any. The text is this server's address.
    pub keys: fn(&World, &str) -> Value,
    /// Returns the organisation's state at the vendor, for assertions.
    pub state: fn(&World) -> Value,
    /// What people do at the vendor by hand, if it is a PSA.
    pub by_hand: Option<ByHand>,
}

/// What people do at a PSA by hand. None of it counts as an effect.
#[derive(Debug)]
pub struct ByHand {
    /// Opens a ticket. Returns its id, or null if there is no such status.
    pub open: fn(&mut Vendors, &NewTicket<'_>) -> Value,
    /// Writes a note on the ticket with this id. Everybody can see a customer's note.
    pub write: fn(&mut Vendors, &Value, &str, Author),
    /// Adds a board, a queue, a team, or whatever the PSA sorts tickets into.
    pub add_location: fn(&mut Vendors, &str),
}

/// A ticket that somebody opens by hand.
pub struct NewTicket<'a> {
    /// The id of the company.
    pub company: &'a str,
    pub summary: &'a str,
    pub description: Option<&'a str>,
    /// The name of a status, if the vendor's simulator takes one (ConnectWise does).
    pub status: Option<&'a str>,
    pub closed: bool,
    pub by: Author,
}

impl<'a> NewTicket<'a> {
    /// An open ticket by a technician.
    pub fn by_technician(company: &'a str, summary: &'a str) -> Self {
        Self {
            company,
            summary,
            description: None,
            status: None,
            closed: false,
            by: Author::Technician,
        }
    }
}

/// The organisation that a world is made for.
pub struct Organisation<'a> {
    /// A short and unique name, usable in a login or an identifier.
    pub name: &'a str,
    pub company: &'a str,
    pub domain: &'a str,
    /// The SKUs of the tenant. `enabled` is the number that a distributor has sold.
    pub skus: &'a [Sku],
}

/// Vendors are equal if their names are.
impl PartialEq for Vendor {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl std::fmt::Debug for Vendor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

impl Vendor {
    pub fn named(name: &str) -> Option<&'static Self> {
        VENDORS.iter().copied().find(|vendor| vendor.name == name)
    }
}

impl Serialize for Vendor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

/// Deserializes a vendor in a rule from its name.
pub fn by_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static Vendor, D::Error> {
    let name = String::deserialize(deserializer)?;
    let all = || VENDORS.iter().map(|vendor| vendor.name).collect::<Vec<_>>().join(", ");
    Vendor::named(&name).ok_or_else(|| D::Error::custom(format!("system: one of {}", all())))
}
