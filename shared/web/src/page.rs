//! The frame around every page.

use askama::Template;
use axum::response::Response;
use domain::step_error::StepError;
use http::StatusCode;

use crate::access::Web;
use crate::base::Base;
use crate::org_scope::OrgScope;
use crate::problem_details::ProblemDetails;
use crate::respond;

#[derive(Template)]
#[template(path = "frame.html")]
struct Frame<'a> {
    base: &'a str,
    title: &'a str,
    /// The organisation whose navigation the page begins with; public pages have none.
    scope: Option<&'a OrgScope>,
    /// The output of another template, already escaped.
    content: String,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemContent<'a> {
    base: &'a str,
    problem: &'a ProblemDetails,
}

fn render(template: &impl Template) -> Result<String, StepError> {
    template
        .render()
        .map_err(|_| StepError::Permanent("a page could not be made".to_owned()))
}

/// The whole page, for [`Web::page`] and for snapshots.
pub fn page(base: &Base, title: &str, scope: Option<&OrgScope>, content: &impl Template) -> Result<String, StepError> {
    render(&Frame {
        base: base.path(),
        title,
        scope,
        content: render(content)?,
    })
}

pub(crate) fn problem(base: &Base, problem: &ProblemDetails) -> Response {
    let content = ProblemContent {
        base: base.path(),
        problem,
    };
    match page(base, problem.title(), None, &content) {
        Ok(page) => {
            let mut response = respond::html(problem.status, page);
            problem.write_headers(response.headers_mut());
            response
        }
        Err(_) => respond::problem(problem),
    }
}

impl Web {
    /// A page in the frame, which shows the title as a heading. `content` is an askama template of the part below.
    pub fn page(
        &self,
        status: StatusCode,
        title: &str,
        scope: Option<&OrgScope>,
        content: &impl Template,
    ) -> Result<Response, ProblemDetails> {
        Ok(respond::html(status, page(&self.base, title, scope, content)?))
    }
}
