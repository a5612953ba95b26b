//! Tests of the planner with a simulated Graph and DynamoDB.

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials as AwsCredentials, Region};
use directory::{Credentials, Endpoints};
use domain::authority::Because;
use domain::contact::EmailAddress;
use domain::country::CountryCode;
use domain::ids::OrgId;
use domain::request::Requester;
use domain::role::Role;
use domain::submission::{Form, Onboarding};
use domain::variables::{Approver, LicenseAssignmentMethod, PasswordDestination};
use serde_json::{Value, json};
use store::requests::RequestRecord;
use wiremock::matchers::{any, body_partial_json, header, method, path, query_param_contains};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

mod offboarding;

const OWN: &str = "r0192d3f4a5b67c8d9e0f112233445566";

struct World {
    /// Serves Graph under /v1.0 and /login, and DynamoDB at the root.
    server: MockServer,
    variables: OrgVariables,
    requester: Requester,
    role: Role,
}

impl World {
    async fn new() -> Self {
        let server = MockServer::builder().start().await;
        let world = Self {
            server,
            variables: OrgVariables {
                usage_location: CountryCode::parse("DE").ok(),
                ..OrgVariables::default()
            },
            requester: Requester {
                id: "m1".to_owned(),
                person: None,
                email: Some("hr@contoso.com".to_owned()),
            },
            role: Role::PowerUser,
        };
        let token = json!({"access_token": "t", "expires_in": 3600});
        world
            .answer(
                Mock::given(method("POST")).and(path("/login/tenant/oauth2/v2.0/token")),
                token,
            )
            .await;
        let domains = json!({"value": [
            {"id": "contoso.onmicrosoft.com", "isDefault": false, "isVerified": true},
            {"id": "Contoso.com", "isDefault": true, "isVerified": true},
            {"id": "new.example", "isDefault": false, "isVerified": false},
        ]});
        world.answer(get("domains"), domains).await;
        let skus = json!({"value": [sku("SPB", "1", 10, 4), sku("SPE_E3", "2", 5, 5)]});
        world.answer(get("subscribedSkus"), skus).await;
        let manager = user("charles@contoso.com");
        world.answer(get("users/charles@contoso.com"), manager).await;
        let groups =
            json!({"value": [group("g1", "Sales", json!([])), group("g2", "All", json!(["DynamicMembership"]))]});
        world
            .answer(get("users/id-charles@contoso.com/memberOf/graph.group"), groups)
            .await;
        let sales = json!({"value": [group("g1", "Sales", json!([]))]});
        world
            .answer(get("groups").and(query_param_contains("$filter", "'Sales'")), sales)
            .await;
        let nobody = json!({"value": []});
        for list in ["users", "groups", "directory/deletedItems/microsoft.graph.user"] {
            world
                .server
                .register(get(list).respond_with(ok(nobody.clone())).with_priority(200))
                .await;
        }
        let missing = ResponseTemplate::new(404).set_body_json(json!({"error": {"code": "Request_ResourceNotFound"}}));
        world
            .server
            .register(Mock::given(any()).respond_with(missing).with_priority(250))
            .await;
        // The tables have no items.
        let item = Mock::given(header("x-amz-target", "DynamoDB_20120810.GetItem"));
        world
            .server
            .register(item.respond_with(ok(json!({}))).with_priority(200))
            .await;
        // The organisation has no members.
        let members = Mock::given(header("x-amz-target", "DynamoDB_20120810.Query"));
        let none = json!({"Items": [], "Count": 0, "ScannedCount": 0});
        world
            .server
            .register(members.respond_with(ok(none)).with_priority(200))
            .await;
        world
    }

    async fn answer(&self, mock: wiremock::MockBuilder, body: Value) {
        self.server
            .register(mock.respond_with(ok(body)).with_priority(100))
            .await;
    }

    async fn user_has(&self, upn: &str) {
        let users = json!({"value": [user(upn)]});
        let filter = query_param_contains("$filter", format!("userPrincipalName eq '{upn}'"));
        self.answer(get("users").and(filter), users).await;
        self.answer(get(&format!("users/{upn}")), user(upn)).await;
    }

    async fn reserved(&self, upn: &str, request: &str) {
        let key = json!({"Key": {"sk": {"S": format!("username#{upn}")}}});
        let item = json!({"Item": {"request": {"S": request}}});
        self.answer(
            Mock::given(method("POST")).and(path("/")).and(body_partial_json(key)),
            item,
        )
        .await;
    }

