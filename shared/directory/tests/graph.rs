//! Tests of the client against a mocked Graph.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use directory::{
    Added, Assignment, AssignmentState, Created, Credentials, Endpoints, Graph, GroupKind, GroupMatch, NewUser, TakenBy,
};
use domain::step_error::StepError;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path, query_param, query_param_contains};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const ID: &str = "87d349ed-44d7-43e1-9a83-5f2406dee5bd";
const SKU: &str = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46";
const ODD: &str = "Seán O'Brien \"X\" & <Y> 🙂";

/// A tenant on a server that lives as long as the process, so that no other test reuses its address and token.
async fn tenant() -> (&'static MockServer, Graph) {
    let server: &MockServer = Box::leak(Box::new(MockServer::builder().start().await));
    contract::watch(server, "graph", "/v1.0").await.unwrap();
    contract::watch(server, "login", "/login").await.unwrap();
    Mock::given(method("POST"))
        .and(path("/login/tenant/oauth2/v2.0/token"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"access_token": "t", "expires_in": 3600})))
        .mount(server)
        .await;
    let url = |path: &str| format!("{}{path}", server.uri()).parse().unwrap();
    let endpoints = Endpoints {
        graph: url("/v1.0"),
        login: url("/login"),
    };
    let credentials = Credentials {
        tenant_id: "tenant".into(),
        client_id: "app".into(),
        client_secret: "s3cret".into(),
    };
    (server, Graph::new(outbound::http_client(), endpoints, credentials))
}

fn error(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message, "innerError": {"request-id": "1"}}})
}

async fn answer(server: &MockServer, verb: &str, at: &str, status: u16, body: Value) {
    Mock::given(method(verb))
        .and(path(format!("/v1.0{at}")))
        .respond_with(ResponseTemplate::new(status).set_body_json(body))
        .mount(server)
        .await;
}

async fn requests(server: &MockServer) -> Vec<Request> {
    let all = server.received_requests().await.unwrap();
    all.into_iter()
        .filter(|request| request.url.path().starts_with("/v1.0"))
        .collect()
}

fn user_json(upn: &str, marker: Option<&str>) -> Value {
    json!({"id": ID, "userPrincipalName": upn, "displayName": ODD, "mail": null, "accountEnabled": true,
        "usageLocation": "DE", "onPremisesExtensionAttributes": {"extensionAttribute15": marker}})
}

fn new_user() -> NewUser {
    NewUser {
        upn: "so'brien@contoso.com".into(),
        // As long as Graph allows.
        display_name: format!("{ODD}{}", "x".repeat(256 - ODD.encode_utf16().count())),
        given_name: Some("Seán".into()),
        surname: Some("O'Brien".into()),
        mail_nickname: "so'brien".into(),
        job_title: Some(" ".into()),
        department: None,
        office: Some("Lübeck".into()),
        mobile_phone: None,
        other_mails: vec![],
        usage_location: Some("DE".into()),
        marker: "r1".into(),
        password: "Pa55-\"word".into(),
        force_change: true,
        password_never_expires: true,
    }
}

