//! A world: everything that one organisation has at the vendors, separate from every other organisation.

use std::{collections::BTreeMap, time::Instant};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    fields::is_uuid,
    render::Active,
    vendors::{
        Vendors,
        graph::{license_groups::Joining, mfa::Mfa},
    },
};

pub struct World {
    pub name: String,
    pub created: DateTime<Utc>,
    pub tenant: Tenant,
    pub vendors: Vendors,
    /// How many reads of /subscribedSkus still show the old number after seats were bought.
    pub seat_delay: u32,
    pub pending_seats: Vec<PendingSeats>,
    /// Objects that were created and cannot be read yet.
    pub hidden: Hidden,
    /// How often each effect happened.
    pub effects: BTreeMap<&'static str, u32>,
    /// What clients sent that would be more than text where the vendor shows it.
    pub active: Vec<Active>,
    pub requests: Vec<LoggedRequest>,
}

impl World {
    pub fn count(&mut self, effect: &'static str) {
        *self.effects.entry(effect).or_default() += 1;
    }

    pub fn domain(&self) -> String {
        format!("{}.example", self.name)
    }

    /// Whether the object cannot be seen yet. Each call that returns true counts as one of the reads for which it
    /// stays hidden.
    pub fn is_hidden(&mut self, key: &str) -> bool {
        self.hidden.hides(key)
    }

    pub fn buy_seats(&mut self, sku_id: &str, quantity: i64, reads: u32) {
        self.pending_seats.push(PendingSeats {
            sku_id: sku_id.to_owned(),
            quantity,
            reads,
        });
        if reads == 0 {
            self.deliver_seats();
        }
    }

    /// Adds the seats that are due to the tenant.
    pub fn deliver_seats(&mut self) {
        let pending = std::mem::take(&mut self.pending_seats);
        for seats in pending {
            if seats.reads > 0 {
                self.pending_seats.push(PendingSeats {
                    reads: seats.reads - 1,
                    ..seats
                });
            } else if let Some(sku) = self.tenant.skus.iter_mut().find(|sku| sku.id == seats.sku_id) {
                sku.enabled += seats.quantity;
                sku.in_tenant = true;
            }
        }
    }
}

/// Who opens a ticket or writes a note by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// One of the MSP's own people.
    Technician,
    /// A contact of the customer, by the portal or by mail.
    Customer,
}

/// Objects that were created and cannot be read yet: their ids and names, and for how many reads.
#[derive(Default)]
pub struct Hidden(Vec<(Vec<String>, u32)>);

impl Hidden {
    pub fn add(&mut self, keys: Vec<String>, reads: u32) {
        self.0.push((keys, reads));
    }

    /// Whether the object cannot be seen yet. Each call that returns true counts as one of the reads for which it
    /// stays hidden.
    pub fn hides(&mut self, key: &str) -> bool {
        let mut all = self.0.iter_mut();
        match all.find(|(keys, _)| keys.iter().any(|known| known.eq_ignore_ascii_case(key))) {
            Some((_, reads)) if *reads > 0 => {
                *reads -= 1;
                true
            }
            _ => false,
        }
    }
}

pub struct PendingSeats {
    pub sku_id: String,
    pub quantity: i64,
    pub reads: u32,
}

#[derive(Debug, Clone, Serialize)]
pub struct LoggedRequest {
    pub at: DateTime<Utc>,
    pub system: &'static str,
    pub method: String,
    pub path: String,
    pub operation: String,
    /// Whether the request had a header of that name.
    pub authorization: bool,
    pub status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<&'static str>,
}

/// A Microsoft 365 tenant.
pub struct Tenant {
    pub id: String,
    pub display_name: String,
    pub client_id: String,
    pub client_secret: String,
    pub tokens: Vec<Token>,
    pub domains: Vec<Domain>,
    pub users: Vec<User>,
    pub skus: Vec<Sku>,
    pub groups: Vec<Group>,
    pub joining: Joining,
    pub license_rules: Vec<LicenseRule>,
    pub mfa: Mfa,
}

/// A license that a user cannot have.
pub struct LicenseRule {
    pub sku_id: String,
    /// Microsoft's name for the error, such as `DependencyViolation`.
    pub error: String,
    /// The license that avoids the error, if there is one.
    pub unless: Option<String>,
}

impl Tenant {
    /// Finds a user by object id or user principal name. Deleted users are not found.
    pub fn user(&self, key: &str) -> Option<&User> {
        self.users.iter().find(|user| user.deleted.is_none() && user.is(key))
    }

    pub fn user_mut(&mut self, key: &str) -> Option<&mut User> {
        self.users
            .iter_mut()
            .find(|user| user.deleted.is_none() && user.is(key))
    }

    pub fn sku(&self, id: &str) -> Option<&Sku> {
        self.skus
            .iter()
            .find(|sku| sku.in_tenant && sku.id.eq_ignore_ascii_case(id))
    }

