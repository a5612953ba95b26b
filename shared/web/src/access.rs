//! What the handlers of all HTTP functions work with, and the checks on sessions, tokens and limits.

use axum::response::Response;
use chrono::Utc;
use domain::integration::Organisation;
use domain::step_error::StepError;
use domain::variables::OrgVariables;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, Method};
use runtime::{Aws, Env};
use secrecy::SecretString;
use store::Store;
use store::limits::{Allowed, Limit};
use store::members::Member;

use crate::base::Base;
use crate::body::RequestBody;
use crate::caller::Caller;
use crate::org_scope::OrgScope;
use crate::problem_details::ProblemDetails;
use crate::respond::with_cookie;
use crate::session::{self, Session};

/// What HTTP functions have in common.
#[derive(Clone)]
pub struct Web {
    pub store: Store,
    pub base: Base,
}

impl Web {
    pub fn new(aws: &Aws) -> Result<Self, StepError> {
        Ok(Self {
            store: aws.store()?,
            base: Base::new(&Env.base_url()?)?,
        })
    }

    /// Whoever makes the request: an API token wins over a session. A token that is not ours is nobody. Checks the CSRF
    /// token of whatever a session would change.
    pub(crate) async fn caller(&self, request: &Parts) -> Result<Option<Caller>, ProblemDetails> {
        if let Some(authorization) = request.headers.get(AUTHORIZATION) {
            let Some(token) = authorization.to_str().ok().and_then(bearer) else {
                return Ok(None);
            };
            let known = self.store.api_token(&token, Utc::now()).await?;
            return Ok(known.map(|(token, owner)| Caller::token(&token, owner)));
        }
        let Some((session, caller)) = self.signed_in(&request.headers).await? else {
            return Ok(None);
        };
        if changes(&request.method) && !session.csrf_is_right(&csrf(request)) {
            return Err(ProblemDetails::forbidden(
                "The form is not of this session. Load the page again, and repeat.",
            ));
        }
        Ok(Some(caller))
    }

    /// The member whose session the request carries. Checks no CSRF token: for pages that only look.
    pub async fn signed_in(&self, headers: &HeaderMap) -> Result<Option<(Session, Caller)>, StepError> {
        let now = Utc::now();
        let Some(secret) = session::brought(headers) else {
            return Ok(None);
        };
        let Some(stored) = self.store.session(&secret, now).await? else {
            return Ok(None);
        };
        let member = self.store.member(&stored.org, &stored.member).await?;
        let Some(member) = member.filter(|member| stored.is_of(member)) else {
            return Ok(None);
        };
        self.store.session_used(&secret, &stored, now).await?;
        let session = Session::new(secret, stored);
        let caller = Caller::member(member, session.csrf()).signed_in_recently(session.is_recent(now));
        Ok(Some((session, caller)))
    }

    /// 429 if the limit is used up; `what` is what there was too much of, as the beginning of a sentence.
    pub async fn within(&self, limit: &Limit, what: &str) -> Result<(), ProblemDetails> {
        match self.store.allow(limit).await? {
            Allowed::Yes => Ok(()),
            Allowed::No { seconds, .. } => Err(ProblemDetails::too_many(
                format!(
                    "{what}: at most {} {}. Try again in {seconds} {}.",
                    limit.most(),
                    limit.each(),
                    if seconds == 1 { "second" } else { "seconds" }
                ),
                seconds,
            )),
        }
    }

    /// A submission, or another date, before anything is looked up for it: both are mailed to approvers and told on tickets.
    /// A basic or a power user is counted by themselves first. What they are refused, here or for its content, is not
    /// counted for their organisation, so it keeps nobody else from submitting.
    pub async fn may_submit(&self, scope: &OrgScope) -> Result<(), ProblemDetails> {
        match own_submissions(scope) {
            Some(own) => self.within(&own, "You have submitted too much").await,
            None => self.organisation_may_submit(scope).await,
        }
    }

    /// The same right before it is written, where that was not counted for the organisation yet.
    pub async fn may_write(&self, scope: &OrgScope) -> Result<(), ProblemDetails> {
        match own_submissions(scope) {
            Some(_) => self.organisation_may_submit(scope).await,
            None => Ok(()),
        }
    }

    async fn organisation_may_submit(&self, scope: &OrgScope) -> Result<(), ProblemDetails> {
        let limit = Limit::submissions(scope.org());
        self.within(&limit, "The organisation has submitted too much").await
    }

    /// The organisation's variables as they hold now.
    pub async fn variables(&self, organisation: &Organisation) -> Result<OrgVariables, StepError> {
        self.store.variables(organisation).await
    }

    /// Adds the cookie of a new session. The one that the browser brought ends: whoever has a copy of it has nothing.
    pub async fn begin_session(
        &self,
        headers: &HeaderMap,
        response: Response,
        member: &Member,
    ) -> Result<Response, StepError> {
        self.forget_session(headers).await?;
        let secret = self.store.begin_session(member, Utc::now()).await?;
        Ok(with_cookie(response, &session::cookie(&secret)))
    }

    /// Ends the session that the browser brought, and makes the browser forget it.
    pub async fn end_session(&self, headers: &HeaderMap, response: Response) -> Result<Response, StepError> {
        self.forget_session(headers).await?;
        Ok(with_cookie(response, &session::end()))
    }

    async fn forget_session(&self, headers: &HeaderMap) -> Result<(), StepError> {
        match session::brought(headers) {
            Some(secret) => self.store.end_session(&secret).await,
            None => Ok(()),
        }
    }
}

fn own_submissions(scope: &OrgScope) -> Option<Limit> {
    let caller = &scope.caller;
    let person = caller.person.as_deref().unwrap_or(&caller.id);
    Limit::own_submissions(scope.org(), caller.role, person)
}

fn bearer(authorization: &str) -> Option<SecretString> {
    let (scheme, token) = authorization.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| token.to_owned().into())
}

/// GET and HEAD change nothing.
fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD)
}

fn csrf(request: &Parts) -> String {
    let body = request.extensions.get::<RequestBody>();
    body.map_or_else(String::new, |body| body.csrf(&request.headers))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn bearer_tokens_are_read() {
        assert_eq!(bearer("Bearer abc").unwrap().expose_secret(), "abc");
        assert_eq!(bearer("bearer  abc ").unwrap().expose_secret(), "abc");
        for bad in ["", "Bearer", "Bearer ", "Basic abc", "abc"] {
            assert!(bearer(bad).is_none(), "{bad}");
        }
    }
}