    async fn check(&self, body: Value) -> Result<Checked<OnboardingFound>, StepError> {
        let fields = Onboarding::read(&whole(body)).fields;
        let (store, graph, organisation) = (self.store(), self.graph(), organisation());
        let planner = self.planner(&store, &graph, &organisation);
        planner.plan_new(&fields, self.asks()).await
    }

    async fn recheck(&self, record: &RequestRecord, body: Value) -> Vec<FieldError> {
        let form = Onboarding::parse(&whole(body)).expect("a body");
        let (store, graph, organisation) = (self.store(), self.graph(), organisation());
        let planner = self.planner(&store, &graph, &organisation);
        planner.recheck(record, &form).await.expect("no error")
    }

    fn planner<'a>(&'a self, store: &'a Store, graph: &'a Graph, organisation: &'a Organisation) -> Planner<'a> {
        Planner {
            store,
            graph,
            organisation,
            variables: &self.variables,
            now: now(),
        }
    }

    fn asks(&self) -> Asks<'_> {
        Asks {
            requester: &self.requester,
            role: self.role,
            because: match self.variables.require_approval_for_new_users {
                true => &[Because::ApprovalIsOn],
                false => &[],
            },
        }
    }

    fn graph(&self) -> Graph {
        let url = |path: &str| format!("{}{path}", self.server.uri()).parse().expect("a URL");
        let endpoints = Endpoints {
            graph: url("/v1.0"),
            login: url("/login"),
        };
        let credentials = Credentials {
            tenant_id: "tenant".to_owned(),
            // The process caches tokens by client id.
            client_id: self.server.uri(),
            client_secret: "s".into(),
        };
        Graph::new(outbound::http_client(), endpoints, credentials)
    }

    fn store(&self) -> Store {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(AwsCredentials::new("key", "secret", None, None, "tests"))
            .http_client(outbound::sdk_http_client())
            .endpoint_url(self.server.uri())
            .build();
        Store::new(aws_sdk_dynamodb::Client::from_conf(config), "gangway")
    }
}

/// A form for John Doe with these fields.
fn whole(body: Value) -> Value {
    let mut whole = json!({"first_name": "John", "last_name": "Doe"});
    let (Value::Object(whole_fields), Value::Object(fields)) = (&mut whole, body) else {
        panic!("objects")
    };
    whole_fields.extend(fields);
    whole
}

fn organisation() -> Organisation {
    Organisation {
        tenant_id: Some("tenant".to_owned()),
        ..Organisation::new(OrgId::parse("acme").expect("an id"), "Acme")
    }
}

fn now() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().expect("a time")
}

