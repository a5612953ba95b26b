//! Reads `infra/template.yaml`, and checks that it gives the state machine exactly what the state machine needs.

use std::collections::BTreeSet;
use std::fs;

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

use crate::files::root;
use crate::machine::{FILE, Machine};

/// Reads the project's `infra/template.yaml`.
pub fn load() -> Result<Value, String> {
    let file = root().join("infra/template.yaml");
    parse(&fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?)
}

/// Parses YAML. CloudFormation's short tags become their long forms: `!Ref A` is `{"Ref": "A"}`, others are
/// `{"Fn::TAG": ...}`.
pub fn parse(text: &str) -> Result<Value, String> {
    let documents = Yaml::load_from_str(text).map_err(|error| error.to_string())?;
    documents
        .first()
        .map(long)
        .ok_or_else(|| "the template is empty".to_owned())
}

fn long(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::Value(Scalar::String(text)) | Yaml::Representation(text, ..) => json!(text),
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(number)) => json!(number),
        Yaml::Value(Scalar::FloatingPoint(number)) => json!(number.into_inner()),
        Yaml::Sequence(values) => values.iter().map(long).collect(),
        Yaml::Mapping(fields) => {
            let field = |(name, value): (&Yaml, &Yaml)| Some((name.as_str()?.to_owned(), long(value)));
            Value::Object(fields.iter().filter_map(field).collect())
        }
        Yaml::Tagged(tag, value) => {
            let name = if tag.suffix == "Ref" {
                "Ref".to_owned()
            } else {
                format!("Fn::{}", tag.suffix)
            };
            Value::Object(Map::from_iter([(name, long(value))]))
        }
        Yaml::Value(Scalar::Null) | Yaml::Alias(_) | Yaml::BadValue => Value::Null,
    }
}

pub fn problems(machine: &Machine, template: &Value) -> Vec<String> {
    let Some(resource) = resource(template) else {
        return vec![format!(
            "no state machine of the template has ../{FILE} as its DefinitionUri"
        )];
    };
    let mut problems = Vec::new();
    let none = Map::new();
    let given = resource["DefinitionSubstitutions"].as_object().unwrap_or(&none);
    let asked = asked(&machine.text);
    for name in &asked {
        if !given.contains_key(name) {
            problems.push(format!(
                "a state asks for ${{{name}}}, which is not in DefinitionSubstitutions"
            ));
        }
    }
    let invoked = invoked(resource);
    let mut named = BTreeSet::new();
    for (name, value) in given {
        if !asked.contains(name) {
            problems.push(format!("DefinitionSubstitutions has {name}, which no state asks for"));
        }
        if let Some(function) = name
            .strip_suffix("Arn")
            .filter(|function| function.ends_with("Function"))
        {
            if value["Fn::GetAtt"] != json!(format!("{function}.Arn")) {
                problems.push(format!("{name} is not the ARN of {function}"));
            }
            if template["Resources"][function]["Type"] != "AWS::Serverless::Function" {
                problems.push(format!("{name}: {function} is no function of the template"));
            }
            if !invoked.contains(function) {
                problems.push(format!("the state machine's role may not invoke {function}"));
            }
            named.insert(function);
        } else if value["Ref"]
            .as_str()
            .is_none_or(|parameter| template["Parameters"].get(parameter).is_none())
        {
            problems.push(format!("{name} is no parameter of the template"));
        }
    }
    for function in invoked.iter().filter(|function| !named.contains(function.as_str())) {
        problems.push(format!(
            "the state machine's role may invoke {function}, which no state does"
        ));
    }
    problems
}

/// The properties of the state machine.
fn resource(template: &Value) -> Option<&Value> {
    template["Resources"]
        .as_object()?
        .values()
        .filter_map(|resource| resource.get("Properties"))
        .find(|properties| {
            properties["DefinitionUri"]
                .as_str()
                .is_some_and(|uri| uri.strip_prefix("../") == Some(FILE))
        })
}