#[tokio::test]
async fn domains_are_read_over_three_pages() {
    let (server, graph) = tenant().await;
    let page = |name: &str, next: Option<u32>| {
        let next = next.map(|n| format!("{}/v1.0/domains?$skiptoken={n}", server.uri()));
        json!({"value": [{"id": name, "isDefault": name == "b", "isVerified": true}], "@odata.nextLink": next})
    };
    for (token, name, next) in [("2", "b", Some(3)), ("3", "c", None)] {
        Mock::given(query_param("$skiptoken", token))
            .respond_with(ResponseTemplate::new(200).set_body_json(page(name, next)))
            .mount(server)
            .await;
    }
    answer(server, "GET", "/domains", 200, page("a", Some(2))).await;
    let domains = graph.domains().await.unwrap();
    assert_eq!(
        domains.iter().map(|domain| domain.name.as_str()).collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
    assert!(domains[1].is_default && domains[1].is_verified);
    assert_eq!(requests(server).await[0].headers["authorization"], "Bearer t");
}

#[tokio::test]
async fn token_is_sent_to_no_other_host() {
    let (server, graph) = tenant().await;
    let next = "https://evil.example/v1.0/domains";
    answer(
        server,
        "GET",
        "/domains",
        200,
        json!({"value": [], "@odata.nextLink": next}),
    )
    .await;
    assert!(matches!(graph.domains().await, Err(StepError::Permanent(_))));
    let (server, graph) = tenant().await;
    let next = format!("{}/v1.0/domains", server.uri());
    answer(
        server,
        "GET",
        "/domains",
        200,
        json!({"value": [], "@odata.nextLink": next}),
    )
    .await;
    assert!(
        matches!(graph.domains().await, Err(StepError::Permanent(_))),
        "a list that never ends"
    );
}

#[tokio::test]
async fn failures_are_errors_and_never_results() {
    for (status, name) in [
        (401, "NeedsAttention"),
        (403, "NeedsAttention"),
        (429, "Transient"),
        (500, "Transient"),
    ] {
        let (server, graph) = tenant().await;
        Mock::given(wiremock::matchers::path_regex("^/v1.0"))
            .respond_with(ResponseTemplate::new(status).set_body_json(error("Some_Code", "ann@contoso.com")))
            .mount(server)
            .await;
        let mut errors = vec![
            graph.domains().await.unwrap_err(),
            graph.user("ann@contoso.com").await.unwrap_err(),
            graph.name_taken("ann@contoso.com").await.unwrap_err(),
            graph.find_by_marker("r1", "ann@contoso.com").await.unwrap_err(),
            graph.create_user(&new_user()).await.unwrap_err(),
            graph.set_manager(ID, ID).await.unwrap_err(),
            graph.subscribed_skus().await.unwrap_err(),
            graph.assign_license(ID, ID).await.unwrap_err(),
            graph.licensing_of(ID).await.unwrap_err(),
            graph.group("Sales").await.unwrap_err(),
            graph.group(ID).await.unwrap_err(),
            graph.groups_of(ID).await.unwrap_err(),
        ];
        if status != 403 {
            errors.push(graph.add_member(ID, ID).await.unwrap_err());
        }
        for error in errors {
            assert_eq!(error.name(), name, "{error}");
            let text = error.to_string();
            assert!(
                text.starts_with("Microsoft Graph") && !text.contains("ann") && !text.contains("Pa55"),
                "{text}"
            );
        }
    }
}

#[tokio::test]
async fn users_are_looked_up_by_name_or_id() {
    let (server, graph) = tenant().await;
    answer(
        server,
        "GET",
        "/users/o'b%23x@contoso.com",
        200,
        user_json("o'b#x@contoso.com", Some("r1")),
    )
    .await;
    let user = graph.user("o'b#x@contoso.com").await.unwrap().unwrap();
    assert_eq!(
        (user.id.as_str(), user.display_name.as_str(), user.marker.as_deref()),
        (ID, ODD, Some("r1"))
    );
    assert_eq!(user.address(), "o'b#x@contoso.com");
    assert_eq!(graph.user("nobody@contoso.com").await.unwrap(), None);
    let sent = requests(server).await.len();
    for none in ["", ".", ".."] {
        assert_eq!(graph.user(none).await.unwrap(), None);
    }
    assert_eq!(requests(server).await.len(), sent);
}

#[tokio::test]
async fn names_can_be_taken_in_four_ways() {
    let upn = "o'brien@contoso.com";
    let none = json!({"value": []});
    let plain = json!({"value": [{"id": ID, "userPrincipalName": "Someone@contoso.com", "mail": upn}]});
    let same = json!({"value": [{"id": ID, "userPrincipalName": "O'Brien@contoso.com", "mail": null}]});
    let group = json!({"value": [{"id": ID, "displayName": "All", "groupTypes": ["Unified"]}]});
    let former = format!("{}{upn}", ID.replace('-', ""));
    let deleted = json!({"value": [{"id": ID, "userPrincipalName": former, "mail": null}]});
    for (users, groups, gone, expected) in [
        (&none, &none, &none, None),
        (&same, &none, &none, Some(TakenBy::User)),
        (&plain, &none, &none, Some(TakenBy::Address)),
        (&none, &group, &none, Some(TakenBy::Address)),
        (&none, &none, &deleted, Some(TakenBy::DeletedUser)),
    ] {
        let (server, graph) = tenant().await;
        answer(server, "GET", "/users", 200, users.clone()).await;
        answer(server, "GET", "/groups", 200, groups.clone()).await;
        answer(
            server,
            "GET",
            "/directory/deletedItems/microsoft.graph.user",
            200,
            gone.clone(),
        )
        .await;
        assert_eq!(graph.name_taken(upn).await.unwrap(), expected);
        let query: Vec<_> = requests(server).await[0].url.query_pairs().into_owned().collect();
        assert_eq!(
            query[0].1,
            "userPrincipalName eq 'o''brien@contoso.com' or mail eq 'o''brien@contoso.com' \
             or proxyAddresses/any(p:p eq 'smtp:o''brien@contoso.com')"
        );
    }
}

#[tokio::test]
async fn only_the_mark_identifies_our_account() {
    let upn = "ann@contoso.com";
    let (server, graph) = tenant().await;
    answer(server, "GET", "/users/ann@contoso.com", 200, user_json(upn, Some("r1"))).await;
    assert_eq!(graph.find_by_marker("r1", upn).await.unwrap().unwrap().id, ID);
    assert_eq!(requests(server).await.len(), 1, "the name is enough");

    for stranger in [Some("r2"), None] {
        let (server, graph) = tenant().await;
        answer(server, "GET", "/users/ann@contoso.com", 200, user_json(upn, stranger)).await;
        answer(
            server,
            "GET",
            "/users",
            200,
            json!({"value": [user_json(upn, stranger)]}),
        )
        .await;
        assert_eq!(graph.find_by_marker("r1", upn).await.unwrap(), None);
    }

    let (server, graph) = tenant().await;
    Mock::given(path("/v1.0/users"))
        .and(header("ConsistencyLevel", "eventual"))
        .and(query_param("$count", "true"))
        .and(query_param(
            "$filter",
            "onPremisesExtensionAttributes/extensionAttribute15 eq 'r1'",
        ))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"value": [user_json("new@x", Some("r1"))]})))
        .mount(server)
        .await;
    assert_eq!(graph.find_by_marker("r1", upn).await.unwrap().unwrap().upn, "new@x");
}