fn get(what: &str) -> wiremock::MockBuilder {
    Mock::given(method("GET")).and(path(format!("/v1.0/{what}")))
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn user(upn: &str) -> Value {
    json!({"id": format!("id-{upn}"), "userPrincipalName": upn, "mail": upn, "displayName": "X",
        "accountEnabled": true, "usageLocation": "DE", "onPremisesExtensionAttributes": {"extensionAttribute15": null}})
}

fn sku(part_number: &str, id: &str, enabled: u32, consumed: u32) -> Value {
    json!({"skuId": id, "skuPartNumber": part_number, "capabilityStatus": "Enabled", "appliesTo": "User",
        "consumedUnits": consumed, "prepaidUnits": {"enabled": enabled, "warning": 0, "suspended": 0, "lockedOut": 0}})
}

fn group(id: &str, name: &str, types: Value) -> Value {
    json!({"id": id, "displayName": name, "groupTypes": types, "mailEnabled": false, "securityEnabled": true,
        "onPremisesSyncEnabled": null})
}

fn fields<T>(checked: &Checked<T>) -> Vec<&str> {
    named(&checked.errors)
}

fn named(errors: &[FieldError]) -> Vec<&str> {
    errors.iter().map(|error| error.field.as_str()).collect()
}

#[tokio::test]
async fn valid_form_gives_a_plan() {
    let mut world = World::new().await;
    world.role = Role::Technician;
    world.variables.require_approval_for_new_users = true;
    world.variables.new_user_approval_email = vec![
        Approver::Manager,
        Approver::Address(EmailAddress::parse("HR@contoso.com").expect("an address")),
    ];
    world.variables.allow_scheduled_user_creation = true;
    let body = json!({"licenses": ["spb", "SPE_E3"], "manager": "charles@contoso.com", "groups": ["Sales", "Nowhere"],
        "copy_groups_from": "charles@contoso.com", "start_date": "2026-12-01"});
    let checked = world.check(body).await.expect("no error");
    assert_eq!(fields(&checked), [""; 0]);
    let plan = checked.plan.expect("a plan");
    assert_eq!(plan.upn, "jdoe@contoso.com");
    assert_eq!(plan.display_name, "John Doe");
    assert_eq!(plan.approvers, ["charles@contoso.com"], "the requester is left out");
    assert_eq!(plan.start_at, "2026-12-01T08:00:00Z".parse().ok());
    let seats: Vec<_> = checked
        .found
        .licenses
        .iter()
        .map(|l| (l.sku.part_number.as_str(), l.free))
        .collect();
    assert_eq!(seats, [("SPB", 6), ("SPE_E3", 0)]);
    let groups: Vec<_> = checked
        .found
        .groups
        .iter()
        .map(|g| (g.name.as_str(), g.reason.is_none()))
        .collect();
    assert_eq!(groups, [("Sales", true), ("Nowhere", false), ("All", false)]);
    assert_eq!(checked.gates, [Gate::Approval(0), Gate::License("SPE_E3".to_owned())]);
}

/// The steps do what the approver saw: groups are fixed by their ids, and a colleague's groups by name.
#[tokio::test]
async fn plan_holds_what_was_found() {
    let world = World::new().await;
    let body = json!({"groups": ["Sales", "Nowhere"], "copy_groups_from": "charles@contoso.com",
        "manager": "charles@contoso.com"});
    let plan = world.check(body).await.expect("no error").plan.expect("a plan");
    let groups: Vec<_> = plan
        .groups
        .iter()
        .map(|group| (group.name.as_str(), group.id.as_deref(), group.copied))
        .collect();
    assert_eq!(
        groups,
        [
            ("Sales", Some("g1"), false),
            ("Nowhere", None, false),
            ("All", Some("g2"), true)
        ]
    );
    assert_eq!(plan.submitted_as, Role::PowerUser);
    assert_eq!(plan.password_manager, plan.manager);
}

/// All addresses of a tenant's account identify one person.
#[tokio::test]
async fn requester_cannot_approve_under_another_address() {
    let mut world = World::new().await;
    world.variables.require_approval_for_new_users = true;
    let alias = EmailAddress::parse("charles@contoso.com").expect("an address");
    world.variables.new_user_approval_email = vec![Approver::Manager, Approver::Address(alias)];
    let mut charles = user("charles@contoso.com");
    charles["proxyAddresses"] = json!(["SMTP:charles@contoso.com", "smtp:hr@contoso.com"]);
    let asked = query_param_contains("$filter", "userPrincipalName eq 'hr@contoso.com'");
    world.answer(get("users").and(asked), json!({"value": [charles]})).await;
    let checked = world
        .check(json!({"manager": "charles@contoso.com"}))
        .await
        .expect("no error");
    assert_eq!(fields(&checked), ["new_user_approval_email"]);
}

/// A requester whose account is unknown could name that account as the manager under another address.
#[tokio::test]
async fn requester_without_account_cannot_name_the_manager() {
    for (role, refused) in [(Role::Basic, true), (Role::PowerUser, true), (Role::Technician, false)] {
        let mut world = World::new().await;
        world.role = role;
        world.variables.require_approval_for_new_users = true;
        world.variables.new_user_approval_email = vec![Approver::Manager];
        let checked = world
            .check(json!({"manager": "charles@contoso.com"}))
            .await
            .expect("no error");
        assert_eq!(
            fields(&checked) == ["manager"],
            refused,
            "{role:?}: {:?}",
            checked.errors
        );
    }
}

#[tokio::test]
async fn disabled_account_cannot_be_the_manager() {
    let world = World::new().await;
    let mut shared = user("info@contoso.com");
    shared["accountEnabled"] = json!(false);
    world.answer(get("users/info@contoso.com"), shared).await;
    let checked = world
        .check(json!({"manager": "info@contoso.com"}))
        .await
        .expect("no error");
    assert_eq!(fields(&checked), ["manager"]);
}

#[tokio::test]
async fn guest_cannot_be_the_manager() {
    let world = World::new().await;
    let mut guest = user("eve@contoso.com");
    guest["userType"] = json!("Guest");
    world.answer(get("users/eve@contoso.com"), guest).await;
    let checked = world
        .check(json!({"manager": "eve@contoso.com"}))
        .await
        .expect("no error");
    assert_eq!(fields(&checked), ["manager"]);
}

#[tokio::test]
async fn all_errors_are_reported_at_once() {
    let mut world = World::new().await;
    world.variables.usage_location = None;
    world.variables.require_approval_for_new_users = true;
    let body = json!({"email_domain": "new.example", "licenses": ["NOPE"], "manager": "nobody@contoso.com",
        "copy_groups_from": "nobody@contoso.com", "start_date": "2020-01-01"});
    let checked = world.check(body).await.expect("no error");
    let mut found = fields(&checked);
    found.sort_unstable();
    let expected = [
        "copy_groups_from",
        "email_domain",
        "licenses",
        "manager",
        "new_user_approval_email",
        "start_date",
        "usage_location",
    ];
    assert_eq!(found, expected);
    assert_eq!((checked.plan, checked.found.username), (None, None));
}

#[tokio::test]
async fn domain_must_belong_to_the_tenant() {
    let world = World::new().await;
    let checked = world
        .check(json!({"email_domain": "CONTOSO.onmicrosoft.com"}))
        .await
        .expect("no error");
    assert_eq!(checked.plan.expect("a plan").upn, "jdoe@contoso.onmicrosoft.com");
    let checked = world
        .check(json!({"email_domain": "fabrikam.com"}))
        .await
        .expect("no error");
    assert_eq!(fields(&checked), ["email_domain"]);
}

#[tokio::test]
async fn username_is_taken_by_a_user_or_a_reservation() {
    let mut world = World::new().await;
    world.user_has("jdoe@contoso.com").await;
    world.reserved("jdoe2@contoso.com", OWN).await;
    let checked = world.check(json!({})).await.expect("no error");
    assert_eq!(fields(&checked), ["username"]);
    assert_eq!(
        checked.errors[0].message,
        "jdoe@contoso.com is taken; free are john.doe, jdoe3, jdoe4"
    );
    world.variables.username_collision = domain::variables::UsernameCollision::Number;
    let checked = world.check(json!({})).await.expect("no error");
    assert_eq!(checked.plan.expect("a plan").upn, "jdoe3@contoso.com");
    let checked = world.check(json!({"username": "jdoe"})).await.expect("no error");
    assert_eq!(fields(&checked), ["username"], "a typed name is not changed");
}

#[tokio::test]
async fn recheck_keeps_the_reserved_username() {
    let world = World::new().await;
    let record: RequestRecord = serde_json::from_value(json!({
        "org": "acme", "id": OWN, "status": "scheduled", "run": 1,
        "onboarding": {"first_name": "John", "last_name": "Doe"},
        "plan": {"upn": "jdoe2@contoso.com", "display_name": "John Doe", "licenses": [],
            "submitted_as": "technician", "approval_required": true, "approvers": []},
        "requester": {"id": "m1"}, "created_at": "2026-11-01T00:00:00Z", "licenses": {},
    }))
    .expect("a record");
    world.reserved("jdoe2@contoso.com", OWN).await;
    let body = json!({"start_date": "2020-01-01"});
    let errors = world.recheck(&record, body.clone()).await;
    assert_eq!(errors, [], "the date has come, and jdoe2 is its own");
    world.user_has("jdoe2@contoso.com").await;
    let errors = world.recheck(&record, body).await;
    assert_eq!(named(&errors), ["username"], "a stranger took it");
}

/// Nothing is looked up or proposed for an invalid field or for one that depends on it.
#[tokio::test]
async fn valid_fields_are_checked_beside_wrong_ones() {
    let world = World::new().await;
    world.user_has("jdoe@contoso.com").await;
    let wrong =
        json!({"first_name": 1, "licenses": ["NOPE"], "manager": "nobody@contoso.com", "start_date": "2020-01-01"});
    let checked = world.check(wrong).await.expect("no error");
    assert_eq!(fields(&checked), ["manager", "licenses", "start_date"]);
    assert_eq!((checked.plan, checked.found.username), (None, None));
    for (field, value) in [
        ("email_domain", json!(1)),
        ("username", json!("a b")),
        ("rehire", json!("no")),
    ] {
        let checked = world.check(json!({field: value})).await.expect("no error");
        assert_eq!(fields(&checked), [""; 0], "{field}");
        assert_eq!(checked.plan, None, "{field}");
    }
    let wrong = json!({"middle_name": "/", "username": "jdoe"});
    let checked = world.check(wrong).await.expect("no error");
    assert_eq!(fields(&checked), ["username"], "a typed name depends on no other");
}

#[tokio::test]
async fn unreachable_directory_is_an_error() {
    let world = World::new().await;
    let down = Mock::given(method("GET"))
        .and(path("/v1.0/groups"))
        .respond_with(ResponseTemplate::new(503));
    world.server.register(down.with_priority(1)).await;
    assert!(
        matches!(world.check(json!({})).await, Err(StepError::Transient(_))),
        "a name is neither free nor taken"
    );
}

#[tokio::test]
async fn rehire_needs_a_disabled_account() {
    let world = World::new().await;
    let rehire = |more: Value| {
        let mut body = json!({"rehire": true});
        if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
            body.extend(more);
        }
        body
    };
    let checked = world.check(rehire(json!({}))).await.expect("no error");
    assert_eq!(fields(&checked), ["rehire"], "there is no such account");

    world.user_has("jdoe@contoso.com").await;
    let checked = world.check(rehire(json!({}))).await.expect("no error");
    assert_eq!(fields(&checked), ["rehire"], "it is somebody's");

    let mut gone = user("john@contoso.com");
    gone["accountEnabled"] = json!(false);
    world.answer(get("users/john@contoso.com"), gone).await;
    let body = rehire(json!({"username": "john"}));
    let checked = world.check(body.clone()).await.expect("no error");
    let plan = checked.plan.expect("a plan");
    assert_eq!(
        (plan.upn.as_str(), plan.rehired.as_deref()),
        ("john@contoso.com", Some("id-john@contoso.com"))
    );
    // The manager in the form does not get the password, and the directory has none.
    let mut named = body.clone();
    named["manager"] = json!("charles@contoso.com");
    let plan = world
        .check(named.clone())
        .await
        .expect("no error")
        .plan
        .expect("a plan");
    assert_eq!(
        plan.manager.map(|manager| manager.upn).as_deref(),
        Some("charles@contoso.com")
    );
    assert_eq!(plan.password_manager, None);
    world
        .answer(get("users/id-john@contoso.com/manager"), user("mary@contoso.com"))
        .await;
    let plan = world.check(named).await.expect("no error").plan.expect("a plan");
    assert_eq!(
        plan.password_manager.map(|manager| manager.upn).as_deref(),
        Some("mary@contoso.com")
    );
    world.reserved("john@contoso.com", OWN).await;
    let checked = world.check(body).await.expect("no error");
    assert_eq!(fields(&checked), ["rehire"], "another request has it");
}

