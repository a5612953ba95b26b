//! A route as data: address, who may ask for it, and how recently they must have signed in.

use domain::role::Role;

use crate::come_back::ComeBack;

/// One route of an HTTP function, as API Gateway, the OpenAPI file and the role table in docs/pages.md have it too.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    pub verb: Verb,
    /// With its parameters in braces: `/orgs/{org}/requests/{id}`.
    pub path: &'static str,
    pub access: Access,
}

/// The methods that routes are declared for. A GET route answers HEAD too, where API Gateway lets that through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

/// Who may ask for a route, and what keeps other sites from sending its form.
#[derive(Debug, Clone, Copy)]
pub enum Access {
    /// Anybody. Either the page needs no proof, or its handler takes another one than a role: a link's capability, a
    /// one-time link or an ID token. Another site knows none of these.
    Public,
    /// Anybody, by a form of our own pages: the browser says which site sent it, as there is no session yet that a CSRF
    /// token could belong to. The text tells whoever sent it from elsewhere what to do.
    OwnForm(&'static str),
    /// A member of the organisation in the address or of its parent, or a program of theirs. Whatever a session would
    /// change needs the session's CSRF token.
    Member(MemberAccess),
}

/// What a route within an organisation asks of the caller. Where members act on requests of their own, the handler asks
/// for more about other people's.
#[derive(Debug, Clone, Copy)]
pub struct MemberAccess {
    right: fn(Role) -> bool,
    signed_in: SignedIn,
}

/// How long ago a member may have signed in. Programs are not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedIn {
    /// In any session that is valid.
    AnyTime,
    /// The same; but forms of the page post to routes with [`SignedIn::Recently`], and the page says so beforehand.
    Offers,
    /// Within the last fifteen minutes. Whoever has to sign in again comes back to this page.
    Recently(&'static str),
}

/// A route within an organisation, for roles that have the right.
pub const fn member(right: fn(Role) -> bool) -> MemberAccess {
    MemberAccess {
        right,
        signed_in: SignedIn::AnyTime,
    }
}

impl MemberAccess {
    /// A page whose forms ask for a sign-in of the last fifteen minutes.
    #[must_use]
    pub const fn offers_to_sign_in(self) -> Self {
        Self {
            signed_in: SignedIn::Offers,
            ..self
        }
    }

    /// The route asks for a sign-in of the last fifteen minutes. `page`: the path of the page that has the form, where
    /// members come back to after the sign-in.
    #[must_use]
    pub const fn recently_from(self, page: &'static str) -> Self {
        Self {
            signed_in: SignedIn::Recently(page),
            ..self
        }
    }

    pub fn allows(&self, role: Role) -> bool {
        (self.right)(role)
    }

    pub fn signed_in(&self) -> SignedIn {
        self.signed_in
    }
}

impl Verb {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

impl Route {
    /// As API Gateway names it: `GET /orgs/{org}/requests`.
    pub fn key(&self) -> String {
        format!("{} {}", self.verb.as_str(), self.path)
    }

    /// The page that the caller comes back to after a sign-in: the one that they asked for, or the one with the form that
    /// they sent. `filled` puts the parameters of this request into a path.
    pub(crate) fn come_back(&self, filled: impl Fn(&str) -> String) -> Option<ComeBack> {
        let Access::Member(access) = self.access else {
            return None;
        };
        match access.signed_in {
            SignedIn::Recently(page) => ComeBack::parse(&filled(page)),
            SignedIn::AnyTime | SignedIn::Offers if self.verb == Verb::Get => ComeBack::parse(&filled(self.path)),
            SignedIn::AnyTime | SignedIn::Offers => None,
        }
    }
}

/// A path with each `{name}` replaced by the value of that parameter, or by nothing if there is none.
pub(crate) fn fill(path: &str, value: impl Fn(&str) -> String) -> String {
    let parts = path.split('/').map(|part| {
        let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        name.map_or_else(|| part.to_owned(), &value)
    });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_signs_in_comes_back_to_a_page() {
        let page = |verb, path, access| {
            let route = Route { verb, path, access };
            let value = |name: &str| match name {
                "org" => "acme".to_owned(),
                "id" => "r1".to_owned(),
                _ => String::new(),
            };
            let page = route.come_back(|path| fill(path, value));
            page.map(|page| page.path().to_owned())
        };
        let some = |path: &str| Some(path.to_owned());
        let plain = Access::Member(member(Role::submits));
        let recent = Access::Member(member(Role::submits).recently_from("/orgs/{org}/requests/{id}"));
        let request = "/orgs/{org}/requests/{id}";
        assert_eq!(page(Verb::Get, request, plain), some("/orgs/acme/requests/r1"));
        let password = "/orgs/{org}/requests/{id}/password";
        assert_eq!(page(Verb::Post, password, recent), some("/orgs/acme/requests/r1"));
        assert_eq!(page(Verb::Post, "/orgs/{org}/onboardings", plain), None);
        assert_eq!(page(Verb::Get, "/decide", Access::Public), None);
    }
}
