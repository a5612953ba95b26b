//! The routes: a form and a submission for each kind of request.

use std::sync::Arc;

use domain::role::Role;
use web::{Routes, member};

use crate::{App, offboard, submit};

pub(crate) fn routes() -> Routes<Arc<App>> {
    let submits = member(Role::submits);
    Routes::default()
        .get("/orgs/{org}/onboardings/new", submits, submit::blank)
        .post("/orgs/{org}/onboardings", submits, submit::submit)
        .get("/orgs/{org}/offboardings/new", submits, offboard::blank)
        .post("/orgs/{org}/offboardings", submits, offboard::submit)
}
