//! Tests of license groups and sign-in policies against a simulated tenant with delays.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails is a test that fails"
)]

mod simulated;

use directory::{Added, AssignmentState, Graph, LicenseGroup, LicenseOfUser, NewUser};
use domain::mfa::{Answer, Facts, Person, Verdict, report};
use domain::step_error::StepError;
use serde_json::{Value, json};
use simulators::testing::Simulated;
use simulators::vendors::graph::mfa::{Refusal, policy};

const SPB: &str = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46";
const BASIC: &str = "3b555118-da6a-4418-894f-7df1e2096870";

async fn tenant(more: Value) -> (Simulated, Graph) {
    let simulated = Simulated::with(more).await;
    let graph = simulated::graph(&simulated);
    (simulated, graph)
}

async fn ada(graph: &Graph) -> String {
    let user = NewUser {
        upn: "ada@acme.example".into(),
        display_name: "Ada".into(),
        given_name: None,
        surname: None,
        mail_nickname: "ada".into(),
        job_title: None,
        department: None,
        office: None,
        mobile_phone: None,
        other_mails: vec![],
        usage_location: None,
        marker: "r1".into(),
        password: "Plenty-of-9-Letters".into(),
        force_change: true,
        password_never_expires: false,
    };
    let directory::Created::Created(user) = graph.create_user(&user).await.unwrap() else {
        panic!("the name is taken");
    };
    user.id
}

async fn of(graph: &Graph, user: &str, sku: &str) -> Option<LicenseOfUser> {
    graph.licensing_of(user).await.unwrap().of(sku, true).cloned()
}

/// Reads the license until the tenant has finished processing.
async fn settled(graph: &Graph, user: &str, sku: &str) -> AssignmentState {
    for _ in 0..2 {
        let _ = of(graph, user, sku).await;
    }
    of(graph, user, sku).await.unwrap().state
}

#[tokio::test]
async fn license_from_group_arrives_after_joining() {
    let (simulated, graph) = tenant(json!({})).await;
    let user = ada(&graph).await;
    let group = graph.license_group(SPB).await.unwrap().joinable().unwrap();
    assert_eq!(group.name, "License Business Premium");
    assert_eq!(graph.add_member(&group.id, &user).await.unwrap(), Added::Added);
    assert_eq!(of(&graph, &user, SPB).await, None, "not at once");
    assert_eq!(settled(&graph, &user, SPB).await, AssignmentState::Active);
    assert_eq!(of(&graph, &user, SPB).await.unwrap().by_group, Some(group.id));
    assert_eq!(simulated.effect("licenses_assigned"), 1);
}

#[tokio::test]
async fn missing_seat_is_an_error_until_reprocessed() {
    let (simulated, graph) = tenant(json!({"seats": {"SPB": 0}})).await;
    let user = ada(&graph).await;
    let group = graph.license_group(SPB).await.unwrap().joinable().unwrap();
    graph.add_member(&group.id, &user).await.unwrap();
    let no_seat = AssignmentState::Error("CountViolation".into());
    assert_eq!(settled(&graph, &user, SPB).await, no_seat);
    simulated.world(|world| world.buy_seats(SPB, 1, 0));
    assert_eq!(settled(&graph, &user, SPB).await, no_seat, "nobody has asked");
    graph.reprocess_licenses(&user).await.unwrap();
    assert_eq!(settled(&graph, &user, SPB).await, AssignmentState::Active);
}

#[tokio::test]
async fn groups_with_a_license_are_counted_and_named() {
    let (simulated, graph) = tenant(json!({})).await;
    assert_eq!(graph.license_group(BASIC).await.unwrap(), LicenseGroup::None);
    assert_eq!(
        LicenseGroup::None.joinable().unwrap_err(),
        "no group of the tenant carries it"
    );
    simulated.world(|world| {
        let mut dynamic = world.tenant.groups[0].clone();
        dynamic.display_name = "By rule".into();
        dynamic.membership_rule = Some("(user.department -eq \"Sales\")".into());
        dynamic.licenses = vec![BASIC.into()];
        world.tenant.groups.push(dynamic);
    });
    let refused = graph.license_group(BASIC).await.unwrap().joinable().unwrap_err();
    assert_eq!(
        refused,
        "the group \"By rule\" carries it, but its members follow from a rule"
    );
    simulated.world(|world| {
        for number in 0..250 {
            let mut group = world.tenant.groups[2].clone();
            group.display_name = format!("Group {number}");
            group.licenses = vec![if number == 249 { BASIC } else { SPB }.into()];
            world.tenant.groups.push(group);
        }
    });
    // The group is on the third page.
    let several = LicenseGroup::Several(vec!["By rule".into(), "Group 249".into()]);
    assert_eq!(graph.license_group(BASIC).await.unwrap(), several);
    assert!(several.joinable().unwrap_err().contains("(By rule, Group 249)"));
}

