//! The differences between the two forms on the way from a call to a request.

use domain::authority::Facts;
use domain::job::Job;
use domain::request::UserRef;
use domain::role::Role;
use domain::step_error::StepError;
use domain::submission::{Form, Offboarding, Onboarding};
use domain::variables::OrgVariables;
use integrations::OrgConfig;
use planning::{Asks, Checked, OffboardingFound, OnboardingFound, Planner};
use serde::Serialize;
use store::requests::RequestRecord;
use store::secrets::Secrets;

use crate::form::{self, Offer, PlanView};
use crate::preview::{DryRun, OffboardingPreview, OnboardingPreview};

/// A form that can be submitted.
pub(crate) trait Submission: Form + Into<Job> {
    /// What a check finds in the tenant.
    type Found: Default;
    /// The form's name in the paths of its routes.
    const ROUTE: &'static str;
    const TITLE: &'static str;
    /// How often it is planned; again each time another request took the username between check and write.
    const TRIES: usize;
    /// The error after the last try.
    const OVERTAKEN: &'static str;

    fn facts(role: Role, fields: &Self::Fields, variables: &OrgVariables) -> Facts;

    async fn plan(
        planner: &Planner<'_>,
        fields: &Self::Fields,
        asks: Asks<'_>,
    ) -> Result<Checked<Self::Found>, StepError>;

    fn account(found: Self::Found) -> ExistingAccount;

    /// The JSON response of a dry run.
    fn preview(dry_run: &DryRun<Self::Found>, role: Role) -> impl Serialize;

    /// The plan as the page shows it; `None` if nothing could be looked up.
    fn plan_rows(dry_run: &DryRun<Self::Found>, view: PlanView) -> Option<Vec<form::PlanRow>>;

    /// The lists of the page; `None` if the form has none.
    async fn offer(secrets: &Secrets, config: &OrgConfig) -> Result<Option<Offer>, StepError>;
}

/// The existing account that a request is about, if there is one.
#[derive(Default)]
pub(crate) struct ExistingAccount {
    pub(crate) user: Option<UserRef>,
    /// The waiting request about the account that the new one replaces.
    pub(crate) supersedes: Option<RequestRecord>,
}

impl Submission for Onboarding {
    type Found = OnboardingFound;
    const ROUTE: &'static str = "onboardings";
    const TITLE: &'static str = "New onboarding";
    const TRIES: usize = 4;
    const OVERTAKEN: &'static str = "usernames are being reserved by other submissions";

    fn facts(role: Role, fields: &Self::Fields, variables: &OrgVariables) -> Facts {
        Facts::onboarding(role, fields, variables)
    }

    async fn plan(
        planner: &Planner<'_>,
        fields: &Self::Fields,
        asks: Asks<'_>,
    ) -> Result<Checked<OnboardingFound>, StepError> {
        planner.plan_new(fields, asks).await
    }

    fn account(_: OnboardingFound) -> ExistingAccount {
        ExistingAccount::default()
    }

    fn preview(dry_run: &DryRun<OnboardingFound>, role: Role) -> impl Serialize {
        OnboardingPreview::of(dry_run, role)
    }

    fn plan_rows(dry_run: &DryRun<OnboardingFound>, view: PlanView) -> Option<Vec<form::PlanRow>> {
        form::onboarding_rows(dry_run, view)
    }

    async fn offer(secrets: &Secrets, config: &OrgConfig) -> Result<Option<Offer>, StepError> {
        let graph = integrations::graph(secrets, &config.organisation).await?;
        let (domains, skus) = tokio::try_join!(graph.domains(), graph.subscribed_skus())?;
        Ok(Some(Offer::of(domains, skus)))
    }
}

impl Submission for Offboarding {
    type Found = OffboardingFound;
    const ROUTE: &'static str = "offboardings";
    const TITLE: &'static str = "New offboarding";
    // A repeated call finds the other request, or finds that it has ended.
    const TRIES: usize = 1;
    const OVERTAKEN: &'static str = "another request has just taken the account";

    fn facts(role: Role, fields: &Self::Fields, variables: &OrgVariables) -> Facts {
        Facts::offboarding(role, fields, variables)
    }

    async fn plan(
        planner: &Planner<'_>,
        fields: &Self::Fields,
        asks: Asks<'_>,
    ) -> Result<Checked<OffboardingFound>, StepError> {
        planner.plan_offboarding(fields, asks).await
    }

    fn account(found: OffboardingFound) -> ExistingAccount {
        ExistingAccount {
            user: found.user,
            supersedes: found.supersedes,
        }
    }

    fn preview(dry_run: &DryRun<OffboardingFound>, role: Role) -> impl Serialize {
        OffboardingPreview::of(dry_run, role)
    }

    fn plan_rows(dry_run: &DryRun<OffboardingFound>, view: PlanView) -> Option<Vec<form::PlanRow>> {
        form::offboarding_rows(dry_run, view)
    }

    async fn offer(_: &Secrets, _: &OrgConfig) -> Result<Option<Offer>, StepError> {
        Ok(None)
    }
}
