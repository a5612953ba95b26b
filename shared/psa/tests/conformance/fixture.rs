//! A vendor and its fixture: a simulator with a world of its own, and a client.

use std::time::Duration;

use domain::request::TicketRef;
use domain::step_error::StepError;
use psa::{Names, NewTicket, Note, NoteText, Psa};
use reqwest::Client;
use serde_json::{Value, json};
use simulators::testing::Simulated;
use simulators::vendors::NewTicket as ByHand;
use simulators::world::Author;

/// The text that a person who opens a ticket cannot know in advance.
pub(crate) const MARK: &str = "5eed5eed5eed5eed";

pub(crate) struct Vendor {
    /// The name that the variables use.
    pub(crate) name: &'static str,
    /// Builds a client from the simulators' address, the credentials and the company.
    pub(crate) build: fn(Client, &str, Value, String) -> Psa,
    /// The largest number of tickets, names or notes on one of the client's pages.
    pub(crate) page: usize,
    pub(crate) summary_limit: usize,
    /// Whether the system says who opened a ticket, so that a ticket can be found by its summary.
    pub(crate) tells_who_opened: bool,
    /// Operations that only sign in. A refusal there means that the credentials are wrong.
    pub(crate) sign_in: &'static [&'static str],
}

pub(crate) struct Fixture {
    pub(crate) vendor: &'static Vendor,
    pub(crate) sim: Simulated,
    pub(crate) keys: Value,
    pub(crate) psa: Psa,
}

impl Fixture {
    pub(crate) async fn new(vendor: &'static Vendor) -> Self {
        Self::with(vendor, json!({}), Duration::from_secs(20)).await
    }

    pub(crate) async fn with(vendor: &'static Vendor, world: Value, timeout: Duration) -> Self {
        let sim = Simulated::with(world).await;
        let keys = sim.keys(vendor.name);
        let company = keys["company"].as_str().unwrap().to_owned();
        let psa = (vendor.build)(client(timeout), &sim.base, keys["credentials"].clone(), company).listing_names();
        Self { vendor, sim, keys, psa }
    }

    /// A client with the key of the organisation's parent.
    pub(crate) fn with_the_parents_key(&self) -> Psa {
        let http = client(Duration::from_secs(20));
        (self.vendor.build)(http, &self.sim.base, self.keys["credentials"].clone(), self.company())
    }

    /// A name that exists in the system; `None` if the vendor has no such thing.
    pub(crate) fn key(&self, name: &str) -> Option<String> {
        self.keys[name].as_str().map(str::to_owned)
    }

    pub(crate) fn new_ticket(&self, marker: &str) -> NewTicket {
        NewTicket {
            marker: marker.to_owned(),
            mark: MARK.to_owned(),
            summary: "New user: Ana Ng".to_owned(),
            description: "Ana Ng starts on Monday.".to_owned(),
            location: self.key("location"),
            status: self.key("status_working"),
            priority: self.key("priority"),
            work_role: self.key("work_role"),
            tech_id: self.key("tech_id"),
            contact_email: self.key("contact"),
        }
    }

    pub(crate) fn names(&self) -> Names {
        let statuses = ["status_new", "status_working", "status_waiting", "status_complete"];
        Names {
            location: self.key("location"),
            statuses: statuses.iter().filter_map(|name| self.key(name)).collect(),
            priority: self.key("priority"),
            work_role: self.key("work_role"),
            tech_id: self.key("tech_id"),
        }
    }

    pub(crate) fn company(&self) -> String {
        self.key("company").unwrap()
    }

    /// A client with unknown credentials.
    pub(crate) fn stranger(&self) -> Psa {
        let fields = self.keys["credentials"].as_object().unwrap().iter();
        let strange = fields.map(|(name, value)| {
            let is_place = name == "codebase" || value.as_str().unwrap().starts_with("http");
            let value = if is_place { value.clone() } else { json!("strange") };
            (name.clone(), value)
        });
        let credentials = Value::Object(strange.collect());
        let http = client(Duration::from_secs(20));
        (self.vendor.build)(http, &self.sim.base, credentials, self.company())
    }

    /// Opens a ticket as a technician.
    pub(crate) fn open(&self, company: &str, summary: &str, closed: bool) -> TicketRef {
        self.open_by(Author::Technician, company, summary, closed)
    }

    pub(crate) fn open_by(&self, by: Author, company: &str, summary: &str, closed: bool) -> TicketRef {
        let ticket = ByHand {
            company,
            summary,
            description: None,
            status: None,
            closed,
            by,
        };
        TicketRef {
            system: self.psa.system().to_owned(),
            id: self.sim.open(self.vendor.name, &ticket),
        }
    }

