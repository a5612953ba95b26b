//! The caller of a request: a member in a session, or a program with a token.

use axum::extract::OptionalFromRequestParts;
use domain::ids::OrgId;
use domain::integration::Organisation;
use domain::request::Requester;
use domain::role::Role;
use http::request::Parts;
use store::members::Member;
use store::requests::RequestRecord;
use store::tokens::ApiToken;

use crate::come_back::ComeBack;
use crate::problem_details::ProblemDetails;
use crate::router::HasWeb;

/// The caller of a request, with the current data from the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The organisation of the member or of the token.
    pub org: OrgId,
    /// The member's id, or `token:ORG/ID`, as in the audit and in a request's requester.
    pub id: String,
    /// The member's name, or a token's `NAME (ORG)`.
    pub name: String,
    /// The member's address, or that of the token's owner.
    pub email: Option<String>,
    /// The calling member or the token's owner, as `ORG/MEMBER`.
    pub person: Option<String>,
    pub role: Role,
    /// `None` for a token.
    session: Option<InSession>,
}

/// The parts of a session that matter for pages and rights.
#[derive(Debug, Clone, PartialEq, Eq)]
struct InSession {
    /// The token for the forms of the session's pages.
    csrf: String,
    /// Whether the member signed in within the last fifteen minutes.
    recent: bool,
    /// The page to return to, if its forms need a more recent sign-in than the member's.
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

    /// A member; `csrf` is the token of the session.
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
    pub(crate) fn signed_in_recently(mut self, recent: bool) -> Self {
        if let Some(session) = &mut self.session {
            session.recent = recent;
        }
        self
    }

    /// Whether the caller may do what is sensitive: a member must have signed in within the last fifteen minutes. A
    /// token may do so until it expires.
    pub fn is_recent(&self) -> bool {
        self.session.as_ref().is_none_or(|session| session.recent)
    }

    pub(crate) fn offer_to_renew(&mut self, page: Option<ComeBack>) {
        if let Some(session) = &mut self.session {
            session.renew = page;
        }
    }

    /// The id of the calling member, or `None` for a program.
    pub fn member_id(&self) -> Option<&str> {
        self.session.as_ref().map(|_| self.id.as_str())
    }

    /// The CSRF token for forms; empty for a program.
    pub(crate) fn csrf(&self) -> &str {
        self.session.as_ref().map_or("", |session| &session.csrf)
    }

    /// The page to return to after a sign-in, if its forms need a more recent sign-in than the member's.
    pub(crate) fn renew(&self) -> Option<&str> {
        let session = self.session.as_ref()?;
        session.renew.as_ref().map(ComeBack::path)
    }

    pub fn requester(&self) -> Requester {
        Requester {
            id: self.id.clone(),
            person: self.person.clone(),
            email: self.email.clone(),
        }
    }

    /// Whether the caller submitted the request, in person or through a program.
    pub fn asked_for(&self, requester: &Requester) -> bool {
        match (&self.person, &requester.person) {
            (Some(own), Some(theirs)) => own == theirs,
            _ => self.id == requester.id,
        }
    }

    /// Whether the caller submitted the request or is its subject, under any of their addresses. Then somebody else
    /// must approve it.
    pub fn is_concerned(&self, request: &RequestRecord) -> bool {
        self.asked_for(&request.requester) || self.email.as_ref().is_some_and(|email| request.concerns(email))
    }

    /// The caller's name in decisions and notes.
    pub fn known_as(&self) -> &str {
        match &self.session {
            Some(_) => self.email.as_deref().unwrap_or(&self.id),
            None => &self.name,
        }
    }

    /// How the caller decides: in a session, or with a token.
    pub fn via(&self) -> &'static str {
        if self.session.is_some() { "session" } else { "token" }
    }

    /// Whether the caller may act in the organisation: in their own, and in its children if the role acts there.
    pub fn may_enter(&self, organisation: &Organisation) -> bool {
        let child = organisation.parent.as_ref() == Some(&self.org);
        organisation.id == self.org || (child && self.role.acts_in_children())
    }
}

/// Finds the caller, and checks the CSRF token if a session would change something. `None` if there is neither a valid
/// session nor a valid token.
impl<S: HasWeb + Send + Sync> OptionalFromRequestParts<S> for Caller {
    type Rejection = ProblemDetails;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, ProblemDetails> {
        state.web().caller(parts).await
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn caller(org: &str, role: Role) -> Caller {
        let member = Member::new(&OrgId::parse(org).unwrap(), "mary@contoso.com", "Mary", role);
        Caller::member(member, "csrf-token".to_owned())
    }

    impl Caller {
        pub(crate) fn into_program(self) -> Self {
            Self { session: None, ..self }
        }
    }

    #[test]
    fn own_requests_are_recognised_by_person() {
        let me = caller("acme", Role::Basic);
        assert!(me.asked_for(&me.requester()));
        let by = |id: &str, person: Option<&str>| Requester {
            id: id.to_owned(),
            person: person.map(str::to_owned),
            email: None,
        };
        let person = me.person.clone();
        // A program of the same person, a program of another person, and a person of the same name elsewhere.
        assert!(me.asked_for(&by("token:acme/t1", person.as_deref())));
        assert!(!me.asked_for(&by("token:acme/t1", Some("acme/m2"))));
        assert!(!me.asked_for(&by(&me.id, Some("other/m1"))));
        assert!(me.asked_for(&by(&me.id, None)) && !me.asked_for(&by("m2", None)));
    }

    #[test]
    fn only_sessions_need_a_recent_sign_in() {
        let old = caller("acme", Role::Admin);
        assert!(!old.is_recent());
        assert!(old.clone().signed_in_recently(true).is_recent());
        let program = old.into_program();
        assert!(program.is_recent() && program.via() == "token" && program.member_id().is_none());
    }
}
