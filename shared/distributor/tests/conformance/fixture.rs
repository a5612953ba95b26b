//! A vendor and one company's account: a simulator with a world of its own, and a client.

use std::time::Duration;

use distributor::{Distributor, Subscription, SubscriptionState};
use domain::step_error::StepError;
use reqwest::Client;
use serde_json::{Value, json};
use simulators::testing::Simulated;
use simulators::world::World;

pub(crate) const SKU: &str = "SPB";
/// The number of seats at the beginning.
pub(crate) const SEATS: u32 = 7;
pub(crate) const MARKER: &str = "r0197a3c0d7e57aa0b2c3d4e5f6a7b8c9/SPB";
pub(crate) const LONG: Duration = Duration::from_secs(20);

pub(crate) struct Vendor {
    /// The name that the variables use.
    pub(crate) name: &'static str,
    /// Builds a client from the simulators' address, the credentials and the company.
    pub(crate) build: fn(Client, &str, &Value, String) -> Distributor,
    /// Adds a subscription.
    pub(crate) sell: fn(&mut World, &Sold<'_>),
    pub(crate) name_company: fn(&mut World, &str),
    /// Makes all further orders fail.
    pub(crate) refuse: fn(&mut World),
    /// The number of subscriptions on one of the client's pages; `None` if there are no pages.
    pub(crate) page: Option<usize>,
    /// Whether lists may contain ended subscriptions and those of other companies.
    pub(crate) mixed: bool,
    /// Whether only UUIDs name companies.
    pub(crate) uuids: bool,
    /// Whether an order is processed after its response.
    pub(crate) slow: bool,
    /// Operations that only sign in. A refusal there means that the credentials are wrong.
    pub(crate) sign_in: &'static [&'static str],
    /// Operations that read the company. If there is none, its id is wrong.
    pub(crate) company: &'static [&'static str],
    /// Operations that order. A conflict there means that somebody else ordered.
    pub(crate) order: &'static [&'static str],
    /// Operations that may find nothing; then the quantity shows the result.
    pub(crate) may_be_gone: &'static [&'static str],
}

pub(crate) struct Sold<'a> {
    pub(crate) product: &'a str,
    /// Microsoft's id, if the catalogue has one.
    pub(crate) offer: &'a str,
    pub(crate) ours: bool,
    pub(crate) runs: bool,
}

pub(crate) const SOLD: Sold<'static> = Sold {
    product: "Microsoft 365 E5",
    offer: "CFQ7TTC0LFLZ:0002",
    ours: true,
    runs: true,
};

pub(crate) struct Fixture {
    pub(crate) vendor: &'static Vendor,
    pub(crate) sim: Simulated,
    pub(crate) distributor: Distributor,
    base: String,
    keys: Value,
}

impl Fixture {
    pub(crate) async fn new(vendor: &'static Vendor) -> Self {
        Self::with(vendor, LONG).await
    }

    pub(crate) async fn with(vendor: &'static Vendor, timeout: Duration) -> Self {
        let sim = Simulated::new().await;
        let mut keys = sim.keys(vendor.name);
        if vendor.name == "td_synnex" {
            keys["credentials"] = crate::vendors::renewed(&sim.base, &keys["credentials"]).await;
        }
        let company = keys["company"].as_str().unwrap().to_owned();
        Self {
            distributor: (vendor.build)(client(timeout), &sim.base, &keys["credentials"], company),
            base: sim.base.clone(),
            vendor,
            sim,
            keys,
        }
    }

    /// The same credentials for another company.
    pub(crate) fn of(&self, company: &str) -> Distributor {
        (self.vendor.build)(client(LONG), &self.base, &self.keys["credentials"], company.to_owned())
    }

    pub(crate) async fn subscription(&self) -> Subscription {
        self.distributor.find_subscription(SKU).await.unwrap().unwrap()
    }

    /// Polls as the state machine does, until the order is done or failed, or nothing more can come.
    pub(crate) async fn settled(&self, subscription: &str, order: Option<&str>) -> (SubscriptionState, usize) {
        for looks in 1..20 {
            let state = self.distributor.state(subscription, order).await.unwrap();
            if state.failed || (state.settled && state.quantity > SEATS) {
                return (state, looks);
            }
        }
        panic!("it never settles");
    }

    pub(crate) fn fault(&self, mut rule: Value) {
        rule["system"] = json!(self.vendor.name);
        rule["operation"] = json!("*");
        self.sim.fault(rule);
    }

    /// The number of orders that were sent.
    pub(crate) fn orders(&self) -> u32 {
        self.sim.effect("orders_created") + self.sim.effect("subscription_puts")
    }

    /// `METHOD /path/{}` of every request so far.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.sim.operations().iter().map(|operation| plain(operation)).collect()
    }
}

/// The operation without the names of its parameters.
fn plain(operation: &str) -> String {
    let parts = operation
        .split('/')
        .map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// A client that keeps no connections, so that a lost response is not taken for a closed connection.
pub(crate) fn client(timeout: Duration) -> Client {
    let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let builder = Client::builder().tls_backend_preconfigured(tls).timeout(timeout);
    builder.pool_max_idle_per_host(0).build().unwrap()
}

/// Every operation of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Find,
    FindOrder,
    Order,
    State,
    StateOfOrder,
    Check,
}

pub(crate) const ALL: [Work; 6] = [
    Work::Find,
    Work::FindOrder,
    Work::Order,
    Work::State,
    Work::StateOfOrder,
    Work::Check,
];

/// The state in which an operation begins.
pub(crate) struct Begun {
    pub(crate) fixture: Fixture,
    pub(crate) subscription: Subscription,
    order: Option<String>,
    /// The number of earlier requests.
    before: usize,
}

impl Work {
    /// Returns true if something was found or done.
    pub(crate) async fn on(self, begun: &Begun) -> Result<bool, StepError> {
        let Begun {
            fixture, subscription, ..
        } = begun;
        let distributor = &fixture.distributor;
        match self {
            Self::Find => Ok(distributor.find_subscription(SKU).await?.is_some()),
            Self::FindOrder => Ok(distributor.find_order(MARKER).await?.is_some()),
            Self::Order => {
                let total = subscription.quantity + 1;
                distributor.order(subscription, total, MARKER).await.map(|_| true)
            }
            Self::State => Ok(distributor.state(&subscription.id, None).await?.settled),
            Self::StateOfOrder => {
                let state = distributor.state(&subscription.id, begun.order.as_deref()).await?;
                Ok(state.settled)
            }
            Self::Check => {
                let mut findings = distributor.check(&[SKU]).await.into_iter();
                findings.try_for_each(|finding| finding.result.map(drop)).map(|()| true)
            }
        }
    }

    /// The vendor's operations that this one calls.
    pub(crate) async fn calls(self, vendor: &'static Vendor) -> Vec<String> {
        let begun = self.begin(vendor, LONG).await;
        self.on(&begun).await.unwrap();
        begun.fixture.operations().split_off(begun.before)
    }

    pub(crate) async fn begin(self, vendor: &'static Vendor, timeout: Duration) -> Begun {
        let fixture = Fixture::with(vendor, timeout).await;
        let subscription = fixture.subscription().await;
        let mut order = None;
        if matches!(self, Self::FindOrder | Self::StateOfOrder) {
            let total = subscription.quantity + 1;
            order = fixture.distributor.order(&subscription, total, MARKER).await.unwrap();
        }
        Begun {
            before: fixture.operations().len(),
            fixture,
            subscription,
            order,
        }
    }
}
