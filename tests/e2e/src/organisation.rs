//! An organisation for one test, set up with the operator's commands as in a real account.

use std::{
    io::Write,
    process::{Command, Stdio},
    time::SystemTime,
};

use serde_json::{Value, json};

use crate::{
    engine::{Stack, engine},
    http::{Answer, Call},
    request::Request,
    session::Session,
    simulators::{World, merge},
};

#[derive(Debug)]
pub struct Organisation {
    pub id: String,
    pub stack: &'static Stack,
    pub world: World,
    /// When it was created: nothing of it is in older logs and executions.
    pub created_at: SystemTime,
    /// The API token of an admin who does nothing else: see [`Organisation::owner`].
    pub token: String,
}

/// Runs the operator's command line. Returns its output, or its error.
pub fn operator(stack: &Stack, arguments: &[&str], input: &str) -> Result<String, String> {
    let (output, errors, failed) = run(stack, arguments, input);
    if failed { Err(errors) } else { Ok(output) }
}

/// Runs the operator's command line. Returns its output, and whether it failed.
pub fn operator_says(stack: &Stack, arguments: &[&str], input: &str) -> (String, bool) {
    let (output, errors, failed) = run(stack, arguments, input);
    (format!("{output}\n{errors}"), failed)
}

fn run(stack: &Stack, arguments: &[&str], input: &str) -> (String, String, bool) {
    let mut command = Command::new(&engine().operator);
    command.args(["--stack", &stack.name]).args(arguments);
    let mut running = command
        .env("AWS_ENDPOINT_URL", &engine().aws_endpoint)
        .envs(engine().vendors())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the operator's binary");
    running
        .stdin
        .take()
        .expect("a pipe")
        .write_all(input.as_bytes())
        .expect("the operator reads");
    let output = running.wait_with_output().expect("the operator ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    (text(&output.stdout), text(&output.stderr), !output.status.success())
}

impl Organisation {
    /// Creates an organisation with ConnectWise and Pax8, and without approval or start dates.
    pub fn new(name: &str) -> Self {
        Self::on(&engine().patient, name, &json!({}), &[])
    }

    pub fn with(name: &str, variables: &[&str]) -> Self {
        Self::on(&engine().patient, name, &json!({}), variables)
    }

    /// Creates an organisation on a stack. `world` overrides the vendors' defaults, where security defaults are on;
    /// `variables` are NAME=VALUE and override the usual ones.
    pub fn on(stack: &'static Stack, name: &str, world: &Value, variables: &[&str]) -> Self {
        let tail = uuid::Uuid::now_v7().simple().to_string().split_off(26);
        let id = format!("{name}-{tail}");
        let created_at = SystemTime::now();
        let mut usual = json!({"security_defaults": true});
        merge(&mut usual, world);
        let world = World::create(&id, &usual);
        let run = |arguments: &[&str], input: &str| {
            operator(stack, arguments, input).unwrap_or_else(|error| panic!("operator {arguments:?}: {error}"))
        };
        let create = ["organisation", "create", &id, "--name", world.key("/company")];
        let tickets = format!("connectwise={}", world.key("/psa_company"));
        let licenses = format!("pax8={}", world.key("/distributor_company"));
        let tenant = ["--tenant-id", world.key("/tenant_id")];
        let ids = [&tenant[..], &["--company", &tickets, "--company", &licenses]].concat();
        run(&[&create[..], &ids[..]].concat(), "");
        for system in ["graph", "connectwise", "pax8"] {
            let keys = world.keys["credentials"][system].to_string();
            run(&["credentials", "set", &id, system, "--file", "-"], &keys);
        }
        let set = ["variables", "set", id.as_str()];
        let usual = [
            "default_psa=connectwise",
            "default_ticket_location=Onboarding",
            "default_ticket_status=In Progress",
            "ticket_status_waiting_input=Waiting",
            "ticket_status_workflow_complete=Closed",
            "ms_licensing_distributor=pax8",
            "usage_location=US",
        ];
        run(&[&set[..], &usual[..], variables].concat(), "");
        let mut org = Self {
            id,
            stack,
            world,
            created_at,
            token: String::new(),
        };
        org.member(&org.owner(), "Tests", "admin");
        org.token = org.token_owned_by(&org.owner(), "tests", "admin");
        org
    }

    /// The address of the admin who owns the tests' token.
    pub fn owner(&self) -> String {
        format!("tests@{}.example", self.id)
    }

    /// Gives the owner of the tests' token another role. Unless it is admin, the token is refused.
    pub fn owner_becomes(&self, role: &str) {
        self.member(&self.owner(), "Tests", role);
    }

    /// Removes the owner of the tests' token as an admin. Only admins whom the test has added remain, and the token is
    /// refused.
    pub fn without_owner(&self, admin: &Session<'_>) {
        let id = self.id_of(admin, &self.owner());
        admin.send("DELETE", &format!("members/{id}"), &json!({})).expect(200);
    }

    /// Finds a member's id as an admin.
    pub fn id_of(&self, admin: &Session<'_>, email: &str) -> String {
        let all = admin.get("members").expect(200).json();
        let mut all = all["members"].as_array().expect("members").iter();
        let member = all.find(|member| member["email"] == email).expect("a member");
        member["id"].as_str().expect("an id").to_owned()
    }

    /// Creates an organisation whose approver is Alex Approver.
    pub fn approving(stack: &'static Stack, name: &str, world: &Value, variables: &[&str]) -> Self {
        let org = Self::on(stack, name, world, variables);
        let approver = format!("new_user_approval_email={}", org.approver());
        org.configure(&["require_approval_for_new_users=1", &approver]);
        org
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}/orgs/{}/{path}", self.stack.api, self.id)
    }

    pub fn call(&self, method: &'static str, path: &str) -> Call {
        self.call_with(&self.token, method, path)
    }

    /// Configures another PSA, with the names that exist there.
    pub fn use_psa(&self, psa: &str) {
        let keys = &self.world.keys["vendors"][psa];
        self.take_keys(psa);
        let name = |variable: &str, key: &str| format!("{variable}={}", keys[key].as_str().unwrap_or_default());
        let names = [
            format!("default_psa={psa}"),
            name("default_ticket_location", "location"),
            name("default_ticket_status", "status_working"),
            name("ticket_status_waiting_input", "status_waiting"),
            name("ticket_status_workflow_complete", "status_complete"),
        ];
        self.configure(&names.each_ref().map(String::as_str));
    }

    pub fn use_distributor(&self, distributor: &str) {
        self.take_keys(distributor);
        self.configure(&[&format!("ms_licensing_distributor={distributor}")]);
    }

    /// Adds a vault to the password's destinations.
    pub fn use_vault(&self, vault: &str) {
        self.take_keys(vault);
    }

    /// Stores a system's credentials, and the organisation's company there.
    fn take_keys(&self, system: &str) {
        let keys = &self.world.keys["vendors"][system];
        self.is_company(system, keys["company"].as_str().expect("a company"));
        self.take_credentials(system);
    }

    /// Stores a system's credentials only.
    pub fn take_credentials(&self, system: &str) {
        let keys = self.world.keys["vendors"][system]["credentials"].to_string();
        let set = ["credentials", "set", &self.id, system, "--file", "-"];
        operator(self.stack, &set, &keys).expect("right arguments");
    }

    /// Maps the organisation to a company in a system. An empty id removes the mapping.
    pub fn is_company(&self, system: &str, id: &str) {
        let company = format!("{system}={id}");
        let name = self.world.key("/company");
        let arguments = [
            "organisation",
            "create",
            &self.id,
            "--name",
            name,
            "--company",
            &company,
        ];
        operator(self.stack, &arguments, "").expect("right arguments");
    }

    /// Sets variables with the operator's command line.
    pub fn configure(&self, variables: &[&str]) {
        let set = ["variables", "set", self.id.as_str()];
        operator(self.stack, &[&set[..], variables].concat(), "").expect("right variables");
    }

    /// Changes variables with the API.
    pub fn set(&self, variables: &Value) -> Answer {
        self.call("PUT", "variables").json(variables).send()
    }

    pub fn post(&self, body: &Value) -> Answer {
        self.call("POST", "onboardings").json(body).send()
    }

    pub fn submit(&self, body: &Value) -> Request<'_> {
        Request::of(self, &self.post(body).expect(201))
    }

    pub fn post_leaver(&self, body: &Value) -> Answer {
        self.call("POST", "offboardings").json(body).send()
    }

    /// Submits an offboarding; `more` adds fields to the body.
    pub fn offboard(&self, upn: &str, more: &Value) -> Request<'_> {
        let mut body = json!({ "user": upn });
        merge(&mut body, more);
        Request::leaving(self, &self.post_leaver(&body).expect(201))
    }

    /// Reads the account from the tenant.
    pub fn account(&self, upn: &str) -> Value {
        let state = self.world.state();
        let users = state["users"].as_array().expect("users");
        let mut own = users.iter().filter(|user| user["upn"] == upn);
        own.next().cloned().unwrap_or_else(|| panic!("no account {upn}"))
    }

    pub fn dry_run(&self, body: &Value) -> Answer {
        self.call("POST", "onboardings?dry_run=true").json(body).send()
    }

    /// Lists requests with the API; `query` may name a status.
    pub fn requests(&self, query: &str) -> Vec<Value> {
        let answer = self.call("GET", &format!("requests{query}")).send().expect(200).json();
        answer["requests"]
            .as_array()
            .unwrap_or_else(|| panic!("no list: {answer}"))
            .clone()
    }

    pub fn approver(&self) -> &str {
        self.world.key("/people/approver")
    }

    pub fn manager(&self) -> &str {
        self.world.key("/people/manager")
    }

    pub fn colleague(&self) -> &str {
        self.world.key("/people/colleague")
    }

    pub fn upn(&self, local_part: &str) -> String {
        format!("{local_part}@{}", self.world.key("/domain"))
    }

    /// Builds the body of an onboarding; `more` adds fields to the name.
    pub fn person(&self, first: &str, last: &str, more: &Value) -> Value {
        let mut body = json!({"first_name": first, "last_name": last});
        merge(&mut body, more);
        body
    }

    /// Makes a token with this role for a program. Its owner is a member with the same role who does nothing else.
    pub fn token_of(&self, role: &str) -> String {
        let owner = format!("{role}-program@{}.example", self.id);
        self.member(&owner, role, role);
        self.token_owned_by(&owner, role, role)
    }

    pub fn token_owned_by(&self, owner: &str, name: &str, role: &str) -> String {
        let arguments = [
            "token", "create", &self.id, "--name", name, "--role", role, "--owner", owner,
        ];
        operator(self.stack, &arguments, "").expect("a token")
    }

    pub fn call_with(&self, token: &str, method: &'static str, path: &str) -> Call {
        Call::new(method, self.url(path))
            .header("accept", "application/json")
            .header("authorization", format!("Bearer {token}"))
    }

    /// Makes the organisation a child of another one.
    pub fn belong_to(&self, parent: &Self) {
        let name = self.world.key("/company");
        let arguments = [
            "organisation",
            "create",
            &self.id,
            "--name",
            name,
            "--parent",
            &parent.id,
        ];
        operator(self.stack, &arguments, "").expect("a parent");
    }

    pub fn member(&self, email: &str, name: &str, role: &str) {
        let arguments = [
            "member", "add", &self.id, "--email", email, "--name", name, "--role", role,
        ];
        operator(self.stack, &arguments, "").expect("a member");
    }

    /// Makes a one-time sign-in link for a member.
    pub fn sign_in_link(&self, email: &str) -> String {
        let arguments = [
            "sign-in-link",
            &self.id,
            "--email",
            email,
            "--base-url",
            &self.stack.api,
        ];
        operator(self.stack, &arguments, "").expect("a link")
    }

    /// Adds a member and signs in as them.
    pub fn session(&self, email: &str, name: &str, role: &str) -> Session<'_> {
        self.member(email, name, role);
        Session::begin(self, &self.sign_in_link(email))
    }
}
