//! The variables as they hold for one organisation.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveTime;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::choices::{Distributor, LicenseAssignmentMethod, PasswordStyle, Psa, SaveLocation, UsernameCollision};
use super::family::{Inherited, Values};
use super::parse::{MANAGER, parse_value};
use crate::contact::EmailAddress;
use crate::country::CountryCode;
use crate::field::{FieldError, InvalidValue};
use crate::username::UsernameFormat;

/// One field a variable, by its name, and which of them the parent has locked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrgVariables {
    pub require_approval_for_new_users: bool,
    pub new_user_approval_email: Vec<Approver>,
    pub default_psa: Option<Psa>,
    pub default_ticket_location: Option<String>,
    pub default_ticket_status: Option<String>,
    pub ticket_status_waiting_input: Option<String>,
    pub ticket_status_workflow_complete: Option<String>,
    pub default_priority: Option<String>,
    pub default_work_role: Option<String>,
    pub default_tech_id: Option<String>,
    pub automation_task_new_user_time: Option<u32>,
    pub send_from_address: Option<EmailAddress>,
    pub no_psa_mail_address: Option<EmailAddress>,
    pub allow_scheduled_user_creation: bool,
    pub password_style: PasswordStyle,
    pub require_password_change_on_first_login: bool,
    pub restrict_user_from_changing_password: bool,
    pub set_password_to_never_expire: bool,
    pub auto_store_password_in_documentation: bool,
    pub send_password_via_sms_or_email: bool,
    pub store_password_in_ticket: bool,
    pub onboarding_password_save_location: Vec<SaveLocation>,
    pub pwpush_url: Option<Url>,
    pub auto_purchase_license_if_none_available: bool,
    pub max_seats_bought_per_day: u32,
    pub ms_licensing_distributor: Option<Distributor>,
    pub license_assignment_method: LicenseAssignmentMethod,
    pub username_format: UsernameFormat,
    pub username_collision: UsernameCollision,
    pub offboarding_deactivate_user: bool,
    pub offboarding_remove_groups: bool,
    pub timezone: Tz,
    pub start_time: NaiveTime,
    pub usage_location: Option<CountryCode>,
    pub mfa_group: Option<String>,
    /// What a request says for itself does not hold against these either. No variable, so nobody sets it.
    #[serde(skip)]
    pub locked: BTreeSet<String>,
}

/// Somebody who is asked for approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Approver {
    /// The manager of the person it is about.
    Manager,
    Address(EmailAddress),
}

impl TryFrom<String> for Approver {
    type Error = InvalidValue;
    fn try_from(text: String) -> Result<Self, InvalidValue> {
        if text == MANAGER {
            Ok(Self::Manager)
        } else {
            EmailAddress::parse(&text).map(Self::Address)
        }
    }
}

impl From<Approver> for String {
    fn from(approver: Approver) -> Self {
        match approver {
            Approver::Manager => MANAGER.to_owned(),
            Approver::Address(address) => address.into(),
        }
    }
}

impl Default for OrgVariables {
    fn default() -> Self {
        Self {
            require_approval_for_new_users: false,
            new_user_approval_email: Vec::new(),
            default_psa: None,
            default_ticket_location: None,
            default_ticket_status: None,
            ticket_status_waiting_input: None,
            ticket_status_workflow_complete: None,
            default_priority: None,
            default_work_role: None,
            default_tech_id: None,
            automation_task_new_user_time: None,
            send_from_address: None,
            no_psa_mail_address: None,
            allow_scheduled_user_creation: false,
            password_style: PasswordStyle::Classic,
            require_password_change_on_first_login: true,
            restrict_user_from_changing_password: false,
            set_password_to_never_expire: false,
            auto_store_password_in_documentation: true,
            send_password_via_sms_or_email: true,
            store_password_in_ticket: true,
            onboarding_password_save_location: Vec::new(),
            pwpush_url: None,
            auto_purchase_license_if_none_available: true,
            max_seats_bought_per_day: 10,
            ms_licensing_distributor: None,
            license_assignment_method: LicenseAssignmentMethod::Direct,
            username_format: UsernameFormat::FirstInitialLastName,
            username_collision: UsernameCollision::Ask,
            offboarding_deactivate_user: true,
            offboarding_remove_groups: true,
            timezone: Tz::Etc__UTC,
            start_time: NaiveTime::from_hms_opt(8, 0, 0).unwrap_or_default(),
            usage_location: None,
            mfa_group: None,
            locked: BTreeSet::new(),
        }
    }
}

