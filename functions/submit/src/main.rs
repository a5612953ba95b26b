//! The forms, and submissions.

mod flow;
mod form;
mod kinds;
mod preview;
mod record;
mod submit_request;

use domain::step_error::StepError;
use domain::submission::{Offboarding, Onboarding};
use runtime::Aws;
use store::secrets::Secrets;
use web::{Answer, Call, ProblemDetails, Web};

/// What the handlers work with.
#[derive(Clone)]
struct App {
    web: Web,
    secrets: Secrets,
    step_functions: aws_sdk_sfn::Client,
}

impl App {
    async fn open() -> Result<Self, StepError> {
        let aws = Aws::load().await;
        Ok(Self {
            web: Web::new(&aws)?,
            secrets: aws.secrets()?,
            step_functions: aws.step_functions(),
        })
    }

    async fn handle(&self, call: &Call) -> Result<Answer, ProblemDetails> {
        match (call.verb(), call.route()) {
            ("GET", "/orgs/{org}/onboardings/new") => flow::blank::<Onboarding>(self, call).await,
            ("POST", "/orgs/{org}/onboardings") => flow::submit::<Onboarding>(self, call).await,
            ("GET", "/orgs/{org}/offboardings/new") => flow::blank::<Offboarding>(self, call).await,
            ("POST", "/orgs/{org}/offboardings") => flow::submit::<Offboarding>(self, call).await,
            _ => Err(ProblemDetails::not_found()),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    runtime::init_logs();
    let desk = App::open().await?;
    let web = desk.web.clone();
    web::serve("submit", &web, move |call| {
        let desk = desk.clone();
        async move { desk.handle(&call).await }
    })
    .await
}
