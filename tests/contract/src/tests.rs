//! Tests each kind of check on small files.

use serde_json::{Value, json};

use crate::{Answer, Contract, Request};

/// Makes a file with these paths and components.
fn file(paths: &Value, components: &Value) -> Value {
    json!({"openapi": "3.1.0", "info": {"title": "A", "version": "1"}, "paths": paths, "components": components})
}

fn contract(paths: &Value) -> Contract {
    Contract::new(&file(paths, &json!({}))).expect("a contract")
}

fn refused(paths: &Value, components: &Value) -> String {
    let contract = Contract::new(&file(paths, components));
    contract.err().expect("an error")
}

fn operation(parameters: &Value) -> Value {
    json!({"parameters": parameters, "responses": {"204": {}}})
}

/// Makes a path whose POST takes this body.
fn with_body(media: &str, schema: &Value) -> Value {
    json!({"/a": {"post": {
        "requestBody": {"required": true, "content": {media: {"schema": schema}}},
        "responses": {"204": {}},
    }}})
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    pairs.collect()
}

struct Ask<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a [(&'a str, &'a str)],
    headers: &'a [(&'a str, &'a str)],
    body: &'a str,
}

const GET: Ask<'static> = Ask {
    method: "GET",
    path: "/a",
    query: &[],
    headers: &[],
    body: "",
};

fn ask(contract: &Contract, ask: &Ask<'_>) -> Vec<String> {
    contract.request(&Request {
        method: ask.method,
        path: ask.path,
        query: &pairs(ask.query),
        headers: &pairs(ask.headers),
        body: ask.body.as_bytes(),
    })
}

fn get(contract: &Contract, path: &str, query: &[(&str, &str)]) -> Vec<String> {
    ask(contract, &Ask { path, query, ..GET })
}

fn post(contract: &Contract, content_type: &str, body: &str) -> Vec<String> {
    let headers = [("content-type", content_type)];
    ask(
        contract,
        &Ask {
            method: "POST",
            headers: &headers,
            body,
            ..GET
        },
    )
}

fn answered(contract: &Contract, status: u16, headers: &[(&str, &str)], body: &str) -> Vec<String> {
    let request = Request {
        method: "GET",
        path: "/a",
        query: &[],
        headers: &[],
        body: b"",
    };
    contract.answer(
        &request,
        &Answer {
            status,
            headers: &pairs(headers),
            body: body.as_bytes(),
        },
    )
}

fn none() -> Vec<String> {
    Vec::new()
}

#[test]
fn paths_and_methods_exist() {
    let id = json!([{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}]);
    let contract = contract(&json!({
        "/users/{id}": {"parameters": id, "get": operation(&json!([])), "patch": operation(&json!([]))},
        "/users/$count": {"get": operation(&json!([]))},
        "/users/me": {"get": operation(&json!([]))},
        "/users/{id}/manager/$ref": {"parameters": id, "put": operation(&json!([]))},
        "/deletedItems/microsoft.graph.user": {"get": operation(&json!([]))},
        "/$batch": {"post": operation(&json!([]))},
    }));
    for path in [
        "/users/5",
        "/users/me",
        "/users/$count",
        "/users/%24count",
        "/deletedItems/microsoft.graph.user",
    ] {
        assert_eq!(get(&contract, path, &[]), none(), "{path}");
    }
    for (path, complaint) in [
        ("/users/secret", "path {id}: wrong type, not integer"),
        ("/users/5/secret", "path: unknown after /users/{id}/"),
        ("/users/", "path: unknown after /users/"),
        ("/users/$ref", "path: unknown after /users/"),
        ("/secret", "path: unknown after /"),
        ("/users/5?a=b", "path: a query is given beside it"),
        ("/users/%ff", "path: not UTF-8"),
        ("/$batch", "method: not POST of /$batch"),
        ("/users/5/manager/$ref", "method: not PUT of /users/{id}/manager/$ref"),
    ] {
        assert_eq!(get(&contract, path, &[]), [complaint], "{path}");
    }
    let delete = Ask {
        method: "DELETE",
        path: "/users/5",
        ..GET
    };
    assert_eq!(ask(&contract, &delete), ["method: not GET or PATCH of /users/{id}"]);
    let patch = Ask {
        method: "PATCH",
        path: "/users/me",
        ..GET
    };
    assert_eq!(ask(&contract, &patch), ["method: not GET of /users/me"]);

    let name = |method: &str, template: &str| (method.to_owned(), template.to_owned());
    assert_eq!(contract.operation("GET", "/users/5"), Some(name("GET", "/users/{id}")));
    assert_eq!(contract.operation("GET", "/users/5/"), None);
    assert_eq!(contract.operations().len(), 7);
    assert!(contract.operations().contains(&name("PUT", "/users/{id}/manager/$ref")));
}

