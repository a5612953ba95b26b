//! Tests of the planner for offboardings, with the same simulated Graph and DynamoDB.

use domain::submission::Offboarding;

use super::*;
use crate::Entitlement;

const UPN: &str = "charles@contoso.com";
const ID: &str = "id-charles@contoso.com";

/// A tenant in which Charles is in the usual groups and in one with a license, has a license of his own, and a manager.
async fn world() -> World {
    let world = World::new().await;
    world
        .answer(get(&format!("users/{ID}/manager")), user("mary@contoso.com"))
        .await;
    let states = json!([
        {"skuId": "1", "state": "Active", "error": "None", "assignedByGroup": null},
        {"skuId": "2", "state": "Active", "error": "None", "assignedByGroup": "g2"},
    ]);
    let mut charles = user(UPN);
    charles["licenseAssignmentStates"] = states;
    for key in [UPN, ID] {
        world.answer(get(&format!("users/{key}")), charles.clone()).await;
    }
    world
}

impl World {
    async fn leaves(&self, more: Value) -> Checked<OffboardingFound> {
        let mut body = json!({"user": UPN});
        let (Value::Object(body_fields), Value::Object(fields)) = (&mut body, more) else {
            panic!("objects")
        };
        body_fields.extend(fields);
        let fields = Offboarding::read(&body).fields;
        let (store, graph, organisation) = (self.store(), self.graph(), organisation());
        let planner = self.planner(&store, &graph, &organisation);
        planner.plan_offboarding(&fields, self.asks()).await.expect("no error")
    }
}

fn held(list: &[Entitlement]) -> Vec<(&str, Option<&str>)> {
    list.iter()
        .map(|held| (held.name.as_str(), held.stays.as_deref()))
        .collect()
}

const BY_RULE: Option<&str> = Some("its members follow from a rule");

#[tokio::test]
async fn plan_lists_everything_to_be_removed() {
    let mut world = world().await;
    world.variables.allow_scheduled_user_creation = true;
    let checked = world.leaves(json!({"last_day": "2026-12-01"})).await;
    assert_eq!(fields(&checked), [""; 0]);
    let plan = checked.plan.expect("a plan");
    assert_eq!((plan.upn.as_str(), plan.display_name.as_str()), (UPN, "X"));
    assert_eq!(plan.subject_addresses, [UPN], "whoever signs in with it is the leaver");
    assert_eq!(
        plan.start_at,
        "2026-12-02T08:00:00Z".parse().ok(),
        "the last day is worked"
    );
    assert!(checked.found.blocks_sign_in);
    assert_eq!(held(&checked.found.groups), [("Sales", None), ("All", BY_RULE)]);
    assert_eq!(
        held(&checked.found.licenses),
        [
            ("SPB", None),
            (
                "SPE_E3",
                Some("it comes with the group All, and its members follow from a rule")
            )
        ]
    );
    assert_eq!(checked.found.manager.as_deref(), Some("mary@contoso.com"));
    assert_eq!(checked.found.user.map(|user| user.id).as_deref(), Some(ID));
}

#[tokio::test]
async fn without_both_switches_only_licenses_are_removed() {
    let world = world().await;
    let body = json!({"offboarding_deactivate_user": false, "offboarding_remove_groups": false});
    let checked = world.leaves(body).await;
    assert!(!checked.found.blocks_sign_in);
    let off = Some("offboarding_remove_groups is off");
    assert_eq!(held(&checked.found.groups), [("Sales", off), ("All", BY_RULE)]);
    assert_eq!(held(&checked.found.licenses)[0], ("SPB", None));
}

