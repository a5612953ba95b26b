//! A destination and its fixture: a simulator with a world of its own, and a client.

use std::time::Duration;

use domain::finding::Finding;
use domain::step_error::StepError;
use reqwest::Client;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use simulators::testing::Simulated;
use simulators::world::World;
use vault::pwpush::Found;
use vault::{Entry, PwPush, Vault};

/// The name of the entries written here.
pub(crate) const NAME: &str = "Temporary password of Ada";
pub(crate) const PASSWORD: &str = "aB2!cd+Ef=3?gH:z";

pub(crate) struct Place {
    /// The name that the variables use.
    pub(crate) name: &'static str,
    /// Builds a client from an HTTP client and the world's keys.
    pub(crate) build: fn(Client, &Value) -> AnyPlace,
    /// What the world counts as written.
    pub(crate) effect: &'static str,
    /// Whether the system can be asked what was written.
    pub(crate) can_be_asked: bool,
    /// Writes an entry with Gangway's name and these notes, for another company if the flag says so.
    pub(crate) write: fn(&mut World, &str, bool),
    /// More than two of the client's pages.
    pub(crate) pages: usize,
    /// The kind of error for a refusal, by status and operation.
    pub(crate) class: fn(u16, &str) -> &'static str,
}

pub(crate) enum AnyPlace {
    Vault(Vault),
    PwPush(PwPush),
}

pub(crate) struct Fixture {
    pub(crate) place: &'static Place,
    pub(crate) sim: Simulated,
    pub(crate) any: AnyPlace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Write,
    Look,
}

pub(crate) const ALL: [Work; 2] = [Work::Write, Work::Look];

pub(crate) fn entry(marker: &str, name: &str) -> Entry {
    Entry {
        marker: marker.to_owned(),
        name: name.to_owned(),
        username: "ada@contoso.com".to_owned(),
        password: PASSWORD.into(),
    }
}

pub(crate) fn client(timeout: Duration) -> Client {
    // The client needs a crypto provider, although no TLS is used here. A second test in the process finds it
    // installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .timeout(timeout)
        .pool_max_idle_per_host(0)
        .build()
        .unwrap()
}

impl AnyPlace {
    /// Returns the link, if the system has one.
    pub(crate) async fn write(&self, entry: &Entry) -> Result<Option<SecretString>, StepError> {
        match self {
            Self::Vault(vault) => vault.write(entry).await.map(|()| None),
            Self::PwPush(pwpush) => pwpush.push(&entry.marker, &entry.password).await.map(Some),
        }
    }

    pub(crate) async fn has(&self, marker: &str) -> Result<Option<bool>, StepError> {
        self.has_entry(&entry(marker, NAME)).await
    }

    pub(crate) async fn has_entry(&self, entry: &Entry) -> Result<Option<bool>, StepError> {
        match self {
            Self::Vault(vault) => vault.has(entry).await,
            Self::PwPush(pwpush) => Ok(match pwpush.find(&entry.marker).await? {
                Found::Link(_) => Some(true),
                Found::Nothing => Some(false),
                Found::CannotSay => None,
            }),
        }
    }

    pub(crate) async fn check(&self) -> Vec<Finding> {
        match self {
            Self::Vault(vault) => vault.check().await,
            Self::PwPush(pwpush) => pwpush.check().await,
        }
    }

    pub(crate) fn debug(&self) -> String {
        match self {
            Self::Vault(vault) => format!("{vault:?}"),
            Self::PwPush(pwpush) => format!("{pwpush:?}"),
        }
    }
}

impl Fixture {
    pub(crate) async fn new(place: &'static Place) -> Self {
        Self::with(place, Duration::from_secs(20)).await
    }

    pub(crate) async fn with(place: &'static Place, timeout: Duration) -> Self {
        let sim = Simulated::new().await;
        let any = (place.build)(client(timeout), &sim.keys(place.name));
        Self { place, sim, any }
    }

    pub(crate) fn fault(&self, mut rule: Value) {
        rule["system"] = json!(self.place.name);
        if rule["operation"].is_null() {
            rule["operation"] = json!("*");
        }
        self.sim.fault(rule);
    }

    pub(crate) fn written(&self) -> u32 {
        self.sim.effect(self.place.effect)
    }

    /// All entries, whatever the system calls them.
    pub(crate) fn all(&self) -> Vec<Value> {
        let state = self.sim.state(self.place.name);
        let list = if state["pushes"].is_array() {
            "pushes"
        } else {
            "passwords"
        };
        state[list].as_array().unwrap().clone()
    }

    pub(crate) async fn on(&self, work: Work) -> Result<(), StepError> {
        match work {
            Work::Write => {
                let link = self.any.write(&entry("r1", NAME)).await?;
                assert!(link.is_none_or(|link| !link.expose_secret().is_empty()));
                Ok(())
            }
            Work::Look => self.any.has("r1").await.map(|_| ()),
        }
    }
}

impl Work {
    /// The operations of this work if nothing fails.
    pub(crate) async fn calls(self, place: &'static Place) -> Vec<String> {
        let fixture = Fixture::new(place).await;
        fixture.on(self).await.unwrap();
        fixture.sim.operations()
    }
}