#[tokio::test]
async fn user_is_created_with_all_properties() {
    let (server, graph) = tenant().await;
    answer(
        server,
        "POST",
        "/users",
        201,
        user_json("so'brien@contoso.com", Some("r1")),
    )
    .await;
    let Created::Created(user) = graph.create_user(&new_user()).await.unwrap() else {
        panic!()
    };
    assert_eq!((user.id.as_str(), user.upn.as_str()), (ID, "so'brien@contoso.com"));
    let body: Value = requests(server).await[0].body_json().unwrap();
    assert_eq!(
        body,
        json!({
            "accountEnabled": true, "userPrincipalName": "so'brien@contoso.com", "mailNickname": "so'brien",
            "displayName": new_user().display_name, "givenName": "Seán", "surname": "O'Brien",
            "officeLocation": "Lübeck", "usageLocation": "DE", "passwordPolicies": "DisablePasswordExpiration",
            "onPremisesExtensionAttributes": {"extensionAttribute15": "r1"},
            "passwordProfile": {"password": "Pa55-\"word", "forceChangePasswordNextSignIn": true},
        })
    );
}

#[tokio::test]
async fn taken_name_is_a_result_and_wrong_value_an_error() {
    let taken = "Another object with the same value for property userPrincipalName already exists.";
    let mut conflict = error("Request_BadRequest", "One or more properties conflict.");
    conflict["error"]["details"] = json!([{"code": "ObjectConflict", "message": "m", "target": "userPrincipalName"}]);
    for body in [error("Request_BadRequest", taken), conflict] {
        let (server, graph) = tenant().await;
        answer(server, "POST", "/users", 400, body).await;
        assert_eq!(graph.create_user(&new_user()).await.unwrap(), Created::NameTaken);
    }
    let (server, graph) = tenant().await;
    let mut wrong = error(
        "Request_BadRequest",
        "Invalid value 'Ann' specified for property 'mobilePhone'.",
    );
    wrong["error"]["details"] = json!([{"code": "InvalidValue", "message": "Ann", "target": "mobilePhone"}]);
    answer(server, "POST", "/users", 400, wrong).await;
    let Err(StepError::Permanent(text)) = graph.create_user(&new_user()).await else {
        panic!()
    };
    assert!(text.contains("mobilePhone") && !text.contains("Ann"), "{text}");
}

