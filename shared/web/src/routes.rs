//! What each route within an organisation asks of a role and of the sign-in. [`crate::Web::visit`] holds every call against
//! this table, and a route without a line does not exist.

use domain::role::Role;

use crate::call::Call;
use crate::come_back::ComeBack;

/// How long ago a member may have signed in. Tokens are not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignedIn {
    /// In any session that holds.
    AnyTime,
    /// The same; but forms of the page ask for [`SignedIn::Recently`], and the page says so beforehand.
    Offers,
    /// Within the last fifteen minutes. With the page that whoever has to sign in again comes back to.
    Recently(&'static str),
}

use SignedIn::{AnyTime, Offers, Recently};

type Right = fn(Role) -> bool;

pub(crate) struct Route {
    verb: &'static str,
    path: &'static str,
    pub(crate) right: Right,
    pub(crate) signed_in: SignedIn,
}

const fn route(verb: &'static str, path: &'static str, right: Right, signed_in: SignedIn) -> Route {
    Route {
        verb,
        path,
        right,
        signed_in,
    }
}

const PENDING: SignedIn = Recently("/pending");
/// They say who approves, and where passwords go.
const VARIABLES: SignedIn = Recently("/variables");
const MEMBERS: SignedIn = Recently("/members");
const MEMBER: SignedIn = Recently("/members/{member}");
const TOKENS: SignedIn = Recently("/tokens");
const CREDENTIALS: SignedIn = Recently("/credentials");

/// Of the routes below `/orgs/{org}`. Where members act on requests of their own, the handler asks for more about
/// other people's.
const ROUTES: &[Route] = &[
    route("GET", "/onboardings/new", Role::submits, AnyTime),
    route("POST", "/onboardings", Role::submits, AnyTime),
    route("GET", "/offboardings/new", Role::submits, AnyTime),
    route("POST", "/offboardings", Role::submits, AnyTime),
    route("GET", "/requests", Role::submits, AnyTime),
    route("GET", "/requests/{id}", Role::submits, AnyTime),
    route("POST", "/requests/{id}/cancel", Role::submits, AnyTime),
    route("POST", "/requests/{id}/reschedule", Role::submits, AnyTime),
    route("POST", "/requests/{id}/resume", Role::resumes, AnyTime),
    route(
        "POST",
        "/requests/{id}/password",
        Role::sees_kept_passwords,
        Recently("/requests/{id}"),
    ),
    route("POST", "/requests/{id}/approval", Role::decides_approvals, PENDING),
    route(
        "POST",
        "/requests/{id}/licenses/{license}",
        Role::decides_licenses,
        PENDING,
    ),
    route("GET", "/pending", Role::decides, Offers),
    route("GET", "/variables", Role::sees_variables, Offers),
    route("PUT", "/variables", Role::edits_variables, VARIABLES),
    route("POST", "/variables", Role::edits_variables, VARIABLES),
    route("GET", "/variables/{name}", Role::sees_variables, AnyTime),
    route("POST", "/verify", Role::edits_variables, AnyTime),
    route("GET", "/members", Role::manages_members, Offers),
    route("POST", "/members", Role::manages_members, MEMBERS),
    route("GET", "/members/{member}", Role::manages_members, Offers),
    route("PUT", "/members/{member}", Role::manages_members, MEMBER),
    route("POST", "/members/{member}", Role::manages_members, MEMBER),
    route("DELETE", "/members/{member}", Role::manages_members, MEMBER),
    route("POST", "/members/{member}/delete", Role::manages_members, MEMBER),
    route("POST", "/members/{member}/sign-out", Role::manages_members, MEMBER),
    route("GET", "/tokens", Role::manages_tokens, Offers),
    route("POST", "/tokens", Role::manages_tokens, TOKENS),
    route("DELETE", "/tokens/{token}", Role::manages_tokens, TOKENS),
    route("POST", "/tokens/{token}/revoke", Role::manages_tokens, TOKENS),
    route("GET", "/credentials", Role::sets_credentials, Offers),
    route("PUT", "/credentials/{system}", Role::sets_credentials, CREDENTIALS),
    route("POST", "/credentials/{system}", Role::sets_credentials, CREDENTIALS),
    route("GET", "/audit", Role::sees_audit, AnyTime),
];

