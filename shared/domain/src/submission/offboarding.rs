//! The body of an offboarding: what the form or a JSON client says about somebody who leaves.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::form::{self, Shape};
use super::own::OwnSettings;
use super::reader::Reader;
use super::{date, ticket_id};
use crate::contact::Upn;
use crate::field::FieldError;
use crate::job::Kind;
use crate::variables::OrgVariables;

/// Every field of the body, in the order of the form.
pub const OFFBOARDING_FIELDS: [&str; 7] = [
    "user",
    "reason",
    "last_day",
    "manager",
    "offboarding_deactivate_user",
    "offboarding_remove_groups",
    "ticket_id",
];

/// One person who leaves, as asked for and checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offboarding {
    pub user: Upn,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_day: Option<NaiveDate>,
    /// The directory's where the form has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<Upn>,
    /// In place of the variable of the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offboarding_deactivate_user: Option<bool>,
    /// In place of the variable of the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offboarding_remove_groups: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_id: Option<String>,
}

impl Offboarding {
    /// Every wrong field at once; unknown fields are wrong too.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        let mut fields = Reader::new(body, &OFFBOARDING_FIELDS, Kind::Offboarding)?;
        let user = fields.required("user", Upn::parse);
        let reason = fields.line("reason", 256);
        let last_day = fields.parsed("last_day", date);
        let manager = fields.parsed("manager", Upn::parse);
        let offboarding_deactivate_user = fields.variable("offboarding_deactivate_user");
        let offboarding_remove_groups = fields.variable("offboarding_remove_groups");
        let ticket_id = fields.parsed("ticket_id", ticket_id);
        let problems = fields.finish().err().unwrap_or_default();
        match user {
            Some(user) if problems.is_empty() => Ok(Self {
                user,
                reason,
                last_day,
                manager,
                offboarding_deactivate_user,
                offboarding_remove_groups,
                ticket_id,
            }),
            _ => Err(problems),
        }
    }

    /// The HTML form's pairs as the JSON that other clients send.
    pub fn from_form(pairs: &[(String, String)]) -> Value {
        const SHAPE: Shape = Shape {
            lists: &[],
            flags: &["offboarding_deactivate_user", "offboarding_remove_groups"],
        };
        form::body(pairs, &SHAPE)
    }

    /// The organisation's variables, with what this request has in their place. Whoever acts for a request goes by these.
    pub fn settings(&self, variables: OrgVariables) -> OrgVariables {
        self.over(variables).variables
    }

    /// The settings of this request that differ from what the parent has locked.
    pub fn against_locks(&self, variables: OrgVariables) -> Vec<&'static str> {
        self.over(variables).refused
    }

    fn over(&self, variables: OrgVariables) -> OwnSettings {
        let mut own = OwnSettings::new(variables);
        own.take("offboarding_deactivate_user", self.offboarding_deactivate_user, |v| {
            &mut v.offboarding_deactivate_user
        });
        own.take("offboarding_remove_groups", self.offboarding_remove_groups, |v| {
            &mut v.offboarding_remove_groups
        });
        own
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(body: &Value) -> Vec<String> {
        let problems = Offboarding::parse(body).unwrap_err();
        problems.into_iter().map(|problem| problem.field).collect()
    }

    fn full() -> Value {
        json!({"user": "ada@contoso.com", "reason": "New job", "last_day": "2027-01-29", "manager": "charles@contoso.com",
            "offboarding_deactivate_user": false, "offboarding_remove_groups": true, "ticket_id": "1234"})
    }

    #[test]
    fn everything_given() {
        let parsed = Offboarding::parse(&full()).unwrap();
        assert_eq!(parsed.last_day, NaiveDate::from_ymd_opt(2027, 1, 29));
        assert_eq!(parsed.offboarding_deactivate_user, Some(false));
        let stored = serde_json::to_value(&parsed).unwrap();
        assert_eq!(stored, full(), "what is stored is a body too");
        assert_eq!(serde_json::from_value::<Offboarding>(stored).unwrap(), parsed);
    }

    #[test]
    fn the_least() {
        let parsed = Offboarding::parse(&json!({"user": "ada@contoso.com", "reason": null})).unwrap();
        assert_eq!((&parsed.reason, parsed.last_day), (&None, None));
        assert_eq!(
            serde_json::to_value(&parsed).unwrap(),
            json!({"user": "ada@contoso.com"})
        );
    }

    #[test]
    fn all_wrong_fields_at_once() {
        let body = json!({"user": "ada", "reason": "a\nb", "last_day": "soon", "manager": 1,
            "offboarding_deactivate_user": "yes", "offboarding_remove_groups": 2, "ticket_id": "1/2", "first_name": "Ada"});
        let mut found = fields(&body);
        found.sort();
        let mut expected: Vec<&str> = OFFBOARDING_FIELDS.to_vec();
        expected.push("first_name");
        expected.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!(fields(&json!({})), ["user"]);
        assert_eq!(fields(&json!({"user": " "})), ["user"]);
        assert_eq!(fields(&json!([])), ["body"]);
    }

    #[test]
    fn a_form_is_the_same_as_json() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let form = [
            pair("user", " ada@contoso.com "),
            pair("reason", "New job"),
            pair("last_day", "2027-01-29"),
            pair("manager", "charles@contoso.com"),
            pair("offboarding_deactivate_user", "false"),
            pair("offboarding_remove_groups", "true"),
            pair("ticket_id", "1234"),
        ];
        assert_eq!(Offboarding::from_form(&form), full());
        let empty: Vec<_> = OFFBOARDING_FIELDS.iter().map(|field| pair(field, "")).collect();
        assert_eq!(Offboarding::from_form(&empty), json!({}));
    }

    #[test]
    fn the_form_wins_over_the_variables() {
        let switches = |form: &Offboarding, variables: &OrgVariables| {
            let settings = form.settings(variables.clone());
            (settings.offboarding_deactivate_user, settings.offboarding_remove_groups)
        };
        let mut variables = OrgVariables::default();
        let silent = Offboarding::parse(&json!({"user": "ada@contoso.com"})).unwrap();
        assert_eq!(switches(&silent, &variables), (true, true), "as the seed has it");
        variables.offboarding_deactivate_user = false;
        variables.offboarding_remove_groups = false;
        assert_eq!(switches(&silent, &variables), (false, false));
        let given = Offboarding::parse(&full()).unwrap();
        assert_eq!(switches(&given, &variables), (false, true));
        let as_variables_are = json!({"user": "ada@contoso.com", "offboarding_deactivate_user": "1"});
        let given = Offboarding::parse(&as_variables_are).unwrap();
        assert_eq!(switches(&given, &variables), (true, false));
    }
}