#[test]
fn queries_fit_their_parameters() {
    let contract = contract(&json!({"/a": {"get": operation(&json!([
        {"name": "page", "in": "query", "schema": {"type": ["number", "null"], "minimum": 1}},
        {"name": "size", "in": "query", "required": true, "schema": {"type": "integer", "maximum": 100}},
        {"name": "flag", "in": "query", "schema": {"type": "boolean"}},
        {"name": "order", "in": "query", "schema": {"enum": ["asc", "desc"]}},
        {"name": "filter[name]", "in": "query", "schema": {"type": "string"}},
        {"name": "ids", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}},
        {"name": "names", "in": "query", "explode": false, "schema": {"type": "array", "maxItems": 2}},
    ]))}}));
    let get = |query: &[(&str, &str)]| get(&contract, "/a", &[&[("size", "5")], query].concat());
    assert_eq!(super::tests::get(&contract, "/a", &[]), ["query size: missing"]);
    assert_eq!(
        get(&[("page", "1"), ("flag", "true"), ("order", "asc"), ("filter[name]", "7")]),
        none()
    );
    assert_eq!(get(&[("ids", "1"), ("ids", "2"), ("names", "a,b")]), none());
    for (query, complaint) in [
        (("Page", "1"), "query Page: unknown"),
        (("page", "one"), "query page: wrong type, not null or number"),
        (("page", "0"), "query page: fails minimum"),
        (("size", "6"), "query size: given twice"),
        (("flag", "1"), "query flag: wrong type, not boolean"),
        (("order", "secret"), "query order: fails enum"),
        (("ids", "1,2"), "query ids /0: wrong type, not integer"),
        (("names", "a,b,c"), "query names: fails maxItems"),
    ] {
        assert_eq!(get(&[query]), [complaint], "{query:?}");
    }
}

#[test]
fn headers_fit_their_parameters() {
    let contract = contract(&json!({"/a": {"get": operation(&json!([
        {"name": "clientId", "in": "header", "required": true, "schema": {"type": "string", "minLength": 5}},
    ]))}}));
    let get = |headers: &[(&str, &str)]| ask(&contract, &Ask { headers, ..GET });
    assert_eq!(get(&[("clientid", "12345"), ("other", "x")]), none());
    assert_eq!(get(&[]), ["header clientid: missing"]);
    assert_eq!(get(&[("clientid", "1")]), ["header clientid: fails minLength"]);
}

#[test]
fn an_operation_declares_parameters_of_its_path_anew() {
    let page = |kind: &str| json!([{"name": "page", "in": "query", "schema": {"type": kind}}]);
    let contract = contract(&json!({"/a": {"parameters": page("integer"), "get": operation(&page("boolean"))}}));
    assert_eq!(get(&contract, "/a", &[("page", "true")]), none());
}

#[test]
fn a_request_carries_its_keys() {
    let mut file = file(
        &json!({
            "/a": {"get": {"responses": {}}},
            "/open": {"get": {"security": [], "responses": {}}},
            "/either": {"get": {"security": [{"bearer": [], "key": []}, {"query": []}], "responses": {}}},
            "/optional": {"get": {"security": [{}, {"bearer": []}], "responses": {}}},
        }),
        &json!({"securitySchemes": {
            "basic": {"type": "http", "scheme": "basic"},
            "bearer": {"type": "http", "scheme": "bearer"},
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "query": {"type": "apiKey", "in": "query", "name": "key"},
        }}),
    );
    file["security"] = json!([{"basic": []}]);
    let contract = Contract::new(&file).expect("a contract");
    let get = |path: &str, headers: &[(&str, &str)]| ask(&contract, &Ask { path, headers, ..GET });
    assert_eq!(get("/a", &[("authorization", "basic c2VjcmV0")]), none());
    for headers in [
        &[][..],
        &[("authorization", "Bearer secret")],
        &[("authorization", "Basic ")],
    ] {
        assert_eq!(get("/a", headers), ["header authorization: no Basic"]);
    }
    assert_eq!(get("/open", &[]), none());
    assert_eq!(get("/optional", &[]), none());
    assert_eq!(
        get("/either", &[("authorization", "Bearer secret"), ("x-key", "secret")]),
        none()
    );
    assert_eq!(
        get("/either", &[("authorization", "Bearer secret")]),
        ["header x-key: missing"]
    );
    assert_eq!(super::tests::get(&contract, "/either", &[("key", "secret")]), none());
}

