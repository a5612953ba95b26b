//! The routes: GET shows the gate and POST decides, with a link, whose capability is the proof, or signed in.

use std::sync::Arc;

use domain::decision::Gate;
use domain::field::FieldError;
use domain::role::Role;
use http::{HeaderMap, StatusCode};
use serde_json::json;
use store::gates::NewDecision;
use web::{
    Caller, Format, OrgScope, PathParams, ProblemDetails, Public, Query, RequestBody, Response, Routes, State, member,
};

use crate::app::App;
use crate::link::Link;
use crate::link_state::LinkState;
use crate::pages::{self, Decision, Message};
use crate::said::{self, Said};

pub(crate) fn routes() -> Routes<Arc<App>> {
    const PENDING: &str = "/orgs/{org}/pending";
    let approvals = member(Role::decides_approvals).recently_from(PENDING);
    let licenses = member(Role::decides_licenses).recently_from(PENDING);
    Routes::default()
        .get("/decide", Public, show)
        .post("/decide", Public, decide)
        .post("/orgs/{org}/requests/{id}/approval", approvals, decide_approval)
        .post("/orgs/{org}/requests/{id}/licenses/{license}", licenses, decide_license)
}

async fn show(
    State(app): State<Arc<App>>,
    query: Query,
    format: Format,
    headers: HeaderMap,
) -> Result<Response, ProblemDetails> {
    app.show(&query, format, &headers).await
}

async fn decide(
    State(app): State<Arc<App>>,
    query: Query,
    format: Format,
    headers: HeaderMap,
    body: RequestBody,
) -> Result<Response, ProblemDetails> {
    app.decide(&query, format, &headers, &body).await
}

async fn decide_approval(
    State(app): State<Arc<App>>,
    scope: OrgScope,
    params: PathParams,
    format: Format,
    body: RequestBody,
) -> Result<Response, ProblemDetails> {
    let gate = Gate::Approval(0);
    app.decide_as_member(&scope, params.get("id"), gate, format, &body)
        .await
}

async fn decide_license(
    State(app): State<Arc<App>>,
    scope: OrgScope,
    params: PathParams,
    format: Format,
    body: RequestBody,
) -> Result<Response, ProblemDetails> {
    let gate = Gate::License(params.get("license").to_owned());
    app.decide_as_member(&scope, params.get("id"), gate, format, &body)
        .await
}

