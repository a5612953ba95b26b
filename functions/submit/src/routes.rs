//! The routes: a form and a submission for each kind of request.

use std::sync::Arc;

use domain::role::Role;
use domain::submission::{Offboarding, Onboarding};
use web::{Routes, member};

use crate::{App, flow};

pub(crate) fn routes() -> Routes<Arc<App>> {
    let submits = member(Role::submits);
    Routes::default()
        .get("/orgs/{org}/onboardings/new", submits, flow::blank::<Onboarding>)
        .post("/orgs/{org}/onboardings", submits, flow::submit::<Onboarding>)
        .get("/orgs/{org}/offboardings/new", submits, flow::blank::<Offboarding>)
        .post("/orgs/{org}/offboardings", submits, flow::submit::<Offboarding>)
}