#[test]
fn a_body_is_of_a_declared_media_type() {
    let schema = json!({"type": "array", "items": {"type": "object", "required": ["op"]}});
    for media in [
        "application/json",
        "application/json-patch+json",
        "application/vnd.api+json; v=1",
    ] {
        let contract = contract(&with_body(media, &schema));
        assert_eq!(post(&contract, &media.to_uppercase(), r#"[{"op": "add"}]"#), none());
        assert_eq!(post(&contract, media, "[{}]"), ["body /0: property op is missing"]);
        assert_eq!(post(&contract, media, "secret"), ["body: no JSON"]);
        let declared = media.split(';').next().expect("a media type");
        assert_eq!(
            post(&contract, "text/secret", "[]"),
            [format!("header content-type: not {declared}")]
        );
    }
    let range = contract(&with_body("application/*", &schema));
    assert_eq!(post(&range, "application/json", "[]"), none());
    let contract = contract(&with_body("application/json", &schema));
    let body = Ask {
        method: "POST",
        body: "[]",
        ..GET
    };
    assert_eq!(ask(&contract, &body), ["header content-type: missing"]);
}

#[test]
fn a_body_is_there_where_it_is_declared() {
    let contract = contract(&json!({"/a": {
        "get": {"responses": {}},
        "post": {"requestBody": {"content": {"application/json": {}}}, "responses": {}},
        "put": {"requestBody": {"required": true, "content": {"application/json": {}}}, "responses": {}},
    }}));
    let ask = |method, body| {
        let headers = [("content-type", "application/json")];
        ask(
            &contract,
            &Ask {
                method,
                headers: &headers,
                body,
                ..GET
            },
        )
    };
    assert_eq!(ask("GET", ""), none());
    assert_eq!(ask("GET", "{}"), ["body: none is declared"]);
    assert_eq!(ask("POST", ""), none());
    assert_eq!(ask("POST", "{}"), none());
    assert_eq!(ask("POST", "{"), ["body: no JSON"]);
    assert_eq!(ask("PUT", ""), ["body: missing"]);
}

#[test]
fn complaints_name_places_and_no_values() {
    let contract = contract(&with_body(
        "application/json",
        &json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "id": {"type": "integer"},
                "kind": {"enum": ["a"]},
                "fixed": {"const": "a"},
                "mail": {"type": "string", "format": "email"},
                "code": {"type": "string", "pattern": "^[0-9]+$"},
                "inner": {"anyOf": [{"type": "null"}, {"type": "object", "properties": {"n": {"type": "integer"}}}]},
                "list": {"type": "array", "items": {"type": "boolean"}, "uniqueItems": true},
                "names": {"type": "object", "propertyNames": {"maxLength": 1}},
                "no": false,
                "other": {"not": {"type": "string"}},
            },
            "required": ["id"],
        }),
    ));
    let body = json!({
        "kind": "secret", "fixed": "secret", "mail": "secret", "code": "secret", "inner": {"n": "secret"},
        "list": ["secret"], "names": {"secret": 1}, "no": "secret", "other": "secret", "nmae": "secret",
    });
    let mut complaints = post(&contract, "application/json", &body.to_string());
    complaints.sort();
    assert_eq!(
        complaints,
        [
            "body /code: fails pattern",
            "body /fixed: fails const",
            "body /inner/n: wrong type, not integer",
            "body /inner: fits nothing of anyOf",
            "body /kind: fails enum",
            "body /list/0: wrong type, not boolean",
            "body /mail: not of format email",
            "body /names: a property's name fails maxLength",
            "body /no: not taken in this direction",
            "body /other: fails not",
            "body: property id is missing",
            "body: property nmae is unknown",
        ]
    );
}

