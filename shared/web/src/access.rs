//! Who calls, and what they may do where.

use chrono::Utc;
use domain::ids::OrgId;
use domain::integration::Organisation;
use domain::request::Requester;
use domain::role::Role;
use domain::step_error::StepError;
use domain::variables::OrgVariables;
use http::header::AUTHORIZATION;
use runtime::{Aws, Env};
use secrecy::SecretString;
use store::Store;
use store::limits::{Allowed, Limit};
use store::members::Member;
use store::requests::RequestRecord;
use store::tokens::ApiToken;

use crate::answer::Answer;
use crate::base::Base;
use crate::call::Call;
use crate::come_back::ComeBack;
use crate::problem_details::ProblemDetails;
use crate::routes::{self, SignedIn};
use crate::session::{self, Session};

/// What HTTP functions have in common.
#[derive(Clone)]
pub struct Web {
    pub store: Store,
    pub base: Base,
}

/// Who calls, as the tables say now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Where they are a member, or their token is from.
    pub org: OrgId,
    /// Member id, or `token:ORG/ID`: what the audit and a request's requester hold.
    pub id: String,
    /// A member's name, or `NAME (ORG)` of a token.
    pub name: String,
    /// A token's owner's.
    pub email: Option<String>,
    /// `ORG/MEMBER`: the member who calls, or who owns the token.
    pub person: Option<String>,
    pub role: Role,
    /// None for a token.
    session: Option<InSession>,
}

/// What of a caller's session matters to pages and rights.
#[derive(Debug, Clone, PartialEq, Eq)]
struct InSession {
    /// For the forms of their pages.
    csrf: String,
    /// Whether they signed in within the last fifteen minutes.
    recent: bool,
    /// Where they come back to, on a page whose forms ask for a more recent sign-in than theirs.
    renew: Option<ComeBack>,
}

impl Caller {
    /// A program, which counts as the token's owner.
    pub fn token(token: &ApiToken, owner: Member) -> Self {
        Self {
            org: token.org.clone(),
            id: token.reference().to_string(),
            name: token.shown(),
            person: Some(owner.person()),
            email: Some(owner.email),
            role: token.role,
            session: None,
        }
    }

    /// `csrf` is the token of the member's session.
    pub fn member(member: Member, csrf: String) -> Self {
        Self {
            person: Some(member.person()),
            org: member.org,
            id: member.id,
            name: member.name,
            email: Some(member.email),
            role: member.role,
            session: Some(InSession {
                csrf,
                recent: false,
                renew: None,
            }),
        }
    }

    #[must_use]
    fn signed_in_recently(mut self, recent: bool) -> Self {
        if let Some(session) = &mut self.session {
            session.recent = recent;
        }
        self
    }

    /// Whether what is sensitive can be done: a member signed in within the last fifteen minutes. A token is as good as new
    /// until it ends.
    pub fn is_recent(&self) -> bool {
        self.session.as_ref().is_none_or(|session| session.recent)
    }

    fn offer_to_renew(&mut self, page: Option<ComeBack>) {
        if let Some(session) = &mut self.session {
            session.renew = page;
        }
    }

    /// The member who calls, where it is one.
    pub fn member_id(&self) -> Option<&str> {
        self.session.as_ref().map(|_| self.id.as_str())
    }

    pub fn requester(&self) -> Requester {
        Requester {
            id: self.id.clone(),
            person: self.person.clone(),
            email: self.email.clone(),
        }
    }

    /// Whether they asked for it, themselves or by a program of theirs.
    pub fn asked_for(&self, requester: &Requester) -> bool {
        match (&self.person, &requester.person) {
            (Some(own), Some(theirs)) => own == theirs,
            _ => self.id == requester.id,
        }
    }

    /// Whether they asked for it, or it is about them, by whichever account they come: somebody else approves it then.
    pub fn is_concerned(&self, request: &RequestRecord) -> bool {
        self.asked_for(&request.requester) || self.email.as_ref().is_some_and(|email| request.concerns(email))
    }