impl App {
    /// Shows the page and writes nothing, because mail scanners open links too.
    async fn show(&self, query: &Query, format: Format, headers: &HeaderMap) -> Result<Response, ProblemDetails> {
        let token = query.get("c").ok_or_else(ProblemDetails::not_found)?;
        let link = self.link(token).await?;
        let state = link.state();
        refuse_ended(&link, state)?;
        if !format.is_page() {
            return Ok(web::json(StatusCode::OK, &pages::json(&link)));
        }
        // A technician who has just signed in decides by opening the link. With an older sign-in they must press the
        // button, so that a link that others lured them to decides nothing by itself.
        let technician = self.technician(headers, &link).await?;
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
    ) -> Result<Response, ProblemDetails> {
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

    async fn decide(
        &self,
        query: &Query,
        format: Format,
        headers: &HeaderMap,
        body: &RequestBody,
    ) -> Result<Response, ProblemDetails> {
        let token = query.get("c").ok_or_else(ProblemDetails::not_found)?;
        let mut link = self.link(token).await?;
        if matches!(
            link.state(),
            LinkState::OwnRequest | LinkState::NoApprover | LinkState::Ended
        ) {
            refuse_ended(&link, link.state())?;
        }
        self.refuse_own(headers, &link).await?;
        // Anybody who reads the ticket can use its links, so the name of a signed-in technician is better.
        let technician = self.technician(headers, &link).await?;
        if let Some(technician) = &technician {
            technician.known_as().clone_into(&mut link.capability.person);
        }
        let said = match said_by(body, &link) {
            Ok(said) => said,
            Err(problem) if format.is_page() && problem.status == StatusCode::UNPROCESSABLE_ENTITY => {
                return self.page(problem.status, token, &link, false, &problem.errors);
            }
            Err(problem) => return Err(problem),
        };
        let first = match self.settle(&mut link, &said, "link", technician.as_ref()).await {
            Ok(first) => first,
            Err(problem) if format.is_page() && link.state() == LinkState::Open => {
                return self.page(problem.status, token, &link, false, &[changed_field()]);
            }
            Err(problem) => return Err(problem),
        };
        if format.is_page() {
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

    /// Decides for the pending page's buttons and for programs.
    async fn decide_as_member(
        &self,
        scope: &OrgScope,
        request: &str,
        gate: Gate,
        format: Format,
        body: &RequestBody,
    ) -> Result<Response, ProblemDetails> {
        let caller = &scope.caller;
        let mut link = self.gate_of(scope, request, gate).await?;
        if link.capability.gate.is_approval() && caller.is_concerned(&link.request) {
            return Err(own_request());
        }
        let wanted = said::of_member(body, &link.capability.gate)?;
        link.capability.action = wanted.action;
        refuse_ended(&link, link.state())?;
        let first = self.settle(&mut link, &wanted.said, caller.via(), Some(caller)).await?;
        if format.is_page() {
            let pending = format!("/orgs/{}/pending", scope.org());
            return Ok(web::see_other(&self.web.base.link(&pending)));
        }
        Ok(recorded(&link, first))
    }

    /// Makes the decision in one write, with what follows from it. Returns whether this call decided. `caller` is
    /// `None` if it is unknown.
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
            // The version that the caller saw. A program that does not send one is assumed to have seen the current
            // one.
            version: Some(said.version.unwrap_or(link.request.plan.version)),
        };
        let decided = self
            .web
            .store
            .decide(&capability.key(), &capability.gate, saying)
            .await?;
        link.gate = decided.gate;
        // From here on a decision is recorded. The task is woken even if the decision was recorded earlier, because the
        // first delivery may have been lost. If nothing was decided because the request had changed, the task is not
        // woken, because it would continue as timed out.
        if let (Some(token), Some(_)) = (&link.gate.token, link.gate.decision) {
            runtime::deliver(&self.step_functions, token).await?;
        }
        // Another person may have decided since the gate was read.
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

    /// Refuses the requester's own session. A forwarded link decides in its recipient's name, but the requester must
    /// not use it.
    async fn refuse_own(&self, headers: &HeaderMap, link: &Link) -> Result<(), ProblemDetails> {
        if !link.capability.gate.is_approval() {
            return Ok(());
        }
        match self.web.signed_in(headers).await? {
            Some((_, caller)) if caller.is_concerned(&link.request) => Err(own_request()),
            _ => Ok(()),
        }
    }

    /// The signed-in technician of the organisation, at a license link.
    async fn technician(&self, headers: &HeaderMap, link: &Link) -> Result<Option<Caller>, ProblemDetails> {
        if !matches!(link.capability.gate, Gate::License(_)) {
            return Ok(None);
        }
        let signed_in = self.web.signed_in(headers).await?.map(|(_, caller)| caller);
        Ok(signed_in.filter(|caller| caller.may_enter(&link.organisation) && caller.role.decides_licenses()))
    }
}

/// A click after the decision needs no reason, because it only shows the decision.
fn said_by(body: &RequestBody, link: &Link) -> Result<Said, ProblemDetails> {
    let said = said::of_link(body)?;
    let missing = link.capability.action.needs_reason() && said.reason.is_none();
    if missing && link.state() == LinkState::Open {
        return Err(vec![said::reason_needed()].into());
    }
    Ok(said)
}

fn own_request() -> ProblemDetails {
    ProblemDetails::forbidden("This is your own request, so somebody else must decide on it.")
}

const CHANGED: &str = "The request has changed since you looked at it. Nothing was decided: look again, then decide.";

fn changed_field() -> FieldError {
    FieldError::new("version", CHANGED)
}

fn recorded(link: &Link, first: bool) -> Response {
    let mut body = pages::json(link);
    body["first"] = json!(first);
    web::json(StatusCode::OK, &body)
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
