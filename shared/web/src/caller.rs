//! Who makes a request: a member in a session, or a program with a token.

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

/// Who makes a request, as the tables say now.
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
    pub(crate) fn signed_in_recently(mut self, recent: bool) -> Self {
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

    pub(crate) fn offer_to_renew(&mut self, page: Option<ComeBack>) {
        if let Some(session) = &mut self.session {
            session.renew = page;
        }
    }

    /// The member who calls, where it is one.
    pub fn member_id(&self) -> Option<&str> {
        self.session.as_ref().map(|_| self.id.as_str())
    }

    /// The token for the forms of their pages; empty for a program.
    pub(crate) fn csrf(&self) -> &str {
        self.session.as_ref().map_or("", |session| &session.csrf)
    }

    /// The page that the member comes back to after a sign-in, where its forms ask for a more recent one than theirs.
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

/// Checks the CSRF token of whatever a session would change. None: nobody is signed in, and there is no token of ours.
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
        let program = old.into_program();
        assert!(program.is_recent() && program.via() == "token" && program.member_id().is_none());
    }
}
