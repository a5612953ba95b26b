//! Distributors that sell licenses: one file per system behind one enum, chosen by the organisation's variables.

pub mod ingram_micro;
pub mod pax8;
mod products;
pub mod sherweb;
pub mod td_synnex;

use domain::finding::Finding;
use domain::step_error::StepError;

pub use ingram_micro::IngramMicro;
pub use pax8::Pax8;
pub use sherweb::Sherweb;
pub use td_synnex::TdSynnex;

/// The most pages of a list; a longer list is treated as a loop.
const MOST_PAGES: usize = 100;

/// A client for one company's purchases.
#[derive(Debug, Clone)]
pub enum Distributor {
    IngramMicro(IngramMicro),
    Pax8(Pax8),
    Sherweb(Sherweb),
    TdSynnex(TdSynnex),
}

/// A company's subscription to a license at the time of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub id: String,
    pub quantity: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriptionState {
    pub quantity: u32,
    /// No change is in progress any more.
    pub settled: bool,
    /// The order failed.
    pub failed: bool,
}

/// Calls the same method of whichever system it is.
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
    /// The name for notes and errors.
    pub fn name(&self) -> &'static str {
        each!(self, distributor => distributor.name())
    }

    /// The company's active subscription to a license, by Microsoft's part number; `None` if it has none.
    pub async fn find_subscription(&self, part_number: &str) -> Result<Option<Subscription>, StepError> {
        each!(self, distributor => distributor.find_subscription(part_number).await)
    }

    /// Whether sending an order twice certainly makes one purchase, because its quantity is known to be a total. If
    /// not, [`Self::find_order`] must be called before it is sent again.
    pub fn may_repeat(&self) -> bool {
        each!(self, distributor => distributor.may_repeat())
    }

    /// The distributor's id of the order that carries `marker`, if its orders can carry one.
    pub async fn find_order(&self, marker: &str) -> Result<Option<String>, StepError> {
        each!(self, distributor => distributor.find_order(marker).await)
    }

    /// Orders this total of seats. Returns the distributor's id of the order, if it has one. `marker` is unique to the
    /// purchase and is sent along if the distributor accepts a reference. If an order already carries it, its id is
    /// returned and nothing is ordered.
    pub async fn order(
        &self,
        subscription: &Subscription,
        total: u32,
        marker: &str,
    ) -> Result<Option<String>, StepError> {
        each!(self, distributor => distributor.order(subscription, total, marker).await)
    }

    /// The progress of an order. `order` is the result of [`Self::order`], unless that was lost.
    pub async fn state(&self, subscription_id: &str, order: Option<&str>) -> Result<SubscriptionState, StepError> {
        each!(self, distributor => distributor.state(subscription_id, order).await)
    }

    /// Signs in and reads the company's subscriptions to these licenses; changes nothing.
    pub async fn check(&self, part_numbers: &[&str]) -> Vec<Finding> {
        let id = each!(self, distributor => &distributor.company);
        let name = each!(self, distributor => distributor.company_name().await);
        let signed_in = name.is_ok();
        let mut findings = vec![Finding::new(format!("company {id}"), name)];
        for part_number in part_numbers.iter().filter(|_| signed_in) {
            let found = self.find_subscription(part_number).await.map(|found| match found {
                Some(subscription) => format!("{} seats", subscription.quantity),
                None => "no running subscription; a technician is asked".to_owned(),
            });
            findings.push(Finding::new(format!("license {part_number}"), found));
        }
        findings
    }
}

/// The only active subscription to a license, if there is one.
fn the_one(system: &str, part_number: &str, mut found: Vec<Subscription>) -> Result<Option<Subscription>, StepError> {
    match found.len() {
        0 | 1 => Ok(found.pop()),
        // Several subscriptions differ in term and price, which a person must choose.
        several => Err(StepError::NeedsAttention(format!(
            "the company has {several} running {system} subscriptions to {part_number}; buy in one of them by hand"
        ))),
    }
}

fn no_such_company(system: &str) -> StepError {
    StepError::NeedsAttention(format!(
        "{system} shows no such company: the operator sets the right one with --company"
    ))
}

fn endless(system: &str, operation: &str) -> StepError {
    StepError::Permanent(format!("{system} did not come to an end ({operation})"))
}

/// Checks the company's id for systems that accept only UUIDs and would refuse others with an unclear error.
fn uuid<'a>(system: &str, company: &'a str) -> Result<&'a str, StepError> {
    let place = |i: usize| matches!(i, 8 | 13 | 18 | 23);
    let fits = |(i, b): (usize, u8)| if place(i) { b == b'-' } else { b.is_ascii_hexdigit() };
    if company.len() == 36 && company.bytes().enumerate().all(fits) {
        Ok(company)
    } else {
        Err(no_such_company(system))
    }
}
