//! The list of an organisation's requests, newest first.

use std::sync::Arc;

use askama::Template;
use domain::ids::RequestId;
use domain::request::Status;
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use store::requests::RequestRecord;
use web::{Format, OrgScope, ProblemDetails, Query, Response, State, Web};

use crate::app::App;
use crate::{rights, shown};

const PAGE: usize = 50;
/// How many pages of all requests one call reads for a filter, or for a member who sees only their own requests.
const LOOKS: usize = 10;

#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    status: Option<Status>,
    /// A part of the name or username, in lower case; empty for any.
    text: String,
    before: Option<RequestId>,
}

impl Wanted {
    /// Parses the filter, or reports all invalid parameters. An empty status means all.
    fn parse(status: Option<&str>, text: Option<&str>, before: Option<&str>) -> Result<Self, ProblemDetails> {
        let mut problems = Vec::new();
        let mut wrong = |field: &str, message: String| problems.push(domain::field::FieldError::new(field, message));
        let status = status.filter(|text| !text.is_empty()).and_then(|text| {
            let status = Status::parse(text);
            if status.is_none() {
                wrong(
                    "status",
                    format!("must be one of {}", Status::ALL.map(Status::as_str).join(", ")),
                );
            }
            status
        });
        let before = before.and_then(|text| {
            let id = RequestId::parse(text).ok();
            if id.is_none() {
                wrong("before", "must be the id of a request".to_owned());
            }
            id
        });
        if problems.is_empty() {
            Ok(Self {
                status,
                text: text.unwrap_or_default().trim().to_lowercase(),
                before,
            })
        } else {
            Err(problems.into())
        }
    }

    fn fits(&self, record: &RequestRecord) -> bool {
        let plan = &record.plan;
        [&plan.display_name, &plan.upn]
            .into_iter()
            .any(|own| own.to_lowercase().contains(&self.text))
    }
}

#[derive(Template)]
#[template(path = "list.html")]
struct Page<'a> {
    base: &'a str,
    org: &'a str,
    records: &'a [RequestRecord],
    status: Option<Status>,
    text: &'a str,
    all: [Status; 9],
    next: Option<String>,
}

impl Page<'_> {
    fn is_chosen(&self, status: &Status) -> bool {
        self.status == Some(*status)
    }
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    scope: OrgScope,
    query: Query,
    format: Format,
) -> Result<Response, ProblemDetails> {
    let web = &app.web;
    let wanted = Wanted::parse(query.get("status"), query.get("text"), query.get("before"))?;
    let (records, more) = find(web, &scope, &wanted).await?;
    let next = more.map(|before| next_path(&scope, &wanted, &before));
    if format.is_page() {
        let page = Page {
            base: web.base.path(),
            org: scope.org().as_str(),
            records: &records,
            status: wanted.status,
            text: &wanted.text,
            all: Status::ALL,
            next: next.map(|path| web.base.link(&path)),
        };
        return web.page(StatusCode::OK, "Requests", Some(&scope), &page);
    }
    let mut body = json!({"requests": records.iter().map(|record| item(web, record)).collect::<Vec<_>>()});
    if let Some(next) = next {
        body["next"] = json!(web.base.absolute(&next));
    }
    Ok(web::json(StatusCode::OK, &body))
}

/// The requests that the visitor may see, and the id to continue from if there may be more.
async fn find(
    web: &Web,
    scope: &OrgScope,
    wanted: &Wanted,
) -> Result<(Vec<RequestRecord>, Option<RequestId>), ProblemDetails> {
    let mut found = Vec::new();
    let mut before = wanted.before.clone();
    for _ in 0..LOOKS {
        let limit = i32::try_from(PAGE).unwrap_or(i32::MAX);
        let page = web
            .store
            .requests(scope.org(), wanted.status, before.as_ref(), limit)
            .await?;
        let full = page.len() == PAGE;
        for record in page {
            before = Some(record.id.clone());
            if rights::sees(scope, &record) && wanted.fits(&record) {
                found.push(record);
            }
            if found.len() == PAGE {
                return Ok((found, before));
            }
        }
        if !full {
            return Ok((found, None));
        }
    }
    Ok((found, before))
}

fn next_path(scope: &OrgScope, wanted: &Wanted, before: &RequestId) -> String {
    let status = wanted
        .status
        .map(|status| format!("&status={}", status.as_str()))
        .unwrap_or_default();
    let text = match wanted.text.as_str() {
        "" => String::new(),
        text => format!("&text={}", utf8_percent_encode(text, NON_ALPHANUMERIC)),
    };
    format!("/orgs/{}/requests?before={before}{status}{text}", scope.org())
}

fn item(web: &Web, record: &RequestRecord) -> Value {
    json!({
        "id": record.id,
        "kind": record.kind(),
        "status": record.status,
        "outcome": shown::outcome(record),
        "name": record.plan.display_name,
        "upn": record.plan.upn,
        "created_at": record.created_at,
        "start_at": record.plan.start_at,
        "links": {"self": web.base.absolute(&shown::path(record))},
    })
}

#[cfg(test)]
mod tests {
    use domain::role::Role;
    use web::Base;

    use super::*;
    use crate::samples::{record, scope};

    const HOSTILE: &str = "<script>alert(1)</script>\"'&";

    fn refused(status: Option<&str>, before: Option<&str>) -> Vec<String> {
        let problem = Wanted::parse(status, None, before).unwrap_err();
        assert_eq!(problem.status.as_u16(), 422);
        problem.errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn parameters_are_checked() {
        assert_eq!(
            Wanted::parse(None, None, None).unwrap(),
            Wanted {
                status: None,
                text: String::new(),
                before: None
            }
        );
        assert_eq!(Wanted::parse(Some(""), None, None).unwrap().status, None);
        assert_eq!(
            Wanted::parse(Some("waiting_license"), None, None).unwrap().status,
            Some(Status::WaitingLicense)
        );
        assert_eq!(refused(Some("open"), Some("x")), ["status", "before"]);
        assert_eq!(refused(Some("Running"), None), ["status"]);
    }

    #[test]
    fn filter_searches_name_and_username() {
        let wanted = |text| Wanted::parse(None, Some(text), None).unwrap();
        let ada = record("m1", "Ada", Status::Scheduled);
        for text in ["", " ", "ADA", "contoso"] {
            assert!(wanted(text).fits(&ada), "{text}");
        }
        assert!(!wanted("bob").fits(&ada));
        let scope = scope("m1", Role::Technician, "Ada");
        let next = next_path(&scope, &wanted("A&b ö"), &ada.id);
        assert!(next.ends_with("&text=a%26b%20%C3%B6"), "{next}");
    }

    #[test]
    fn names_in_the_list_are_escaped() {
        let scope = scope("m1", Role::Technician, HOSTILE);
        let records = [
            record("m1", HOSTILE, Status::Scheduled),
            record("m1", "Ada", Status::CompletedWithWarnings),
        ];
        let base = Base::new("http://127.0.0.1:4566/base").unwrap();
        let page = Page {
            base: base.path(),
            org: "acme",
            records: &records,
            status: Some(Status::Scheduled),
            text: HOSTILE,
            all: Status::ALL,
            next: Some(base.link("/orgs/acme/requests?before=r0&status=scheduled")),
        };
        let text = web::page(&base, "Requests", Some(&scope), &page).unwrap();
        assert!(!text.contains("<script>"), "{text}");
        insta::assert_snapshot!(text);
    }
}
