//! The state that the handlers of all HTTP functions share, and the checks on sessions, tokens and limits.

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

/// The parts of the state that all HTTP functions have.
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

    /// The caller of a request. An API token wins over a session, and an unknown token identifies nobody. If a session
    /// would change something, its CSRF token is checked.
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

    /// The member whose session the request carries. No CSRF token is checked, so this is only for pages that change
    /// nothing.
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

    /// Returns 429 if the limit is used up. `what` names the things that were too many, as the beginning of a sentence.
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

    /// Counts a submission or a change of date before anything is looked up for it, because both send mails to
    /// approvers and notes to tickets. Basic and power users have their own limit, which counts first. What is refused
    /// here or for its content does not count for their organisation, so it keeps nobody else from submitting.
    pub async fn may_submit(&self, scope: &OrgScope) -> Result<(), ProblemDetails> {
        match own_submissions(scope) {
            Some(own) => self.within(&own, "You have submitted too much").await,
            None => self.organisation_may_submit(scope).await,
        }
    }

    /// Counts the submission for the organisation before it is written, if [`Web::may_submit`] did not.
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

    /// The organisation's current effective variables.
    pub async fn variables(&self, organisation: &Organisation) -> Result<OrgVariables, StepError> {
        self.store.variables(organisation).await
    }

    /// Adds the cookie of a new session. The session of the browser's previous cookie ends, so a copy of that cookie is
    /// useless.
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

    /// Ends the browser's session and deletes its cookie.
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

/// Whether the method may change something; GET and HEAD do not.
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
