//! Tests of the simulators through HTTP: they are strict, keep state, and fail on demand.
#![expect(clippy::expect_used, clippy::panic, reason = "what can't go on has failed")]

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use clap::Parser;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use simulators::server::{Options, Running, start};

struct World {
    running: Running,
    client: Client,
    keys: Value,
    graph_token: String,
}

impl World {
    async fn new(more: Value) -> Self {
        Self::with_options(more, &[]).await
    }

    async fn with_options(more: Value, options: &[&str]) -> Self {
        let options = ["simulators", "--port", "0"].iter().chain(options);
        let running = start(Options::parse_from(options)).await.expect("start");
        // No TLS is used here, but a client cannot be built without a provider. A second test in the process finds it
        // installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // Connections are not kept, so that a closed one is never mistaken for a lost response.
        let client = Client::builder().pool_max_idle_per_host(0).build().expect("client");
        let mut wanted = json!({"name": "acme"});
        wanted
            .as_object_mut()
            .expect("object")
            .extend(more.as_object().expect("object").clone());
        let made = client
            .post(format!("{}/control/worlds", running.base))
            .json(&wanted)
            .send()
            .await
            .expect("answer");
        assert_eq!(made.status(), StatusCode::CREATED);
        let keys: Value = made.json().await.expect("json");
        let mut world = Self {
            running,
            client,
            keys,
            graph_token: String::new(),
        };
        let token = world.login("https://graph.microsoft.com/.default").await;
        assert_eq!(token.status(), StatusCode::OK);
        let token: Value = token.json().await.expect("json");
        assert_eq!(token["expires_in"], 3599);
        world.graph_token = token["access_token"].as_str().expect("token").to_owned();
        world
    }

    async fn login(&self, scope: &str) -> Response {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", self.key("/credentials/graph/client_id")),
            ("client_secret", self.key("/credentials/graph/client_secret")),
            ("scope", scope),
        ];
        let url = format!(
            "{}/{}/oauth2/v2.0/token",
            self.key("/urls/login"),
            self.key("/tenant_id")
        );
        self.client.post(url).form(&form).send().await.expect("answer")
    }

    fn key(&self, pointer: &str) -> &str {
        self.keys
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("{pointer}"))
    }

    fn group(&self, name: &str) -> String {
        let groups = self.keys["groups"].as_array().expect("groups");
        let group = groups.iter().find(|group| group["name"] == name).expect("group");
        group["id"].as_str().expect("id").to_owned()
    }

    fn graph(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.key("/urls/graph")))
            .bearer_auth(&self.graph_token)
    }

    fn psa(&self, method: Method, path: &str) -> RequestBuilder {
        let user = format!(
            "{}+{}",
            self.key("/credentials/connectwise/company_id"),
            self.key("/credentials/connectwise/public_key")
        );
        self.client
            .request(
                method,
                format!("{}/v4_6_release/apis/3.0{path}", self.key("/urls/connectwise")),
            )
            .basic_auth(user, Some(self.key("/credentials/connectwise/private_key")))
            .header("clientId", self.key("/credentials/connectwise/client_id"))
    }

    async fn pax8_token(&self) -> String {
        let body = json!({
            "client_id": self.key("/credentials/pax8/client_id"), "client_secret": self.key("/credentials/pax8/client_secret"),
            "audience": "https://api.pax8.com", "grant_type": "client_credentials",
        });
        let answer = self
            .client
            .post(format!("{}/token", self.key("/urls/pax8")))
            .json(&body)
            .send()
            .await
            .expect("answer");
        let answer: Value = answer.json().await.expect("json");
        answer["access_token"].as_str().expect("token").to_owned()
    }

    fn new_user(&self, name: &str) -> Value {
        json!({
            "accountEnabled": true, "displayName": "Ana Ng", "mailNickname": name,
            "userPrincipalName": format!("{name}@{}", self.key("/domain")), "usageLocation": "GB",
            "passwordProfile": {"password": "Plenty-of-9-Letters", "forceChangePasswordNextSignIn": true},
            "onPremisesExtensionAttributes": {"extensionAttribute15": "gangway:r1"},
        })
    }

    async fn state(&self) -> Value {
        let url = format!("{}/control/worlds/acme", self.running.base);
        self.client
            .get(url)
            .send()
            .await
            .expect("answer")
            .json()
            .await
            .expect("json")
    }

    async fn control(&self, path: &str, body: Value) -> Value {
        let answer = self
            .client
            .post(format!("{}/control{path}", self.running.base))
            .json(&body)
            .send()
            .await
            .expect("answer");
        assert!(answer.status().is_success(), "{path}");
        answer.json().await.expect("json")
    }

    async fn fault(&self, system: &str, operation: &str, kind: &str, more: Value) {
        let mut fault = json!({"world": "acme", "system": system, "operation": operation, "kind": kind});
        fault
            .as_object_mut()
            .expect("object")
            .extend(more.as_object().expect("object").clone());
        self.control("/faults", fault).await;
    }
}

