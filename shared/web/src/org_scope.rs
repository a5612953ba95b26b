//! A caller in the organisation of the address. Every route for members begins with this check.

use axum::extract::FromRequestParts;
use domain::ids::OrgId;
use domain::integration::Organisation;
use domain::role::Role;
use http::request::Parts;

use crate::caller::Caller;
use crate::come_back::ComeBack;
use crate::extract::PathParams;
use crate::problem_details::ProblemDetails;
use crate::router::HasWeb;
use crate::routes::{Access, MemberAccess, Route, SignedIn, fill};

/// A caller in an organisation that they may enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgScope {
    pub organisation: Organisation,
    pub caller: Caller,
}

impl OrgScope {
    /// Checks the organisation first, then the role, then the age of the sign-in. An address in another organisation
    /// gets the same response as one that does not exist, whatever the role. `page` is where the member returns to
    /// after a sign-in.
    fn enter(
        caller: Caller,
        organisation: Option<Organisation>,
        access: &MemberAccess,
        page: Option<ComeBack>,
    ) -> Result<Self, ProblemDetails> {
        let mut scope = Self::begin(caller, organisation)?;
        scope.need(|role| access.allows(role))?;
        if !scope.caller.is_recent() {
            match access.signed_in() {
                SignedIn::Recently(_) => return Err(ProblemDetails::sign_in_again()),
                SignedIn::Offers => scope.caller.offer_to_renew(page),
                SignedIn::AnyTime => {}
            }
        }
        Ok(scope)
    }

    fn begin(caller: Caller, organisation: Option<Organisation>) -> Result<Self, ProblemDetails> {
        match organisation {
            Some(organisation) if caller.may_enter(&organisation) => Ok(Self { organisation, caller }),
            _ => Err(ProblemDetails::not_found()),
        }
    }

    /// Returns 403 unless the caller's role has the right.
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

    /// The value of the hidden field `csrf` of forms; empty for a token.
    pub fn csrf(&self) -> &str {
        self.caller.csrf()
    }

    /// This page, if its forms need a more recent sign-in than the visitor's.
    pub fn renew(&self) -> Option<&str> {
        self.caller.renew()
    }

    pub fn org(&self) -> &OrgId {
        &self.organisation.id
    }
}

/// Checks in this order: the session or token, including the CSRF token if a session would change something; the
/// organisation of the address; and what the route requires of the role and the sign-in. A route that is not declared
/// for members responds as one that does not exist.
impl<S: HasWeb + Send + Sync> FromRequestParts<S> for OrgScope {
    type Rejection = ProblemDetails;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ProblemDetails> {
        let route = parts.extensions.get::<Route>().copied();
        let Some((route, Access::Member(access))) = route.map(|route| (route, route.access)) else {
            return Err(ProblemDetails::not_found());
        };
        let web = state.web();
        let caller = web.caller(parts).await?.ok_or_else(ProblemDetails::unauthorised)?;
        let params = PathParams::from_request_parts(parts, state).await?;
        let organisation = match OrgId::parse(params.get("org")) {
            Ok(org) => web.store.organisation(&org).await?,
            Err(_) => None,
        };
        let page = route.come_back(|path| fill(path, |name| params.get(name).to_owned()));
        Self::enter(caller, organisation, &access, page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::tests::caller;
    use crate::routes::member;

    fn organisation(id: &str, parent: Option<&str>) -> Organisation {
        Organisation {
            parent: parent.map(|parent| OrgId::parse(parent).unwrap()),
            ..Organisation::new(OrgId::parse(id).unwrap(), id)
        }
    }

    #[test]
    fn only_own_organisation_and_children_exist() {
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

    fn status(caller: Caller, org: &str, access: MemberAccess) -> u16 {
        let entered = OrgScope::enter(caller, Some(organisation(org, None)), &access, None);
        entered.map_or_else(|problem| problem.status.as_u16(), |_| 200)
    }

    #[test]
    fn organisation_then_role_then_sign_in_is_checked() {
        let access = member(Role::manages_members).recently_from("/orgs/{org}/members");
        for role in Role::ALL {
            assert_eq!(status(caller("acme", role), "other", access), 404, "{role:?}");
        }
        assert_eq!(status(caller("acme", Role::Basic), "acme", access), 403);
        assert_eq!(status(caller("acme", Role::Admin), "acme", access), 401);
        let recent = caller("acme", Role::Admin).signed_in_recently(true);
        assert_eq!(status(recent, "acme", access), 200);
        assert_eq!(status(caller("acme", Role::Admin).into_program(), "acme", access), 200);
    }

    #[test]
    fn page_announces_that_its_forms_need_a_sign_in() {
        let page = || ComeBack::parse("/orgs/acme/members");
        let offer = |access, caller: Caller| {
            let entered = OrgScope::enter(caller, Some(organisation("acme", None)), &access, page()).unwrap();
            entered.renew().map(str::to_owned)
        };
        let offers = member(Role::manages_members).offers_to_sign_in();
        let admin = || caller("acme", Role::Admin);
        assert_eq!(offer(offers, admin()).as_deref(), Some("/orgs/acme/members"));
        assert_eq!(offer(offers, admin().signed_in_recently(true)), None);
        assert_eq!(offer(member(Role::manages_members), admin()), None);
    }
}
