//! Shows an undelivered temporary password once, to an admin.

use std::sync::Arc;

use askama::Template;
use chrono::Utc;
use domain::schedule::local_words;
use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use http::StatusCode;
use runtime::Enter;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use store::kept::{Kept, Shown};
use store::requests::{Changed, RequestRecord};
use store::timeline::NewEvent;
use web::{Format, OrgScope, PathParams, ProblemDetails, Response, State};

use crate::app::App;
use crate::shown::path;

#[derive(Template)]
#[template(path = "password.html")]
struct Page<'a> {
    upn: &'a str,
    password: &'a str,
    link: String,
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    scope: OrgScope,
    params: PathParams,
    format: Format,
) -> Result<Response, ProblemDetails> {
    let record = app.to_see(&scope, &params).await?;
    app.password(format, &scope, &record).await
}

impl App {
    /// Records who sees the password, together with the audit entry, and only then shows it. If the response is lost,
    /// the password is lost too. An admin can then reset it in the directory, whereas a second reader could not be
    /// undone.
    async fn password(
        &self,
        format: Format,
        scope: &OrgScope,
        record: &RequestRecord,
    ) -> Result<Response, ProblemDetails> {
        let key = record.key();
        let store = &self.web.store;
        match store.kept_password(&key).await? {
            Kept::Here if record.ended_at.is_none() => {}
            Kept::Shown(shown) => return Err(self.seen_before(scope, record, &shown).await?),
            Kept::Gone => {
                return Err(ProblemDetails::gone(
                    "It was handed over or deleted: Gangway no longer has it.",
                ));
            }
            Kept::Here => {
                return Err(ProblemDetails::conflict(
                    "The request has ended with it: resume the request, and Gangway tries its places again.",
                ));
            }
            Kept::NotYet => {
                return Err(ProblemDetails::conflict(
                    "No temporary password is waiting for an admin here.",
                ));
            }
        }
        let Some(password) = self.secrets.password(&key).await? else {
            return Err(ProblemDetails::gone("It was deleted: Gangway no longer has it."));
        };
        let shown = Shown {
            by: scope.caller.known_as().to_owned(),
            at: Utc::now(),
            run: record.run,
        };
        if store.show_password(&key, &scope.caller.id, &shown).await? == Changed::No {
            return match store.password_shown(&key).await? {
                Some(shown) => Err(self.seen_before(scope, record, &shown).await?),
                None => Err(StepError::Transient("the password is being shown".to_owned()).into()),
            };
        }
        // The password may be shown this once even if the rest fails; a repeated call completes the rest.
        if let Err(error) = self.go_on(record, &shown).await {
            tracing::warn!(request = %key.request, reason = %error, "the execution goes on waiting");
        }
        self.shown(format, scope, record, &password)
    }

    async fn seen_before(
        &self,
        scope: &OrgScope,
        record: &RequestRecord,
        shown: &Shown,
    ) -> Result<ProblemDetails, ProblemDetails> {
        self.go_on(record, shown).await?;
        let zone = self.web.variables(&scope.organisation).await?.timezone;
        let reader = Some(&scope.caller.org);
        let hidden = self
            .web
            .parents_people(&scope.organisation, reader, [shown.by.as_str()])
            .await?;
        Ok(ProblemDetails::gone(format!(
            "It was shown once, to {} at {}, and Gangway no longer has it. If it did not arrive, reset the password in \
             Microsoft Entra ID.",
            hidden.hide(&shown.by),
            local_words(shown.at, zone)
        )))
    }

    /// Ends the wait: the next execution takes over, deletes the password and ends the request.
    async fn go_on(&self, record: &RequestRecord, shown: &Shown) -> Result<(), StepError> {
        let key = record.key();
        let detail = format!("Shown to {}", shown.by);
        let store = &self.web.store;
        let event = NewEvent::new(StepName::Password, Event::Shown, detail).naming(std::slice::from_ref(&shown.by));
        store.record(&key, &event).await?;
        let next = shown.run + 1;
        if store.take_over(&key, shown.run).await? == Changed::No && (record.run != next || record.ended_at.is_some()) {
            return Ok(());
        }
        self.executions.take_over(record.kind(), &key, next, Enter::Start).await
    }

    fn shown(
        &self,
        format: Format,
        scope: &OrgScope,
        record: &RequestRecord,
        password: &SecretString,
    ) -> Result<Response, ProblemDetails> {
        let upn = record.user.as_ref().map_or(&record.plan.upn, |user| &user.upn);
        let password = password.expose_secret();
        if !format.is_page() {
            return Ok(web::json(
                StatusCode::OK,
                &json!({"username": upn, "password": password}),
            ));
        }
        let page = Page {
            upn,
            password,
            link: self.web.base.link(&path(record)),
        };
        self.web
            .page(StatusCode::OK, &record.plan.display_name, Some(scope), &page)
    }
}
