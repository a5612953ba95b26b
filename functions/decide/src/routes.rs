//! GET shows, POST decides.

use chrono_tz::Tz;
use domain::decision::Gate;
use domain::integration::Organisation;
use http::StatusCode;
use secrecy::SecretString;
use serde_json::json;
use store::capability::Capability;
use store::gates::GateRecord;
use store::requests::RequestRecord;
use web::{Answer, Call, Problem, Web};

use crate::pages::{self, Decision, Message};
use crate::standing::{Standing, standing};

pub(crate) struct App {
    pub(crate) web: Web,
    pub(crate) step_functions: aws_sdk_sfn::Client,
}

/// What a link leads to.
pub(crate) struct Link {
    pub(crate) capability: Capability,
    pub(crate) gate: GateRecord,
    pub(crate) request: RequestRecord,
    pub(crate) organisation: Organisation,
    /// The organisation's clock, for people.
    pub(crate) zone: Tz,
}

impl Link {
    pub(crate) fn standing(&self) -> Standing {
        standing(&self.capability, &self.gate, &self.request)
    }
}

impl App {
    pub(crate) async fn handle(&self, call: Call) -> Result<Answer, Problem> {
        match (call.verb(), call.route()) {
            ("GET", "/decide") => self.show(&call).await,
            ("POST", "/decide") => self.decide(&call).await,
            _ => Err(Problem::not_found()),
        }
    }

    /// Writes nothing: mail scanners look at links too.
    async fn show(&self, call: &Call) -> Result<Answer, Problem> {
        let token = call.query("c").ok_or_else(Problem::not_found)?;
        let link = self.link(token).await?;
        let standing = link.standing();
        refuse_ended(&link, standing)?;
        if !call.wants_page() {
            return Ok(Answer::json(StatusCode::OK, &pages::json(&link)));
        }
        let decision = Decision {
            action: self.web.base.link(&format!("/decide?c={token}")),
            open: standing == Standing::Open,
            send: standing == Standing::Open && self.sends_by_itself(call, &link).await?,
            message: pages::message(&link),
            link: &link,
        };
        self.web.page(StatusCode::OK, &decision.title(), None, &decision)
    }

    async fn decide(&self, call: &Call) -> Result<Answer, Problem> {
        let token = call.query("c").ok_or_else(Problem::not_found)?;
        let mut link = self.link(token).await?;
        if matches!(link.standing(), Standing::OwnRequest | Standing::Ended) {
            refuse_ended(&link, link.standing())?;
        }
        let Capability {
            gate, action, person, ..
        } = &link.capability;
        let decided = self
            .web
            .store
            .decide(&link.capability.key(), gate, action.decision(), person, "link")
            .await?;
        link.gate = decided.gate;
        // The decision stands from here on. Also when it stood before: its first delivery may have been lost.
        if let Some(token) = &link.gate.token {
            step::deliver(&self.step_functions, token).await?;
        }
        let standing = link.standing();
        refuse_ended(&link, standing)?;
        if standing != Standing::Same {
            return Err(pages::decided_otherwise(&link));
        }
        let message = pages::message(&link);
        if call.wants_page() {
            return self.web.page(
                StatusCode::OK,
                "Decision recorded",
                None,
                &Message { message: &message },
            );
        }
        let mut body = pages::json(&link);
        body["first"] = json!(decided.first);
        Ok(Answer::json(StatusCode::OK, &body))
    }

    async fn link(&self, token: &str) -> Result<Link, Problem> {
        let store = &self.web.store;
        let capability = store
            .capability(&SecretString::from(token))
            .await?
            .ok_or_else(unknown)?;
        let key = capability.key();
        let gate = store.gate(&key, &capability.gate).await?.ok_or_else(unknown)?;
        let request = store.request(&key).await?.ok_or_else(unknown)?;
        let organisation = store.organisation(&key.org).await?.ok_or_else(unknown)?;
        // Wrong variables are no reason to keep anybody from deciding.
        let zone = self
            .web
            .variables(&organisation)
            .await
            .map_or(Tz::UTC, |variables| variables.timezone);
        Ok(Link {
            capability,
            gate,
            request,
            organisation,
            zone,
        })
    }

    /// A technician of the organisation who is signed in has said enough by opening a licence link.
    async fn sends_by_itself(&self, call: &Call, link: &Link) -> Result<bool, Problem> {
        if !matches!(link.capability.gate, Gate::License(_)) {
            return Ok(false);
        }
        let signed_in = self.web.signed_in(call).await?;
        Ok(signed_in.is_some_and(|(_, caller)| caller.may_enter(&link.organisation) && caller.role.decides_licenses()))
    }
}

fn unknown() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "This link is unknown. It may have been copied wrongly, or be too old.",
    )
}

fn refuse_ended(link: &Link, standing: Standing) -> Result<(), Problem> {
    match standing {
        Standing::OwnRequest => Err(Problem::forbidden(
            "This is your own request, so somebody else must decide on it.",
        )),
        Standing::TooLate | Standing::Ended => {
            Err(pages::with_decision(Problem::gone(pages::message(link)), &link.gate))
        }
        Standing::Open | Standing::Same | Standing::Otherwise => Ok(()),
    }
}
