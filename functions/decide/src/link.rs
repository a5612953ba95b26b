//! Finds the gate and the request on which a link, or a member, decides.

use chrono_tz::Tz;
use domain::authority;
use domain::decision::Gate;
use domain::ids::{OrgId, RequestId};
use domain::integration::Organisation;
use domain::request::RequestKey;
use domain::variables::OrgVariables;
use http::StatusCode;
use secrecy::SecretString;
use store::capability::Capability;
use store::gates::GateRecord;
use store::requests::RequestRecord;
use web::{OrgScope, ParentsPeople, ProblemDetails};

use crate::app::App;
use crate::link_state::{LinkState, link_state};

/// The gate and request of a link, or of a member's decision.
pub(crate) struct Link {
    pub(crate) capability: Capability,
    pub(crate) gate: GateRecord,
    pub(crate) request: RequestRecord,
    pub(crate) organisation: Organisation,
    /// Whether the decider is an approver now.
    pub(crate) approves: bool,
    /// The organisation's time zone, for people.
    pub(crate) zone: Tz,
    /// The people of the parent whom the reader may not see.
    pub(crate) hidden: ParentsPeople,
}

impl Link {
    pub(crate) fn state(&self) -> LinkState {
        link_state(&self.capability, &self.gate, &self.request, self.approves)
    }
}

impl App {
    /// The gate of a request on which a member or a program decides. 404 if there is no such request or gate.
    pub(crate) async fn gate_of(&self, scope: &OrgScope, request: &str, gate: Gate) -> Result<Link, ProblemDetails> {
        let request = RequestId::parse(request).map_err(|_| ProblemDetails::not_found())?;
        let key = RequestKey {
            org: scope.org().clone(),
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
            person: scope.caller.known_as().to_owned(),
            org: key.org,
            request: key.request,
            gate,
        };
        // Here a role decides and not an address.
        let reader = Some(&scope.caller.org);
        let link = self
            .found(capability, reader)
            .await?
            .ok_or_else(ProblemDetails::not_found)?;
        Ok(Link { approves: true, ..link })
    }

    /// The gate and request of a link. 404 if the link is unknown.
    pub(crate) async fn link(&self, token: &str) -> Result<Link, ProblemDetails> {
        let capability = self.web.store.capability(&SecretString::from(token)).await?;
        let found = match capability {
            Some(capability) => self.found(capability, None).await?,
            None => None,
        };
        found.ok_or_else(unknown)
    }

    /// `reader` is the organisation of the member who reads, if known.
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
            // The approvers are then unknown; a member whose role decides still finds the request under Pending.
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

    /// The people of the parent whom the reader may not see.
    pub(crate) async fn hidden(
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

    /// Whether the person is still an approver. A removed approver cannot decide, even with an old link.
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
}

fn unknown() -> ProblemDetails {
    ProblemDetails::new(
        StatusCode::NOT_FOUND,
        "This link is unknown. It may have been copied wrongly, or be too old.",
    )
}
