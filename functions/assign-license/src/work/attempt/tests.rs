//! Attempts, one after the other as the state machine makes them, against a simulated tenant.

use directory::{Created, Credentials, Endpoints, NewUser};
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

    async fn attempt(&self, sku: &str, with: impl FnOnce(&mut Job<'_>)) -> Attempt {
        let country = CountryCode::parse("US").expect("a country");
        let mut job = Job {
            graph: &self.graph,
            user: &self.user,
            sku,
            by_group: true,
            country: Some(&country),
            state: None,
            others_open: false,
            last: false,
        };
        with(&mut job);
        job.attempt().await.expect("an answer")
    }

    /// By group, in a state that an earlier attempt left.
    async fn in_state(&self, state: LicenseState) -> Attempt {
        self.attempt(SPB, |job| job.state = Some(state)).await
    }

    /// As often as the state machine would look, until something else is answered.
    async fn until_processed(&self, state: LicenseState) -> Attempt {
        for _ in 0..9 {
            match self.in_state(state).await {
                Attempt::Processing => {}
                other => return other,
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

fn joined() -> Attempt {
    Attempt::Joined("License Business Premium".to_owned())
}

#[tokio::test]
async fn directly_it_is_there_at_once() {
    let tenant = Tenant::new(json!({})).await;
    let direct = |job: &mut Job<'_>| job.by_group = false;
    let assigned = Attempt::Assigned { by_group: None };
    assert_eq!(
        tenant.attempt(SPB, direct).await,
        assigned,
        "with the organisation's country"
    );
    assert_eq!(tenant.attempt(SPB, direct).await, assigned, "the same again");
    assert_eq!(tenant.simulated.effect("licenses_assigned"), 1);
}

#[tokio::test]
async fn without_a_country_it_is_not_assigned() {
    let tenant = Tenant::new(json!({})).await;
    let nowhere = |job: &mut Job<'_>| (job.by_group, job.country) = (false, None);
    assert_eq!(tenant.attempt(SPB, nowhere).await, Attempt::NoUsageLocation);
}

#[tokio::test]
async fn by_group_it_takes_some_looks() {
    let tenant = Tenant::new(json!({})).await;
    assert_eq!(tenant.attempt(SPB, |_| {}).await, joined());
    assert_eq!(tenant.attempt(SPB, |_| {}).await, joined(), "after a crash in between");
    assert_eq!(tenant.in_state(LicenseState::Joined).await, Attempt::Processing);
    let found = tenant.until_processed(LicenseState::Joined).await;
    let Attempt::Assigned { by_group: Some(group) } = found else {
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
async fn nobody_joins_without_a_seat() {
    let tenant = Tenant::new(json!({"seats": {"SPB": 0}})).await;
    for state in [None, Some(LicenseState::Awaited)] {
        assert_eq!(tenant.attempt(SPB, |job| job.state = state).await, Attempt::NoSeat);
    }
    assert_eq!(tenant.simulated.effect("members_added"), 0);
}

#[tokio::test]
async fn a_seat_lost_while_the_group_is_processed_is_bought_and_processed_again() {
    let tenant = Tenant::new(json!({"seats": {"SPB": 1}})).await;
    assert_eq!(tenant.attempt(SPB, |_| {}).await, joined());
    tenant.simulated.world(|world| world.tenant.take_seats(None, 0));
    assert_eq!(tenant.until_processed(LicenseState::Joined).await, Attempt::SeatLost);
    // Now one is on its way.
    assert_eq!(tenant.in_state(LicenseState::Awaited).await, Attempt::NoSeat);
    tenant.simulated.world(|world| world.buy_seats(SPB, 1, 0));
    let found = tenant.until_processed(LicenseState::Awaited).await;
    assert!(matches!(found, Attempt::Assigned { by_group: Some(_) }), "{found:?}");
}

#[tokio::test]
async fn a_license_that_no_group_carries_is_told() {
    let tenant = Tenant::new(json!({})).await;
    assert_eq!(
        tenant.attempt(BASIC, |_| {}).await,
        Attempt::NoGroup("no group of the tenant carries it".into())
    );
}

#[tokio::test]
async fn microsofts_reasons_are_told_in_words() {
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
            matches!(&found, Attempt::Refused(why) if why.contains(words)),
            "{error}: {found:?}"
        );
    }
}

#[tokio::test]
async fn what_builds_on_another_license_comes_after_it() {
    for by_group in [false, true] {
        let tenant = Tenant::new(json!({})).await;
        tenant.rule("DependencyViolation", Some(BASIC));
        if by_group {
            assert_eq!(tenant.attempt(SPB, |_| {}).await, joined());
            for _ in 0..2 {
                assert_eq!(tenant.in_state(LicenseState::Joined).await, Attempt::Processing);
            }
        }
        let first = |job: &mut Job<'_>| {
            (job.by_group, job.others_open) = (by_group, true);
            job.state = by_group.then_some(LicenseState::Joined);
        };
        assert_eq!(tenant.attempt(SPB, first).await, Attempt::Postponed);
        let again = |job: &mut Job<'_>| (job.by_group, job.state) = (by_group, Some(LicenseState::Postponed));
        if !by_group {
            let refused = tenant.attempt(SPB, again).await;
            assert!(matches!(refused, Attempt::Refused(_)), "once: {refused:?}");
        }
        let basic = tenant.attempt(BASIC, |job| job.by_group = false).await;
        assert!(matches!(basic, Attempt::Assigned { .. }), "{basic:?}");
        let mut found = tenant.attempt(SPB, again).await;
        for _ in 0..9 {
            if found == Attempt::Processing {
                found = tenant.attempt(SPB, again).await;
            }
        }
        assert!(matches!(found, Attempt::Assigned { .. }), "{by_group}: {found:?}");
    }
}

#[tokio::test]
async fn a_dependency_that_stays_is_reported_in_the_end() {
    let tenant = Tenant::new(json!({})).await;
    tenant.rule("DependencyViolation", None);
    assert_eq!(tenant.attempt(SPB, |_| {}).await, joined());
    let told = tenant.until_processed(LicenseState::Joined).await;
    assert!(
        matches!(told, Attempt::Refused(_)),
        "nothing else to wait for: {told:?}"
    );
    assert_eq!(tenant.in_state(LicenseState::Postponed).await, Attempt::Processing);
    let last = |job: &mut Job<'_>| (job.state, job.last) = (Some(LicenseState::Postponed), true);
    let told = tenant.attempt(SPB, last).await;
    assert!(
        matches!(&told, Attempt::Refused(why) if why.contains("another license")),
        "{told:?}"
    );
}
