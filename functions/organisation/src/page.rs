//! The page of variables: a form for admins, and a table for other readers.

use askama::Template;
use domain::field::FieldError;
use domain::variables::{Definition, Family, Kind, Source, definitions};
use serde_json::{Value, json};
use web::{Form, OrgScope, Web};

use crate::change::text_of;
use crate::show;

pub(crate) const TITLE: &str = "Variables";

#[derive(Template)]
#[template(path = "variables.html")]
pub(crate) struct Page<'a> {
    action: String,
    csrf: &'a str,
    edits: bool,
    rows: Vec<Row>,
    /// Errors about variables that have no row on the page, which would be lost otherwise.
    problems: &'a [FieldError],
}

struct Row {
    name: &'static str,
    description: &'static str,
    takes: String,
    value: String,
    source: &'static str,
    default: String,
    /// The value that is effective if nothing is set here.
    otherwise: String,
    /// Whether that value comes from the parent organisation.
    inherited: bool,
    /// Whether the parent has locked the value, so that it cannot be set here.
    locked: bool,
    /// The address of the variable's history.
    history: String,
    /// The input's content: what was sent, if the form was sent.
    input: String,
    choices: Vec<&'static str>,
    errors: Vec<String>,
}

impl Row {
    fn new(
        action: &str,
        definition: &Definition,
        family: &Family,
        sent: Option<&Form>,
        problems: &[FieldError],
    ) -> Self {
        let (value, source) = family.effective(definition);
        let (otherwise, from) = family.without_own(definition);
        let own = family
            .own
            .get(definition.name)
            .map(|own| text_of(&own.value))
            .unwrap_or_default();
        let input = sent
            .and_then(|form| form.get(definition.name))
            .map_or(own, str::to_owned);
        Self {
            name: definition.name,
            description: definition.description,
            takes: definition.kind.to_string(),
            value: shown(&value),
            source: show::label(source),
            default: shown(&json!(definition.default_value())),
            otherwise: shown(&otherwise),
            inherited: from == Source::Inherited,
            locked: from == Source::Locked,
            history: format!("{action}/{}", definition.name),
            input,
            choices: choices(definition.kind),
            errors: problems
                .iter()
                .filter(|p| p.field == definition.name)
                .map(|p| p.message.clone())
                .collect(),
        }
    }
}

fn choices(kind: Kind) -> Vec<&'static str> {
    match kind {
        Kind::Boolean => vec!["true", "false"],
        Kind::OneOf(names) => names.to_vec(),
        _ => Vec::new(),
    }
}

pub(crate) fn shown(value: &Value) -> String {
    let text = match value {
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) => "off".to_owned(),
        other => text_of(other),
    };
    if text.is_empty() { "none".to_owned() } else { text }
}

fn label(choice: &str) -> &str {
    match choice {
        "true" => "on",
        "false" => "off",
        other => other,
    }
}

pub(crate) fn page<'a>(
    web: &Web,
    scope: &'a OrgScope,
    family: &Family,
    sent: Option<&Form>,
    problems: &'a [FieldError],
) -> Page<'a> {
    build(
        web.base.link(&format!("/orgs/{}/variables", scope.org())),
        scope,
        family,
        sent,
        problems,
    )
}

fn build<'a>(
    action: String,
    scope: &'a OrgScope,
    family: &Family,
    sent: Option<&Form>,
    problems: &'a [FieldError],
) -> Page<'a> {
    Page {
        csrf: scope.csrf(),
        edits: scope.caller.role.edits_variables(),
        rows: definitions()
            .iter()
            .map(|definition| Row::new(&action, definition, family, sent, problems))
            .collect(),
        problems,
        action,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use domain::ids::OrgId;
    use domain::integration::Organisation;
    use domain::role::Role;
    use serde_json::json;
    use store::members::Member;
    use web::{Base, Caller};

    use super::*;
    use crate::show::tests::family;

    pub(crate) const HOSTILE: &str = "<script>alert(1)</script>\"'&";

    pub(crate) fn scope(role: Role) -> OrgScope {
        let org = OrgId::parse("acme").unwrap();
        let member = Member {
            org: org.clone(),
            id: "m1".to_owned(),
            email: "mary@contoso.com".to_owned(),
            name: HOSTILE.to_owned(),
            role,
            identity: None,
            sessions_after: None,
            sign_in_link: None,
        };
        let organisation = Organisation::new(org, HOSTILE);
        OrgScope {
            organisation,
            caller: Caller::member(member, "csrf-token".to_owned()),
        }
    }

    fn text(role: Role, problems: &[FieldError]) -> String {
        let scope = scope(role);
        let mut family = family(
            json!({"default_ticket_location": HOSTILE, "store_password_in_ticket": false, "default_tech_id": HOSTILE}),
            json!({"default_work_role": HOSTILE, "onboarding_password_save_location": ["psa", "hudu"],
                "default_tech_id": HOSTILE, "default_psa": "halopsa"}),
        );
        for name in ["default_tech_id", "default_psa"] {
            family.inherited.get_mut(name).unwrap().locked = true;
        }
        let base = Base::new("http://127.0.0.1:4566/base").unwrap();
        let page = build(base.link("/orgs/acme/variables"), &scope, &family, None, problems);
        web::page(&base, TITLE, Some(&scope), &page).unwrap()
    }

    #[test]
    fn admins_get_a_form() {
        let wrong = [
            FieldError::new("default_ticket_location", HOSTILE),
            FieldError::new("made_up", HOSTILE),
        ];
        let page = text(Role::Admin, &wrong);
        assert!(!page.contains("<script>"), "{page}");
        insta::assert_snapshot!(page);
    }

    #[test]
    fn others_get_a_table() {
        let page = text(Role::Technician, &[]);
        assert!(!page.contains("<script>"), "{page}");
        assert!(!page.contains("name=\"timezone\""));
        insta::assert_snapshot!(page);
    }
}
