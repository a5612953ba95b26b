//! The one stylesheet, the little script and the icon.

use crate::answer::Answer;
use crate::problem_details::ProblemDetails;

pub fn static_file(name: &str) -> Result<Answer, ProblemDetails> {
    match name {
        "gangway.css" => Ok(Answer::file(
            "text/css; charset=utf-8",
            include_str!("../static/gangway.css"),
        )),
        "gangway.js" => Ok(Answer::file(
            "text/javascript; charset=utf-8",
            include_str!("../static/gangway.js"),
        )),
        "icon.svg" => Ok(Answer::file("image/svg+xml", include_str!("../static/icon.svg"))),
        _ => Err(ProblemDetails::not_found()),
    }
}
