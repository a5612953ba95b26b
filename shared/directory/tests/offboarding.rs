//! Tests of offboarding and rehire against a simulated tenant.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod simulated;

use directory::{Change, Graph, NewUser};
use domain::step_error::StepError;
use serde_json::json;
use simulators::testing::Simulated;
use simulators::world::{License, LicenseRule, User};

async fn tenant() -> (Simulated, Graph) {
    let simulated = Simulated::new().await;
    let graph = simulated::graph(&simulated);
    (simulated, graph)
}

const LEAVER: &str = "ccolleague@acme.example";

fn leaver<T>(simulated: &Simulated, look: impl FnOnce(&User) -> T) -> T {
    simulated.world(|world| look(world.tenant.user(LEAVER).unwrap()))
}

fn enabled(user: &User) -> bool {
    user.properties["accountEnabled"] == json!(true)
}

#[tokio::test]
async fn sign_in_is_blocked_and_sessions_end() {
    let (simulated, graph) = tenant().await;
    let id = graph.user(LEAVER).await.unwrap().unwrap().id;
    for _ in 0..2 {
        assert_eq!(graph.block_sign_in(&id).await.unwrap(), Change::Done);
        assert_eq!(graph.revoke_sessions(&id).await.unwrap(), Change::Done);
    }
    assert!(!leaver(&simulated, enabled));
    assert_eq!(leaver(&simulated, |user| user.sessions_revoked), 2);
    assert!(!graph.user(LEAVER).await.unwrap().unwrap().account_enabled);
    let nobody = "00000000-0000-4000-8000-000000000000";
    assert!(matches!(
        graph.block_sign_in(nobody).await,
        Err(StepError::Permanent(_))
    ));
    assert!(matches!(
        graph.revoke_sessions(nobody).await,
        Err(StepError::Permanent(_))
    ));
}

#[tokio::test]
async fn accounts_of_others_are_refused_with_a_reason() {
    let (simulated, graph) = tenant().await;
    let id = graph.user(LEAVER).await.unwrap().unwrap().id;
    simulated.world(|world| {
        let user = world.tenant.user_mut(LEAVER).unwrap();
        user.properties.insert("onPremisesSyncEnabled".to_owned(), json!(true));
    });
    let Change::Refused(why) = graph.block_sign_in(&id).await.unwrap() else {
        panic!("not refused");
    };
    assert!(why.contains("on-premises"), "{why}");
    assert!(leaver(&simulated, enabled));
}

#[tokio::test]
async fn missing_permission_needs_attention() {
    let (simulated, graph) = tenant().await;
    let id = graph.user(LEAVER).await.unwrap().unwrap().id;
    let sku = graph.licensing_of(&id).await.unwrap().licenses[0].sku_id.clone();
    let group = graph.groups_of(&id).await.unwrap().unwrap().remove(0).id;
    for operation in [
        "PATCH /users/{id}",
        "POST /users/{id}/revokeSignInSessions",
        "POST /users/{id}/assignLicense",
        "DELETE /groups/{id}/members/{member}/$ref",
    ] {
        simulated.fault(json!({"system": "graph", "operation": operation, "kind": "status", "status": 403}));
    }
    for change in [
        graph.block_sign_in(&id).await,
        graph.revoke_sessions(&id).await,
        graph.remove_license(&id, &sku).await,
        graph.remove_member(&group, &id).await,
    ] {
        let Err(StepError::NeedsAttention(what)) = change else {
            panic!("not a failure: {change:?}");
        };
        assert!(
            what.contains("grant the permission") && what.contains("administrator"),
            "{what}"
        );
    }
}

#[tokio::test]
async fn license_others_depend_on_is_removed_last() {
    let (simulated, graph) = tenant().await;
    let id = graph.user(LEAVER).await.unwrap().unwrap().id;
    let base = graph.licensing_of(&id).await.unwrap().licenses[0].sku_id.clone();
    let add_on = simulated.world(|world| {
        let sku_id = world.tenant.skus.iter().find(|sku| sku.id != base).unwrap().id.clone();
        world.tenant.license_rules.push(LicenseRule {
            sku_id: sku_id.clone(),
            error: "DependencyViolation".to_owned(),
            unless: Some(base.clone()),
        });
        let user = world.tenant.user_mut(LEAVER).unwrap();
        let at = user.licenses[0].at;
        user.licenses.push(License {
            sku_id: sku_id.clone(),
            disabled_plans: vec![],
            by_group: None,
            error: None,
            at,
        });
        sku_id
    });
    let refused = graph.remove_license(&id, &base).await.unwrap();
    assert!(matches!(refused, Change::Refused(_)), "{refused:?}");
    for sku in [add_on, base] {
        assert_eq!(graph.remove_license(&id, &sku).await.unwrap(), Change::Done);
    }
    assert_eq!(graph.licensing_of(&id).await.unwrap().licenses, []);
}

