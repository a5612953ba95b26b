//! A route as data: its address, who may call it, and how recently the caller must have signed in.

use domain::role::Role;

use crate::come_back::ComeBack;

/// A route of an HTTP function. The same routes are in API Gateway, in the OpenAPI file and in the role table of
/// docs/pages.md.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    pub verb: Verb,
    /// The path with its parameters in braces, such as `/orgs/{org}/requests/{id}`.
    pub path: &'static str,
    pub access: Access,
}

/// The methods of routes. A GET route also handles HEAD if API Gateway lets it through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

/// Who may call a route, and what prevents other sites from sending its form.
#[derive(Debug, Clone, Copy)]
pub enum Access {
    /// Anybody may call the route. The page needs no proof, or its handler checks another proof than a role: a link's
    /// capability, a one-time link or an ID token. Other sites know none of these.
    Public,
    /// Anybody may call the route, but only with a form of Gangway's own pages. There is no session yet that a CSRF
    /// token could belong to, so the browser's header says which site sent the form. The text tells people who sent it
    /// from elsewhere what to do.
    OwnForm(&'static str),
    /// Members of the organisation in the address or of its parent may call the route, and programs of theirs. If a
    /// session would change something, its CSRF token is needed.
    Member(MemberAccess),
}

/// What a route within an organisation requires of the caller. If a route lets members act on their own requests, its
/// handler requires more for the requests of others.
#[derive(Debug, Clone, Copy)]
pub struct MemberAccess {
    right: fn(Role) -> bool,
    signed_in: SignedIn,
}

/// How recently a member must have signed in. Programs are exempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedIn {
    /// Any valid session is sufficient.
    AnyTime,
    /// Any valid session is sufficient, but the page's forms are sent to routes with [`SignedIn::Recently`], which the
    /// page announces.
    Offers,
    /// The sign-in must be at most fifteen minutes old. A member who has to sign in again returns to this page.
    Recently(&'static str),
}

/// The access of a route within an organisation, for roles that have the right.
pub const fn member(right: fn(Role) -> bool) -> MemberAccess {
    MemberAccess {
        right,
        signed_in: SignedIn::AnyTime,
    }
}

impl MemberAccess {
    /// Marks a page whose forms need a sign-in within the last fifteen minutes.
    #[must_use]
    pub const fn offers_to_sign_in(self) -> Self {
        Self {
            signed_in: SignedIn::Offers,
            ..self
        }
    }

    /// Requires a sign-in within the last fifteen minutes. `page` is the path of the page with the form, to which
    /// members return after signing in.
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
    /// The route's key in API Gateway, such as `GET /orgs/{org}/requests`.
    pub fn key(&self) -> String {
        format!("{} {}", self.verb.as_str(), self.path)
    }

    /// The page to return to after a sign-in: the requested page, or the one with the form that was sent. `filled`
    /// fills the parameters of this request into a path.
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

/// Replaces each `{name}` in a path by the value of that parameter, or by nothing if there is none.
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
    fn sign_in_returns_to_a_page() {
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
