//! Who calls, and what they may do where.

use chrono::Utc;
use domain::fault::Fault;
use domain::ids::OrgId;
use domain::integration::Organisation;
use domain::request::Requester;
use domain::role::Role;
use domain::variables::OrgVariables;
use http::header::AUTHORIZATION;
use secrecy::SecretString;
use step::{Aws, Env};
use store::Store;
use store::limits::{Allowed, Limit};
use store::members::Member;
use store::requests::RequestRecord;
use store::secrets::Secrets;

use crate::answer::Answer;
use crate::base::Base;
use crate::call::Call;
use crate::problem::Problem;
use crate::routes;
use crate::session::{self, Keys, Session};

/// What HTTP functions have in common.
#[derive(Clone)]
pub struct Web {
    pub store: Store,
    pub base: Base,
    secrets: Secrets,
}

/// Who calls, as the tables say now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Where they are a member, or their token is from.
    pub org: OrgId,
    /// Member id, or `token:NAME`: what the audit and a request's requester hold.
    pub id: String,
    pub name: String,
    pub email: Option<String>,
    pub role: Role,
    /// For the forms of their pages; None for a token.
    csrf: Option<String>,
}

impl Caller {
    pub fn token(token: store::access::ApiToken) -> Self {
        Self {
            org: token.org,
            id: format!("token:{}", token.name),
            name: token.name,
            email: None,
            role: token.role,
            csrf: None,
        }
    }

    /// `csrf` is the token of the member's session.
    pub fn member(member: Member, csrf: String) -> Self {
        Self {
            org: member.org,
            id: member.id,
            name: member.name,
            email: Some(member.email),
            role: member.role,
            csrf: Some(csrf),
        }
    }

    pub fn requester(&self) -> Requester {
        Requester {
            id: self.id.clone(),
            email: self.email.clone(),
        }
    }

    pub fn asked_for(&self, requester: &Requester) -> bool {
        self.requester() == *requester
    }

    /// Whether they asked for it, or it is about them, by whichever account they come: somebody else approves it then.
    pub fn is_concerned(&self, request: &RequestRecord) -> bool {
        self.id == request.requester.id || self.email.as_ref().is_some_and(|email| request.concerns(email))
    }

    /// As decisions and notes name them.
    pub fn known_as(&self) -> &str {
        self.email.as_deref().unwrap_or(&self.id)
    }

    /// How they decide: signed in, or as a program.
    pub fn via(&self) -> &'static str {
        if self.csrf.is_some() { "session" } else { "token" }
    }

    /// In their own organisation, and with the same role in its children: there only to act, not to ask.
    pub fn may_enter(&self, organisation: &Organisation) -> bool {
        let child = organisation.parent.as_ref() == Some(&self.org);
        organisation.id == self.org || (child && self.role.acts_in_children())
    }
}

/// A caller in an organisation that they may enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    pub organisation: Organisation,
    pub caller: Caller,
}

impl Visit {
    /// What is not theirs is answered as what does not exist.
    fn begin(caller: Caller, organisation: Option<Organisation>) -> Result<Self, Problem> {
        match organisation {
            Some(organisation) if caller.may_enter(&organisation) => Ok(Self { organisation, caller }),
            _ => Err(Problem::not_found()),
        }
    }

    /// 403 unless the caller's role allows it.
    pub fn need(&self, right: impl Fn(Role) -> bool) -> Result<(), Problem> {
        if right(self.caller.role) {
            Ok(())
        } else {
            Err(Problem::forbidden(format!(
                "The role {} does not allow this.",
                self.caller.role.as_str()
            )))
        }
    }

    /// For the hidden field `csrf` of forms; empty for a token.
    pub fn csrf(&self) -> &str {
        self.caller.csrf.as_deref().unwrap_or_default()
    }

    pub fn org(&self) -> &OrgId {
        &self.organisation.id
    }
}

impl Web {
    pub fn new(aws: &Aws) -> Result<Self, Fault> {
        Ok(Self {
            store: aws.store()?,
            base: Base::new(&Env.base_url()?)?,
            secrets: aws.secrets()?,
        })
    }

    pub async fn keys(&self) -> Result<Keys, Fault> {
        Keys::new(&self.secrets.session_key().await?)
    }

    /// The caller in the organisation of the URL. Checks credentials, the CSRF token of whatever a session would change,
    /// the organisation, and what the route asks of a role.
    pub async fn visit(&self, call: &Call) -> Result<Visit, Problem> {
        let right = routes::right(call).ok_or_else(Problem::not_found)?;
        let caller = self.caller(call).await?.ok_or_else(Problem::unauthorised)?;
        let organisation = match OrgId::parse(call.param("org")) {
            Ok(org) => self.store.organisation(&org).await?,
            Err(_) => None,
        };
        let visit = Visit::begin(caller, organisation)?;
        visit.need(right)?;
        Ok(visit)
    }

