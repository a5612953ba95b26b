//! One variable and the history of its value: here and, if its parent's value is the default for children, in the
//! parent.

use askama::Template;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::ids::OrgId;
use domain::schedule::local_words;
use domain::variables::{Definition, definition};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use store::audit::{AuditEntry, Wanted};
use store::organisations::{SET, SET_FOR_CHILDREN};
use web::{Format, OrgScope, PathParams, ProblemDetails, Response, State, Web};

use crate::page::shown;
use crate::people::People;
use crate::show::{label, one};

/// The most changes shown per organisation.
const MOST: usize = 50;
/// How many queries look for changes, because they may be far back in the audit. Each query reads up to some thousands
/// of entries.
const LOOKS: usize = 10;

/// Shown instead of the parent's people.
const PARENT: &str = "the parent organisation";

#[derive(Debug, PartialEq, Serialize)]
struct Change {
    at: DateTime<Utc>,
    who: String,
    /// Null if the organisation had no value of its own.
    old: Value,
    new: Value,
    inherited: bool,
}

impl Change {
    fn new(entry: &AuditEntry, who: &str, inherited: bool) -> Self {
        // Values are stored as JSON text.
        let value = |text: &Option<String>| {
            let text = text.as_deref().unwrap_or("null");
            serde_json::from_str(text).unwrap_or_else(|_| json!(text))
        };
        Self {
            at: entry.at,
            who: who.to_owned(),
            old: value(&entry.old),
            new: value(&entry.new),
            inherited,
        }
    }
}

#[derive(Template)]
#[template(path = "history.html")]
struct Page<'a> {
    variables: String,
    definition: &'a Definition,
    value: String,
    source: &'static str,
    default: String,
    changes: &'a [Change],
    more: bool,
    zone: Tz,
}

impl Page<'_> {
    fn clock(&self, at: &DateTime<Utc>) -> String {
        local_words(*at, self.zone)
    }
}

pub(crate) async fn answer(
    State(web): State<Web>,
    scope: OrgScope,
    params: PathParams,
    format: Format,
) -> Result<Response, ProblemDetails> {
    let family = web.store.family(&scope.organisation).await?;
    let definition = definition(params.get("name")).ok_or_else(ProblemDetails::not_found)?;
    let (changes, more) = changes(&web, &scope, definition.name).await?;
    if !format.is_page() {
        let mut body = one(&family, definition);
        body["name"] = json!(definition.name);
        body["history"] = json!(changes);
        body["more"] = json!(more);
        return Ok(web::json(StatusCode::OK, &body));
    }
    let (value, source) = family.effective(definition);
    let page = Page {
        variables: web.base.link(&format!("/orgs/{}/variables", scope.org())),
        definition,
        value: shown(&value),
        source: label(source),
        default: shown(&json!(definition.default_value())),
        changes: &changes,
        more,
        zone: web
            .variables(&scope.organisation)
            .await
            .map_or(Tz::UTC, |variables| variables.timezone),
    };
    web.page(StatusCode::OK, definition.name, Some(&scope), &page)
}

/// The changes, newest first, and whether there may be older ones.
async fn changes(web: &Web, scope: &OrgScope, name: &str) -> Result<(Vec<Change>, bool), ProblemDetails> {
    // A default for children is also the organisation's own value.
    let (own, mut more) = entries(web, scope.org(), SET, name).await?;
    let people = People::of(web, scope, &own).await?;
    let mut changes: Vec<Change> = own
        .iter()
        .map(|entry| Change::new(entry, people.name(&entry.who), false))
        .collect();
    if let Some(parent) = &scope.organisation.parent {
        let (theirs, more_of_theirs) = entries(web, parent, SET_FOR_CHILDREN, name).await?;
        changes.extend(theirs.iter().map(|entry| Change::new(entry, PARENT, true)));
        more |= more_of_theirs;
    }
    changes.sort_by_key(|change| std::cmp::Reverse(change.at));
    Ok((changes, more))
}

async fn entries(web: &Web, org: &OrgId, what: &str, name: &str) -> Result<(Vec<AuditEntry>, bool), ProblemDetails> {
    let mut entries = Vec::new();
    let mut next = None;
    for _ in 0..LOOKS {
        let wanted = Wanted {
            what,
            subject: Some(name),
            before: next.as_deref(),
            most: MOST - entries.len(),
        };
        let found = web.store.audit_entries(org, wanted).await?;
        entries.extend(found.entries);
        next = found.next;
        if next.is_none() || entries.len() == MOST {
            break;
        }
    }
    Ok((entries, next.is_some()))
}

#[cfg(test)]
mod tests {
    use domain::role::Role;
    use web::Base;

    use super::*;
    use crate::page::tests::{HOSTILE, scope};

    fn entry(old: Option<&str>, new: Option<&str>) -> AuditEntry {
        let mut entry = AuditEntry::now("m1", SET, "timezone").changed(old.map(str::to_owned), new.map(str::to_owned));
        entry.at = "2026-11-28T07:00:00Z".parse().unwrap();
        entry
    }

    #[test]
    fn stored_values_are_read_back() {
        let change = Change::new(&entry(Some("[\"psa\",\"hudu\"]"), Some("true")), "mary", false);
        assert_eq!((change.old, change.new), (json!(["psa", "hudu"]), json!(true)));
        let change = Change::new(&entry(None, Some("not JSON")), "mary", true);
        assert_eq!((change.old, change.new), (Value::Null, json!("not JSON")));
    }

    fn page(changes: &[Change], more: bool) -> String {
        let base = Base::new("http://127.0.0.1:4566/base").unwrap();
        let page = Page {
            variables: base.link("/orgs/acme/variables"),
            definition: definition("timezone").unwrap(),
            value: HOSTILE.to_owned(),
            source: "set here",
            default: "Etc/UTC".to_owned(),
            changes,
            more,
            zone: Tz::Europe__Berlin,
        };
        web::page(&base, "timezone", Some(&scope(Role::Technician)), &page).unwrap()
    }

    #[test]
    fn history_says_never_only_if_it_is_complete() {
        let told = |more| page(&[], more);
        assert!(told(false).contains("never changed") && !told(false).contains("older changes"));
        assert!(!told(true).contains("never changed") && told(true).contains("older changes"));
    }

    #[test]
    fn the_page_is_escaped() {
        let hostile = json!(HOSTILE).to_string();
        let changes = [
            Change::new(&entry(None, Some(&hostile)), HOSTILE, false),
            Change::new(&entry(Some("false"), None), PARENT, true),
        ];
        let text = page(&changes, false);
        assert!(!text.contains("<script>"), "{text}");
        insta::assert_snapshot!(text);
    }
}
