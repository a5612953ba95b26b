//! Tests of attempts, in the order in which the state machine makes them, against a simulated tenant.

use directory::{Created, Credentials, Endpoints, NewUser};
use domain::licensing::Why;
use serde_json::{Value, json};
use simulators::testing::Simulated;
use simulators::world::LicenseRule;

use super::*;

const SPB: &str = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46";
const BASIC: &str = "3b555118-da6a-4418-894f-7df1e2096870";

struct Tenant {
    simulated: Simulated,
    graph: Graph,
    user: String,
}

impl Tenant {
    async fn new(more: Value) -> Self {
        let simulated = Simulated::with(more).await;
        let url = |path: &str| format!("{}{path}", simulated.base).parse().expect("an address");
        let endpoints = Endpoints {
            graph: url("/graph/v1.0"),
            login: url("/login"),
        };
        let credentials = simulated.world(|world| Credentials {
            tenant_id: world.tenant.id.clone(),
            client_id: world.tenant.client_id.clone(),
            client_secret: world.tenant.client_secret.clone().into(),
        });
        let graph = Graph::new(outbound::http_client(), endpoints, credentials);
        let ada = NewUser {
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
        let Created::Created(user) = graph.create_user(&ada).await.expect("a user") else {
            panic!("the name is taken");
        };
        Self {
            simulated,
            graph,
            user: user.id,
        }
    }

    async fn attempt(&self, sku: &str, with: impl FnOnce(&mut Attempt<'_>)) -> Done {
        let country = CountryCode::parse("US").expect("a country");
        let mut attempt = Attempt {
            graph: &self.graph,
            user: &self.user,
            sku,
            by_group: true,
            country: Some(&country),
            state: None,
            others_open: false,
            last: false,
        };
        with(&mut attempt);
        attempt.make().await.expect("an answer")
    }

    /// An attempt by group, in a state left by an earlier attempt.
    async fn in_state(&self, state: LicenseState) -> Done {
        self.attempt(SPB, |job| job.state = Some(state)).await
    }

    /// Repeats the attempt as often as the state machine would, until the result changes.
    async fn until_processed(&self, state: LicenseState) -> Done {
        for _ in 0..9 {
            let done = self.in_state(state).await;
            if !matches!(done.action, Action::AwaitGroup | Action::ProcessAgain) {
                return done;
            }
        }
        panic!("it takes forever");
    }

    fn rule(&self, error: &str, unless: Option<&str>) {
        self.simulated.world(|world| {
            world.tenant.license_rules.push(LicenseRule {
                sku_id: SPB.into(),
                error: error.into(),
                unless: unless.map(str::to_owned),
            });
        });
    }
}

fn joined() -> Done {
    Done {
        action: Action::Join,
        group: Some("License Business Premium".to_owned()),
    }
}

/// The reason for which the attempt gave up.
fn why_not(done: &Done) -> Option<String> {
    match &done.action {
        Action::GiveUp(why) => Some(licensing::why_not("SPB", "ada@acme.example", why)),
        _ => None,
    }
}

#[tokio::test]
async fn direct_license_is_assigned_at_once() {
    let tenant = Tenant::new(json!({})).await;
    let direct = |job: &mut Attempt<'_>| job.by_group = false;
    let assigned = || Done::from(Action::Finish);
    assert_eq!(
        tenant.attempt(SPB, direct).await,
        assigned(),
        "with the organisation's country"
    );
    assert_eq!(tenant.attempt(SPB, direct).await, assigned(), "the same again");
    assert_eq!(tenant.simulated.effect("licenses_assigned"), 1);
}

#[tokio::test]
async fn license_needs_a_usage_location() {
    let tenant = Tenant::new(json!({})).await;
    let nowhere = |job: &mut Attempt<'_>| (job.by_group, job.country) = (false, None);
    let done = tenant.attempt(SPB, nowhere).await;
    assert_eq!(done, Action::GiveUp(Why::NoUsageLocation).into());
}

#[tokio::test]
async fn license_from_group_takes_several_attempts() {
    let tenant = Tenant::new(json!({})).await;
    assert_eq!(tenant.attempt(SPB, |_| {}).await, joined());
    assert_eq!(tenant.attempt(SPB, |_| {}).await, joined(), "after a crash in between");
    assert_eq!(tenant.in_state(LicenseState::Joined).await, Action::AwaitGroup.into());
    let found = tenant.until_processed(LicenseState::Joined).await;
    let Done {
        action: Action::Finish,
        group: Some(group),
    } = found
    else {
        panic!("{found:?}");
    };
    tenant.simulated.world(|world| {
        let user = world.tenant.user(&tenant.user).expect("Ada");
        assert_eq!(user.text("usageLocation"), "US");
        assert!(world.tenant.groups.iter().any(|other| other.id == group));
    });
    assert_eq!(tenant.simulated.effect("members_added"), 1);
}

#[tokio::test]
async fn user_joins_no_group_without_a_seat() {
    let tenant = Tenant::new(json!({"seats": {"SPB": 0}})).await;
    for state in [None, Some(LicenseState::Awaited)] {
        let done = tenant.attempt(SPB, |job| job.state = state).await;
        assert_eq!(done, Action::AwaitSeat.into());
    }
    assert_eq!(tenant.simulated.effect("members_added"), 0);
}

#[tokio::test]
async fn seat_lost_during_processing_is_bought_again() {
    let tenant = Tenant::new(json!({"seats": {"SPB": 1}})).await;
    assert_eq!(tenant.attempt(SPB, |_| {}).await, joined());
    tenant.simulated.world(|world| world.tenant.take_seats(None, 0));
    let lost = tenant.until_processed(LicenseState::Joined).await;
    assert_eq!(lost, Action::FindSeat.into());
    // A seat is now on order.
    assert_eq!(tenant.in_state(LicenseState::Awaited).await, Action::AwaitSeat.into());
    tenant.simulated.world(|world| world.buy_seats(SPB, 1, 0));
    let found = tenant.until_processed(LicenseState::Awaited).await;
    assert!(found.action == Action::Finish && found.group.is_some(), "{found:?}");
}

#[tokio::test]
async fn license_without_a_group_is_reported() {
    let tenant = Tenant::new(json!({})).await;
    assert_eq!(
        tenant.attempt(BASIC, |_| {}).await,
        Action::GiveUp(Why::NoGroup("no group of the tenant carries it".into())).into()
    );
}

#[tokio::test]
async fn microsofts_errors_are_explained() {
    for (error, words) in [
        ("MutuallyExclusiveViolation", "conflicts with another license"),
        (
            "ProhibitedInUsageLocationViolation",
            "not offered in the user's usage location",
        ),
        ("UniquenessViolation", "mail addresses"),
        ("Other", "names no reason"),
    ] {
        let tenant = Tenant::new(json!({})).await;
        tenant.rule(error, None);
        assert_eq!(tenant.attempt(SPB, |_| {}).await, joined());
        let found = tenant.until_processed(LicenseState::Joined).await;
        assert!(
            why_not(&found).is_some_and(|why| why.contains(words)),
            "{error}: {found:?}"
        );
    }
}

#[tokio::test]
async fn dependent_license_is_assigned_last() {
    for by_group in [false, true] {
        let tenant = Tenant::new(json!({})).await;
        tenant.rule("DependencyViolation", Some(BASIC));
        if by_group {
            assert_eq!(tenant.attempt(SPB, |_| {}).await, joined());
            for _ in 0..2 {
                assert_eq!(tenant.in_state(LicenseState::Joined).await, Action::AwaitGroup.into());
            }
        }
        let first = |job: &mut Attempt<'_>| {
            (job.by_group, job.others_open) = (by_group, true);
            job.state = by_group.then_some(LicenseState::Joined);
        };
        assert_eq!(tenant.attempt(SPB, first).await, Action::Postpone.into());
        let again = |job: &mut Attempt<'_>| (job.by_group, job.state) = (by_group, Some(LicenseState::Postponed));
        if !by_group {
            let refused = tenant.attempt(SPB, again).await;
            assert!(why_not(&refused).is_some(), "once: {refused:?}");
        }
        let basic = tenant.attempt(BASIC, |job| job.by_group = false).await;
        assert_eq!(basic.action, Action::Finish, "{basic:?}");
        let mut found = tenant.attempt(SPB, again).await;
        for _ in 0..9 {
            if matches!(found.action, Action::AwaitGroup | Action::ProcessAgain) {
                found = tenant.attempt(SPB, again).await;
            }
        }
        assert_eq!(found.action, Action::Finish, "{by_group}: {found:?}");
    }
}

#[tokio::test]
async fn lasting_dependency_is_reported_at_the_end() {
    let tenant = Tenant::new(json!({})).await;
    tenant.rule("DependencyViolation", None);
    assert_eq!(tenant.attempt(SPB, |_| {}).await, joined());
    let told = tenant.until_processed(LicenseState::Joined).await;
    assert!(why_not(&told).is_some(), "nothing else to wait for: {told:?}");
    assert_eq!(
        tenant.in_state(LicenseState::Postponed).await,
        Action::ProcessAgain.into()
    );
    let last = |job: &mut Attempt<'_>| (job.state, job.last) = (Some(LicenseState::Postponed), true);
    let told = tenant.attempt(SPB, last).await;
    assert!(
        why_not(&told).is_some_and(|why| why.contains("another license")),
        "{told:?}"
    );
}
