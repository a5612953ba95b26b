//! Parses a system's credentials. No error repeats a value.

use domain::credentials::{ADDRESSES, Shape};
use runtime::Env;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use web::{Content, ProblemDetails, RequestBody};

/// The complete credentials in their stored form.
pub(crate) fn read(body: &RequestBody, shape: &Shape) -> Result<SecretString, ProblemDetails> {
    let mut fields = body.fields()?;
    if body.content() == Content::Form {
        // An empty input counts as not given.
        fields.retain(|_, value| value.as_str().is_some_and(|text| !text.trim().is_empty()));
    }
    let sent = SecretString::from(Value::Object(fields).to_string());
    let checked = shape
        .checked(&sent)
        .map_err(|message| ProblemDetails::wrong_field("credentials", &message))?;
    addresses(&checked)?;
    Ok(checked)
}

/// Checks addresses here, because the environment says which ones may be called.
fn addresses(checked: &SecretString) -> Result<(), ProblemDetails> {
    let fields: Map<String, Value> = serde_json::from_str(checked.expose_secret()).unwrap_or_default();
    for name in ADDRESSES {
        if let Some(address) = fields.get(*name).and_then(Value::as_str) {
            Env.given_address(name, address)
                .map_err(|error| ProblemDetails::wrong_field(name, &error.to_string()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(system: &str, content: Content, body: &str) -> Result<String, ProblemDetails> {
        let body = RequestBody::new(content, body.to_owned());
        read(&body, Shape::of(system).unwrap()).map(|secret| secret.expose_secret().to_owned())
    }

    const FORM: Content = Content::Form;

    #[test]
    fn html_form_and_json_give_the_same() {
        let form = given(
            "halopsa",
            FORM,
            "csrf=t&address=https%3A%2F%2Fhalo.example.com&client_id=a&client_secret=b&tenant=",
        );
        let json = r#"{"address": "https://halo.example.com", "client_id": "a", "client_secret": "b"}"#;
        assert_eq!(form.unwrap(), given("halopsa", Content::Json, json).unwrap());
    }

    #[test]
    fn errors_name_fields_and_repeat_no_value() {
        for body in [
            "client_id=hunter2",
            "client_id=hunter2&client_secret=hunter2&hunter3=x",
            "client_id=hunter2&client_secret=",
        ] {
            let problem = given("pax8", FORM, body).unwrap_err();
            assert_eq!(problem.status.as_u16(), 422);
            let told = problem.to_json().to_string();
            assert!(told.contains("client_secret") && !told.contains("hunter"), "{told}");
        }
    }

    #[test]
    fn internal_addresses_are_refused() {
        for ours in ["http://127.0.0.1:4700", "https://10.0.0.1", "https://169.254.169.254"] {
            let body = format!("address={ours}&api_key=hunter2");
            let problem = given("hudu", FORM, &body).unwrap_err();
            assert_eq!(problem.errors[0].field, "address", "{ours}");
            assert!(!problem.to_json().to_string().contains("hunter"));
            let body = format!("site={ours}&company_id=a&public_key=p&private_key=hunter2&client_id=c");
            let problem = given("connectwise", FORM, &body).unwrap_err();
            assert_eq!(problem.errors[0].field, "site", "{ours}");
            let keys = "address=https://halo.example.com&access_key=a&secret_key=hunter2";
            let body = format!("{keys}&write_address={ours}/{{client_id}}");
            let problem = given("passportal", FORM, &body).unwrap_err();
            assert_eq!(problem.errors[0].field, "write_address", "{ours}");
        }
        for (system, good) in [
            (
                "connectwise",
                "site=api-na.myconnectwise.net&company_id=a&public_key=p&private_key=q&client_id=c",
            ),
            (
                "passportal",
                "address=https://us.example.com&access_key=a&secret_key=s&write_address=https://x.example.com/{client_id}",
            ),
            ("pwpush", "address=https://pwpush.example.com&api_token=t"),
        ] {
            assert!(given(system, FORM, good).is_ok(), "{system}");
        }
    }
}