#[tokio::test]
async fn usage_location_is_read_and_set() {
    let (_simulated, graph) = tenant(json!({})).await;
    let user = ada(&graph).await;
    assert_eq!(graph.licensing_of(&user).await.unwrap().usage_location, None);
    graph.set_usage_location(&user, "DE").await.unwrap();
    let found = graph.licensing_of(&user).await.unwrap();
    assert_eq!(found.usage_location.as_deref(), Some("DE"));
}

async fn facts(graph: &Graph, user: &str) -> Facts {
    let groups = graph.all_groups_of(user).await.unwrap();
    Facts {
        person: Person {
            id: user.to_owned(),
            groups: groups.into_iter().map(|group| group.id).collect(),
        },
        security_defaults: graph.security_defaults().await.unwrap(),
        policies: graph.conditional_access().await.unwrap(),
        campaign: graph.registration_campaign().await.unwrap(),
        registration: graph.registration_of(user).await.unwrap(),
        mfa_group: None,
        names: [].into(),
    }
}

#[tokio::test]
async fn policies_are_read_in_graphs_format() {
    let (simulated, graph) = tenant(json!({})).await;
    let user = ada(&graph).await;
    let found = facts(&graph, &user).await;
    assert_eq!(found.security_defaults, Answer::Given(false));
    assert_eq!(
        found.registration,
        Answer::Given(None),
        "new users are not in the report yet"
    );
    let Answer::Given(Some(campaign)) = &found.campaign else {
        panic!("no campaign");
    };
    assert!(campaign.includes(&found.person));
    let told = report(&found);
    assert_eq!((told.verdict, told.policies.len()), (Verdict::NotAsked, 2));

    let group = simulated.world(|world| {
        let mut groups = world.tenant.groups.iter();
        groups
            .find(|group| group.display_name == "MFA Users")
            .unwrap()
            .id
            .clone()
    });
    graph.add_member(&group, &user).await.unwrap();
    assert_eq!(facts(&graph, &user).await.person.groups.len(), 0, "lists lag");
    assert_eq!(report(&facts(&graph, &user).await).verdict, Verdict::Asked);

    let manager = simulated.world(|world| world.tenant.users[0].id.clone());
    let Answer::Given(Some(registered)) = graph.registration_of(&manager).await.unwrap() else {
        panic!("no registration");
    };
    assert!(registered.is_mfa_registered);
    assert_eq!(registered.methods_registered, ["microsoftAuthenticatorPush"]);
}

#[tokio::test]
async fn all_pages_of_policies_are_read() {
    let (simulated, graph) = tenant(json!({})).await;
    let user = ada(&graph).await;
    simulated.world(|world| {
        let said = |number: usize| {
            let users = if number == 249 { json!(["All"]) } else { json!(["None"]) };
            json!({"displayName": format!("P{number}"), "conditions": {"users": {"includeUsers": users}}})
        };
        world.tenant.mfa.policies = (0..250).map(|number| policy(&said(number), &[])).collect();
    });
    assert_eq!(report(&facts(&graph, &user).await).verdict, Verdict::Asked);
}

#[tokio::test]
async fn missing_permission_or_license_is_a_result() {
    let (simulated, graph) = tenant(json!({"security_defaults": true})).await;
    let user = ada(&graph).await;
    assert_eq!(graph.security_defaults().await.unwrap(), Answer::Given(true));
    simulated.world(|world| world.tenant.mfa.refuse = Some(Refusal::Permission));
    assert_eq!(
        graph.security_defaults().await.unwrap(),
        Answer::NotPermitted("Policy.Read.All")
    );
    assert!(matches!(
        graph.conditional_access().await.unwrap(),
        Answer::NotPermitted("Policy.Read.All")
    ));
    assert_eq!(
        graph.registration_campaign().await.unwrap(),
        Answer::NotPermitted("Policy.Read.All")
    );
    assert_eq!(
        graph.registration_of(&user).await.unwrap(),
        Answer::NotPermitted("AuditLog.Read.All")
    );
    simulated.world(|world| world.tenant.mfa.refuse = Some(Refusal::License));
    assert_eq!(graph.security_defaults().await.unwrap(), Answer::Given(true));
    assert!(matches!(graph.conditional_access().await.unwrap(), Answer::NotLicensed));
    assert_eq!(graph.registration_of(&user).await.unwrap(), Answer::NotLicensed);
}

#[tokio::test]
async fn unavailable_directory_is_an_error() {
    let (simulated, graph) = tenant(json!({})).await;
    let user = ada(&graph).await;
    simulated.fault(json!({"system": "graph", "operation": "*", "kind": "503", "times": 5}));
    assert!(graph.security_defaults().await.unwrap_err().is_transient());
    assert!(graph.conditional_access().await.unwrap_err().is_transient());
    assert!(graph.registration_of(&user).await.unwrap_err().is_transient());
    assert!(graph.all_groups_of(&user).await.unwrap_err().is_transient());
    assert!(graph.license_group(SPB).await.unwrap_err().is_transient());
    simulated.fault(json!({"system": "graph", "operation": "*", "kind": "400"}));
    assert!(matches!(graph.security_defaults().await, Err(StepError::Permanent(_))));
}