    /// As decisions and notes name them.
    pub fn known_as(&self) -> &str {
        match &self.session {
            Some(_) => self.email.as_deref().unwrap_or(&self.id),
            None => &self.name,
        }
    }

    /// How they decide: signed in, or as a program.
    pub fn via(&self) -> &'static str {
        if self.session.is_some() { "session" } else { "token" }
    }

    /// In their own organisation, and with the same role in its children: there only to act, not to ask.
    pub fn may_enter(&self, organisation: &Organisation) -> bool {
        let child = organisation.parent.as_ref() == Some(&self.org);
        organisation.id == self.org || (child && self.role.acts_in_children())
    }
}

/// A caller in an organisation that they may enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgScope {
    pub organisation: Organisation,
    pub caller: Caller,
}

impl OrgScope {
    /// What is not theirs is answered as what does not exist.
    fn begin(caller: Caller, organisation: Option<Organisation>) -> Result<Self, ProblemDetails> {
        match organisation {
            Some(organisation) if caller.may_enter(&organisation) => Ok(Self { organisation, caller }),
            _ => Err(ProblemDetails::not_found()),
        }
    }

    /// 403 unless the caller's role allows it.
    pub fn need(&self, right: impl Fn(Role) -> bool) -> Result<(), ProblemDetails> {
        if right(self.caller.role) {
            Ok(())
        } else {
            Err(ProblemDetails::forbidden(format!(
                "The role {} does not allow this.",
                self.caller.role.as_str()
            )))
        }
    }

    /// For the hidden field `csrf` of forms; empty for a token.
    pub fn csrf(&self) -> &str {
        self.caller.session.as_ref().map_or("", |session| &session.csrf)
    }

    /// On a page whose forms ask for a more recent sign-in than the visitor's: the page, to come back to.
    pub fn renew(&self) -> Option<&str> {
        let session = self.caller.session.as_ref()?;
        session.renew.as_ref().map(ComeBack::path)
    }

    pub fn org(&self) -> &OrgId {
        &self.organisation.id
    }
}

impl Web {
    pub fn new(aws: &Aws) -> Result<Self, StepError> {
        Ok(Self {
            store: aws.store()?,
            base: Base::new(&Env.base_url()?)?,
        })
    }

    /// The caller in the organisation of the URL. Checks credentials, the CSRF token of whatever a session would change,
    /// the organisation, and what the route asks of a role and of the sign-in.
    pub async fn visit(&self, call: &Call) -> Result<OrgScope, ProblemDetails> {
        let route = routes::find(call).ok_or_else(ProblemDetails::not_found)?;
        let caller = self.caller(call).await?.ok_or_else(ProblemDetails::unauthorised)?;
        let organisation = match OrgId::parse(call.param("org")) {
            Ok(org) => self.store.organisation(&org).await?,
            Err(_) => None,
        };
        let mut visit = OrgScope::begin(caller, organisation)?;
        visit.need(route.right)?;
        if !visit.caller.is_recent() {
            match route.signed_in {
                SignedIn::Recently(_) => return Err(ProblemDetails::sign_in_again()),
                SignedIn::Offers => visit.caller.offer_to_renew(routes::come_back(call)),
                SignedIn::AnyTime => {}
            }
        }
        Ok(visit)
    }

    /// Whoever calls: an API token wins over a session. A token that is not ours is nobody.
    pub async fn caller(&self, call: &Call) -> Result<Option<Caller>, ProblemDetails> {
        if let Some(authorization) = call.header(AUTHORIZATION.as_str()) {
            let Some(token) = bearer(authorization) else {
                return Ok(None);
            };
            let known = self.store.api_token(&token, Utc::now()).await?;
            return Ok(known.map(|(token, owner)| Caller::token(&token, owner)));
        }
        let Some((session, caller)) = self.signed_in(call).await? else {
            return Ok(None);
        };
        if !call.is_safe() && !session.csrf_is_right(&call.csrf()) {
            return Err(ProblemDetails::forbidden(
                "The form is not of this session. Load the page again, and repeat.",
            ));
        }
        Ok(Some(caller))
    }