#[tokio::test]
async fn members_are_removed_if_graph_can() {
    let (simulated, graph) = tenant().await;
    let id = graph.user(LEAVER).await.unwrap().unwrap().id;
    let groups = graph.groups_of(&id).await.unwrap().unwrap();
    assert_eq!(groups.len(), 4);
    for group in &groups {
        for _ in 0..2 {
            let change = graph.remove_member(&group.id, &id).await;
            assert_eq!(
                matches!(change, Ok(Change::Done)),
                group.kind.takes_members(),
                "{group:?}: {change:?}"
            );
        }
    }
    assert_eq!(simulated.effect("members_removed"), 2);
    let left = graph.groups_of(&id).await.unwrap().unwrap();
    assert!(left.iter().all(|group| !group.kind.takes_members()), "{left:?}");
}

#[tokio::test]
async fn direct_licenses_are_removed() {
    let (simulated, graph) = tenant().await;
    let id = graph.user(LEAVER).await.unwrap().unwrap().id;
    let sku = graph.licensing_of(&id).await.unwrap().licenses[0].sku_id.clone();
    let comes_by = |group: Option<&str>| {
        simulated.world(|world| {
            world.tenant.user_mut(LEAVER).unwrap().licenses[0].by_group = group.map(str::to_owned);
        });
    };
    comes_by(Some("g1"));
    assert_eq!(
        graph.remove_license(&id, &sku).await.unwrap(),
        Change::Refused("it comes with a group".to_owned())
    );
    assert_eq!(graph.licensing_of(&id).await.unwrap().licenses.len(), 1);
    comes_by(None);
    for _ in 0..2 {
        assert_eq!(graph.remove_license(&id, &sku).await.unwrap(), Change::Done);
    }
    assert_eq!(simulated.effect("licenses_removed"), 1);
    assert_eq!(graph.licensing_of(&id).await.unwrap().licenses, []);
}

#[tokio::test]
async fn manager_is_read_from_the_directory() {
    let (_simulated, graph) = tenant().await;
    let id = graph.user(LEAVER).await.unwrap().unwrap().id;
    let manager = graph.manager_of(&id).await.unwrap().unwrap();
    assert_eq!(manager.upn, "mmanager@acme.example");
    assert_eq!(graph.manager_of(&manager.id).await.unwrap(), None);
}

#[tokio::test]
async fn rehire_enables_account_and_sets_given_properties() {
    let (simulated, graph) = tenant().await;
    let id = graph.user(LEAVER).await.unwrap().unwrap().id;
    graph.block_sign_in(&id).await.unwrap();
    let user = NewUser {
        upn: LEAVER.into(),
        display_name: "Casey Newname".into(),
        given_name: Some("Casey".into()),
        surname: Some("Newname".into()),
        mail_nickname: "ccolleague".into(),
        job_title: None,
        department: Some("Engines".into()),
        office: None,
        mobile_phone: None,
        other_mails: vec![],
        usage_location: None,
        marker: "r1".into(),
        password: "Plenty-of-9-Letters".into(),
        force_change: true,
        password_never_expires: false,
    };
    for _ in 0..2 {
        graph.enable_again(&id, &user).await.unwrap();
    }
    let found = graph.user(LEAVER).await.unwrap().unwrap();
    assert_eq!((found.account_enabled, found.marker.as_deref()), (true, Some("r1")));
    assert_eq!(found.display_name, "Casey Newname");
    leaver(&simulated, |user| {
        assert_eq!(
            (user.password.as_str(), user.must_change_password),
            ("Plenty-of-9-Letters", true)
        );
        assert_eq!(user.properties["jobTitle"], "Sales Advisor", "what is not given stays");
        assert_eq!(user.properties["department"], "Engines");
    });
}
