//! Sellers of licences: one file a system behind one enum, chosen from the organisation's variables.

mod pax8;
mod products;

use domain::fault::Fault;

pub use pax8::{Credentials as Pax8Credentials, Pax8};

#[derive(Debug, Clone)]
pub enum Distributor {
    Pax8(Pax8),
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

impl Distributor {
    /// For notes and errors.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pax8(_) => pax8::SYSTEM,
        }
    }

    /// The company's running subscription to a licence, by Microsoft's part number. None: it never bought one.
    pub async fn find_subscription(&self, company: &str, part_number: &str) -> Result<Option<Subscription>, Fault> {
        match self {
            Self::Pax8(pax8) => pax8.find_subscription(company, part_number).await,
        }
    }

    /// Orders so many seats in all: repeating it buys nothing more.
    pub async fn set_quantity(&self, subscription: &Subscription, total: u32) -> Result<(), Fault> {
        match self {
            Self::Pax8(pax8) => pax8.set_quantity(subscription, total).await,
        }
    }

    pub async fn quantity(&self, subscription_id: &str) -> Result<SubscriptionState, Fault> {
        match self {
            Self::Pax8(pax8) => pax8.quantity(subscription_id).await,
        }
    }
}
