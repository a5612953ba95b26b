//! The stylesheet, the script and the icon.

use axum::response::Response;

use crate::problem_details::ProblemDetails;
use crate::respond::file;

/// The file with this name, or 404 if there is none.
pub fn static_file(name: &str) -> Result<Response, ProblemDetails> {
    match name {
        "gangway.css" => Ok(file("text/css; charset=utf-8", include_str!("../static/gangway.css"))),
        "gangway.js" => Ok(file(
            "text/javascript; charset=utf-8",
            include_str!("../static/gangway.js"),
        )),
        "icon.svg" => Ok(file("image/svg+xml", include_str!("../static/icon.svg"))),
        _ => Err(ProblemDetails::not_found()),
    }
}
