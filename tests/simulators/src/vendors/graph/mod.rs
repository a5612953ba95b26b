//! Microsoft Graph v1.0: errors, authorization, and the query options of all collections ($select, $filter, $top,
//! paging).

pub mod filter;
pub mod groups;
pub mod license_groups;
pub mod licenses;
pub mod login;
pub mod mfa;
pub mod tenant;
pub mod user_fields;
pub mod users;

use chrono::Utc;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::{
    fields::{Kind, Table},
    request::{Operation, Refusal, Reply, Request, Response},
    state::State,
    vendors::Vendor,
    world::id,
};

pub const VENDOR: Vendor = Vendor {
    name: "graph",
    bases: &["/graph/v1.0"],
    operations: OPERATIONS,
    error,
    refuse,
    world: |state, request, _| world(state, request),
    keys: |world, _| json!({"credentials": {"client_id": world.tenant.client_id, "client_secret": world.tenant.client_secret}}),
    state: |_| json!({}),
    by_hand: None,
};

const OPERATIONS: &[Operation] = &[
    ("GET", "/organization", tenant::organization),
    ("GET", "/domains", tenant::domains),
    ("GET", "/domains/{id}", tenant::domain),
    ("GET", "/subscribedSkus", licenses::list_skus),
    ("GET", "/subscribedSkus/{id}", licenses::get_sku),
    ("GET", "/users", users::list),
    ("POST", "/users", users::create),
    ("GET", "/users/{id}", users::get),
    ("PATCH", "/users/{id}", users::update),
    ("DELETE", "/users/{id}", users::delete),
    ("GET", "/users/{id}/manager", users::get_manager),
    ("PUT", "/users/{id}/manager/$ref", users::set_manager),
    ("DELETE", "/users/{id}/manager/$ref", users::remove_manager),
    ("GET", "/users/{id}/memberOf", groups::of_user),
    ("GET", "/users/{id}/memberOf/graph.group", groups::of_user),
    ("GET", "/users/{id}/memberOf/microsoft.graph.group", groups::of_user),
    ("GET", "/users/{id}/transitiveMemberOf", groups::of_user),
    ("GET", "/users/{id}/transitiveMemberOf/graph.group", groups::of_user),
    (
        "POST",
        "/users/{id}/reprocessLicenseAssignment",
        license_groups::reprocess,
    ),
    ("POST", "/users/{id}/revokeSignInSessions", users::revoke_sessions),
    ("POST", "/users/{id}/assignLicense", licenses::assign),
    ("GET", "/users/{id}/licenseDetails", licenses::details),
    ("GET", "/groups", groups::list),
    ("GET", "/groups/{id}", groups::get),
    ("GET", "/groups/{id}/members", groups::members),
    ("POST", "/groups/{id}/members/$ref", groups::add_member),
    ("DELETE", "/groups/{id}/members/{member}/$ref", groups::remove_member),
    (
        "GET",
        "/directory/deletedItems/microsoft.graph.user",
        users::list_deleted,
    ),
    ("GET", "/directory/deletedItems/graph.user", users::list_deleted),
    ("GET", "/directory/deletedItems/{id}", users::get_deleted),
    (
        "GET",
        "/policies/identitySecurityDefaultsEnforcementPolicy",
        mfa::security_defaults,
    ),
    ("GET", "/policies/authenticationMethodsPolicy", mfa::methods_policy),
    ("GET", "/identity/conditionalAccess/policies", mfa::policies),
    (
        "GET",
        "/reports/authenticationMethods/userRegistrationDetails/{id}",
        mfa::registration,
    ),
];

pub fn error(status: u16, code: &str, message: &str) -> Response {
    error_with_details(status, code, message, None)
}

fn error_with_details(status: u16, code: &str, message: &str, details: Option<Value>) -> Response {
    let request = id();
    let mut error = json!({
        "code": code,
        "message": message,
        "innerError": {
            "date": Utc::now().format("%Y-%m-%dT%H:%M:%S").to_string(),
            "request-id": request,
            "client-request-id": request,
        },
    });
    if let (Some(details), Some(error)) = (details, error.as_object_mut()) {
        error.insert("details".to_owned(), details);
    }
    Response::json(status, json!({ "error": error })).with_header("request-id", request)
}

