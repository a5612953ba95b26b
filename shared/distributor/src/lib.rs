//! Sellers of licences: one file a system behind one enum, chosen from the organisation's variables.

pub mod ingram_micro;
pub mod pax8;
mod products;
pub mod sherweb;
pub mod td_synnex;

use domain::fault::Fault;
use domain::finding::Finding;

pub use ingram_micro::IngramMicro;
pub use pax8::Pax8;
pub use sherweb::Sherweb;
pub use td_synnex::TdSynnex;

/// What one company buys there.
#[derive(Debug, Clone)]
pub enum Distributor {
    IngramMicro(IngramMicro),
    Pax8(Pax8),
    Sherweb(Sherweb),
    TdSynnex(TdSynnex),
}

/// What the company has of a licence, as it was when asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub id: String,
    pub quantity: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriptionState {
    pub quantity: u32,
    /// Nothing is on its way any more.
    pub settled: bool,
    /// It will not come.
    pub failed: bool,
}

/// The same call on whichever system it is.
macro_rules! each {
    ($self:ident, $distributor:ident => $call:expr) => {
        match $self {
            Self::IngramMicro($distributor) => $call,
            Self::Pax8($distributor) => $call,
            Self::Sherweb($distributor) => $call,
            Self::TdSynnex($distributor) => $call,
        }
    };
}

impl Distributor {
    /// For notes and errors.
    pub fn name(&self) -> &'static str {
        match self {
            Self::IngramMicro(_) => ingram_micro::SYSTEM,
            Self::Pax8(_) => pax8::SYSTEM,
            Self::Sherweb(_) => sherweb::SYSTEM,
            Self::TdSynnex(_) => td_synnex::SYSTEM,
        }
    }

    /// The company's running subscription to a licence, by Microsoft's part number. None: it never bought one.
    pub async fn find_subscription(&self, part_number: &str) -> Result<Option<Subscription>, Fault> {
        each!(self, distributor => distributor.find_subscription(part_number).await)
    }

    /// Orders so many seats in all. Answers what the distributor calls the order, where it names one.
    /// `marker` is unique to the purchase and goes with it where the distributor takes a reference of ours.
    pub async fn order(&self, subscription: &Subscription, total: u32, marker: &str) -> Result<Option<String>, Fault> {
        each!(self, distributor => distributor.order(subscription, total, marker).await)
    }

    /// How far it got; `order` as [`Self::order`] answered it, if that answer was not lost.
    pub async fn state(&self, subscription_id: &str, order: Option<&str>) -> Result<SubscriptionState, Fault> {
        each!(self, distributor => distributor.state(subscription_id, order).await)
    }

    /// Signs in and reads the company's subscriptions to these licences; changes nothing.
    pub async fn check(&self, part_numbers: &[&str]) -> Vec<Finding> {
        each!(self, distributor => distributor.check(part_numbers).await)
    }
}