#[tokio::test]
async fn references_name_the_cloud_and_wait_for_the_account() {
    let (server, graph) = tenant().await;
    answer(server, "PUT", &format!("/users/{ID}/manager/$ref"), 204, Value::Null).await;
    graph.set_manager(ID, "boss").await.unwrap();
    let body: Value = requests(server).await[0].body_json().unwrap();
    assert_eq!(
        body,
        json!({"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/boss"})
    );

    for (status, body) in [
        (404, error("Request_ResourceNotFound", "Resource 'x' does not exist.")),
        (400, error("Request_BadRequest", "Not a valid reference update.")),
    ] {
        let (server, graph) = tenant().await;
        for (verb, at) in [
            ("PUT", format!("/users/{ID}/manager/$ref")),
            ("POST", format!("/users/{ID}/assignLicense")),
            ("POST", "/groups/g/members/$ref".to_owned()),
        ] {
            answer(server, verb, &at, status, body.clone()).await;
        }
        assert!(graph.set_manager(ID, "boss").await.unwrap_err().is_transient());
        assert!(graph.assign_license(ID, SKU).await.unwrap_err().is_transient());
        assert!(graph.add_member("g", ID).await.unwrap_err().is_transient());
        assert!(graph.licensing_of(ID).await.unwrap_err().is_transient());
    }
}

#[tokio::test]
async fn licenses_are_listed() {
    let (server, graph) = tenant().await;
    answer(
        server,
        "GET",
        "/subscribedSkus",
        200,
        json!({"value": [
            {"skuId": "s1", "skuPartNumber": "SPB", "capabilityStatus": "Enabled", "appliesTo": "User",
             "consumedUnits": 14, "prepaidUnits": {"enabled": 25, "suspended": 0, "warning": 0, "lockedOut": 0}},
            {"skuId": "s2", "skuPartNumber": "FLOW_FREE", "capabilityStatus": "Suspended", "appliesTo": "User",
             "consumedUnits": null, "prepaidUnits": null},
        ]}),
    )
    .await;
    let skus = graph.subscribed_skus().await.unwrap();
    assert_eq!(
        (skus[0].sku.part_number.as_str(), skus[0].free(), skus[1].free()),
        ("SPB", 11, 0)
    );

    let states = json!([
        {"skuId": "s1", "state": "Active", "error": "None", "assignedByGroup": null},
        {"skuId": "s2", "state": "Error", "error": "CountViolation", "assignedByGroup": "g"},
    ]);
    answer(
        server,
        "GET",
        &format!("/users/{ID}"),
        200,
        json!({"id": ID, "licenseAssignmentStates": states}),
    )
    .await;
    let licenses = graph.licensing_of(ID).await.unwrap().licenses;
    assert_eq!(licenses[0].state, AssignmentState::Active);
    assert_eq!(licenses[1].state, AssignmentState::Error("CountViolation".into()));
    assert_eq!(licenses[1].by_group.as_deref(), Some("g"));
}