    /// Opens a ticket with this text as a customer.
    pub(crate) fn open_with(&self, text: &str) {
        let ticket = ByHand {
            company: &self.company(),
            summary: "Theirs",
            description: Some(text),
            status: None,
            closed: false,
            by: Author::Customer,
        };
        self.sim.open(self.vendor.name, &ticket);
    }

    pub(crate) fn write(&self, ticket: &TicketRef, text: &str, by: Author) {
        self.sim.write(self.vendor.name, &ticket.id, text, by);
    }

    /// Looks for the ticket of a request as a step does.
    pub(crate) async fn find(&self, given: Option<&str>, marker: &str) -> Result<Option<TicketRef>, StepError> {
        self.psa.find_ticket(given, marker, MARK).await
    }

    pub(crate) fn tickets(&self) -> Vec<Value> {
        self.sim.state(self.vendor.name)["tickets"].as_array().unwrap().clone()
    }

    pub(crate) fn ticket(&self, ticket: &TicketRef) -> Value {
        let mut all = self.tickets().into_iter();
        all.find(|other| plain(&other["id"]) == ticket.id).unwrap()
    }

    pub(crate) fn notes(&self, ticket: &TicketRef) -> Vec<Value> {
        self.ticket(ticket)["notes"].as_array().unwrap().clone()
    }

    pub(crate) fn fault(&self, rule: Value) {
        let mut rule = rule;
        rule["system"] = json!(self.vendor.name);
        if rule["operation"].is_null() {
            rule["operation"] = json!("*");
        }
        self.sim.fault(rule);
    }
}

pub(crate) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

pub(crate) fn note(marker: &str, text: &str, internal: bool) -> Note {
    Note {
        marker: marker.to_owned(),
        text: NoteText::Plain(text.to_owned()),
        internal,
        minutes: None,
    }
}

/// A client that keeps no connections, so that a lost response is not taken for a closed connection.
fn client(timeout: Duration) -> Client {
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
    FindByMarker,
    FindGiven,
    FindMatching,
    Create,
    HasNote,
    AddNote,
    SetStatus,
    Check,
}

pub(crate) const ALL: [Work; 8] = [
    Work::FindByMarker,
    Work::FindGiven,
    Work::FindMatching,
    Work::Create,
    Work::HasNote,
    Work::AddNote,
    Work::SetStatus,
    Work::Check,
];

impl Work {
    /// Returns true if something was found or done.
    pub(crate) async fn on(self, fixture: &Fixture, ticket: &TicketRef) -> Result<bool, StepError> {
        let psa = &fixture.psa;
        match self {
            Self::FindByMarker => Ok(fixture.find(None, "r1").await?.is_some()),
            Self::FindGiven => Ok(fixture.find(Some(&ticket.id), "r1").await?.is_some()),
            Self::FindMatching => Ok(psa.find_matching("By hand").await?.is_some()),
            Self::Create => psa.create_ticket(&fixture.new_ticket("r1")).await.map(|_| true),
            Self::HasNote => psa.has_note(ticket, "r1/opened").await,
            Self::AddNote => psa
                .add_note(ticket, &note("r1/opened", "Opened.", true))
                .await
                .map(|()| true),
            Self::SetStatus => psa
                .set_status(ticket, &fixture.key("status_waiting").unwrap())
                .await
                .map(|()| true),
            Self::Check => {
                let findings = psa.check(&fixture.names()).await;
                findings
                    .into_iter()
                    .try_for_each(|finding| finding.result.map(drop))
                    .map(|()| true)
            }
        }
    }

    /// The vendor's operations that a client without cached names calls.
    pub(crate) async fn calls(self, vendor: &'static Vendor) -> Vec<String> {
        let (fixture, ticket) = self.fixture(vendor, Duration::from_secs(20)).await;
        let found = self.on(&fixture, &ticket).await;
        assert_eq!(
            found,
            Ok(match self {
                Self::FindByMarker | Self::HasNote => false,
                Self::FindMatching => vendor.tells_who_opened,
                _ => true,
            }),
            "{self:?}"
        );
        fixture.sim.operations()
    }

    pub(crate) async fn fixture(self, vendor: &'static Vendor, timeout: Duration) -> (Fixture, TicketRef) {
        let fixture = Fixture::with(vendor, json!({}), timeout).await;
        let ticket = fixture.open(&fixture.company(), "By hand", false);
        (fixture, ticket)
    }
}
