//! Parses the body of a decision, from a form or from a program.

use domain::decision::{Action, Gate, Reason};
use domain::field::FieldError;
use serde_json::Value;
use web::{ProblemDetails, RequestBody};

/// The decision of a signed-in member.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) action: Action,
    pub(crate) said: Said,
}

/// What is sent along with a decision.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) reason: Option<Reason>,
    /// The version of the request that the person saw.
    pub(crate) version: Option<u32>,
}

const ACTION: &str = "action";
const REASON: &str = "reason";
const VERSION: &str = "version";

/// Parses the body for a link, which already contains the action. A reason may be sent along, and a denial that is to
/// be recorded needs one.
pub(crate) fn of_link(body: &RequestBody) -> Result<Said, ProblemDetails> {
    let mut problems = Vec::new();
    let (_, said) = read(body, &[REASON, VERSION], &mut problems)?;
    if problems.is_empty() {
        Ok(said)
    } else {
        Err(problems.into())
    }
}

pub(crate) fn of_member(body: &RequestBody, gate: &Gate) -> Result<Wanted, ProblemDetails> {
    let mut problems = Vec::new();
    let (action, said) = read(body, &[ACTION, REASON, VERSION], &mut problems)?;
    let action = action
        .as_deref()
        .and_then(Action::parse)
        .filter(|action| gate.actions().contains(action));
    match action {
        None => {
            let takes = gate.actions().map(Action::as_str).join(" or ");
            problems.push(FieldError::new(ACTION, format!("must be {takes}")));
        }
        Some(action) if action.needs_reason() && said.reason.is_none() => problems.extend(reason_missing(&problems)),
        Some(_) => {}
    }
    match action {
        Some(action) if problems.is_empty() => Ok(Wanted { action, said }),
        _ => Err(problems.into()),
    }
}

pub(crate) fn reason_needed() -> FieldError {
    FieldError::new(REASON, "is needed: the requester is told why")
}

/// The error of a missing reason, unless the reason has another error.
fn reason_missing(problems: &[FieldError]) -> Option<FieldError> {
    let told = problems.iter().any(|problem| problem.field == REASON);
    (!told).then(reason_needed)
}

fn read(
    body: &RequestBody,
    known: &[&str],
    problems: &mut Vec<FieldError>,
) -> Result<(Option<String>, Said), ProblemDetails> {
    let (mut action, mut said) = (None, Said::default());
    // The page's button without script, and its script, may send nothing at all.
    if body.is_empty() {
        return Ok((action, said));
    }
    for (name, value) in body.fields()?.into_iter().filter(|(_, value)| !value.is_null()) {
        let text = value.as_str();
        match name.as_str() {
            name if !known.contains(&name) => problems.push(FieldError::new(name, "is not a known field")),
            ACTION => action = text.map(str::to_owned),
            VERSION => match number(&value) {
                Some(number) => said.version = Some(number),
                None => problems.push(FieldError::new(
                    VERSION,
                    "must be the number that the page or GET showed",
                )),
            },
            // An empty text is no reason.
            _ if text.is_some_and(|text| text.trim().is_empty()) => {}
            _ => match Reason::parse(text.unwrap_or_default()) {
                Ok(read) => said.reason = Some(read),
                Err(wrong) => problems.push(wrong.at(REASON)),
            },
        }
    }
    Ok((action, said))
}

/// A program sends a number, a form its digits.
fn number(value: &Value) -> Option<u32> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64().and_then(|number| number.try_into().ok()),
    }
}

#[cfg(test)]
mod tests {
    use web::Content;

    use super::*;

    fn form(body: &str) -> RequestBody {
        RequestBody::new(Content::Form, body.to_owned())
    }

    fn json(body: &str) -> RequestBody {
        RequestBody::new(Content::Json, body.to_owned())
    }

    fn wrong(result: Result<Wanted, ProblemDetails>) -> Vec<String> {
        let problem = result.unwrap_err();
        assert_eq!(problem.status.as_u16(), 422);
        problem.errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn a_denial_needs_a_reason_and_an_approval_may_have_one() {
        let no_budget = || Some(Reason::parse("No budget").unwrap());
        let wanted = |action, reason| {
            let said = Said { reason, version: None };
            Ok::<_, ()>(Wanted { action, said })
        };
        let of = |body| of_member(&form(body), &Gate::Approval(0));
        assert_eq!(
            of("csrf=t&action=approve").map_err(|_| ()),
            wanted(Action::Approve, None)
        );
        assert_eq!(
            of("action=approve&reason=No+budget").map_err(|_| ()),
            wanted(Action::Approve, no_budget())
        );
        assert_eq!(
            of("action=deny&reason=No+budget").map_err(|_| ()),
            wanted(Action::Deny, no_budget())
        );
        for unreasoned in ["action=deny", "action=deny&reason=", "action=deny&reason=+"] {
            assert_eq!(wrong(of(unreasoned)), ["reason"], "{unreasoned}");
        }
        let json = json(r#"{"action": "deny", "reason": "No budget"}"#);
        assert_eq!(
            of_member(&json, &Gate::Approval(0)).map_err(|_| ()),
            wanted(Action::Deny, no_budget())
        );
    }

    #[test]
    fn all_errors_are_reported() {
        let license = Gate::License("SPB".to_owned());
        assert_eq!(wrong(of_member(&form("action=approve"), &license)), ["action"]);
        assert_eq!(wrong(of_member(&form(""), &Gate::Approval(0))), ["action"]);
        assert_eq!(
            wrong(of_member(
                &form("role=admin&action=confirm&reason=%07x"),
                &Gate::Approval(0)
            )),
            ["reason", "role", "action"]
        );
        let json = json(r#"{"action": "deny", "reason": 7}"#);
        assert_eq!(wrong(of_member(&json, &Gate::Approval(0))), ["reason"]);
    }

    #[test]
    fn link_body_may_be_empty_or_have_a_reason() {
        let of = |body: RequestBody| of_link(&body).map(|said| said.reason.map(String::from)).map_err(|_| ());
        assert_eq!(of(RequestBody::default()), Ok(None));
        assert_eq!(of(form("reason=")), Ok(None));
        assert_eq!(of(form("reason=No+budget")), Ok(Some("No budget".to_owned())));
        assert_eq!(of(form("action=approve")), Err(()));
    }
}
