//! Checks that the template's policies allow only what they seem to allow, and that its API keeps strangers out.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::template::one_or_many;

/// A statement, and the resource of the template that contains it.
struct Statement<'a> {
    owner: &'a str,
    body: &'a Value,
}

/// The statements of managed policies, functions and state machines.
fn statements(template: &Value) -> Vec<Statement<'_>> {
    let mut all = Vec::new();
    for (owner, resource) in template["Resources"].as_object().into_iter().flatten() {
        let properties = &resource["Properties"];
        let documents = one_or_many(&properties["Policies"]).chain([&properties["PolicyDocument"]]);
        let bodies = documents.flat_map(|document| one_or_many(&document["Statement"]));
        all.extend(
            bodies
                .filter(|body| body.is_object())
                .map(|body| Statement { owner, body }),
        );
    }
    all
}

fn acts(statement: &Value, wanted: impl Fn(&str) -> bool) -> bool {
    one_or_many(&statement["Action"])
        .filter_map(Value::as_str)
        .any(|action| action == "*" || wanted(action))
}

/// The branch of an `!If` that applies in a real account; any other value is unchanged.
fn in_an_account(value: &Value) -> &Value {
    match value["Fn::If"].as_array().map(Vec::as_slice) {
        Some([condition, _, otherwise]) if condition == "IsLocal" => otherwise,
        _ => value,
    }
}

/// Finds Allow statements whose condition also holds for a call that does not have the key at all.
pub fn conditions(template: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let all = statements(template);
    for Statement { owner, body } in all.iter().filter(|statement| statement.body["Effect"] == "Allow") {
        let condition = in_an_account(&body["Condition"]);
        for (operator, keys) in condition.as_object().into_iter().flatten() {
            if operator.ends_with("IfExists") {
                problems.push(format!("{owner}: {operator} allows a call without the key"));
            }
            if !operator.starts_with("ForAllValues:") {
                continue;
            }
            for key in in_an_account(keys)
                .as_object()
                .into_iter()
                .flatten()
                .map(|(key, _)| key)
            {
                if in_an_account(&condition["Null"])[key] != "false" {
                    problems.push(format!(
                        "{owner}: {operator} allows a call without {key}: it needs Null, false"
                    ));
                }
            }
        }
    }
    problems
}

/// Checks that mails are sent under the one policy that restricts the sender.
pub fn mails(template: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let all = statements(template);
    let sends = all.iter().filter(|statement| {
        statement.body["Effect"] == "Allow" && acts(statement.body, |action| action.starts_with("ses:"))
    });
    for Statement { owner, body } in sends {
        if *owner != "SendMail" {
            problems.push(format!(
                "{owner} sends mails by a statement of its own, not by SendMail"
            ));
        }
        let any = |text: &&str| text.ends_with('*') && !text.ends_with(":configuration-set/*");
        if texts(in_an_account(&body["Resource"])).iter().any(any) {
            problems.push(format!("{owner} sends mails of any identity"));
        }
        if in_an_account(&body["Condition"])["StringEquals"]["ses:FromAddress"]["Ref"] != "MailFrom" {
            problems.push(format!("{owner} sends mails from any address"));
        }
    }
    problems
}

/// All texts in a resource, however it is composed.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// Whether a resource may be the audit's table: by its name in the template, by the table's own name, or by a pattern.
fn may_be_the_audit(resource: &Value) -> bool {
    texts(in_an_account(resource))
        .iter()
        .any(|text| text.contains("AuditTable") || text.ends_with("-audit") || text.ends_with('*'))
}

/// Whether an action, which may be a pattern, belongs to DynamoDB.
fn is_of_dynamodb(action: &str) -> bool {
    let (fixed, pattern) = action
        .split_once('*')
        .map_or((action, false), |(fixed, _)| (fixed, true));
    action.starts_with("dynamodb:") || (pattern && "dynamodb:".starts_with(fixed))
}

/// Checks that functions can only add to the audit.
pub fn audit(template: &Value) -> Vec<String> {
    const MAY: [&str; 2] = ["dynamodb:PutItem", "dynamodb:Query"];
    let all = statements(template);
    let on_the_audit = all
        .iter()
        .filter(|statement| statement.body["Effect"] == "Allow" && may_be_the_audit(&statement.body["Resource"]));
    on_the_audit
        .filter(|statement| {
            acts(statement.body, |action| {
                is_of_dynamodb(action) && !MAY.contains(&action)
            })
        })
        .map(|statement| format!("{} may change the audit", statement.owner))
        .collect()
}

