//! The HTTP API as its sources declare it: the functions' routes, the template and the OpenAPI file. The tests beside
//! this file compare them.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use web::Route;

/// The routes that each function declares, by the function's name.
pub fn declared() -> [(&'static str, Vec<Route>); 7] {
    [
        ("credentials", credentials::routes()),
        ("decide", decide::routes()),
        ("organisation", organisation::routes()),
        ("requests", requests::routes()),
        ("sign-in", sign_in::routes()),
        ("submit", submit::routes()),
        ("verify", verify::routes()),
    ]
}

/// The routes of API Gateway in the template, as `FUNCTION KEY`.
pub fn deployed(template: &Value) -> BTreeSet<String> {
    let none = serde_json::Map::new();
    let resources = template["Resources"].as_object().unwrap_or(&none).values();
    let routes = resources.filter(|resource| resource["Type"] == "AWS::ApiGatewayV2::Route");
    let route = |resource: &Value| {
        let properties = &resource["Properties"];
        let target = properties["Target"].as_str()?;
        let function = target.strip_prefix("integrations/${")?.strip_suffix("Integration}")?;
        Some(format!("{} {}", kebab(function), properties["RouteKey"].as_str()?))
    };
    routes
        .map(|resource| route(resource).unwrap_or_else(|| format!("cannot be read: {resource}")))
        .collect()
}

/// Writes `SignIn` as the function's name: `sign-in`.
fn kebab(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// The routes of the OpenAPI file, as API Gateway names them.
pub fn documented(openapi: &Value) -> BTreeSet<String> {
    const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
    let none = serde_json::Map::new();
    let paths = openapi["paths"].as_object().unwrap_or(&none);
    let routes = paths.iter().flat_map(|(path, item)| {
        let methods = METHODS.into_iter().filter(|method| item.get(*method).is_some());
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    routes.collect()
}

/// Reads a file of the repository.
pub fn text(path: &str) -> std::io::Result<String> {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path))
}

/// Reads a YAML file of the repository. CloudFormation's tags, such as `!Sub`, are left out.
pub fn yaml(path: &str) -> Result<Value, String> {
    let text = text(path).map_err(|error| format!("{path}: {error}"))?;
    serde_saphyr::from_str(&text).map_err(|error| format!("{path}: {error}"))
}
