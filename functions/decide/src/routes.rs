//! GET shows, POST decides: by a link, whose capability is the proof, or signed in.

use chrono_tz::Tz;
use domain::authority;
use domain::decision::Gate;
use domain::field::FieldError;
use domain::ids::{OrgId, RequestId};
use domain::integration::Organisation;
use domain::request::RequestKey;
use domain::variables::OrgVariables;
use http::StatusCode;
use secrecy::SecretString;
use serde_json::json;
use store::capability::Capability;
use store::gates::{GateRecord, NewDecision};
use store::requests::RequestRecord;
use web::{Answer, Call, Caller, OrgScope, ParentsPeople, ProblemDetails, Web};

use crate::link_state::{LinkState, link_state};
use crate::pages::{self, Decision, Message};
use crate::said::{self, Said};

pub(crate) struct App {
    pub(crate) web: Web,
    pub(crate) step_functions: aws_sdk_sfn::Client,
}

/// What a link leads to, or what a member decides on.
pub(crate) struct Link {
    pub(crate) capability: Capability,
    pub(crate) gate: GateRecord,
    pub(crate) request: RequestRecord,
    pub(crate) organisation: Organisation,
    /// Whether its person is an approver by now.
    pub(crate) approves: bool,
    /// The organisation's clock, for people.
    pub(crate) zone: Tz,
    /// Whoever looks need not know who works at the parent.
    pub(crate) hidden: ParentsPeople,
}

impl Link {
    pub(crate) fn state(&self) -> LinkState {
        link_state(&self.capability, &self.gate, &self.request, self.approves)
    }
}

impl App {
    pub(crate) async fn handle(&self, call: Call) -> Result<Answer, ProblemDetails> {
        match (call.verb(), call.route()) {
            ("GET", "/decide") => self.show(&call).await,
            ("POST", "/decide") => self.decide(&call).await,
            ("POST", "/orgs/{org}/requests/{id}/approval") => self.decide_as_member(&call, Gate::Approval(0)).await,
            ("POST", "/orgs/{org}/requests/{id}/licenses/{license}") => {
                let gate = Gate::License(call.param("license").to_owned());
                self.decide_as_member(&call, gate).await
            }
            _ => Err(ProblemDetails::not_found()),
        }
    }

    /// Writes nothing: mail scanners look at links too.
    async fn show(&self, call: &Call) -> Result<Answer, ProblemDetails> {
        let token = call.query("c").ok_or_else(ProblemDetails::not_found)?;
        let link = self.link(token).await?;
        let state = link.state();
        refuse_ended(&link, state)?;
        if !call.wants_page() {
            return Ok(Answer::json(StatusCode::OK, &pages::json(&link)));
        }
        // By opening the link, a technician who has just signed in has said enough. With an older sign-in they press the
        // button: what they were lured to then decides nothing by itself.
        let technician = self.technician(call, &link).await?;
        let send = state == LinkState::Open && technician.is_some_and(|technician| technician.is_recent());
        self.page(StatusCode::OK, token, &link, send, &[])
    }

    fn page(
        &self,
        status: StatusCode,
        token: &str,
        link: &Link,
        send: bool,
        problems: &[FieldError],
    ) -> Result<Answer, ProblemDetails> {
        let decision = Decision {
            action: self.web.base.link(&format!("/decide?c={token}")),
            open: link.state() == LinkState::Open,
            send,
            message: pages::message(link),
            problems,
            link,
        };
        self.web.page(status, &decision.title(), None, &decision)
    }

    async fn decide(&self, call: &Call) -> Result<Answer, ProblemDetails> {
        let token = call.query("c").ok_or_else(ProblemDetails::not_found)?;
        let mut link = self.link(token).await?;
        if matches!(
            link.state(),
            LinkState::OwnRequest | LinkState::NoApprover | LinkState::Ended
        ) {
            refuse_ended(&link, link.state())?;
        }
        self.refuse_own(call, &link).await?;
        // The ticket's links are everybody's who reads it; a name is better.
        let technician = self.technician(call, &link).await?;
        if let Some(technician) = &technician {
            technician.known_as().clone_into(&mut link.capability.person);
        }
        let said = match self.said(call, &link) {
            Ok(said) => said,
            Err(problem) if call.wants_page() && problem.status == StatusCode::UNPROCESSABLE_ENTITY => {
                return self.page(problem.status, token, &link, false, &problem.errors);
            }
            Err(problem) => return Err(problem),
        };
        let first = match self.settle(&mut link, &said, "link", technician.as_ref()).await {
            Ok(first) => first,
            Err(problem) if call.wants_page() && link.state() == LinkState::Open => {
                return self.page(problem.status, token, &link, false, &[changed_field()]);
            }
            Err(problem) => return Err(problem),
        };
        if call.wants_page() {
            let message = pages::message(&link);
            return self.web.page(
                StatusCode::OK,
                "Decision recorded",
                None,
                &Message { message: &message },
            );
        }
        Ok(recorded(&link, first))
    }