    /// Whoever calls: an API token wins over a session. A token that is not ours is nobody.
    pub async fn caller(&self, call: &Call) -> Result<Option<Caller>, Problem> {
        if let Some(authorization) = call.header(AUTHORIZATION.as_str()) {
            let Some(token) = bearer(authorization) else {
                return Ok(None);
            };
            return Ok(self.store.api_token(&token).await?.map(Caller::token));
        }
        let Some((session, caller)) = self.signed_in(call).await? else {
            return Ok(None);
        };
        if !call.is_safe() && !self.keys().await?.csrf_is_right(&session, &call.csrf()) {
            return Err(Problem::forbidden(
                "The form is not of this session. Load the page again, and repeat.",
            ));
        }
        Ok(Some(caller))
    }

    /// The member whose session the call carries. Checks no CSRF token: for pages that only look.
    pub async fn signed_in(&self, call: &Call) -> Result<Option<(Session, Caller)>, Fault> {
        if call.header("cookie").is_none() {
            return Ok(None);
        }
        let keys = self.keys().await?;
        let Some(session) = keys.open(call.headers(), Utc::now()) else {
            return Ok(None);
        };
        let member = self.store.member(&session.org, &session.member).await?;
        let csrf = keys.csrf(&session);
        Ok(member.map(|member| (session, Caller::member(member, csrf))))
    }

    /// 429 if the limit is used up; `what` is what there was too much of, as the beginning of a sentence.
    pub async fn within(&self, limit: &Limit, what: &str) -> Result<(), Problem> {
        match self.store.allow(limit).await? {
            Allowed::Yes => Ok(()),
            Allowed::No { seconds, .. } => Err(Problem::too_many(
                format!(
                    "{what}: at most {} {}. Try again in {seconds} seconds.",
                    limit.most(),
                    limit.each()
                ),
                seconds,
            )),
        }
    }

    /// The organisation's variables as they hold now.
    pub async fn variables(&self, organisation: &Organisation) -> Result<OrgVariables, Fault> {
        let (own, inherited) = self.store.values(organisation).await?;
        OrgVariables::resolve(&own, &inherited).map_err(|problems| {
            let names: Vec<_> = problems.into_iter().map(|problem| problem.field).collect();
            Fault::NeedsAttention(format!("variables of the organisation are wrong: {}", names.join(", ")))
        })
    }

    /// Adds the cookie of a new session.
    pub async fn begin_session(&self, answer: Answer, org: &OrgId, member: &str) -> Result<Answer, Fault> {
        let session = Session::begin(org, member, Utc::now());
        Ok(answer.with_cookie(&self.keys().await?.seal(&session)?))
    }

    /// Makes the browser forget its session.
    pub fn end_session(&self, answer: Answer) -> Answer {
        answer.with_cookie(&session::end())
    }
}

fn bearer(authorization: &str) -> Option<SecretString> {
    let (scheme, token) = authorization.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| token.to_owned().into())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn organisation(id: &str, parent: Option<&str>) -> Organisation {
        Organisation {
            parent: parent.map(|parent| OrgId::parse(parent).unwrap()),
            ..Organisation::new(OrgId::parse(id).unwrap(), id)
        }
    }

    fn caller(org: &str, role: Role) -> Caller {
        let org = OrgId::parse(org).unwrap();
        Caller::token(store::access::ApiToken {
            org,
            name: "ci".to_owned(),
            role,
        })
    }

    #[test]
    fn only_the_own_organisation_and_its_children_exist() {
        let enter = |org, target| Visit::begin(caller(org, Role::Admin), target);
        assert!(enter("acme", Some(organisation("acme", None))).is_ok());
        assert!(enter("msp", Some(organisation("acme", Some("msp")))).is_ok());
        for role in Role::ALL {
            let child = Visit::begin(caller("msp", role), Some(organisation("acme", Some("msp"))));
            let acts = ![Role::Basic, Role::PowerUser].contains(&role);
            assert_eq!(child.is_ok(), acts, "{role:?}");
        }
        let nowhere = enter("acme", None).unwrap_err();
        for target in [
            organisation("other", None),
            organisation("msp", None),
            organisation("sister", Some("msp")),
        ] {
            let refused = enter("acme", Some(target)).unwrap_err();
            assert_eq!(refused.to_json(), nowhere.to_json());
            assert_eq!(refused.status.as_u16(), 404);
        }
    }

    #[test]
    fn bearer_tokens_are_read() {
        assert_eq!(bearer("Bearer abc").unwrap().expose_secret(), "abc");
        assert_eq!(bearer("bearer  abc ").unwrap().expose_secret(), "abc");
        for bad in ["", "Bearer", "Bearer ", "Basic abc", "abc"] {
            assert!(bearer(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn own_requests_are_known_by_requester() {
        let me = caller("acme", Role::Basic);
        assert!(me.asked_for(&me.requester()));
        assert!(!me.asked_for(&Requester {
            id: "token:other".to_owned(),
            email: None
        }));
    }
}
