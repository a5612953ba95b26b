//! Parses a change of variables, from the page's form or a JSON body.

use domain::field::FieldError;
use domain::variables::{Change, Changes, Family, OwnVariables, definition};
use runtime::Env;
use serde_json::{Map, Value};
use web::Form;

/// Checks the values that would be effective after the change. Returns all errors.
pub(crate) fn plan(body: Map<String, Value>, family: &Family) -> Result<Changes, Vec<FieldError>> {
    Change::by_admin(body).validate(family, |name, address| Env.given_address(name, address))
}

/// The changes in the page's form, which shows the organisation's own values. An unchanged input is no change, and an
/// emptied one goes back to the default.
pub(crate) fn from_form(form: &Form, own: &OwnVariables) -> Map<String, Value> {
    let mut body = Map::new();
    for (name, text) in form.pairs() {
        let before = own.get(name).map(|own| text_of(&own.value)).unwrap_or_default();
        if text.trim() == before && definition(name).is_some() {
            continue;
        }
        let value = if text.trim().is_empty() {
            Value::Null
        } else {
            Value::from(text.as_str())
        };
        body.insert(name.clone(), value);
    }
    body
}

/// The value as an input shows it.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::tests::family;
    use serde_json::json;

    #[test]
    fn internal_addresses_are_refused() {
        let address = |address: &str| {
            let body = json!({ "pwpush_url": address });
            plan(body.as_object().unwrap().clone(), &family(json!({}), json!({})))
        };
        assert!(address("https://eu.pwpush.com").is_ok());
        for ours in [
            "http://127.0.0.1:4700/pwpush/acme",
            "https://10.0.0.1",
            "https://169.254.169.254",
        ] {
            let problems = address(ours).unwrap_err();
            assert_eq!(problems.len(), 1, "{ours}");
            assert_eq!(problems[0].field, "pwpush_url");
        }
    }

    #[test]
    fn form_changes_only_what_differs() {
        let family = family(
            json!({"timezone": "Europe/Berlin", "onboarding_password_save_location": [], "store_password_in_ticket": true,
                "default_psa": "connectwise"}),
            json!({}),
        );
        let sent = web::RequestBody::new(
            web::Content::Form,
            "csrf=t&timezone=&onboarding_password_save_location=&store_password_in_ticket=true&default_psa=email_only&made_up=",
        );
        let body = from_form(&sent.form().unwrap(), &family.own);
        assert_eq!(
            Value::Object(body),
            json!({"timezone": null, "default_psa": "email_only", "made_up": null})
        );
    }
}
