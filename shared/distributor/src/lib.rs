//! Sellers of licenses: one file a system behind one enum, chosen from the organisation's variables.

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

/// A list longer than this many pages is taken for a loop.
const MOST_PAGES: usize = 100;

/// What one company buys there.
#[derive(Debug, Clone)]
pub enum Distributor {
    IngramMicro(IngramMicro),
    Pax8(Pax8),
    Sherweb(Sherweb),
    TdSynnex(TdSynnex),
}

/// What the company has of a license, as it was when asked.
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
        each!(self, distributor => distributor.name())
    }

    /// The company's running subscription to a license, by Microsoft's part number. None: it never bought one.
    pub async fn find_subscription(&self, part_number: &str) -> Result<Option<Subscription>, StepError> {
        each!(self, distributor => distributor.find_subscription(part_number).await)
    }

    /// Whether an order that is sent twice is one purchase, beyond doubt: it is where a total is set, and known to be a
    /// total. Elsewhere [`Self::find_order`] is asked before it is sent again.
    pub fn may_repeat(&self) -> bool {
        each!(self, distributor => distributor.may_repeat())
    }

    /// What the distributor calls the order that carries `marker`, where orders can carry one.
    pub async fn find_order(&self, marker: &str) -> Result<Option<String>, StepError> {
        each!(self, distributor => distributor.find_order(marker).await)
    }

    /// Orders so many seats in all. Answers what the distributor calls the order, where it names one.
    /// `marker` is unique to the purchase and goes with it where the distributor takes a reference of ours: there, an
    /// order that carries it already is answered and nothing ordered.
    pub async fn order(
        &self,
        subscription: &Subscription,
        total: u32,
        marker: &str,
    ) -> Result<Option<String>, StepError> {
        each!(self, distributor => distributor.order(subscription, total, marker).await)
    }

    /// How far it got; `order` as [`Self::order`] answered it, if that answer was not lost.
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

/// Of the running subscriptions to a license the only one, if there is any.
fn the_one(system: &str, part_number: &str, mut found: Vec<Subscription>) -> Result<Option<Subscription>, StepError> {
    match found.len() {
        0 | 1 => Ok(found.pop()),
        // They differ in term and price, which is not ours to choose.
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

/// For systems that name companies by a UUID only: anything else would be refused in words that nobody understands.
fn uuid<'a>(system: &str, company: &'a str) -> Result<&'a str, StepError> {
    let place = |i: usize| matches!(i, 8 | 13 | 18 | 23);
    let fits = |(i, b): (usize, u8)| if place(i) { b == b'-' } else { b.is_ascii_hexdigit() };
    if company.len() == 36 && company.bytes().enumerate().all(fits) {
        Ok(company)
    } else {
        Err(no_such_company(system))
    }
}
