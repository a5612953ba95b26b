//! The onboarding form, and submissions.

mod ask;
mod form;
mod preview;
mod record;
mod submit;

use domain::fault::Fault;
use step::{Aws, Env};
use store::secrets::Secrets;
use web::{Answer, Call, Problem, Web};

/// What the handlers work with.
#[derive(Clone)]
struct Desk {
    web: Web,
    secrets: Secrets,
    step_functions: aws_sdk_sfn::Client,
    state_machine: String,
}

impl Desk {
    async fn open() -> Result<Self, Fault> {
        let aws = Aws::load().await;
        Ok(Self {
            web: Web::new(&aws)?,
            secrets: aws.secrets()?,
            step_functions: aws.step_functions(),
            state_machine: Env.state_machine_arn()?,
        })
    }

    async fn handle(&self, call: &Call) -> Result<Answer, Problem> {
        match (call.verb(), call.route()) {
            ("GET", "/orgs/{org}/onboardings/new") => submit::blank(self, call).await,
            ("POST", "/orgs/{org}/onboardings") => submit::submit(self, call).await,
            _ => Err(Problem::not_found()),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    step::init_logs();
    let desk = Desk::open().await?;
    let web = desk.web.clone();
    web::serve("submit", &web, move |call| {
        let desk = desk.clone();
        async move { desk.handle(&call).await }
    })
    .await
}
