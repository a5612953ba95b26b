//! Extractors for the parts of an address.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;

use crate::problem_details::ProblemDetails;

/// The parameters of the path, by their names in the route.
#[derive(Debug, Clone, Default)]
pub struct PathParams(Vec<(String, String)>);

impl PathParams {
    /// The value of a parameter, or an empty text if the route has none with this name.
    pub fn get(&self, name: &str) -> &str {
        value(&self.0, name).unwrap_or_default()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathParams {
    type Rejection = ProblemDetails;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ProblemDetails> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|_| ProblemDetails::not_found())?;
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Ok(Self(params.iter().map(owned).collect()))
    }
}

/// The query of the address. It may carry a capability, so it is never logged.
#[derive(Clone, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Parses a query without its question mark. A malformed query has no parameters.
    pub fn parse(text: &str) -> Self {
        Self(serde_urlencoded::from_str(text).unwrap_or_default())
    }

    /// The first value with this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        value(&self.0, name)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = pairs.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_of_a_name_counts() {
        let query = Query::parse("c=a%2Bb&c=second&empty=");
        assert_eq!(query.get("c"), Some("a+b"));
        assert_eq!((query.get("empty"), query.get("no")), (Some(""), None));
    }
}