/// The organisation's part of a route.
fn below(route: &str) -> Option<&str> {
    route.strip_prefix("/orgs/{org}")
}

pub(crate) fn find(call: &Call) -> Option<&'static Route> {
    let path = below(call.route())?;
    ROUTES
        .iter()
        .find(|route| route.verb == call.verb() && route.path == path)
}

/// The page that the caller comes back to when they have signed in: the one that they asked for, or the one with the form
/// that they sent.
pub(crate) fn come_back(call: &Call) -> Option<ComeBack> {
    let route = find(call)?;
    let page = match route.signed_in {
        Recently(page) => page,
        AnyTime | Offers if route.verb == "GET" => route.path,
        AnyTime | Offers => return None,
    };
    ComeBack::parse(&call.filled(&format!("/orgs/{{org}}{page}")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use http::Method;

    use super::*;

    /// Whose proof is another than a role: a link's capability, a one-time link, an ID token; or who need none.
    const WITHOUT_A_ROLE: [&str; 12] = [
        "GET /",
        "GET /decide",
        "GET /health",
        "GET /sign-in",
        "GET /sign-in/google/callback",
        "GET /static/{file}",
        "HEAD /decide",
        "HEAD /health",
        "POST /decide",
        "POST /sign-in",
        "POST /sign-in/google",
        "POST /sign-out",
    ];

    fn deployed() -> BTreeSet<String> {
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/template.yaml");
        let template = std::fs::read_to_string(template).unwrap();
        let keys = template
            .lines()
            .filter_map(|line| line.trim().strip_prefix("RouteKey: "));
        keys.map(str::to_owned).collect()
    }

    #[test]
    fn only_sign_in_reads_the_key_of_its_cookies() {
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/template.yaml");
        let template = std::fs::read_to_string(template).unwrap();
        let (before, after) = template.split_once("/sign-in-key-*").unwrap();
        assert!(!after.contains("/sign-in-key-*"));
        let function = before.rfind("Function:\n").unwrap();
        assert!(before[..function].ends_with("SignIn"));
    }

    #[test]
    fn every_deployed_route_has_its_line() {
        let known = ROUTES
            .iter()
            .map(|route| format!("{} /orgs/{{org}}{}", route.verb, route.path));
        let all: BTreeSet<String> = known.chain(WITHOUT_A_ROLE.map(str::to_owned)).collect();
        assert_eq!(all.len(), ROUTES.len() + WITHOUT_A_ROLE.len(), "a route stands twice");
        assert_eq!(all, deployed());
    }

    #[test]
    fn a_route_that_is_not_in_the_table_is_refused() {
        let of = |method: Method, route: &str| find(&Call::new(method, route)).is_some();
        assert!(of(Method::GET, "/orgs/{org}/members") && of(Method::HEAD, "/orgs/{org}/members"));
        assert!(!of(Method::PATCH, "/orgs/{org}/members"));
        assert!(!of(Method::GET, "/orgs/{org}") && !of(Method::GET, "/members") && !of(Method::GET, ""));
    }

    /// Role by route: basic, power_user, technician, approver, admin.
    #[test]
    fn roles_by_route() {
        let expected: [(&str, [bool; 5], &[&str]); 5] = [
            (
                "everybody",
                [true, true, true, true, true],
                &[
                    "GET /onboardings/new",
                    "POST /onboardings",
                    "GET /offboardings/new",
                    "POST /offboardings",
                    "GET /requests",
                    "GET /requests/{id}",
                    "POST /requests/{id}/cancel",
                    "POST /requests/{id}/reschedule",
                ],
            ),
            (
                "all who act",
                [false, false, true, true, true],
                &["GET /pending", "GET /variables", "GET /variables/{name}"],
            ),
            (
                "approvers",
                [false, false, false, true, true],
                &["POST /requests/{id}/approval"],
            ),
            (
                "technicians",
                [false, false, true, false, true],
                &["POST /requests/{id}/licenses/{license}", "POST /requests/{id}/resume"],
            ),
            (
                "admins",
                [false, false, false, false, true],
                &[
                    "POST /requests/{id}/password",
                    "PUT /variables",
                    "POST /variables",
                    "POST /verify",
                    "GET /members",
                    "POST /members",
                    "GET /members/{member}",
                    "PUT /members/{member}",
                    "POST /members/{member}",
                    "DELETE /members/{member}",
                    "POST /members/{member}/delete",
                    "POST /members/{member}/sign-out",
                    "GET /tokens",
                    "POST /tokens",
                    "DELETE /tokens/{token}",
                    "POST /tokens/{token}/revoke",
                    "GET /credentials",
                    "PUT /credentials/{system}",
                    "POST /credentials/{system}",
                    "GET /audit",
                ],
            ),
        ];
        let mut seen = 0;
        for (who, allowed, routes) in expected {
            for route in routes {
                let (method, path) = route.split_once(' ').unwrap();
                let call = Call::new(method.parse().unwrap(), &format!("/orgs/{{org}}{path}"));
                let found = find(&call).unwrap_or_else(|| panic!("{route} is not in the table"));
                assert_eq!(Role::ALL.map(found.right), allowed, "{route} is for {who}");
                seen += 1;
            }
        }
        assert_eq!(seen, ROUTES.len());
    }

    #[test]
    fn what_is_sensitive_asks_for_a_recent_sign_in() {
        let recent: BTreeSet<String> = ROUTES
            .iter()
            .filter(|route| matches!(route.signed_in, Recently(_)))
            .map(|route| format!("{} {}", route.verb, route.path))
            .collect();
        let expected = [
            "POST /requests/{id}/password",
            "POST /requests/{id}/approval",
            "POST /requests/{id}/licenses/{license}",
            "PUT /variables",
            "POST /variables",
            "POST /members",
            "PUT /members/{member}",
            "POST /members/{member}",
            "DELETE /members/{member}",
            "POST /members/{member}/delete",
            "POST /members/{member}/sign-out",
            "POST /tokens",
            "DELETE /tokens/{token}",
            "POST /tokens/{token}/revoke",
            "PUT /credentials/{system}",
            "POST /credentials/{system}",
        ];
        assert_eq!(recent, expected.map(str::to_owned).into());
    }

    #[test]
    fn whoever_signs_in_comes_back_to_a_page() {
        let page = |method: Method, route: &str| {
            let call = Call::new(method, route)
                .with_param("org", "acme")
                .with_param("id", "r1")
                .with_param("member", "m1");
            come_back(&call).map(|page| page.path().to_owned())
        };
        let some = |path: &str| Some(path.to_owned());
        assert_eq!(
            page(Method::GET, "/orgs/{org}/requests/{id}"),
            some("/orgs/acme/requests/r1")
        );
        assert_eq!(
            page(Method::POST, "/orgs/{org}/requests/{id}/password"),
            some("/orgs/acme/requests/r1")
        );
        assert_eq!(
            page(Method::POST, "/orgs/{org}/members/{member}/delete"),
            some("/orgs/acme/members/m1")
        );
        assert_eq!(page(Method::POST, "/orgs/{org}/onboardings"), None);
        assert_eq!(page(Method::GET, "/decide"), None);
        // Every page of the table is one that can be got.
        for route in ROUTES {
            if let Recently(page) = route.signed_in {
                assert!(
                    ROUTES.iter().any(|other| other.verb == "GET" && other.path == page),
                    "{page}"
                );
            }
        }
    }
}