pub fn bad_request(message: &str) -> Response {
    error(400, "Request_BadRequest", message)
}

pub fn not_found(what: &str) -> Response {
    let message =
        format!("Resource '{what}' does not exist or one of its queried reference-property objects are not present.");
    error(404, "Request_ResourceNotFound", &message)
}

pub fn world(state: &State, request: &Request) -> Result<String, Response> {
    let Some(token) = request.bearer() else {
        return Err(error(401, "InvalidAuthenticationToken", "Access token is empty."));
    };
    let world = state.world(|world| world.tenant.tokens.iter().any(|known| known.is(token)));
    world.map(|world| world.name.clone()).ok_or_else(|| {
        error(
            401,
            "InvalidAuthenticationToken",
            "Access token has expired or is not yet valid.",
        )
    })
}

/// Refuses a body where the operation has none.
fn no_body(request: &Request) -> Result<(), Response> {
    let text = request.body.trim_ascii();
    if text.is_empty() || text == b"{}" {
        Ok(())
    } else {
        Err(bad_request("No payload is expected here."))
    }
}

fn refuse(refusal: Refusal<'_>) -> Response {
    match refusal {
        Refusal::UnknownParameter(name) => bad_request(&format!("The query parameter '{name}' is not supported.")),
        Refusal::InvalidParameter(name) => bad_request(&format!("Invalid {name} value.")),
        Refusal::InvalidId => bad_request("Invalid object identifier."),
        Refusal::NotFound(what) => not_found(what),
        Refusal::MediaType => error(
            415,
            "Request_BadRequest",
            "The media type of the request is not supported.",
        ),
        Refusal::Body => bad_request(
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
        ),
        Refusal::UnknownField(field) => bad_request(&format!(
            "One or more property values specified are invalid: property '{field}' does not exist."
        )),
        Refusal::InvalidField(field) => bad_request(&format!(
            "A value of an invalid type was specified for property '{field}'."
        )),
    }
}

/// The properties of `$select`, each of which must exist.
fn select(request: &Request, kind: &str, known: fn(&str) -> bool) -> Result<Option<Vec<String>>, Response> {
    let Some(list) = request.query("$select") else {
        return Ok(None);
    };
    let names: Vec<String> = list.split(',').map(|name| name.trim().to_owned()).collect();
    if let Some(unknown) = names.iter().find(|name| !known(name.as_str())) {
        return Err(bad_request(&format!(
            "Parsing OData Select and Expand failed: Could not find a property named '{unknown}' on type 'microsoft.graph.{kind}'."
        )));
    }
    Ok(Some(names))
}

/// The selected properties, or those that Graph returns without a selection. `id` is added only if nothing was
/// selected.
fn project(object: &Map<String, Value>, selected: Option<&[String]>, default: &[&str]) -> Map<String, Value> {
    let pick = |name: &str| (name.to_owned(), object.get(name).cloned().unwrap_or(Value::Null));
    match selected {
        Some(names) => names.iter().map(|name| pick(name)).collect(),
        None => default.iter().map(|name| pick(name)).collect(),
    }
}

fn context(request: &Request, what: &str) -> Value {
    json!(format!("{}/$metadata#{what}", request.base))
}

fn entity(request: &Request, what: &str, mut object: Map<String, Value>) -> Response {
    object.insert(
        "@odata.context".to_owned(),
        context(request, &format!("{what}/$entity")),
    );
    Response::json(200, Value::Object(object))
}

const COLLECTION_QUERY: &[&str] = &["$select", "$filter", "$top", "$count", "$orderby", "$skiptoken"];