/// The names in `${NAME}`.
fn asked(definition: &str) -> BTreeSet<String> {
    let mut rest = definition;
    let mut names = BTreeSet::new();
    while let Some((_, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        names.insert(name.to_owned());
        rest = after;
    }
    names
}

/// The functions that the state machine's role may invoke. Anything but a function's ARN stays as it is written, so
/// that a wildcard is reported.
fn invoked(properties: &Value) -> BTreeSet<String> {
    let statements = one_or_many(&properties["Policies"]).flat_map(|policy| one_or_many(&policy["Statement"]));
    statements
        .filter(|statement| statement["Effect"] == "Allow")
        .filter(|statement| {
            one_or_many(&statement["Action"]).any(|action| {
                matches!(
                    action.as_str(),
                    Some("lambda:InvokeFunction" | "lambda:*" | "lambda:Invoke*" | "*")
                )
            })
        })
        .flat_map(|statement| one_or_many(&statement["Resource"]))
        .map(|resource| {
            let function = resource["Fn::GetAtt"]
                .as_str()
                .and_then(|name| name.strip_suffix(".Arn"));
            function.map_or_else(|| resource.to_string(), str::to_owned)
        })
        .collect()
}

pub(crate) fn one_or_many(value: &Value) -> impl Iterator<Item = &Value> {
    value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice)
        .iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::broken;

    const TEMPLATE: &str = "
Parameters:
  Pause: { Type: Number, Default: 60 }
Resources:
  AFunction:
    Type: AWS::Serverless::Function
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: ../statemachine/gangway.asl.json
      DefinitionSubstitutions:
        AFunctionArn: !GetAtt AFunction.Arn
        Pause: !Ref Pause
      Policies:
        - Statement:
            - Effect: Allow
              Action: lambda:InvokeFunction
              Resource: [!GetAtt AFunction.Arn]
";

    /// Replaces a part of the correct template.
    fn found(part: &str, by: &str) -> Vec<String> {
        assert!(TEMPLATE.contains(part), "{part}");
        let machine = broken(&json!({"StartAt": "A", "States": {
            "A": {"Type": "Task", "Parameters": {"FunctionName": "${AFunctionArn}", "Payload": {"a": "${Pause}"}}}}}));
        problems(&machine, &parse(&TEMPLATE.replacen(part, by, 1)).unwrap())
    }

    #[test]
    fn a_sound_template_has_no_problems() {
        assert_eq!(found("Parameters", "Parameters"), Vec::<String>::new());
    }

    #[test]
    fn a_substitution_that_is_not_given_or_not_asked_for_is_found() {
        assert_eq!(
            found("Pause: !Ref Pause", "Pauses: !Ref Pause"),
            [
                "a state asks for ${Pause}, which is not in DefinitionSubstitutions",
                "DefinitionSubstitutions has Pauses, which no state asks for"
            ]
        );
    }

    #[test]
    fn a_substitution_of_something_else_is_found() {
        assert_eq!(
            found("!Ref Pause", "!Ref Pauses"),
            ["Pause is no parameter of the template"]
        );
        let other = found(
            "AFunctionArn: !GetAtt AFunction.Arn",
            "AFunctionArn: !GetAtt BFunction.Arn",
        );
        assert_eq!(other, ["AFunctionArn is not the ARN of AFunction"]);
        let table = found("AWS::Serverless::Function", "AWS::DynamoDB::Table");
        assert_eq!(table, ["AFunctionArn: AFunction is no function of the template"]);
    }

    #[test]
    fn a_role_that_may_too_little_or_too_much_is_found() {
        assert_eq!(
            found("[!GetAtt AFunction.Arn]", "[]"),
            ["the state machine's role may not invoke AFunction"]
        );
        assert_eq!(
            found(
                "[!GetAtt AFunction.Arn]",
                "[!GetAtt AFunction.Arn, !GetAtt BFunction.Arn]"
            ),
            ["the state machine's role may invoke BFunction, which no state does"]
        );
        assert!(found("[!GetAtt AFunction.Arn]", "'*'").len() == 2);
        assert_eq!(
            found("Allow", "Deny"),
            ["the state machine's role may not invoke AFunction"]
        );
    }

    #[test]
    fn a_machine_that_the_template_lacks_is_found() {
        assert_eq!(
            found("gangway.asl.json", "other.asl.json"),
            ["no state machine of the template has ../statemachine/gangway.asl.json as its DefinitionUri"]
        );
    }
}
