//! The form of an offboarding.

use chrono::NaiveDate;

use super::declare::{Field, Section::*, Takes, form};
use super::fields::{date, ticket_id};
use crate::authority::may_name_ticket;
use crate::contact::Upn;
use crate::variables::OrgVariables;

form! {
    /// One person who leaves, as asked for and checked.
    #[serde(deny_unknown_fields)]
    Offboarding, OffboardingFields;
    required {
        /// Who leaves, by user principal name.
        user: Upn = required(Upn::parse) => Field::new(Takes::Text, Person, "Who leaves")
            .hint(|_| "Sign-in name, such as name@example.com.");
    }
    optional {
        /// Stands on the ticket.
        reason: Option<String> = line(256) => Field::new(Takes::Text, Person, "Reason").on_ticket()
            .hint(|_| "Stands on the ticket.");
        /// A day of work: the account is closed at start_time of the day after it, in the organisation's time zone. At once
        /// where it is not given or over. A day that is not over needs allow_scheduled_user_creation.
        last_day: Option<NaiveDate> = parsed(date) => Field::new(Takes::Date, Person, "Last day").on_ticket()
            .hint(last_day_hint);
        /// A user principal name. Is told in the end; the directory's manager where not given.
        manager: Option<Upn> = parsed(Upn::parse) => Field::new(Takes::Text, Person, "Manager").on_ticket()
            .hint(|_| "Is told in the end. Empty: as the directory has it.");
        /// A ticket that is there already.
        ticket_id: Option<String> = parsed(ticket_id) => Field::new(Takes::Text, Ticket, "Ticket")
            .offered_to(may_name_ticket).to_approver_as("Ticket")
            .hint(|_| "Number of a ticket that is there already.");
    }
    overrides {
        offboarding_deactivate_user: bool => Field::new(Takes::Switch, Account, "Block sign-in").on_ticket();
        /// Groups that bring a license are left in any case.
        offboarding_remove_groups: bool => Field::new(Takes::Switch, Account, "Remove from groups")
            .on_ticket_as("Remove groups");
    }
}

fn last_day_hint(variables: &OrgVariables) -> &'static str {
    if variables.allow_scheduled_user_creation {
        "Empty: at once. The account is closed on the day after it, at the organisation's start time."
    } else {
        "Only a day that is over: waiting for one is turned off here. Empty: at once."
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::submission::Form;

    fn fields(body: &Value) -> Vec<String> {
        let problems = Offboarding::parse(body).unwrap_err();
        problems.into_iter().map(|problem| problem.field).collect()
    }

    fn full() -> Value {
        json!({"user": "ada@contoso.com", "reason": "New job", "last_day": "2027-01-29", "manager": "charles@contoso.com",
            "offboarding_deactivate_user": false, "offboarding_remove_groups": true, "ticket_id": "1234"})
    }

    #[test]
    fn reads_a_form_with_all_fields() {
        let parsed = Offboarding::parse(&full()).unwrap();
        assert_eq!(parsed.last_day, NaiveDate::from_ymd_opt(2027, 1, 29));
        assert_eq!(parsed.offboarding_deactivate_user, Some(false));
        let stored = serde_json::to_value(&parsed).unwrap();
        assert_eq!(stored, full(), "what is stored is a body too");
        assert_eq!(serde_json::from_value::<Offboarding>(stored).unwrap(), parsed);
    }

    #[test]
    fn reads_a_form_with_only_required_fields() {
        let parsed = Offboarding::parse(&json!({"user": "ada@contoso.com", "reason": null})).unwrap();
        assert_eq!((&parsed.reason, parsed.last_day), (&None, None));
        assert_eq!(
            serde_json::to_value(&parsed).unwrap(),
            json!({"user": "ada@contoso.com"})
        );
    }

    #[test]
    fn reports_all_wrong_fields_at_once() {
        let body = json!({"user": "ada", "reason": "a\nb", "last_day": "soon", "manager": 1,
            "offboarding_deactivate_user": "yes", "offboarding_remove_groups": 2, "ticket_id": "1/2", "first_name": "Ada"});
        let mut found = fields(&body);
        found.sort();
        let mut expected: Vec<&str> = Offboarding::FIELDS.iter().map(|field| field.name).collect();
        expected.push("first_name");
        expected.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!(fields(&json!({})), ["user"]);
        assert_eq!(fields(&json!({"user": " "})), ["user"]);
        assert_eq!(fields(&json!([])), ["body"]);
    }

    #[test]
    fn html_form_and_json_give_the_same() {
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
        assert_eq!(Offboarding::from_pairs(&form), full());
        let empty: Vec<_> = Offboarding::FIELDS.iter().map(|field| pair(field.name, "")).collect();
        assert_eq!(Offboarding::from_pairs(&empty), json!({}));
    }

    #[test]
    fn form_overrides_the_variables() {
        let switches = |form: &Offboarding, variables: &OrgVariables| {
            let settings = OffboardingFields::from(form.clone()).settings(variables.clone());
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

    #[test]
    fn valid_fields_are_kept_beside_wrong_ones() {
        let partial = Offboarding::read(&json!({"user": "ada@contoso.com", "last_day": "soon", "shoe": 43}));
        let user = partial.fields.user.as_ref().map(Upn::as_str);
        assert_eq!((user, partial.fields.last_day), (Some("ada@contoso.com"), None));
        let partial = Offboarding::read(&json!({"user": "ada", "reason": "x"}));
        assert_eq!(partial.fields.user, None);
        assert_eq!(partial.fields.reason, Some(Some("x".to_owned())));
        assert_eq!(Offboarding::read(&json!([])).fields, OffboardingFields::default());
    }
}