impl OrgVariables {
    /// A value that the parent has locked wins, then the organisation's own, then its parent's, then the default. Both maps
    /// hold what `parse_value` gave.
    pub fn resolve(own: &Values, inherited: &Inherited) -> Result<Self, Vec<FieldError>> {
        let from_parent = |locked: bool| {
            let chosen = inherited.iter().filter(move |(_, from)| from.locked == locked);
            chosen.map(|(name, from)| (name, &from.value))
        };
        let mut effective: BTreeMap<&str, &Value> = BTreeMap::new();
        let by_precedence = from_parent(false).chain(own).chain(from_parent(true));
        for (name, value) in by_precedence.filter(|(_, value)| !value.is_null()) {
            effective.insert(name, value);
        }
        let mut values = Map::new();
        let mut problems = Vec::new();
        for (name, value) in effective {
            match parse_value(name, value) {
                Ok(value) => {
                    values.insert(name.to_owned(), value);
                }
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        // Serde's errors repeat values; what was parsed above gives none.
        let read: Self = serde_json::from_value(Value::Object(values))
            .map_err(|_| vec![FieldError::new("variables", "the stored variables cannot be read")])?;
        let locked = inherited
            .iter()
            .filter(|(_, from)| from.locked && !from.value.is_null());
        Ok(Self {
            locked: locked.map(|(name, _)| name.clone()).collect(),
            ..read
        })
    }

    /// The PSA, if it keeps tickets. Without one, notes are mails, and mails never carry a note's password.
    pub fn real_psa(&self) -> Option<Psa> {
        self.default_psa.filter(|psa| *psa != Psa::EmailOnly)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::definitions::definitions;
    use super::super::family::FromParent;
    use super::*;

    fn map(value: Value) -> Values {
        serde_json::from_value(value).unwrap()
    }

    fn inherited(value: Value, locked: bool) -> Inherited {
        let from_parent = |(name, value)| (name, FromParent { value, locked });
        map(value).into_iter().map(from_parent).collect()
    }

    #[test]
    fn the_table_and_the_struct_agree() {
        let defaults = serde_json::to_value(OrgVariables::default()).unwrap();
        let fields = defaults.as_object().unwrap();
        assert_eq!(fields.len(), definitions().len());
        for definition in definitions() {
            let field = &fields[definition.name];
            assert_eq!(
                definition.default.is_some(),
                definition.default_value().is_some(),
                "{}",
                definition.name
            );
            match definition.default_value() {
                None => assert!(field.is_null() || *field == json!([]), "{}", definition.name),
                Some(default) if definition.name == "start_time" => {
                    assert_eq!(format!("{}:00", default.as_str().unwrap()), *field);
                }
                Some(default) => assert_eq!(default, *field, "{}", definition.name),
            }
        }
    }

    #[test]
    fn nothing_set_is_the_default() {
        assert_eq!(
            OrgVariables::resolve(&Values::new(), &Inherited::new()),
            Ok(OrgVariables::default())
        );
    }

    #[test]
    fn own_wins_then_the_parents() {
        let parent = inherited(
            json!({"timezone": "Europe/Berlin", "default_psa": "connectwise",
                "onboarding_password_save_location": ["psa"]}),
            false,
        );
        let own = map(
            json!({"default_psa": "email_only", "timezone": null, "onboarding_password_save_location": [],
            "start_time": "07:30", "new_user_approval_email": ["manager", "hr@example.com"],
            "pwpush_url": "https://pwpush.com/", "usage_location": "DE"}),
        );
        let variables = OrgVariables::resolve(&own, &parent).unwrap();
        assert_eq!(variables.timezone, Tz::Europe__Berlin);
        assert_eq!(variables.default_psa, Some(Psa::EmailOnly));
        assert_eq!(variables.real_psa(), None);
        assert!(variables.onboarding_password_save_location.is_empty());
        assert_eq!(variables.start_time, NaiveTime::from_hms_opt(7, 30, 0).unwrap());
        assert_eq!(variables.new_user_approval_email.len(), 2);
        assert_eq!(variables.new_user_approval_email.first(), Some(&Approver::Manager));
        assert!(variables.auto_purchase_license_if_none_available);
    }

    #[test]
    fn what_the_parent_locks_wins() {
        let own = map(json!({"default_ticket_location": "Finance", "timezone": "Europe/Berlin"}));
        let mut parent = inherited(json!({"default_ticket_location": "Onboarding"}), true);
        parent.extend(inherited(json!({"timezone": "Asia/Kolkata"}), false));
        let variables = OrgVariables::resolve(&own, &parent).unwrap();
        assert_eq!(variables.default_ticket_location.as_deref(), Some("Onboarding"));
        assert_eq!(variables.timezone, Tz::Europe__Berlin, "a default is not locked");
        assert_eq!(variables.locked, ["default_ticket_location".to_owned()].into());
    }

    #[test]
    fn every_wrong_value_is_named() {
        let own = map(json!({"timezone": "Mars", "default_psa": "x", "nonsense": 1}));
        let problems = OrgVariables::resolve(&own, &Inherited::new()).unwrap_err();
        let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["default_psa", "nonsense", "timezone"]);
    }

    #[test]
    fn every_choice_resolves() {
        for definition in definitions() {
            if let super::super::Kind::OneOf(names) = definition.kind {
                for name in names {
                    let own = BTreeMap::from([(definition.name.to_owned(), json!(name))]);
                    assert!(OrgVariables::resolve(&own, &Inherited::new()).is_ok(), "{name}");
                }
            }
        }
    }
}