#[test]
fn a_schema_may_refer_to_itself() {
    let components =
        json!({"schemas": {"R": {"type": "object", "properties": {"r": {"$ref": "#/components/schemas/R"}}}}});
    let schema = json!({"$ref": "#/components/schemas/R"});
    let contract = Contract::new(&file(&with_body("application/json", &schema), &components)).expect("a contract");
    let post = |body: Value| post(&contract, "application/json", &body.to_string());
    assert_eq!(post(json!({"r": {"r": {}}})), none());
    assert_eq!(post(json!({"r": {"r": 1}})), ["body /r/r: wrong type, not object"]);
}

#[test]
fn what_is_referred_to_is_found() {
    let paths = json!({"/a": {"post": {
        "parameters": [{"$ref": "#/components/parameters/page"}],
        "requestBody": {"$ref": "#/components/requestBodies/Body"},
        "responses": {"200": {"$ref": "#/components/responses/Fine"}},
    }}});
    let components = json!({
        "parameters": {"page": {"name": "page", "in": "query", "required": true, "schema": {"$ref": "#/components/schemas/a~1b%20c"}}},
        "requestBodies": {"Body": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/a~1b c"}}}}},
        "responses": {"Fine": {"content": {"application/json": {"schema": {"type": "string"}}}}},
        "schemas": {"a/b c": {"type": "integer"}},
    });
    let contract = Contract::new(&file(&paths, &components)).expect("a contract");
    let request = Request {
        method: "POST",
        path: "/a",
        query: &pairs(&[("page", "x")]),
        headers: &pairs(&[("content-type", "application/json")]),
        body: b"true",
    };
    assert_eq!(
        contract.request(&request),
        ["query page: wrong type, not integer", "body: wrong type, not integer",]
    );
    let headers = pairs(&[("content-type", "application/json")]);
    let answer = Answer {
        status: 200,
        headers: &headers,
        body: b"1",
    };
    assert_eq!(contract.answer(&request, &answer), ["body: wrong type, not string"]);
}

#[test]
fn a_form_is_an_object() {
    let schema = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["grant_type"],
        "properties": {
            "grant_type": {"const": "password"},
            "age": {"type": "integer"},
            "names": {"type": "array", "items": {"type": "string"}},
            "inner": {"type": "object"},
        },
    });
    let form = contract(&with_body("application/x-www-form-urlencoded", &schema));
    let post_form = |body: &str| post(&form, "application/x-www-form-urlencoded", body);
    assert_eq!(post_form("grant_type=password&age=5&names=a&names=b%20c"), none());
    assert_eq!(post_form("age=5"), ["body: property grant_type is missing"]);
    assert_eq!(post_form("grant_type=secret"), ["body /grant_type: fails const"]);
    assert_eq!(
        post_form("grant_type=password&age=five"),
        ["body /age: wrong type, not integer"]
    );
    assert_eq!(
        post_form("grant_type=password&grant_type=password"),
        ["body /grant_type: given twice"]
    );
    assert_eq!(
        post_form("grant_type=password&x=secret"),
        ["body: property x is unknown"]
    );

    let parts = contract(&with_body("multipart/form-data", &schema));
    let part =
        |headers: &str, text: &str| format!("--b\r\nContent-Disposition: form-data; {headers}\r\n\r\n{text}\r\n");
    let post_parts = |parts_: &[String]| {
        post(
            &parts,
            "multipart/form-data; boundary=b",
            &format!("{}--b--\r\n", parts_.concat()),
        )
    };
    let grant = part("name=\"grant_type\"", "password");
    let inner = |text| part("name=inner\r\nContent-Type: application/json", text);
    assert_eq!(post_parts(&[grant.clone(), part("name=age", "5"), inner("{}")]), none());
    assert_eq!(
        post_parts(&[grant.clone(), part("name=age", "")]),
        ["body /age: wrong type, not integer"]
    );
    assert_eq!(post_parts(&[grant, inner("secret")]), ["body /inner: no JSON"]);
    assert_eq!(post_parts(&[]), ["body: property grant_type is missing"]);
    assert_eq!(
        post(&parts, "multipart/form-data", "secret"),
        ["body: no form (no boundary)"]
    );
}