#[tokio::test]
async fn unknown_blocked_or_own_account_is_refused() {
    let mut world = world().await;
    let checked = world
        .leaves(json!({"user": "nobody@contoso.com", "manager": "no.one@contoso.com", "last_day": "2030-01-01"}))
        .await;
    assert_eq!(fields(&checked), ["user", "manager", "last_day"]);
    assert_eq!((checked.plan, checked.found.user), (None, None));
    let checked = world
        .leaves(json!({"user": "ada", "manager": "no.one@contoso.com"}))
        .await;
    assert_eq!(fields(&checked), ["manager"], "the wrong field is named by the parser");
    assert_eq!(fields(&world.leaves(json!({"manager": UPN})).await), ["manager"]);
    world.requester.email = Some("Charles@Contoso.com".to_owned());
    assert_eq!(fields(&world.leaves(json!({})).await), ["user"]);
    world.requester.email = None;
    world.reserved(UPN, OWN).await;
    assert_eq!(
        fields(&world.leaves(json!({})).await),
        ["user"],
        "another request has it"
    );
}

#[tokio::test]
async fn manager_in_the_directory_approves() {
    let mut world = world().await;
    world.variables.require_approval_for_new_users = true;
    world.variables.new_user_approval_email = vec![Approver::Manager];
    let checked = world.leaves(json!({})).await;
    assert_eq!(checked.gates, [Gate::Approval(0)]);
    assert_eq!(checked.plan.expect("a plan").approvers, ["mary@contoso.com"]);
}

#[tokio::test]
async fn manager_in_the_form_is_informed_but_never_asked() {
    let mut world = world().await;
    world.variables.require_approval_for_new_users = true;
    world.variables.new_user_approval_email = vec![Approver::Manager];
    world
        .answer(get("users/eve@contoso.com"), user("eve@contoso.com"))
        .await;
    let plan = world
        .leaves(json!({"manager": "eve@contoso.com"}))
        .await
        .plan
        .expect("a plan");
    assert_eq!(plan.approvers, ["mary@contoso.com"]);
    assert_eq!(
        plan.manager.map(|manager| manager.upn).as_deref(),
        Some("eve@contoso.com")
    );
    // The directory's manager is the requester, so no approver is left, whoever is named in the form.
    world.requester.email = Some("mary@contoso.com".to_owned());
    let checked = world.leaves(json!({"manager": "eve@contoso.com"})).await;
    assert_eq!(fields(&checked), ["new_user_approval_email"]);
}

/// An employee's waiting request must not stop the staff who handle the offboarding.
#[tokio::test]
async fn waiting_request_of_a_basic_member_gives_way() {
    let key = json!({"Key": {"sk": {"S": format!("request#{OWN}")}}});
    let waiting = |role: &str, status: &str| {
        json!({"Item": {
            "org": {"S": "acme"}, "id": {"S": OWN}, "status": {"S": status}, "run": {"N": "1"},
            "offboarding": {"M": {"user": {"S": UPN}}},
            "plan": {"M": {"upn": {"S": UPN}, "display_name": {"S": "X"}, "licenses": {"L": []},
                "submitted_as": {"S": role}, "approval_required": {"BOOL": true}, "approvers": {"L": []}}},
            "requester": {"M": {"id": {"S": "m9"}}}, "created_at": {"S": "2026-11-01T00:00:00Z"}, "licenses": {"M": {}},
        }})
    };
    for (waits_as, status, asks_as, gives_way) in [
        ("basic", "waiting_approval", Role::PowerUser, true),
        ("basic", "waiting_approval", Role::Basic, false),
        ("basic", "scheduled", Role::Technician, false),
        ("power_user", "waiting_approval", Role::Technician, false),
    ] {
        let mut world = world().await;
        world.reserved(UPN, OWN).await;
        let request = Mock::given(method("POST")).and(path("/"));
        let request = request.and(body_partial_json(key.clone()));
        world.answer(request, waiting(waits_as, status)).await;
        world.role = asks_as;
        let checked = world.leaves(json!({})).await;
        assert_eq!(
            checked.found.supersedes.is_some(),
            gives_way,
            "{waits_as} {status} {asks_as:?}"
        );
        assert_eq!(
            fields(&checked).is_empty(),
            gives_way,
            "{waits_as} {status} {asks_as:?}"
        );
        if gives_way {
            assert_eq!(
                checked
                    .plan
                    .expect("a plan")
                    .supersedes
                    .map(|id| id.to_string())
                    .as_deref(),
                Some(OWN)
            );
        }
    }
}