    pub fn consumed(&self, sku: &Sku) -> i64 {
        let users = self
            .users
            .iter()
            .filter(|user| user.deleted.is_none() && user.has(&sku.id))
            .count();
        i64::try_from(users).unwrap_or(i64::MAX) + sku.taken_elsewhere
    }

    pub fn free(&self, sku: &Sku) -> i64 {
        sku.enabled - self.consumed(sku)
    }

    /// Somebody else takes seats until only `leave` are free.
    pub fn take_seats(&mut self, sku_id: Option<&str>, leave: i64) {
        for index in 0..self.skus.len() {
            let sku = &self.skus[index];
            if sku_id.is_none_or(|id| sku.id == id || sku.part == id) {
                let taken = (self.free(sku) - leave).max(0);
                self.skus[index].taken_elsewhere += taken;
            }
        }
    }
}

pub struct Token {
    pub value: String,
    pub issued: Instant,
    pub seconds: u64,
}

impl Token {
    pub fn new(seconds: u64) -> Self {
        // Two ids of the usual length. Their content has a meaning for the vendor only.
        Self {
            value: format!("{}{}", secret(), secret()),
            issued: Instant::now(),
            seconds,
        }
    }

    pub fn is(&self, value: &str) -> bool {
        self.value == value && self.issued.elapsed().as_secs() < self.seconds
    }
}

pub struct Domain {
    pub name: String,
    pub is_default: bool,
    pub is_initial: bool,
}

pub struct User {
    pub id: String,
    /// The properties that Graph shows, except those in the fields below.
    pub properties: Map<String, Value>,
    /// The password, as a directory keeps it. It is never shown or logged.
    pub password: String,
    pub must_change_password: bool,
    pub licenses: Vec<License>,
    pub manager: Option<String>,
    pub created: DateTime<Utc>,
    pub deleted: Option<DateTime<Utc>>,
    pub sessions_revoked: u32,
}

impl User {
    pub fn text(&self, property: &str) -> &str {
        self.properties
            .get(property)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub fn upn(&self) -> &str {
        self.text("userPrincipalName")
    }

    pub fn is(&self, key: &str) -> bool {
        if is_uuid(key) {
            self.id.eq_ignore_ascii_case(key)
        } else {
            self.upn().eq_ignore_ascii_case(key)
        }
    }

    pub fn has(&self, sku_id: &str) -> bool {
        self.licenses
            .iter()
            .any(|license| license.active() && license.sku_id.eq_ignore_ascii_case(sku_id))
    }

    pub fn extension_attribute_15(&self) -> Option<&str> {
        self.properties
            .get("onPremisesExtensionAttributes")?
            .get("extensionAttribute15")?
            .as_str()
    }

    /// All mail addresses in lower case: `mail`, and the proxy addresses without their prefix `SMTP:`.
    pub fn addresses(&self) -> Vec<String> {
        let proxies = self.properties.get("proxyAddresses").and_then(Value::as_array);
        let proxies = proxies.into_iter().flatten().filter_map(Value::as_str);
        let proxies = proxies.map(|address| address.split_once(':').map_or(address, |(_, rest)| rest));
        proxies
            .chain([self.text("mail")])
            .filter(|text| !text.is_empty())
            .map(str::to_lowercase)
            .collect()
    }
}

pub struct License {
    pub sku_id: String,
    pub disabled_plans: Vec<String>,
    pub by_group: Option<String>,
    /// Why the group's assignment failed, if it did.
    pub error: Option<String>,
    pub at: DateTime<Utc>,
}

impl License {
    pub fn active(&self) -> bool {
        self.error.is_none()
    }
}

pub struct Sku {
    pub part: String,
    pub id: String,
    pub product_name: &'static str,
    /// Microsoft's product id and SKU id, such as `CFQ7TTC0LCHC:0002`.
    pub offer: &'static str,
    pub plans: &'static [(&'static str, &'static str)],
    pub enabled: i64,
    pub taken_elsewhere: i64,
    pub in_tenant: bool,
    pub subscription_ids: Vec<String>,
    /// The price of a seat for a month, in US dollars.
    pub price: f64,
}

#[derive(Clone)]
pub struct Group {
    pub id: String,
    pub display_name: String,
    pub description: String,
    pub mail: Option<String>,
    pub mail_nickname: String,
    pub security_enabled: bool,
    /// Whether it is `Unified`, which means a Microsoft 365 group.
    pub unified: bool,
    pub membership_rule: Option<String>,
    pub on_premises: bool,
    pub licenses: Vec<String>,
    pub members: Vec<String>,
    pub created: DateTime<Utc>,
}

/// What the quantity means in a distributor's order that changes a subscription. Its documentation does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderQuantity {
    Total,
    Delta,
}

impl OrderQuantity {
    /// The number of seats after the order.
    pub fn applied(self, now: i64, ordered: i64) -> i64 {
        match self {
            Self::Total => ordered,
            Self::Delta => now + ordered,
        }
    }
}

pub fn id() -> String {
    Uuid::new_v4().to_string()
}

pub fn secret() -> String {
    Uuid::new_v4().simple().to_string()
}