async fn refused(request: RequestBuilder, status: u16, part: &str) {
    let answer = request.send().await.expect("answer");
    assert_eq!(answer.status().as_u16(), status, "{part}");
    let body = answer.text().await.expect("text");
    assert!(body.contains(part), "{part} is not in {body}");
}

#[tokio::test]
async fn graph_refuses_what_graph_refuses() {
    let world = World::new(json!({})).await;
    assert_eq!(
        world.login("https://graph.microsoft.com/User.Read.All").await.status(),
        StatusCode::BAD_REQUEST
    );
    refused(
        world.client.get(format!("{}/users", world.key("/urls/graph"))),
        401,
        "InvalidAuthenticationToken",
    )
    .await;
    let create = |change: fn(&mut Value)| {
        let mut body = world.new_user("ang");
        change(&mut body);
        world.graph(Method::POST, "/users").json(&body)
    };
    refused(create(|user| user["dispalyName"] = json!("x")), 400, "dispalyName").await;
    refused(
        create(|user| user["accountEnabled"] = json!("true")),
        400,
        "accountEnabled",
    )
    .await;
    refused(create(|user| user["usageLocation"] = json!("gb")), 400, "usageLocation").await;
    refused(
        create(|user| user["userPrincipalName"] = json!("a@elsewhere.example")),
        400,
        "verified domain",
    )
    .await;
    refused(
        create(|user| user["passwordProfile"]["password"] = json!("alllowercase")),
        400,
        "complexity",
    )
    .await;
    refused(
        create(|user| user["userPrincipalName"] = json!("mmanager@acme.example")),
        400,
        "ObjectConflict",
    )
    .await;
    refused(world.graph(Method::GET, "/users?$expnad=manager"), 400, "$expnad").await;
    refused(world.graph(Method::GET, "/users?$select=nmae"), 400, "nmae").await;
    refused(
        world.graph(Method::GET, "/subscribedSkus?$filter=skuPartNumber eq 'SPB'"),
        400,
        "Filter",
    )
    .await;
    let marker = "/users?$count=true&$filter=onPremisesExtensionAttributes/extensionAttribute15 eq 'gangway:r1'";
    refused(world.graph(Method::GET, marker), 400, "ConsistencyLevel").await;

    assert_eq!(
        create(|_| ()).send().await.expect("answer").status(),
        StatusCode::CREATED
    );
    refused(create(|_| ()), 400, "ObjectConflict").await;
    let found = world
        .graph(Method::GET, marker)
        .header("ConsistencyLevel", "eventual")
        .send()
        .await
        .expect("answer");
    let found: Value = found.json().await.expect("json");
    assert_eq!(found["value"][0]["userPrincipalName"], "ang@acme.example");
    assert_eq!(found["@odata.count"], 1);
}

#[tokio::test]
async fn passwords_are_kept_and_never_shown() {
    let world = World::new(json!({})).await;
    world
        .graph(Method::POST, "/users")
        .json(&world.new_user("ang"))
        .send()
        .await
        .expect("answer");
    let sign_in = |password: &'static str| {
        world.control(
            "/graph/acme/sign-in",
            json!({"upn": "ang@acme.example", "password": password}),
        )
    };
    assert_eq!(
        sign_in("Plenty-of-9-Letters").await,
        json!({"ok": true, "must_change": true})
    );
    assert_eq!(
        sign_in("Plenty-of-8-Letters").await,
        json!({"ok": false, "must_change": false})
    );
    for page in ["/", "/worlds/acme", "/control/worlds/acme", "/control/requests/acme"] {
        let text = world
            .client
            .get(format!("{}{page}", world.running.base))
            .send()
            .await
            .expect("answer")
            .text()
            .await
            .expect("text");
        assert!(
            text.to_lowercase().contains("acme") || page.contains("requests"),
            "{page}"
        );
        assert!(!text.contains("Plenty-of-9-Letters"), "{page}");
    }
}