    /// A click on what is decided needs no reason: it is told what stands.
    fn said(&self, call: &Call, link: &Link) -> Result<Said, ProblemDetails> {
        let said = said::of_link(call)?;
        let missing = link.capability.action.needs_reason() && said.reason.is_none();
        if missing && link.state() == LinkState::Open {
            return Err(vec![said::reason_needed()].into());
        }
        Ok(said)
    }

    /// The pending page's buttons, and programs.
    async fn decide_as_member(&self, call: &Call, gate: Gate) -> Result<Answer, ProblemDetails> {
        let visit = self.web.visit(call).await?;
        let caller = &visit.caller;
        let mut link = self.gate_of(&visit, call, gate).await?;
        if link.capability.gate.is_approval() && caller.is_concerned(&link.request) {
            return Err(own_request());
        }
        let wanted = said::of_member(call, &link.capability.gate)?;
        link.capability.action = wanted.action;
        refuse_ended(&link, link.state())?;
        let first = self.settle(&mut link, &wanted.said, caller.via(), Some(caller)).await?;
        if call.wants_page() {
            let pending = format!("/orgs/{}/pending", visit.org());
            return Ok(Answer::see_other(&self.web.base.link(&pending)));
        }
        Ok(recorded(&link, first))
    }

    /// The one write, and what follows from it. Answers whether this call decided. `caller`: where it is known.
    async fn settle(
        &self,
        link: &mut Link,
        said: &Said,
        via: &str,
        caller: Option<&Caller>,
    ) -> Result<bool, ProblemDetails> {
        let capability = &link.capability;
        let saying = NewDecision {
            decision: capability.action.decision(),
            by: &capability.person,
            who: caller.map_or(&capability.person, |caller| &caller.id),
            via,
            reason: said.reason.as_ref(),
            // What they saw; a program that does not say is taken to have seen what stands now.
            version: Some(said.version.unwrap_or(link.request.plan.version)),
        };
        let decided = self
            .web
            .store
            .decide(&capability.key(), &capability.gate, saying)
            .await?;
        link.gate = decided.gate;
        // A decision is recorded from here on. Also when it was before: its first delivery may have been lost. Where nothing
        // is decided, as the request has changed, nobody is woken: time would decide.
        if let (Some(token), Some(_)) = (&link.gate.token, link.gate.decision) {
            runtime::deliver(&self.step_functions, token).await?;
        }
        // Somebody else may have decided since the gate was read.
        let reader = caller.map(|caller| &caller.org);
        link.hidden = self
            .hidden(&link.organisation, &link.request, &link.gate, reader)
            .await?;
        let state = link.state();
        refuse_ended(link, state)?;
        match state {
            LinkState::Same => Ok(decided.first),
            LinkState::Open => Err(ProblemDetails::conflict(CHANGED)),
            _ => Err(pages::decided_otherwise(link)),
        }
    }

    /// A forwarded link decides in its owner's name, but not from the requester's own session.
    async fn refuse_own(&self, call: &Call, link: &Link) -> Result<(), ProblemDetails> {
        if !link.capability.gate.is_approval() {
            return Ok(());
        }
        match self.web.signed_in(call).await? {
            Some((_, caller)) if caller.is_concerned(&link.request) => Err(own_request()),
            _ => Ok(()),
        }
    }

    async fn gate_of(&self, visit: &OrgScope, call: &Call, gate: Gate) -> Result<Link, ProblemDetails> {
        let request = RequestId::parse(call.param("id")).map_err(|_| ProblemDetails::not_found())?;
        let key = RequestKey {
            org: visit.org().clone(),
            request,
        };
        let request = self
            .web
            .store
            .request(&key)
            .await?
            .ok_or_else(ProblemDetails::not_found)?;
        let gate = match gate {
            Gate::Approval(_) => request.plan.approval_gate(),
            license => license,
        };
        let capability = Capability {
            action: gate.actions()[0],
            person: visit.caller.known_as().to_owned(),
            org: key.org,
            request: key.request,
            gate,
        };
        // A role decides here and no address.
        let reader = Some(&visit.caller.org);
        let link = self
            .found(capability, reader)
            .await?
            .ok_or_else(ProblemDetails::not_found)?;
        Ok(Link { approves: true, ..link })
    }