/// A page of a collection, filtered, ordered and projected.
fn collection(
    request: &Request,
    what: &str,
    mut objects: Vec<Map<String, Value>>,
    selected: Option<&[String]>,
    default: &[&str],
) -> Reply {
    let counted = match request.query("$count") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(bad_request("Invalid $count value.")),
    };
    let eventual = match request.header("ConsistencyLevel") {
        None => false,
        Some(level) if level.eq_ignore_ascii_case("eventual") => true,
        Some(_) => return Err(bad_request("Invalid ConsistencyLevel header.")),
    };
    if let Some(text) = request.query("$filter") {
        let filter =
            filter::parse(text).map_err(|problem| bad_request(&format!("Invalid filter clause: {problem}")))?;
        if filter.is_advanced() && !(counted && eventual) {
            return Err(error(
                400,
                "Request_UnsupportedQuery",
                "Unsupported or invalid query filter clause specified for property. This query needs the header ConsistencyLevel: eventual and $count=true.",
            ));
        }
        objects.retain(|object| filter.accepts(object));
    }
    if let Some(order) = request.query("$orderby") {
        let (property, direction) = order.split_once(' ').unwrap_or((order, "asc"));
        if !["displayName", "userPrincipalName"].contains(&property) || !["asc", "desc"].contains(&direction) {
            return Err(error(
                400,
                "Request_UnsupportedQuery",
                "Sorting not supported for current query.",
            ));
        }
        objects.sort_by_key(|object| {
            object
                .get(property)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_lowercase()
        });
        if direction == "desc" {
            objects.reverse();
        }
    }
    let top = match request.query("$top").map(str::parse::<usize>) {
        None => 100,
        Some(Ok(top)) if (1..=999).contains(&top) => top,
        Some(_) => {
            return Err(bad_request(
                "Invalid page size specified: it must be between 1 and 999 inclusive.",
            ));
        }
    };
    let start = match request.query("$skiptoken").map(str::parse::<usize>) {
        None => 0,
        Some(Ok(start)) => start,
        Some(Err(_)) => return Err(bad_request("Skip token is not valid.")),
    };
    let total = objects.len();
    let page: Vec<Value> = objects
        .iter()
        .skip(start)
        .take(top)
        .map(|object| Value::Object(with_type(object, selected, default)))
        .collect();
    let mut response = Map::new();
    response.insert("@odata.context".to_owned(), context(request, what));
    if counted && eventual {
        response.insert("@odata.count".to_owned(), json!(total));
    }
    if start + page.len() < total {
        let kept = request.query.iter().filter(|(key, _)| key != "$skiptoken");
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let mut query: Vec<String> = kept
            .map(|(key, value)| format!("${}={}", encode(key.trim_start_matches('$')), encode(value)))
            .collect();
        query.push(format!("$skiptoken={}", start + top));
        response.insert(
            "@odata.nextLink".to_owned(),
            json!(format!("{}{}?{}", request.base, request.path, query.join("&"))),
        );
    }
    response.insert("value".to_owned(), Value::Array(page));
    Ok(Response::json(200, Value::Object(response)))
}

fn with_type(object: &Map<String, Value>, selected: Option<&[String]>, default: &[&str]) -> Map<String, Value> {
    let mut projected = project(object, selected, default);
    if let Some(kind) = object.get("@odata.type") {
        projected.insert("@odata.type".to_owned(), kind.clone());
    }
    projected
}

/// The object that `@odata.id` refers to, by Graph's own address or by the simulator's.
fn reference(request: &Request) -> Result<String, Response> {
    const REFERENCE: Table = &[(Kind::Text, "@odata.id")];
    let invalid = || bad_request("Invalid object identifier specified in @odata.id.");
    let body = request.object(REFERENCE)?;
    let text = body.get("@odata.id").and_then(Value::as_str).ok_or_else(invalid)?;
    let rest = text
        .strip_prefix(&request.base)
        .or_else(|| text.strip_prefix("https://graph.microsoft.com/v1.0"));
    let mut parts = rest.ok_or_else(invalid)?.trim_start_matches('/').split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("directoryObjects" | "users"), Some(id), None) if !id.is_empty() => {
            Ok(percent_encoding::percent_decode_str(id)
                .decode_utf8_lossy()
                .into_owned())
        }
        _ => Err(invalid()),
    }
}