#[tokio::test]
async fn licenses_need_a_location_and_a_seat() {
    let world = World::new(json!({"seats": {"SPB": 1}})).await;
    let spb =
        json!({"addLicenses": [{"skuId": world.key("/skus/SPB/sku_id"), "disabledPlans": []}], "removeLicenses": []});
    for name in ["ang", "bob"] {
        let mut user = world.new_user(name);
        user["usageLocation"] = Value::Null;
        assert_eq!(
            world
                .graph(Method::POST, "/users")
                .json(&user)
                .send()
                .await
                .expect("answer")
                .status(),
            StatusCode::CREATED
        );
    }
    let assign = |name: &str| {
        world
            .graph(Method::POST, &format!("/users/{name}@acme.example/assignLicense"))
            .json(&spb)
    };
    refused(assign("ang"), 400, "invalid usage location").await;
    for name in ["ang", "bob"] {
        let located = world
            .graph(Method::PATCH, &format!("/users/{name}@acme.example"))
            .json(&json!({"usageLocation": "GB"}));
        assert_eq!(located.send().await.expect("answer").status(), StatusCode::NO_CONTENT);
    }
    assert_eq!(assign("ang").send().await.expect("answer").status(), StatusCode::OK);
    assert_eq!(
        assign("ang").send().await.expect("answer").status(),
        StatusCode::OK,
        "the same again is fine"
    );
    refused(assign("bob"), 400, "does not have any available licenses").await;
    let state = world.state().await;
    assert_eq!(state["seats"]["SPB"]["free"], 0);
    assert_eq!(state["effects"]["licenses_assigned"], 1);
}

#[tokio::test]
async fn only_plain_groups_take_members() {
    let world = World::new(json!({})).await;
    let user = world
        .graph(Method::POST, "/users")
        .json(&world.new_user("ang"))
        .send()
        .await
        .expect("answer");
    let user: Value = user.json().await.expect("json");
    let reference = format!(
        "{}/directoryObjects/{}",
        world.key("/urls/graph"),
        user["id"].as_str().expect("id")
    );
    let add = |group: &str| {
        let path = format!("/groups/{}/members/$ref", world.group(group));
        world.graph(Method::POST, &path).json(&json!({"@odata.id": reference}))
    };
    assert_eq!(
        add("Sales").send().await.expect("answer").status(),
        StatusCode::NO_CONTENT
    );
    refused(add("Sales"), 400, "already exist").await;
    refused(add("Everyone Dynamic"), 403, "Authorization_RequestDenied").await;
    refused(add("Legacy File Share"), 400, "on-premises").await;
    refused(add("Announcements"), 400, "distribution list").await;
    refused(add("Secure Mail"), 400, "mail-enabled").await;
}

