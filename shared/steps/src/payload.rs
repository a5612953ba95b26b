//! The payload that the state machine sends to a step: the request, the number of the execution, and the step's input.

use std::fmt::Display;

use domain::ids::{OrgId, RequestId};
use domain::step_error::StepError;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// The execution that runs a step.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Execution {
    pub org: OrgId,
    pub request: RequestId,
    /// The number of the execution.
    pub run: u32,
}

/// The input of a step that needs only the request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoInput {}

/// A whole payload, for tests that check a step against the state machine.
#[derive(Debug)]
pub struct Payload<I> {
    pub execution: Execution,
    pub input: I,
}

impl<'de, I: DeserializeOwned> Deserialize<'de> for Payload<I> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (execution, input) = parse(Value::deserialize(deserializer)?).map_err(|error| message(&error))?;
        Ok(Self { execution, input })
    }
}

fn message<E: Error>(error: &impl Display) -> E {
    E::custom(error)
}

/// Parses a payload. The fields of the execution and of the input are in the same JSON object.
pub(crate) fn parse<I: DeserializeOwned>(payload: Value) -> Result<(Execution, I), StepError> {
    let mut input: Map<String, Value> = runtime::parse_input(payload)?;
    let common = ["org", "request", "run"];
    let execution: Map<String, Value> = common.iter().filter_map(|name| input.remove_entry(*name)).collect();
    Ok((
        runtime::parse_input(execution.into())?,
        runtime::parse_input(input.into())?,
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Round {
        round: u32,
    }

    fn sent(more: Value) -> Value {
        let mut payload = json!({"org": "acme", "request": "r019f0000000070008000000000000001", "run": 2});
        payload
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        payload
    }

    #[test]
    fn input_and_execution_share_one_object() {
        let (execution, input) = parse::<Round>(sent(json!({"round": 1}))).unwrap();
        assert_eq!((execution.org.as_str(), execution.run, input.round), ("acme", 2, 1));
        assert!(parse::<NoInput>(sent(json!({}))).is_ok());
    }

    #[test]
    fn unknown_and_missing_fields_are_refused_by_name() {
        assert!(parse::<NoInput>(sent(json!({"round": 1}))).is_err());
        assert!(parse::<Round>(sent(json!({}))).is_err());
        let error = parse::<NoInput>(sent(json!({"run": "sesame"})))
            .unwrap_err()
            .to_string();
        assert!(error.contains("`run`") && !error.contains("sesame"), "{error}");
    }
}
