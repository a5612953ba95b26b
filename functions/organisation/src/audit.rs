//! The audit page: who did what, newest first.

use askama::Template;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::schedule::local_words;
use domain::sign_in::Reason;
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use store::audit::{AuditEntry, Wanted, is_entry_key};
use web::{Format, OrgScope, ProblemDetails, Query, Response, State, Web};

use crate::people::People;

const MOST: usize = 50;
const TITLE: &str = "Audit";

#[derive(Template)]
#[template(path = "audit.html")]
struct Page<'a> {
    action: String,
    what: &'a str,
    entries: &'a [AuditEntry],
    people: &'a People,
    next: Option<String>,
    zone: Tz,
}

impl Page<'_> {
    /// The new value for people; the outcome of a sign-in is stored as a code.
    fn after<'a>(&self, entry: &'a AuditEntry) -> &'a str {
        let new = entry.new.as_deref().unwrap_or_default();
        match entry.what.as_str() {
            "member.signed_in" | "sign_in.refused" => match Reason::of_code(new) {
                Some(reason) => reason.label(),
                None => new,
            },
            _ => new,
        }
    }

    fn clock(&self, at: &DateTime<Utc>) -> String {
        local_words(*at, self.zone)
    }
}

/// The filter: one name or the beginning of several, such as `member.added` or `gate`.
fn what(query: &Query) -> Result<&str, ProblemDetails> {
    let what = query.get("what").unwrap_or_default().trim();
    let fits = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'.');
    if what.len() > 64 || !what.bytes().all(fits) {
        return Err(ProblemDetails::wrong_field(
            "what",
            "must be how the name of an action begins, such as gate or member.added",
        ));
    }
    Ok(what)
}

/// The entry before which to continue, from the link to older entries.
fn before(query: &Query) -> Result<Option<&str>, ProblemDetails> {
    let before = query.get("before");
    match before {
        Some(key) if !is_entry_key(key) => Err(ProblemDetails::wrong_field(
            "before",
            "must be from a link to older entries",
        )),
        _ => Ok(before),
    }
}

pub(crate) async fn answer(
    State(web): State<Web>,
    scope: OrgScope,
    query: Query,
    format: Format,
) -> Result<Response, ProblemDetails> {
    let wanted = Wanted {
        what: what(&query)?,
        subject: None,
        before: before(&query)?,
        most: MOST,
    };
    let found = web.store.audit_entries(scope.org(), wanted).await?;
    let people = People::of(&web, &scope, &found.entries).await?;
    let path = format!("/orgs/{}/audit", scope.org());
    let next = found.next.map(|before| {
        let before = utf8_percent_encode(&before, NON_ALPHANUMERIC);
        format!("{path}?what={}&before={before}", wanted.what)
    });
    if format.is_page() {
        let page = Page {
            action: web.base.link(&path),
            what: wanted.what,
            entries: &found.entries,
            people: &people,
            next: next.map(|next| web.base.link(&next)),
            zone: web
                .variables(&scope.organisation)
                .await
                .map_or(Tz::UTC, |variables| variables.timezone),
        };
        return web.page(StatusCode::OK, TITLE, Some(&scope), &page);
    }
    let entries: Vec<Value> = found.entries.iter().map(|entry| item(entry, &people)).collect();
    let mut body = json!({ "entries": entries });
    if let Some(next) = next {
        body["next"] = json!(web.base.absolute(&next));
    }
    Ok(web::json(StatusCode::OK, &body))
}

fn item(entry: &AuditEntry, people: &People) -> Value {
    // Ids are kept because they reveal nothing; an address may belong to a person whom the reader may not see.
    let id = |text| {
        if str::contains(text, '@') {
            people.name(text)
        } else {
            text
        }
    };
    json!({
        "at": entry.at,
        "who": id(&entry.who),
        "name": people.name(&entry.who),
        "what": entry.what,
        "subject": id(&entry.subject),
        "old": entry.old,
        "new": entry.new,
        "api_request_id": entry.api_request_id,
    })
}

#[cfg(test)]
mod tests {
    use domain::role::Role;
    use web::Base;

    use super::*;
    use crate::page::tests::{HOSTILE, scope};

    pub(crate) fn entry(who: &str, what: &str, subject: &str) -> AuditEntry {
        let mut entry = AuditEntry::now(who, what, subject);
        entry.at = "2026-11-28T07:00:00Z".parse().unwrap();
        entry.api_request_id = Some("JKJaXmPLvHcESHA=".to_owned());
        entry.changed(Some(HOSTILE.to_owned()), None)
    }

    fn sent(name: &str, value: &str) -> Query {
        Query::parse(&format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
    }

    #[test]
    fn filter_is_a_name_or_a_prefix() {
        let of = |text: &str| what(&sent("what", text)).map(str::to_owned);
        assert_eq!(of(" member.added ").unwrap(), "member.added");
        assert_eq!(of("").unwrap(), "");
        for bad in [HOSTILE, "Member", "a b", &"x".repeat(65)] {
            assert_eq!(of(bad).unwrap_err().status.as_u16(), 422, "{bad}");
        }
    }

    #[test]
    fn older_entries_start_before_a_valid_key() {
        let of = |text: &str| before(&sent("before", text)).map(|_| ());
        assert!(of("2026-11-28T07:00:00.123456789+00:00#0123456789abcdef").is_ok());
        for bad in ["", "2026-11-28", HOSTILE, &"x".repeat(2000)] {
            assert_eq!(of(bad).unwrap_err().status.as_u16(), 422, "{bad}");
        }
        assert!(before(&Query::default()).unwrap().is_none());
    }

    #[test]
    fn sign_in_outcome_has_a_label() {
        let page = Page {
            action: String::new(),
            what: "",
            entries: &[],
            people: &People::known(&[]),
            next: None,
            zone: Tz::UTC,
        };
        let told = |what: &str, new: &str| {
            let entry = AuditEntry::now("m1", what, "m1").changed(None, Some(new.to_owned()));
            page.after(&entry).to_owned()
        };
        assert_eq!(told("sign_in.refused", "deleted"), Reason::Deleted.label());
        assert_eq!(told("member.signed_in", "known"), Reason::Known.label());
        assert_eq!(told("variable.set", "deleted"), "deleted");
        assert_eq!(told("sign_in.refused", "of a later version"), "of a later version");
    }

    #[test]
    fn entries_are_escaped() {
        let scope = scope(Role::Admin);
        let entries = [entry("m1", "variable.set", HOSTILE), entry(HOSTILE, HOSTILE, "m1")];
        let base = Base::new("http://127.0.0.1:4566/base").unwrap();
        let page = Page {
            action: base.link("/orgs/acme/audit"),
            what: "variable",
            entries: &entries,
            people: &People::known(&[("m1", HOSTILE)]),
            next: Some(base.link("/orgs/acme/audit?what=variable&before=x")),
            zone: Tz::Europe__Berlin,
        };
        let text = web::page(&base, TITLE, Some(&scope), &page).unwrap();
        assert!(!text.contains("<script>"), "{text}");
        insta::assert_snapshot!(text);
    }
}