#[tokio::test]
async fn assigning_a_license_has_typed_results() {
    let at = format!("/users/{ID}/assignLicense");
    for (status, message, expected) in [
        (200, "", Assignment::Assigned),
        (
            400,
            "Subscription with SKU s1 does not have any available licenses.",
            Assignment::NoSeat,
        ),
        (
            400,
            "License assignment cannot be done for user with invalid usage location.",
            Assignment::InvalidUsageLocation,
        ),
        (
            400,
            "License assignment failed because service plans a, b are mutually exclusive.",
            Assignment::Violation("MutuallyExclusiveViolation"),
        ),
        (
            400,
            "License assignment failed because service plan a depends on the service plan(s) b.",
            Assignment::Dependency,
        ),
        (
            400,
            "Ann may not.",
            Assignment::Refused("Microsoft Graph answers Request_BadRequest".into()),
        ),
    ] {
        let (server, graph) = tenant().await;
        let body = if status == 200 {
            user_json("a@x", None)
        } else {
            error("Request_BadRequest", message)
        };
        answer(server, "POST", &at, status, body).await;
        assert_eq!(graph.assign_license(ID, SKU).await.unwrap(), expected);
        let body: Value = requests(server).await[0].body_json().unwrap();
        assert_eq!(
            body,
            json!({"addLicenses": [{"skuId": SKU, "disabledPlans": []}], "removeLicenses": []})
        );
    }
    let (server, graph) = tenant().await;
    answer(server, "POST", &at, 409, error("ConcurrencyViolation", "m")).await;
    assert!(graph.assign_license(ID, SKU).await.unwrap_err().is_transient());
}

#[tokio::test]
async fn groups_are_found_by_name_or_id() {
    let group = |id: &str| json!({"id": id, "displayName": ODD, "groupTypes": [], "mailEnabled": false, "securityEnabled": true});
    let (server, graph) = tenant().await;
    answer(server, "GET", &format!("/groups/{ID}"), 200, group(ID)).await;
    Mock::given(path("/v1.0/groups"))
        .and(query_param("$filter", "displayName eq 'Seán O''Brien \"X\" & <Y> 🙂'"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"value": [group("1")]})))
        .mount(server)
        .await;
    Mock::given(path("/v1.0/groups"))
        .and(query_param_contains("$filter", "mail eq 'all@contoso.com'"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"value": [group("1"), group("2")]})))
        .mount(server)
        .await;
    answer(server, "GET", "/groups", 200, json!({"value": []})).await;
    let GroupMatch::One(found) = graph.group(ODD).await.unwrap() else {
        panic!()
    };
    assert_eq!((found.kind, found.kind.takes_members()), (GroupKind::Security, true));
    assert!(matches!(graph.group(ID).await.unwrap(), GroupMatch::One(group) if group.id == ID));
    assert_eq!(
        graph.group("00000000-0000-0000-0000-000000000000").await.unwrap(),
        GroupMatch::None
    );
    assert_eq!(graph.group("Nobody").await.unwrap(), GroupMatch::None);
    assert_eq!(graph.group("all@contoso.com").await.unwrap(), GroupMatch::Several(2));
}

#[tokio::test]
async fn groups_of_a_colleague_are_read() {
    let (server, graph) = tenant().await;
    answer(
        server,
        "GET",
        "/users/ann@contoso.com",
        200,
        user_json("ann@contoso.com", None),
    )
    .await;
    let groups = json!({"value": [{"id": "g", "displayName": "Sales", "groupTypes": ["DynamicMembership"]}]});
    answer(server, "GET", &format!("/users/{ID}/memberOf/graph.group"), 200, groups).await;
    let groups = graph.groups_of("ann@contoso.com").await.unwrap().unwrap();
    assert_eq!(groups[0].kind, GroupKind::Dynamic);
    assert_eq!(graph.groups_of("nobody@contoso.com").await.unwrap(), None);
}

#[tokio::test]
async fn adding_a_member_has_typed_results() {
    let already = "One or more added object references already exist for the following modified properties: 'members'.";
    for (status, message, refused) in [
        (204, "", None),
        (400, already, None),
        (
            400,
            "Cannot Update a mail-enabled security groups and or distribution list.",
            Some("Exchange"),
        ),
        (400, "Insufficient.", Some("Request_BadRequest")),
        (
            403,
            "Insufficient privileges to complete the operation.",
            Some("directory roles"),
        ),
    ] {
        let (server, graph) = tenant().await;
        answer(
            server,
            "POST",
            "/groups/g/members/$ref",
            status,
            error("Request_BadRequest", message),
        )
        .await;
        match (graph.add_member("g", ID).await.unwrap(), refused) {
            (Added::Added, None) => assert_eq!(status, 204),
            (Added::AlreadyMember, None) => assert_eq!(status, 400),
            (Added::Refused(reason), Some(part)) => assert!(reason.contains(part), "{reason}"),
            (added, _) => panic!("{added:?}"),
        }
    }
}