#[tokio::test]
async fn overrides_apply_and_contradictions_are_reported() {
    let mut world = World::new().await;
    world.variables.default_psa = Some(domain::variables::Psa::Halopsa);
    let both = json!({"manager": "charles@contoso.com"});
    let places = world.check(both).await.expect("no error").found.password_places;
    assert_eq!(places, [PasswordDestination::TicketNote, PasswordDestination::Manager]);
    // No manager is named who could get the password.
    let places = world.check(json!({})).await.expect("no error").found.password_places;
    assert_eq!(places, [PasswordDestination::TicketNote]);
    let own = json!({"manager": "charles@contoso.com", "store_password_in_ticket": "0"});
    let checked = world.check(own).await.expect("no error");
    assert_eq!(
        (checked.found.password_places, checked.errors),
        (vec![PasswordDestination::Manager], vec![])
    );
    let nowhere = json!({"store_password_in_ticket": 0, "send_password_via_sms_or_email": false});
    let checked = world.check(nowhere).await.expect("no error");
    assert_eq!(
        fields(&checked),
        ["store_password_in_ticket", "send_password_via_sms_or_email"]
    );
    assert_eq!(checked.plan, None);
}

#[tokio::test]
async fn license_without_a_group_is_reported_in_advance() {
    let mut world = World::new().await;
    world.variables.license_assignment_method = LicenseAssignmentMethod::Group;
    let carrying = json!({"value": [{"id": "g9", "displayName": "Business Premium", "groupTypes": [],
        "securityEnabled": true, "mailEnabled": false, "assignedLicenses": [{"skuId": "1"}]}]});
    let licensed = get("groups").and(query_param_contains("$filter", "assignedLicenses"));
    world.answer(licensed, carrying).await;
    let checked = world
        .check(json!({"licenses": ["SPB", "SPE_E3"]}))
        .await
        .expect("no error");
    let told: Vec<_> = checked
        .found
        .licenses
        .iter()
        .map(|license| license.no_group.as_deref())
        .collect();
    assert_eq!(told, [None, Some("no group of the tenant carries it")]);
    assert!(checked.plan.is_some(), "a technician is told, and nobody refused");
}
