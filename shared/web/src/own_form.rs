//! Whether a form was sent from one of Gangway's pages, for forms without a session that a CSRF token could belong to.

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::problem_details::ProblemDetails;
use crate::routes::{Access, Route};

/// The check of [`Access::OwnForm`]: 403 if the browser says that another site sent the form.
#[derive(Debug)]
pub struct FromOwnForm;

impl<S: Send + Sync> FromRequestParts<S> for FromOwnForm {
    type Rejection = ProblemDetails;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ProblemDetails> {
        let route = parts.extensions.get::<Route>();
        let Some(Access::OwnForm(advice)) = route.map(|route| route.access) else {
            return Err(ProblemDetails::not_found());
        };
        let site = parts.headers.get("sec-fetch-site");
        if is_ours(site.and_then(|value| value.to_str().ok())) {
            Ok(Self)
        } else {
            Err(ProblemDetails::forbidden(advice))
        }
    }
}

/// Only old browsers and programs send no such header, and nobody can trick a program into sending a form.
fn is_ours(sec_fetch_site: Option<&str>) -> bool {
    matches!(sec_fetch_site, None | Some("same-origin" | "none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_sites_cannot_sign_anybody_in() {
        assert!(is_ours(None) && is_ours(Some("same-origin")) && is_ours(Some("none")));
        assert!(!is_ours(Some("cross-site")) && !is_ours(Some("same-site")));
    }
}
