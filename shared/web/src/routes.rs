//! What each route within an organisation asks of a role. [`crate::Web::visit`] holds every call against this table, and
//! a route without a line does not exist.

use domain::role::Role;

use crate::call::Call;

pub(crate) type Right = fn(Role) -> bool;

/// Of the routes below `/orgs/{org}`. Where members act on requests of their own, the handler asks for more about
/// other people's.
const ROUTES: &[(&str, &str, Right)] = &[
    ("GET", "/onboardings/new", Role::submits),
    ("POST", "/onboardings", Role::submits),
    ("GET", "/offboardings/new", Role::submits),
    ("POST", "/offboardings", Role::submits),
    ("GET", "/requests", Role::submits),
    ("GET", "/requests/{id}", Role::submits),
    ("POST", "/requests/{id}/cancel", Role::submits),
    ("POST", "/requests/{id}/reschedule", Role::submits),
    ("POST", "/requests/{id}/resume", Role::resumes),
    ("POST", "/requests/{id}/password", Role::sees_kept_passwords),
    ("POST", "/requests/{id}/approval", Role::decides_approvals),
    ("POST", "/requests/{id}/licenses/{license}", Role::decides_licenses),
    ("GET", "/pending", Role::decides),
    ("GET", "/variables", Role::sees_variables),
    ("PUT", "/variables", Role::edits_variables),
    ("POST", "/variables", Role::edits_variables),
    ("GET", "/variables/{name}", Role::sees_variables),
    ("POST", "/verify", Role::edits_variables),
    ("GET", "/members", Role::manages_members),
    ("POST", "/members", Role::manages_members),
    ("GET", "/members/{member}", Role::manages_members),
    ("PUT", "/members/{member}", Role::manages_members),
    ("POST", "/members/{member}", Role::manages_members),
    ("DELETE", "/members/{member}", Role::manages_members),
    ("POST", "/members/{member}/delete", Role::manages_members),
    ("GET", "/credentials", Role::sets_credentials),
    ("PUT", "/credentials/{system}", Role::sets_credentials),
    ("POST", "/credentials/{system}", Role::sets_credentials),
    ("GET", "/audit", Role::sees_audit),
];

/// The organisation's part of a route.
fn below(route: &str) -> Option<&str> {
    route.strip_prefix("/orgs/{org}")
}

pub(crate) fn right(call: &Call) -> Option<Right> {
    let path = below(call.route())?;
    let mut rights = ROUTES
        .iter()
        .filter(|(verb, route, _)| *verb == call.verb() && *route == path);
    rights.next().map(|(.., right)| *right)
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
    fn every_deployed_route_has_its_line() {
        let known = ROUTES
            .iter()
            .map(|(verb, path, _)| format!("{verb} /orgs/{{org}}{path}"));
        let all: BTreeSet<String> = known.chain(WITHOUT_A_ROLE.map(str::to_owned)).collect();
        assert_eq!(all.len(), ROUTES.len() + WITHOUT_A_ROLE.len(), "a route stands twice");
        assert_eq!(all, deployed());
    }

    #[test]
    fn a_route_that_is_not_in_the_table_is_refused() {
        let of = |method: Method, route: &str| right(&Call::new(method, route)).is_some();
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
                let right = right(&call).unwrap_or_else(|| panic!("{route} is not in the table"));
                assert_eq!(Role::ALL.map(right), allowed, "{route} is for {who}");
                seen += 1;
            }
        }
        assert_eq!(seen, ROUTES.len());
    }
}
