//! The Lambda side of a step.

use domain::step_error::StepError;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Serves `run` as the function `name`. A fault's variant becomes the error name that the state machine matches.
pub async fn serve<I, O>(name: &'static str, run: impl AsyncFn(I) -> Result<O, StepError>) -> Result<(), Error>
where
    I: DeserializeOwned,
    O: Serialize,
{
    let run = &run;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<serde_json::Value>| async move {
        let answer = match parse(event.payload) {
            Ok(input) => run(input).await,
            Err(error) => Err(error),
        };
        answer.map_err(|error| {
            tracing::warn!(step = name, error = error.name(), reason = %error, "step failed");
            Diagnostic {
                error_type: error.name().to_owned(),
                error_message: format!("{name}: {error}"),
            }
        })
    }))
    .await
}

/// serde_json's messages repeat values, so only the path is told.
fn parse<I: DeserializeOwned>(payload: serde_json::Value) -> Result<I, StepError> {
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
    fn a_bad_event_names_the_path_and_not_the_value() {
        let error = parse::<Input>(serde_json::json!({"run": "sesame-open"})).expect_err("a text is no number");
        assert_eq!(error.name(), "Permanent");
        assert!(error.to_string().contains("`run`"), "{error}");
        assert!(!error.to_string().contains("sesame"), "{error}");
    }

    #[test]
    fn unknown_fields_are_refused() {
        assert!(parse::<Input>(serde_json::json!({"run": 1, "more": 2})).is_err());
    }
}