#[tokio::test]
async fn a_ticket_lives_and_closes() {
    let world = World::new(json!({})).await;
    let ticket = |summary: &str| {
        json!({
            "summary": summary, "company": {"id": 20}, "board": {"name": "Onboarding"}, "externalXRef": "gangway:r1",
        })
    };
    refused(
        world
            .psa(Method::POST, "/service/tickets")
            .json(&ticket(&"x".repeat(101))),
        400,
        "maximum length of 100",
    )
    .await;
    refused(
        world
            .psa(Method::POST, "/service/tickets")
            .json(&json!({"summary": "x"})),
        400,
        "company",
    )
    .await;
    refused(
        world.client.get(format!(
            "{}/v4_6_release/apis/3.0/service/boards",
            world.key("/urls/connectwise")
        )),
        401,
        "Unauthorized",
    )
    .await;
    let made = world
        .psa(Method::POST, "/service/tickets")
        .json(&ticket("New user"))
        .send()
        .await
        .expect("answer");
    assert_eq!(made.status(), StatusCode::CREATED);
    let made: Value = made.json().await.expect("json");
    assert_eq!(made["status"]["name"], "New");
    let id = made["id"].as_i64().expect("id");
    let notes = format!("/service/tickets/{id}/notes");
    refused(
        world.psa(Method::POST, &notes).json(&json!({"text": "x"})),
        400,
        "internalAnalysisFlag",
    )
    .await;
    let note = json!({"text": "Checked.", "internalAnalysisFlag": true});
    assert_eq!(
        world
            .psa(Method::POST, &notes)
            .json(&note)
            .send()
            .await
            .expect("answer")
            .status(),
        StatusCode::CREATED
    );
    let patch = json!([{"op": "replace", "path": "status", "value": {"name": "Closed"}}]);
    let closed = world
        .psa(Method::PATCH, &format!("/service/tickets/{id}"))
        .json(&patch)
        .send()
        .await
        .expect("answer");
    assert_eq!(closed.status(), StatusCode::OK);
    let found = world
        .psa(Method::GET, "/service/tickets")
        .query(&[("conditions", "externalXRef=\"gangway:r1\" and closedFlag=true")]);
    let found: Value = found.send().await.expect("answer").json().await.expect("json");
    assert_eq!(found[0]["id"], id);
    let state = world.state().await;
    assert_eq!(state["tickets"][0]["notes"][0]["internal"], true);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let world = World::new(json!({})).await;
    for index in 0..3 {
        world
            .control("/worlds/acme/tickets", json!({"summary": format!("Ticket {index}")}))
            .await;
    }
    let first = world
        .psa(Method::GET, "/service/tickets?pageSize=2")
        .send()
        .await
        .expect("answer");
    let link = first.headers()["link"].to_str().expect("text").to_owned();
    assert_eq!(first.json::<Vec<Value>>().await.expect("json").len(), 2);
    let next = link.split(['<', '>']).nth(1).expect("address");
    let rest = next.split_once("/apis/3.0").expect("path").1;
    let second: Vec<Value> = world
        .psa(Method::GET, rest)
        .send()
        .await
        .expect("answer")
        .json()
        .await
        .expect("json");
    assert_eq!(second.len(), 1);

    let mut path = "/users?$top=2&$select=id".to_owned();
    let mut seen = 0;
    loop {
        let page: Value = world
            .graph(Method::GET, &path)
            .send()
            .await
            .expect("answer")
            .json()
            .await
            .expect("json");
        seen += page["value"].as_array().expect("array").len();
        let Some(next) = page["@odata.nextLink"].as_str() else {
            break;
        };
        path = next
            .strip_prefix(world.key("/urls/graph"))
            .expect("same base")
            .to_owned();
    }
    assert_eq!(seen, 3);
}

#[tokio::test]
async fn bought_seats_show_up_late() {
    let world = World::new(json!({"seats": {"SPB": 0}, "seat_delay": 2, "unsubscribed": ["ENTERPRISEPACK"]})).await;
    let token = world.pax8_token().await;
    let pax8 = |method: Method, path: &str| {
        world
            .client
            .request(method, format!("{}{path}", world.key("/urls/pax8")))
            .bearer_auth(&token)
    };
    let enabled = async |part: &str| {
        let skus: Value = world
            .graph(Method::GET, "/subscribedSkus")
            .send()
            .await
            .expect("answer")
            .json()
            .await
            .expect("json");
        let skus = skus["value"].as_array().expect("array").clone();
        skus.iter()
            .find(|sku| sku["skuPartNumber"] == part)
            .map(|sku| sku["prepaidUnits"]["enabled"].clone())
    };
    let subscription = format!("/subscriptions/{}", world.key("/skus/SPB/subscription_id"));
    refused(
        pax8(Method::PUT, &subscription).json(&json!({"quantity": 3, "qty": 1})),
        400,
        "qty",
    )
    .await;
    refused(
        pax8(Method::PUT, &subscription).json(&json!({"quantity": 1})),
        400,
        "decreased",
    )
    .await;
    let put = pax8(Method::PUT, &subscription)
        .json(&json!({"quantity": 3}))
        .send()
        .await
        .expect("answer");
    assert_eq!(put.json::<Value>().await.expect("json")["quantity"], 3);
    assert_eq!(enabled("SPB").await, Some(json!(2)));
    assert_eq!(enabled("SPB").await, Some(json!(2)));
    assert_eq!(enabled("SPB").await, Some(json!(3)));

    let order = json!({"companyId": world.key("/distributor_company"), "lineItems": [{
        "productId": world.key("/skus/ENTERPRISEPACK/product_id"), "lineItemNumber": 1, "quantity": 4, "billingTerm": "Monthly",
        "commitmentTermId": world.key("/skus/ENTERPRISEPACK/commitment_term_id"),
    }]});
    let order: Value = pax8(Method::POST, "/orders")
        .json(&order)
        .send()
        .await
        .expect("answer")
        .json()
        .await
        .expect("json");
    let ordered = format!(
        "/subscriptions/{}",
        order["lineItems"][0]["subscriptionId"].as_str().expect("id")
    );
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let seen: Value = pax8(Method::GET, &ordered)
            .send()
            .await
            .expect("answer")
            .json()
            .await
            .expect("json");
        statuses.push(seen["status"].as_str().expect("status").to_owned());
    }
    assert_eq!(statuses, ["PendingAutomated", "PendingAutomated", "Active"]);
    assert_eq!(enabled("ENTERPRISEPACK").await, None);
    assert_eq!(enabled("ENTERPRISEPACK").await, None);
    assert_eq!(enabled("ENTERPRISEPACK").await, Some(json!(4)));
}

