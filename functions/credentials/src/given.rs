//! What is sent as a system's credentials. No message repeats a value.

use domain::credentials::Shape;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use step::Env;
use web::{Call, Content, Problem};

/// Complete credentials, as they are stored.
pub(crate) fn read(call: &Call, shape: &Shape) -> Result<SecretString, Problem> {
    let mut fields = call.fields()?;
    if call.content() == Content::Form {
        // What a person leaves empty is not given.
        fields.retain(|_, value| value.as_str().is_some_and(|text| !text.trim().is_empty()));
    }
    let sent = SecretString::from(Value::Object(fields).to_string());
    let checked = shape
        .checked(&sent)
        .map_err(|message| Problem::wrong_field("credentials", &message))?;
    addresses(&checked)?;
    Ok(checked)
}

/// Here the environment says which addresses may be called at all.
fn addresses(checked: &SecretString) -> Result<(), Problem> {
    let fields: Map<String, Value> = serde_json::from_str(checked.expose_secret()).unwrap_or_default();
    let address = fields.get("address").and_then(Value::as_str);
    match address.map(|address| Env.given_address("address", address)) {
        Some(Err(fault)) => Err(Problem::wrong_field("address", &fault.to_string())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use http::Method;
    use http::header::{CONTENT_TYPE, HeaderValue};

    use super::*;

    fn given(system: &str, content: &'static str, body: &str) -> Result<String, Problem> {
        let call = Call::new(Method::POST, "/x")
            .with_header(CONTENT_TYPE, HeaderValue::from_static(content))
            .with_body(body);
        read(&call, Shape::of(system).unwrap()).map(|secret| secret.expose_secret().to_owned())
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn a_form_and_a_program_give_the_same() {
        let form = given(
            "halopsa",
            FORM,
            "csrf=t&address=https%3A%2F%2Fhalo.example.com&client_id=a&client_secret=b&tenant=",
        );
        let json = r#"{"address": "https://halo.example.com", "client_id": "a", "client_secret": "b"}"#;
        assert_eq!(form.unwrap(), given("halopsa", "application/json", json).unwrap());
    }

    #[test]
    fn what_is_wrong_is_named_and_no_value_repeated() {
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
    fn addresses_of_our_own_network_are_refused() {
        for ours in ["http://127.0.0.1:4700", "https://10.0.0.1", "https://169.254.169.254"] {
            let body = format!("address={ours}&api_key=hunter2");
            let problem = given("hudu", FORM, &body).unwrap_err();
            assert_eq!(problem.errors[0].field, "address", "{ours}");
            assert!(!problem.to_json().to_string().contains("hunter"));
        }
    }
}
