//! What the body of a decision says: a form's or a program's.

use domain::decision::{Action, Gate, Reason};
use domain::field::FieldProblem;
use web::{Call, Problem};

/// Of one who is signed in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) action: Action,
    pub(crate) reason: Option<Reason>,
}

const ACTION: &str = "action";
const REASON: &str = "reason";

/// A link says the action itself; a reason may come with it, and is needed by a denial that is to be written.
pub(crate) fn of_link(call: &Call) -> Result<Option<Reason>, Problem> {
    let mut problems = Vec::new();
    let (_, reason) = read(call, &[REASON], &mut problems)?;
    if problems.is_empty() {
        Ok(reason)
    } else {
        Err(problems.into())
    }
}

pub(crate) fn of_member(call: &Call, gate: &Gate) -> Result<Wanted, Problem> {
    let mut problems = Vec::new();
    let (action, reason) = read(call, &[ACTION, REASON], &mut problems)?;
    let action = action
        .as_deref()
        .and_then(Action::parse)
        .filter(|action| gate.actions().contains(action));
    match action {
        None => {
            let takes = gate.actions().map(Action::as_str).join(" or ");
            problems.push(FieldProblem::new(ACTION, format!("must be {takes}")));
        }
        Some(action) if action.needs_reason() && reason.is_none() => problems.extend(reason_missing(&problems)),
        Some(_) => {}
    }
    match action {
        Some(action) if problems.is_empty() => Ok(Wanted { action, reason }),
        _ => Err(problems.into()),
    }
}

pub(crate) fn reason_needed() -> FieldProblem {
    FieldProblem::new(REASON, "is needed: the requester is told why")
}

/// Of a reason that is wrong in itself, no more is said.
fn reason_missing(problems: &[FieldProblem]) -> Option<FieldProblem> {
    let told = problems.iter().any(|problem| problem.field == REASON);
    (!told).then(reason_needed)
}

fn read(
    call: &Call,
    known: &[&str],
    problems: &mut Vec<FieldProblem>,
) -> Result<(Option<String>, Option<Reason>), Problem> {
    let (mut action, mut reason) = (None, None);
    // The button of a page without script, and its script, may send nothing at all.
    if call.body().is_empty() {
        return Ok((action, reason));
    }
    for (name, value) in call.fields()?.into_iter().filter(|(_, value)| !value.is_null()) {
        let text = value.as_str();
        match name.as_str() {
            name if !known.contains(&name) => problems.push(FieldProblem::new(name, "is not a known field")),
            ACTION => action = text.map(str::to_owned),
            // An empty box is no reason.
            _ if text.is_some_and(|text| text.trim().is_empty()) => {}
            _ => match Reason::parse(text.unwrap_or_default()) {
                Ok(read) => reason = Some(read),
                Err(wrong) => problems.push(wrong.at(REASON)),
            },
        }
    }
    Ok((action, reason))
}

#[cfg(test)]
mod tests {
    use http::Method;
    use http::header::{CONTENT_TYPE, HeaderValue};

    use super::*;

    fn call(content: &'static str, body: &str) -> Call {
        Call::new(Method::POST, "/x")
            .with_header(CONTENT_TYPE, HeaderValue::from_static(content))
            .with_body(body)
    }

    fn form(body: &str) -> Call {
        call("application/x-www-form-urlencoded", body)
    }

    fn wrong(result: Result<Wanted, Problem>) -> Vec<String> {
        let problem = result.unwrap_err();
        assert_eq!(problem.status.as_u16(), 422);
        problem.errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn a_denial_needs_a_reason_and_an_approval_may_have_one() {
        let no_budget = || Some(Reason::parse("No budget").unwrap());
        let wanted = |action, reason| Ok::<_, ()>(Wanted { action, reason });
        let of = |body| of_member(&form(body), &Gate::Approval);
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
        let json = call("application/json", r#"{"action": "deny", "reason": "No budget"}"#);
        assert_eq!(
            of_member(&json, &Gate::Approval).map_err(|_| ()),
            wanted(Action::Deny, no_budget())
        );
    }

    #[test]
    fn everything_wrong_is_named() {
        let license = Gate::License("SPB".to_owned());
        assert_eq!(wrong(of_member(&form("action=approve"), &license)), ["action"]);
        assert_eq!(wrong(of_member(&form(""), &Gate::Approval)), ["action"]);
        assert_eq!(
            wrong(of_member(
                &form("role=admin&action=confirm&reason=%07x"),
                &Gate::Approval
            )),
            ["reason", "role", "action"]
        );
        let json = call("application/json", r#"{"action": "deny", "reason": 7}"#);
        assert_eq!(wrong(of_member(&json, &Gate::Approval)), ["reason"]);
    }

    #[test]
    fn a_link_sends_a_reason_or_nothing() {
        let of = |call: Call| of_link(&call).map(|reason| reason.map(String::from)).map_err(|_| ());
        assert_eq!(of(Call::new(Method::POST, "/decide")), Ok(None));
        assert_eq!(of(form("reason=")), Ok(None));
        assert_eq!(of(form("reason=No+budget")), Ok(Some("No budget".to_owned())));
        assert_eq!(of(form("action=approve")), Err(()));
    }
}
