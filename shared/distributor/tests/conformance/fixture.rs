//! A vendor, and one company's account there: a simulator with a world of its own, and a client that buys there.

use std::time::Duration;

use distributor::{Distributor, Subscription, SubscriptionState};
use domain::step_error::StepError;
use reqwest::Client;
use serde_json::{Value, json};
use simulators::testing::Simulated;
use simulators::world::World;

pub(crate) const SKU: &str = "SPB";
/// What the world begins with.
pub(crate) const SEATS: u32 = 7;
pub(crate) const MARKER: &str = "r0197a3c0d7e57aa0b2c3d4e5f6a7b8c9/SPB";
pub(crate) const LONG: Duration = Duration::from_secs(20);

pub(crate) struct Vendor {
    /// As variables name it.
    pub(crate) name: &'static str,
    /// A client: the simulators' address, the credentials as Gangway keeps them, the company.
    pub(crate) build: fn(Client, &str, &Value, String) -> Distributor,
    /// One more subscription.
    pub(crate) sell: fn(&mut World, &Sold<'_>),
    pub(crate) name_company: fn(&mut World, &str),
    /// From now on what is ordered fails.
    pub(crate) refuse: fn(&mut World),
    /// How many subscriptions make the client's page; nothing where there are no pages.
    pub(crate) page: Option<usize>,
    /// Lists may show other companies' subscriptions and ended ones.
    pub(crate) mixed: bool,
    /// Companies are named by UUIDs only.
    pub(crate) uuids: bool,
    /// An order is not done when it is answered.
    pub(crate) slow: bool,
    /// Operations that only sign in: a refusal there means the credentials.
    pub(crate) sign_in: &'static [&'static str],
    /// Operations that ask for the company: none there means the setting.
    pub(crate) company: &'static [&'static str],
    /// Operations that order: a conflict there is somebody else's order.
    pub(crate) order: &'static [&'static str],
    /// Operations that may find nothing, and the quantity tells.
    pub(crate) may_be_gone: &'static [&'static str],
}

pub(crate) struct Sold<'a> {
    pub(crate) product: &'a str,
    /// Microsoft's id, where the catalogue shows one.
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

    /// As the state machine does it: looks until it is done or failed, or no more comes.
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

    /// How many were sent.
    pub(crate) fn orders(&self) -> u32 {
        self.sim.effect("orders_created") + self.sim.effect("subscription_puts")
    }

    /// `METHOD /path/{}` of every request so far.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.sim.operations().iter().map(|operation| plain(operation)).collect()
    }
}

/// Whatever the parameters are called.
fn plain(operation: &str) -> String {
    let parts = operation
        .split('/')
        .map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Without kept connections: a lost response must not be taken for a connection that was closed meanwhile.
pub(crate) fn client(timeout: Duration) -> Client {
    let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let builder = Client::builder().tls_backend_preconfigured(tls).timeout(timeout);
    builder.pool_max_idle_per_host(0).build().unwrap()
}

/// Everything that a client can be asked to do.
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

/// Where work begins.
pub(crate) struct Begun {
    pub(crate) fixture: Fixture,
    pub(crate) subscription: Subscription,
    order: Option<String>,
    /// Requests that came before.
    before: usize,
}

impl Work {
    /// True for an answer that says that something is there, or for work that was done.
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

    /// The vendor's operations that it comes to.
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