/// Checks that routes for everybody have a limit of their own, and that the functions behind HTTP have a share of the
/// concurrency.
pub fn limits(template: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let resources = template["Resources"].as_object();
    let of_type = |kind: &'static str| {
        let all = resources.into_iter().flatten();
        all.filter(move |(_, resource)| resource["Type"] == kind)
    };
    let settings = of_type("AWS::ApiGatewayV2::Stage").map(|(_, stage)| &stage["Properties"]["RouteSettings"]);
    let settings: Vec<&Value> = settings.collect();
    let waited_for: BTreeSet<&str> = of_type("AWS::ApiGatewayV2::Stage")
        .flat_map(|(_, stage)| one_or_many(&stage["DependsOn"]))
        .filter_map(Value::as_str)
        .collect();
    for (name, route) in of_type("AWS::ApiGatewayV2::Route") {
        let key = route["Properties"]["RouteKey"].as_str().unwrap_or_default();
        let open = key.split_once(' ').is_some_and(|(_, path)| !path.starts_with("/orgs/"));
        let limited = settings.iter().any(|settings| settings[key].is_object());
        if open && !limited {
            problems.push(format!("{key} is open to anybody, and has no limit of its own"));
        }
        if limited && !waited_for.contains(name.as_str()) {
            problems.push(format!("the stage sets limits of {key} and does not depend on {name}"));
        }
    }
    let behind_http: BTreeSet<String> = of_type("AWS::ApiGatewayV2::Integration")
        .filter_map(|(_, integration)| integration["Properties"]["IntegrationUri"]["Fn::GetAtt"].as_str())
        .map(|name| name.trim_end_matches(".Arn").to_owned())
        .collect();
    for (name, function) in of_type("AWS::Serverless::Function") {
        let reserved = &function["Properties"]["ReservedConcurrentExecutions"];
        if behind_http.contains(name) == reserved.is_null() {
            problems.push(format!(
                "{name}: HTTP functions have HttpConcurrency, and no others have"
            ));
        }
    }
    problems
}