    /// The member whose session the call carries. Checks no CSRF token: for pages that only look.
    pub async fn signed_in(&self, call: &Call) -> Result<Option<(Session, Caller)>, StepError> {
        let now = Utc::now();
        let Some(secret) = session::brought(call.headers()) else {
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
    pub async fn may_submit(&self, visit: &OrgScope) -> Result<(), ProblemDetails> {
        match own_submissions(visit) {
            Some(own) => self.within(&own, "You have submitted too much").await,
            None => self.organisation_may_submit(visit).await,
        }
    }

    /// The same right before it is written, where that was not counted for the organisation yet.
    pub async fn may_write(&self, visit: &OrgScope) -> Result<(), ProblemDetails> {
        match own_submissions(visit) {
            Some(_) => self.organisation_may_submit(visit).await,
            None => Ok(()),
        }
    }

    async fn organisation_may_submit(&self, visit: &OrgScope) -> Result<(), ProblemDetails> {
        let limit = Limit::submissions(visit.org());
        self.within(&limit, "The organisation has submitted too much").await
    }

    /// The organisation's variables as they hold now.
    pub async fn variables(&self, organisation: &Organisation) -> Result<OrgVariables, StepError> {
        self.store.variables(organisation).await
    }

    /// Adds the cookie of a new session. The one that the browser brought ends: whoever has a copy of it has nothing.
    pub async fn begin_session(&self, call: &Call, answer: Answer, member: &Member) -> Result<Answer, StepError> {
        self.forget_session(call).await?;
        let secret = self.store.begin_session(member, Utc::now()).await?;
        Ok(answer.with_cookie(&session::cookie(&secret)))
    }

    /// Ends the session that the browser brought, and makes the browser forget it.
    pub async fn end_session(&self, call: &Call, answer: Answer) -> Result<Answer, StepError> {
        self.forget_session(call).await?;
        Ok(answer.with_cookie(&session::end()))
    }

    async fn forget_session(&self, call: &Call) -> Result<(), StepError> {
        match session::brought(call.headers()) {
            Some(secret) => self.store.end_session(&secret).await,
            None => Ok(()),
        }
    }
}

fn own_submissions(visit: &OrgScope) -> Option<Limit> {
    let caller = &visit.caller;
    let person = caller.person.as_deref().unwrap_or(&caller.id);
    Limit::own_submissions(visit.org(), caller.role, person)
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
        let member = Member::new(&OrgId::parse(org).unwrap(), "mary@contoso.com", "Mary", role);
        Caller::member(member, "csrf-token".to_owned())
    }

    #[test]
    fn only_the_own_organisation_and_its_children_exist() {
        let enter = |org, target| OrgScope::begin(caller(org, Role::Admin), target);
        assert!(enter("acme", Some(organisation("acme", None))).is_ok());
        assert!(enter("msp", Some(organisation("acme", Some("msp")))).is_ok());
        for role in Role::ALL {
            let child = OrgScope::begin(caller("msp", role), Some(organisation("acme", Some("msp"))));
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
    fn own_requests_are_known_by_the_person() {
        let me = caller("acme", Role::Basic);
        assert!(me.asked_for(&me.requester()));
        let by = |id: &str, person: Option<&str>| Requester {
            id: id.to_owned(),
            person: person.map(str::to_owned),
            email: None,
        };
        let person = me.person.clone();
        // By a program of theirs; by somebody else's; by a namesake elsewhere.
        assert!(me.asked_for(&by("token:acme/t1", person.as_deref())));
        assert!(!me.asked_for(&by("token:acme/t1", Some("acme/m2"))));
        assert!(!me.asked_for(&by(&me.id, Some("other/m1"))));
        assert!(me.asked_for(&by(&me.id, None)) && !me.asked_for(&by("m2", None)));
    }

    #[test]
    fn only_a_session_grows_old() {
        let old = caller("acme", Role::Admin);
        assert!(!old.is_recent());
        assert!(old.clone().signed_in_recently(true).is_recent());
        let program = Caller { session: None, ..old };
        assert!(program.is_recent() && program.via() == "token" && program.member_id().is_none());
    }
}
