//! Runs a step, or the target of an event rule, as a Lambda function.

use domain::step_error::StepError;
use domain::timeline::StepName;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Clients;

/// Runs `run` as the function `name`: sets up logging and the clients, then handles one event after the other. An
/// error's variant becomes the error name that the state machine matches. Called once, by `main`.
pub fn serve<O: Serialize>(
    name: StepName,
    run: impl AsyncFn(&Clients, Value) -> Result<O, StepError>,
) -> Result<(), Error> {
    crate::init_logs();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(answer_events(name, run))
}

async fn answer_events<O: Serialize>(
    name: StepName,
    run: impl AsyncFn(&Clients, Value) -> Result<O, StepError>,
) -> Result<(), Error> {
    let (clients, run) = (&Clients::load().await?, &run);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        run(clients, event.payload).await.map_err(|error| {
            tracing::warn!(step = name.as_str(), error = error.name(), reason = %error, "step failed");
            Diagnostic {
                error_type: error.name().to_owned(),
                error_message: format!("{name}: {error}"),
            }
        })
    }))
    .await
}

/// Parses the input of a function. serde_json's messages repeat values, so the error names only the path.
pub fn parse_input<I: DeserializeOwned>(payload: Value) -> Result<I, StepError> {
    serde_path_to_error::deserialize(payload)
        .map_err(|error| StepError::Permanent(format!("the step's input is wrong at `{}`", error.path())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Input {
        #[expect(dead_code, reason = "only its type matters")]
        run: u32,
    }

    #[test]
    fn invalid_event_is_reported_by_path_only() {
        let error = parse_input::<Input>(serde_json::json!({"run": "sesame-open"})).expect_err("a text is no number");
        assert_eq!(error.name(), "Permanent");
        assert!(error.to_string().contains("`run`"), "{error}");
        assert!(!error.to_string().contains("sesame"), "{error}");
    }

    #[test]
    fn unknown_fields_are_refused() {
        assert!(parse_input::<Input>(serde_json::json!({"run": 1, "more": 2})).is_err());
    }
}