    async fn link(&self, token: &str) -> Result<Link, ProblemDetails> {
        let capability = self.web.store.capability(&SecretString::from(token)).await?;
        let found = match capability {
            Some(capability) => self.found(capability, None).await?,
            None => None,
        };
        found.ok_or_else(unknown)
    }

    /// `reader`: the organisation whose member looks, where that is known.
    async fn found(&self, capability: Capability, reader: Option<&OrgId>) -> Result<Option<Link>, ProblemDetails> {
        let store = &self.web.store;
        let key = capability.key();
        let Some(gate) = store.gate(&key, &capability.gate).await? else {
            return Ok(None);
        };
        let request = store.request(&key).await?;
        let Some((request, organisation)) = request.zip(store.organisation(&key.org).await?) else {
            return Ok(None);
        };
        let variables = self.web.variables(&organisation).await;
        let approves = match &variables {
            _ if !capability.gate.is_approval() => true,
            Ok(variables) => {
                self.approves(&organisation, variables, &request, &capability.person)
                    .await?
            }
            Err(error) if error.is_transient() => return Err(error.clone().into()),
            // Who approves is not known then; a role that decides finds the request under Pending all the same.
            Err(_) => false,
        };
        let zone = variables.map_or(Tz::UTC, |variables| variables.timezone);
        Ok(Some(Link {
            hidden: self.hidden(&organisation, &request, &gate, reader).await?,
            capability,
            gate,
            request,
            organisation,
            approves,
            zone,
        }))
    }

    async fn hidden(
        &self,
        organisation: &Organisation,
        request: &RequestRecord,
        gate: &GateRecord,
        reader: Option<&OrgId>,
    ) -> Result<ParentsPeople, ProblemDetails> {
        let people = [&request.requester.email, &gate.decided_by].into_iter().flatten();
        let people = people.map(String::as_str);
        Ok(self.web.parents_people(organisation, reader, people).await?)
    }

    /// Whether the person is an approver still. Somebody who was removed decides no more, by old links either.
    async fn approves(
        &self,
        organisation: &Organisation,
        variables: &OrgVariables,
        request: &RequestRecord,
        person: &str,
    ) -> Result<bool, ProblemDetails> {
        let members = if variables.new_user_approval_email.is_empty() {
            self.web.store.approving_members(organisation).await?
        } else {
            Vec::new()
        };
        Ok(authority::still_approves(person, &request.plan, variables, &members))
    }

    /// The technician of the organisation who is signed in, at a license link.
    async fn technician(&self, call: &Call, link: &Link) -> Result<Option<Caller>, ProblemDetails> {
        if !matches!(link.capability.gate, Gate::License(_)) {
            return Ok(None);
        }
        let signed_in = self.web.signed_in(call).await?.map(|(_, caller)| caller);
        Ok(signed_in.filter(|caller| caller.may_enter(&link.organisation) && caller.role.decides_licenses()))
    }
}

fn unknown() -> ProblemDetails {
    ProblemDetails::new(
        StatusCode::NOT_FOUND,
        "This link is unknown. It may have been copied wrongly, or be too old.",
    )
}

fn own_request() -> ProblemDetails {
    ProblemDetails::forbidden("This is your own request, so somebody else must decide on it.")
}

const CHANGED: &str = "The request has changed since you looked at it. Nothing was decided: look again, then decide.";

fn changed_field() -> FieldError {
    FieldError::new("version", CHANGED)
}

fn recorded(link: &Link, first: bool) -> Answer {
    let mut body = pages::json(link);
    body["first"] = json!(first);
    Answer::json(StatusCode::OK, &body)
}

fn refuse_ended(link: &Link, state: LinkState) -> Result<(), ProblemDetails> {
    match state {
        LinkState::OwnRequest => Err(own_request()),
        LinkState::NoApprover => Err(ProblemDetails::forbidden(pages::NO_APPROVER)),
        LinkState::TooLate | LinkState::Ended => {
            Err(pages::with_decision(ProblemDetails::gone(pages::message(link)), link))
        }
        LinkState::Open | LinkState::Same | LinkState::Otherwise => Ok(()),
    }
}