#[test]
fn answers_fit_what_is_declared() {
    let json = |schema: Value| json!({"content": {"application/json": {"schema": schema}}});
    let contract = contract(&json!({"/a": {"get": {"responses": {
        "200": json(json!({"type": "integer"})),
        "204": {},
        "4XX": json(json!({"type": "object"})),
        "401": json(json!({"type": "string"})),
        "202": {"content": {"text/plain": {"schema": {"type": "integer"}}}},
        "205": {"description": "says nothing of a body"},
    }}}}));
    let is_json = [("content-type", "application/json; charset=utf-8")];
    let answered = |status, body| answered(&contract, status, &is_json, body);
    assert_eq!(answered(200, "1"), none());
    assert_eq!(answered(200, "\"secret\""), ["body: wrong type, not integer"]);
    assert_eq!(answered(200, "secret"), ["body: no JSON"]);
    assert_eq!(answered(200, ""), ["body: missing"]);
    assert_eq!(
        super::tests::answered(&contract, 200, &[], "1"),
        ["header content-type: missing"]
    );
    assert_eq!(answered(202, "1"), ["header content-type: not text/plain"]);
    let is_text = [("content-type", "text/plain")];
    assert_eq!(super::tests::answered(&contract, 202, &is_text, "7"), none());
    assert_eq!(
        super::tests::answered(&contract, 202, &is_text, "seven"),
        ["body: wrong type, not integer"]
    );
    assert_eq!(answered(204, ""), none());
    assert_eq!(answered(204, "1"), ["body: 204 has none"]);
    assert_eq!(answered(205, "1"), none());
    assert_eq!(answered(201, "1"), ["status 201: not declared"]);
    assert_eq!(answered(302, ""), ["status 302: not declared"]);
    assert_eq!(answered(401, "1"), ["body: wrong type, not string"]);
    assert_eq!(answered(404, "1"), ["body: wrong type, not object"]);
    assert_eq!(answered(500, "secret"), none());
}

#[test]
fn what_is_not_understood_is_an_error() {
    let body = |schema: Value| refused(&with_body("application/json", &schema), &json!({}));
    assert!(body(json!({"type": "strnig"})).starts_with("schema /paths/~1a/post/"));
    assert!(body(json!({"properties": {"a": {"pattern": "("}}})).starts_with("schema /paths/~1a/post/"));
    assert!(body(json!({"items": {"$ref": "#/components/schemas/Gone"}})).starts_with("schema /paths/~1a/post/"));
    assert!(body(json!({"$ref": "other.json"})).contains("out of the file"));
    assert!(body(json!({"items": {"$ref": "https://example.com/a.json"}})).starts_with("schema /paths/~1a/post/"));
    assert!(body(json!({"$ref": "#/paths/~1a/post/requestBody/content/application~1json/schema"})).contains("circles"));
    let unused = json!({"schemas": {"A": {"properties": {"a": {"pattern": "("}}}}});
    assert!(refused(&json!({}), &unused).starts_with("schema /components/schemas/A: "));

    let parameter = |parameter: Value| refused(&json!({"/a": {"get": operation(&json!([parameter]))}}), &json!({}));
    assert!(parameter(json!({"name": "a", "in": "cookie", "schema": {}})).ends_with(": its place"));
    assert!(parameter(json!({"name": "a", "in": "query", "content": {}})).ends_with(": its schema"));
    assert!(
        parameter(json!({"name": "a", "in": "query", "style": "deepObject", "schema": {}})).ends_with(": its style")
    );
    assert!(
        parameter(json!({"name": "a", "in": "query", "schema": {"type": "object"}}))
            .ends_with(": its style for an object")
    );

    let default = json!({"/a": {"get": {"responses": {"default": {}}}}});
    assert!(refused(&default, &json!({})).starts_with("/paths/~1a/get/responses/default: "));

    let secured = json!({"/a": {"get": {"security": [{"a": []}], "responses": {}}}});
    assert_eq!(refused(&secured, &json!({})), "security scheme a: not known");
    let digest = json!({"securitySchemes": {"a": {"type": "http", "scheme": "digest"}}});
    assert_eq!(refused(&secured, &digest), "security scheme a: not known");
    assert_eq!(
        Contract::new(&json!({"swagger": "2.0"})).err(),
        Some("no OpenAPI 3.1".to_owned())
    );
    let gone = Contract::of("gone").err().expect("an error");
    assert!(gone.contains("vendors/gone.yaml: "), "{gone}");
}
