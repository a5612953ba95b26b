//! The forms, and submissions.

mod ask;
mod form;
mod offboard;
mod preview;
mod record;
mod submit;

use domain::fault::Fault;
use step::Aws;
use store::secrets::Secrets;
use web::{Answer, Call, Problem, Web};

/// What the handlers work with.
#[derive(Clone)]
struct Desk {
    web: Web,
    secrets: Secrets,
    step_functions: aws_sdk_sfn::Client,
}

impl Desk {
    async fn open() -> Result<Self, Fault> {
        let aws = Aws::load().await;
        Ok(Self {
            web: Web::new(&aws)?,
            secrets: aws.secrets()?,
            step_functions: aws.step_functions(),
        })
    }

    async fn handle(&self, call: &Call) -> Result<Answer, Problem> {
        match (call.verb(), call.route()) {
            ("GET", "/orgs/{org}/onboardings/new") => submit::blank(self, call).await,
            ("POST", "/orgs/{org}/onboardings") => submit::submit(self, call).await,
            ("GET", "/orgs/{org}/offboardings/new") => offboard::blank(self, call).await,
            ("POST", "/orgs/{org}/offboardings") => offboard::submit(self, call).await,
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