#[tokio::test]
async fn a_lost_response_keeps_the_effect() {
    let world = World::new(json!({})).await;
    world.fault("graph", "POST /users", "lose_response", json!({})).await;
    let create = || world.graph(Method::POST, "/users").json(&world.new_user("ang"));
    assert!(
        create().send().await.is_err(),
        "the connection is closed without an answer"
    );
    refused(create(), 400, "ObjectConflict").await;
    let faults: Value = world
        .client
        .get(format!("{}/control/faults", world.running.base))
        .send()
        .await
        .expect("answer")
        .json()
        .await
        .expect("json");
    assert_eq!(faults["faults"][0]["fired"], 1);
    assert_eq!(world.state().await["effects"]["users_created"], 1);
}

#[tokio::test]
async fn bad_days_are_counted() {
    let world = World::new(json!({})).await;
    world
        .fault(
            "graph",
            "GET /users/{any}",
            "429",
            json!({"times": 1, "skip": 1, "retry_after": 7}),
        )
        .await;
    let get = || world.graph(Method::GET, "/users/mmanager@acme.example").send();
    assert_eq!(get().await.expect("answer").status(), StatusCode::OK);
    let throttled = get().await.expect("answer");
    assert_eq!(throttled.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(throttled.headers()["retry-after"], "7");
    assert_eq!(get().await.expect("answer").status(), StatusCode::OK);

    world
        .fault("graph", "POST /users", "404_after_create", json!({"reads": 2}))
        .await;
    world
        .graph(Method::POST, "/users")
        .json(&world.new_user("ang"))
        .send()
        .await
        .expect("answer");
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(
            world
                .graph(Method::GET, "/users/ang@acme.example")
                .send()
                .await
                .expect("answer")
                .status()
                .as_u16(),
        );
    }
    assert_eq!(seen, [404, 404, 200]);

    world
        .fault("graph", "GET /subscribedSkus", "seat_race", json!({"sku": "SPB"}))
        .await;
    let skus: Value = world
        .graph(Method::GET, "/subscribedSkus")
        .send()
        .await
        .expect("answer")
        .json()
        .await
        .expect("json");
    assert_eq!(skus["value"][0]["consumedUnits"], 2);
    assert_eq!(world.state().await["seats"]["SPB"]["free"], 0);

    world
        .fault("connectwise", "GET /service/boards", "garbage", json!({}))
        .await;
    let garbage = world.psa(Method::GET, "/service/boards").send().await.expect("answer");
    assert!(garbage.json::<Value>().await.is_err());
}

/// Starts a client in another process, as a Lambda function is one.
fn client_process(port: u16, request: &str) -> std::process::Child {
    let script = format!(
        "import socket, sys\ns = socket.create_connection(('127.0.0.1', {port}))\ns.sendall(sys.stdin.buffer.read())\ns.recv(1)\nsys.exit(0)\n"
    );
    let mut child = Command::new("python3")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .spawn()
        .expect("python3");
    std::io::Write::write_all(&mut child.stdin.take().expect("stdin"), request.as_bytes()).expect("written");
    child
}

async fn signal_of(mut child: std::process::Child) -> Option<i32> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        if let Some(status) = child.try_wait().expect("status") {
            return std::os::unix::process::ExitStatusExt::signal(&status);
        }
        tokio::task::yield_now().await;
    }
    child.kill().expect("killed");
    panic!("the client goes on");
}

fn port(base: &str) -> u16 {
    base.rsplit(':')
        .next()
        .and_then(|port| port.parse().ok())
        .expect("port")
}

