//! The page that shows which systems have credentials and since when, with a form for each.

use askama::Template;
use chrono::{DateTime, Utc};
use domain::credentials::Shape;
use serde_json::{Value, json};

/// Whether a system has credentials, and who owns them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    Here(DateTime<Utc>),
    /// The parent has credentials, and this organisation has none.
    InParent,
    Nowhere,
}

pub(crate) struct System {
    pub(crate) shape: &'static Shape,
    pub(crate) set: Set,
}

impl System {
    pub(crate) fn json(&self) -> Value {
        let at = match self.set {
            Set::Here(at) => Some(at),
            Set::InParent | Set::Nowhere => None,
        };
        json!({
            "system": self.shape.system,
            "set_at": at,
            "inherited": self.set == Set::InParent,
            "required": self.shape.required,
            "optional": self.shape.optional,
        })
    }

    fn label(&self) -> String {
        match self.set {
            Set::Here(at) => format!("set on {}", at.format("%Y-%m-%d %H:%M UTC")),
            Set::InParent => "the parent organisation's are used".to_owned(),
            Set::Nowhere => "not set".to_owned(),
        }
    }
}

#[derive(Template)]
#[template(path = "credentials.html")]
pub(crate) struct Page<'a> {
    pub(crate) path: String,
    pub(crate) csrf: &'a str,
    pub(crate) systems: &'a [System],
    /// The system whose credentials were invalid, and the error. The sent values are not shown again.
    pub(crate) wrong: Option<(&'a str, &'a str)>,
}

impl Page<'_> {
    fn error(&self, system: &System) -> Option<&str> {
        let (wrong, message) = self.wrong?;
        (wrong == system.shape.system).then_some(message)
    }

    /// The type of the input. Addresses are not secret, and easier to type when visible.
    fn input(&self, field: &str) -> &'static str {
        if field.ends_with("address") { "url" } else { "password" }
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::OrgId;
    use domain::integration::Organisation;
    use domain::role::Role;
    use store::members::Member;
    use web::{Base, Caller, OrgScope};

    use super::*;

    const HOSTILE: &str = "<script>alert(1)</script>\"'&";

    #[test]
    fn values_are_never_shown_and_everything_is_escaped() {
        let org = OrgId::parse("acme").unwrap();
        let organisation = Organisation::new(org.clone(), HOSTILE);
        let member = Member::new(&org, "mary@contoso.com", HOSTILE, Role::Admin);
        let scope = OrgScope {
            organisation,
            caller: Caller::member(member, "csrf-token".to_owned()),
        };
        let system = |name, set| System {
            shape: Shape::of(name).unwrap(),
            set,
        };
        let systems = [
            system("graph", Set::Here("2026-11-28T07:00:00Z".parse().unwrap())),
            system("halopsa", Set::InParent),
            system("pax8", Set::Nowhere),
        ];
        let base = Base::new("http://127.0.0.1:4566/base").unwrap();
        let page = Page {
            path: base.link("/orgs/acme/credentials"),
            csrf: scope.csrf(),
            systems: &systems,
            wrong: Some(("halopsa", HOSTILE)),
        };
        let text = web::page(&base, "Credentials", Some(&scope), &page).unwrap();
        assert!(!text.contains("<script>"), "{text}");
        insta::assert_snapshot!(text);
    }
}
