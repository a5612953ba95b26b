//! The state of the handlers.

use web::{HasWeb, Web};

pub(crate) struct App {
    pub(crate) web: Web,
    pub(crate) step_functions: aws_sdk_sfn::Client,
}

impl HasWeb for App {
    fn web(&self) -> &Web {
        &self.web
    }
}