#[tokio::test]
async fn kill_client_kills_the_caller_after_the_effect() {
    let world = World::new(json!({})).await;
    world.fault("graph", "POST /users", "kill_client", json!({})).await;
    let body = world.new_user("ang").to_string();
    let request = format!(
        "POST /graph/v1.0/users HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        world.graph_token,
        body.len()
    );
    let child = client_process(port(&world.running.base), &request);
    assert_eq!(signal_of(child).await, Some(9));
    assert_eq!(world.state().await["effects"]["users_created"], 1);
}

#[tokio::test]
async fn the_proxy_duplicates_and_kills() {
    // The engine in this test is the simulators' own control API, which counts the requests that arrive there.
    let engine = World::new(json!({"seat_delay": 0})).await;
    let target = format!("0={}", engine.running.base);
    let world = World::with_options(json!({}), &["--aws-proxy", &target]).await;
    let proxy = world.running.proxies[0].0;
    let buy = json!({"sku": "ENTERPRISEPACK", "quantity": 1}).to_string();
    let send = || {
        let url = format!("http://127.0.0.1:{proxy}/control/worlds/acme/buy-seats");
        world
            .client
            .post(url)
            .header("x-amz-target", "DynamoDB_20120810.PutItem")
            .body(buy.clone())
            .send()
    };
    let seats = async || {
        engine.state().await["seats"]["ENTERPRISEPACK"]["enabled"]
            .as_i64()
            .expect("number")
    };
    let rule = |action: &str| json!({"match": {"target": "PutItem", "body": "ENTERPRISEPACK"}, "action": action});

    assert_eq!(send().await.expect("answer").status(), StatusCode::OK);
    assert_eq!(seats().await, 1);
    world.control("/aws-rules", rule("duplicate")).await;
    let answer: Value = send().await.expect("answer").json().await.expect("json");
    assert_eq!(answer["ENTERPRISEPACK"]["enabled"], 3, "the second answer is given");
    world.control("/aws-rules", rule("lose_response")).await;
    assert!(send().await.is_err());
    assert_eq!(seats().await, 4);
    world.control("/aws-rules", rule("500")).await;
    assert_eq!(
        send().await.expect("answer").status(),
        StatusCode::INTERNAL_SERVER_ERROR
    );
    assert_eq!(seats().await, 4);

    let request = format!(
        "POST /control/worlds/acme/buy-seats HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Target: PutItem\r\nContent-Length: {}\r\n\r\n{buy}",
        buy.len()
    );
    for (action, bought) in [("kill_client_before", 4), ("kill_client_after", 5)] {
        world.control("/aws-rules", rule(action)).await;
        assert_eq!(signal_of(client_process(proxy, &request)).await, Some(9), "{action}");
        assert_eq!(seats().await, bought, "{action}");
    }
}

/// A page whose own name now resolves to 127.0.0.1 could do this, and the browser would let it read the answer.
#[tokio::test]
async fn another_host_than_this_machine_is_not_served() {
    let world = World::with_options(json!({}), &["--aws-proxy", "0=http://127.0.0.1:1"]).await;
    let (own, proxy) = (port(&world.running.base), world.running.proxies[0].0);
    let ask = async |host: &str, port: u16, path: &str| {
        let url = format!("http://127.0.0.1:{port}{path}");
        let answer = world.client.get(url).header("host", host).send().await;
        answer.expect("answer").status()
    };
    for name in [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.2",
    ] {
        for host in [name.to_owned(), format!("{name}:{own}")] {
            for path in ["/", "/health", "/control/worlds", "/graph/v1.0/users"] {
                let status = ask(&host, own, path).await;
                assert_eq!(status, StatusCode::MISDIRECTED_REQUEST, "{host} {path}");
            }
            let status = ask(&host, proxy, "/").await;
            assert_eq!(status, StatusCode::MISDIRECTED_REQUEST, "{host}, by the proxy");
        }
    }
    for name in ["127.0.0.1", "localhost"] {
        assert_eq!(
            ask(&format!("{name}:{own}"), own, "/health").await,
            StatusCode::OK,
            "{name}"
        );
        let status = ask(&format!("{name}:{proxy}"), proxy, "/").await;
        assert_eq!(status, StatusCode::BAD_GATEWAY, "{name}, by the proxy");
    }
}