/// Checks that the access log says who called, and contains no query string, because a link's capability is in it.
pub fn access_log(template: &Value) -> Vec<String> {
    const WANTED: [&str; 3] = [
        "$context.requestId",
        "$context.identity.sourceIp",
        "$context.identity.userAgent",
    ];
    const HARMLESS: [&str; 6] = [
        "$context.requestTime",
        "$context.routeKey",
        "$context.path",
        "$context.status",
        "$context.responseLatency",
        "$context.integrationErrorMessage",
    ];
    let format = &template["Resources"]["ApiStage"]["Properties"]["AccessLogSettings"]["Format"];
    let format = format.as_str().unwrap_or_default();
    let named: BTreeSet<&str> = format.split('"').filter(|part| part.contains('$')).collect();
    let missing = WANTED.iter().filter(|name| !named.contains(**name));
    let other = named
        .iter()
        .filter(|name| !WANTED.contains(name) && !HARMLESS.contains(name));
    missing
        .map(|name| format!("the access log lacks {name}"))
        .chain(other.map(|name| format!("the access log has {name}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::parse;

    const TEMPLATE: &str = r#"
Resources:
  SendMail:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement:
          - Effect: Allow
            Action: ses:SendEmail
            Resource: !If [IsLocal, "*", [!Sub "identity/${MailFrom}"]]
            Condition: !If [IsLocal, !Ref AWS::NoValue, {StringEquals: {ses:FromAddress: !Ref MailFrom}}]
  SignInFunction:
    Type: AWS::Serverless::Function
    Properties:
      ReservedConcurrentExecutions: !If [Reserves, !Ref HttpConcurrency, !Ref AWS::NoValue]
      Policies:
        - !Ref SendMail
        - Statement:
            - Effect: Allow
              Action: [dynamodb:PutItem]
              Resource: !GetAtt AuditTable.Arn
            - Effect: Allow
              Action: [dynamodb:PutItem]
              Resource: !GetAtt AccessTable.Arn
              Condition:
                ForAllValues:StringLike: {dynamodb:LeadingKeys: "used#*"}
                "Null": !If [IsLocal, !Ref AWS::NoValue, {dynamodb:LeadingKeys: "false"}]
  FinishFunction:
    Type: AWS::Serverless::Function
    Properties: {}
  SignInIntegration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      IntegrationUri: !GetAtt SignInFunction.Arn
  GetSignInRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      RouteKey: GET /sign-in
  GetOrgsRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      RouteKey: GET /orgs/{org}/requests
  ApiStage:
    Type: AWS::ApiGatewayV2::Stage
    DependsOn: [GetSignInRoute]
    Properties:
      RouteSettings:
        GET /sign-in: {ThrottlingRateLimit: 1}
      AccessLogSettings:
        Format: '{"agent":"$context.identity.userAgent","id":"$context.requestId","ip":"$context.identity.sourceIp"}'
"#;

    type Check = fn(&Value) -> Vec<String>;

    /// Replaces a part of the correct template.
    fn found(check: Check, part: &str, by: &str) -> Vec<String> {
        assert!(TEMPLATE.contains(part), "{part}");
        check(&parse(&TEMPLATE.replacen(part, by, 1)).unwrap())
    }

    #[test]
    fn a_sound_template_has_no_problems() {
        let template = parse(TEMPLATE).unwrap();
        for check in [conditions, mails, audit, limits, access_log] {
            assert_eq!(check(&template), Vec::<String>::new());
        }
    }

    #[test]
    fn an_allow_that_a_missing_key_meets_is_found() {
        let no_null = found(conditions, "\"Null\":", "StringEquals:");
        assert_eq!(
            no_null,
            [
                "SignInFunction: ForAllValues:StringLike allows a call without dynamodb:LeadingKeys: it needs Null, false"
            ]
        );
        assert_eq!(found(conditions, "\"false\"", "\"true\"").len(), 1);
        assert_eq!(
            found(conditions, "{StringEquals:", "{StringEqualsIfExists:"),
            ["SendMail: StringEqualsIfExists allows a call without the key"]
        );
        assert_eq!(found(conditions, "ForAllValues:", "ForAnyValue:"), Vec::<String>::new());
    }

    #[test]
    fn mails_of_anybody_are_found() {
        assert_eq!(
            found(mails, "[!Sub \"identity/${MailFrom}\"]", "\"*\""),
            ["SendMail sends mails of any identity"]
        );
        assert_eq!(
            found(mails, "!Sub \"identity/${MailFrom}\"", "\"identity/*\""),
            ["SendMail sends mails of any identity"]
        );
        let sets = "!Sub \"identity/${MailFrom}\", !Sub \"${Account}:configuration-set/*\"";
        assert_eq!(
            found(mails, "!Sub \"identity/${MailFrom}\"", sets),
            Vec::<String>::new()
        );
        assert_eq!(
            found(mails, "!Ref MailFrom", "!Ref Other"),
            ["SendMail sends mails from any address"]
        );
        assert_eq!(
            found(mails, "[dynamodb:PutItem]", "[ses:SendRawEmail]"),
            [
                "SignInFunction sends mails by a statement of its own, not by SendMail",
                "SignInFunction sends mails from any address"
            ]
        );
    }

    #[test]
    fn who_may_change_the_audit_is_found() {
        for action in ["dynamodb:UpdateItem", "dynamodb:*", "\"*\""] {
            let more = format!("[dynamodb:PutItem, {action}]");
            assert_eq!(
                found(audit, "[dynamodb:PutItem]", &more),
                ["SignInFunction may change the audit"],
                "{action}"
            );
        }
    }

    #[test]
    fn the_audit_is_found_under_any_name() {
        for resource in [
            "\"*\"",
            "!Sub \"table/${AWS::StackName}-audit\"",
            "!Sub \"table/*\"",
            "!Sub \"table/${AWS::StackName}-*\"",
            "!Sub [\"${Table}/*\", {Table: !GetAtt AuditTable.Arn}]",
            "!If [IsLocal, !GetAtt AccessTable.Arn, \"*\"]",
        ] {
            let grant = "Action: [dynamodb:PutItem]\n              Resource: !GetAtt AuditTable.Arn";
            let wide = |actions: &str| format!("Action: {actions}\n              Resource: {resource}");
            for actions in ["[dynamodb:DeleteItem]", "\"dynamo*\""] {
                assert_eq!(
                    found(audit, grant, &wide(actions)),
                    ["SignInFunction may change the audit"],
                    "{actions} {resource}"
                );
            }
            for harmless in ["[dynamodb:Query]", "[states:SendTaskSuccess]"] {
                assert_eq!(
                    found(audit, grant, &wide(harmless)),
                    Vec::<String>::new(),
                    "{harmless} {resource}"
                );
            }
        }
    }

    #[test]
    fn what_has_no_limit_is_found() {
        assert_eq!(
            found(limits, "GET /sign-in: {", "GET /sign-out: {"),
            ["GET /sign-in is open to anybody, and has no limit of its own"]
        );
        assert_eq!(
            found(limits, "[GetSignInRoute]", "[GetOrgsRoute]"),
            ["the stage sets limits of GET /sign-in and does not depend on GetSignInRoute"]
        );
        let told = |name: &str| {
            vec![format!(
                "{name}: HTTP functions have HttpConcurrency, and no others have"
            )]
        };
        assert_eq!(
            found(limits, "ReservedConcurrentExecutions", "Other"),
            told("SignInFunction")
        );
        let reserves = "Properties: {ReservedConcurrentExecutions: 1}";
        assert_eq!(found(limits, "Properties: {}", reserves), told("FinishFunction"));
    }

    #[test]
    fn a_log_of_query_strings_or_of_nobody_is_found() {
        assert_eq!(
            found(access_log, "\"$context.identity.sourceIp\"", "\"-\""),
            ["the access log lacks $context.identity.sourceIp"]
        );
        assert_eq!(
            found(access_log, "{\"agent\"", "{\"q\":\"$request.querystring\",\"agent\""),
            ["the access log has $request.querystring"]
        );
    }
}
