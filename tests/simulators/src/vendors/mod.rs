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

/// Takes a list of modules, each with the type that holds what one organisation has there.
macro_rules! vendors {
    ($($module:ident: $state:ident,)*) => {
        /// What one organisation has at each vendor; at Microsoft it has the world's tenant.
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
    /// As Gangway's variables and the contract files name it.
    pub name: &'static str,
    /// Where it is on this server. All of them are described by one contract file.
    pub bases: &'static [&'static str],
    pub operations: &'static [Operation],
    /// An error as the vendor writes it: status, code, message.
    pub error: fn(u16, &str, &str) -> Response,
    /// What the vendor says to a request that no operation would take.
    pub refuse: fn(Refusal<'_>) -> Response,
    /// The world that the credentials of a request belong to; the text is the operation's path template.
    pub world: fn(&State, &Request, &str) -> Result<String, Response>,
    /// What a new organisation needs to know: `credentials` as Gangway keeps them, `company`, and names where there are any.
    /// The text is this server's address.
    pub keys: fn(&World, &str) -> Value,
    /// What has become of it, for assertions.
    pub state: fn(&World) -> Value,
    /// What people do there by hand, if it is a PSA.
    pub by_hand: Option<ByHand>,
}

/// What people do in a PSA by hand. None of it counts as an effect of Gangway's.
#[derive(Debug)]
pub struct ByHand {
    /// Somebody opens a ticket; the result is its id, or null if there is no such status.
    pub open: fn(&mut Vendors, &NewTicket<'_>) -> Value,
    /// Somebody writes a note on the ticket with this id. A customer's note can be seen by everybody.
    pub write: fn(&mut Vendors, &Value, &str, Author),
    /// Adds a board, queue, team or whatever sorts tickets there.
    pub add_location: fn(&mut Vendors, &str),
}

/// A ticket that somebody opens by hand.
pub struct NewTicket<'a> {
    /// The company's id.
    pub company: &'a str,
    pub summary: &'a str,
    pub description: Option<&'a str>,
    /// A status by its name, where the vendor's simulator takes one (ConnectWise).
    pub status: Option<&'a str>,
    pub closed: bool,
    pub by: Author,
}

impl<'a> NewTicket<'a> {
    /// An open ticket of a technician's.
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

/// The organisation that a world is for.
pub struct Organisation<'a> {
    /// Short, unique: fit for a login or an identifier.
    pub name: &'a str,
    pub company: &'a str,
    pub domain: &'a str,
    /// What the tenant has; `enabled` is what a distributor has sold.
    pub skus: &'a [Sku],
}

/// Vendors are told apart by their names.
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

/// A vendor in a rule, by its name.
pub fn by_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static Vendor, D::Error> {
    let name = String::deserialize(deserializer)?;
    let all = || VENDORS.iter().map(|vendor| vendor.name).collect::<Vec<_>>().join(", ");
    Vendor::named(&name).ok_or_else(|| D::Error::custom(format!("system: one of {}", all())))
}
