//! The frame around every page.

use askama::Template;
use domain::step_error::StepError;
use http::StatusCode;

use crate::access::{OrgScope, Web};
use crate::answer::Answer;
use crate::base::Base;
use crate::problem_details::ProblemDetails;

#[derive(Template)]
#[template(path = "frame.html")]
struct Frame<'a> {
    base: &'a str,
    title: &'a str,
    /// Whose navigation stands above; links and public pages have none.
    visit: Option<&'a OrgScope>,
    /// Another template's output, already escaped.
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
pub fn page(base: &Base, title: &str, visit: Option<&OrgScope>, content: &impl Template) -> Result<String, StepError> {
    render(&Frame {
        base: base.path(),
        title,
        visit,
        content: render(content)?,
    })
}

pub(crate) fn problem(base: &Base, problem: &ProblemDetails) -> Answer {
    let content = ProblemContent {
        base: base.path(),
        problem,
    };
    match page(base, problem.title(), None, &content) {
        Ok(page) => Answer::html(problem.status, page).with_headers_of(problem),
        Err(_) => Answer::problem(problem),
    }
}

impl Web {
    /// A page: the frame writes the title as its heading, `content` is an askama template of what comes below.
    pub fn page(
        &self,
        status: StatusCode,
        title: &str,
        visit: Option<&OrgScope>,
        content: &impl Template,
    ) -> Result<Answer, ProblemDetails> {
        Ok(Answer::html(status, page(&self.base, title, visit, content)?))
    }
}
