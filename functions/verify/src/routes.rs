//! Signs in to each configured system and looks up every configured name.

use std::sync::Arc;

use domain::role::Role;
use http::StatusCode;
use integrations::Report;
use serde_json::{Value, json};
use store::limits::Limit;
use store::secrets::Secrets;
use web::{HasWeb, OrgScope, ProblemDetails, Response, Routes, State, Web, member};

/// The state of the handler.
pub(crate) struct App {
    pub(crate) web: Web,
    pub(crate) secrets: Secrets,
}

impl HasWeb for App {
    fn web(&self) -> &Web {
        &self.web
    }
}

pub(crate) fn routes() -> Routes<Arc<App>> {
    // It changes nothing, but is no GET, because it calls every system, and following a link should not do that.
    Routes::default().post("/orgs/{org}/verify", member(Role::edits_variables), verify)
}

async fn verify(State(app): State<Arc<App>>, scope: OrgScope) -> Result<Response, ProblemDetails> {
    let limit = Limit::checks(&scope.caller.org, &scope.caller.id);
    app.web.within(&limit, "You have checked too often").await?;
    let config = integrations::org_config(&app.web.store, scope.org()).await?;
    let reports = integrations::verify(&app.web.store, &app.secrets, &config).await;
    Ok(web::json(StatusCode::OK, &body(&reports)))
}

fn body(reports: &[Report]) -> Value {
    let systems: Vec<Value> = reports
        .iter()
        .map(|report| {
            let findings: Vec<Value> = report.findings.iter().map(finding).collect();
            json!({ "system": report.system, "ok": report.is_fine(), "findings": findings })
        })
        .collect();
    json!({ "ok": reports.iter().all(Report::is_fine), "systems": systems })
}

fn finding(finding: &domain::finding::Finding) -> Value {
    let (ok, says) = match &finding.result {
        Ok(found) => (true, found.clone()),
        Err(error) => (false, error.to_string()),
    };
    json!({ "what": finding.what, "ok": ok, "says": says })
}

#[cfg(test)]
mod tests {
    use domain::finding::Finding;
    use domain::step_error::StepError;

    use super::*;

    #[test]
    fn one_failed_finding_fails_the_report() {
        let wrong = StepError::NeedsAttention("there is no such board".to_owned());
        let reports = [
            Report {
                system: "graph".to_owned(),
                findings: vec![Finding::new("sign-in", Ok("12 licenses".to_owned()))],
            },
            Report {
                system: "halopsa".to_owned(),
                findings: vec![Finding::new("team Onboarding", Err(wrong))],
            },
        ];
        assert_eq!(
            body(&reports),
            json!({"ok": false, "systems": [
                {"system": "graph", "ok": true, "findings": [{"what": "sign-in", "ok": true, "says": "12 licenses"}]},
                {"system": "halopsa", "ok": false,
                 "findings": [{"what": "team Onboarding", "ok": false, "says": "there is no such board"}]},
            ]})
        );
        assert_eq!(body(&reports[..1])["ok"], true);
    }
}
