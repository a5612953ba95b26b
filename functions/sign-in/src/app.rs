//! The state of the handlers.

use domain::step_error::StepError;
use store::secrets::Secrets;
use web::{HasWeb, Web};

use crate::cookie::Keys;
use crate::google::Google;

pub(crate) struct App {
    pub(crate) web: Web,
    /// `None` if sign-in with Google is not set up.
    pub(crate) google: Option<Google>,
    pub(crate) secrets: Secrets,
}

impl App {
    pub(crate) async fn keys(&self) -> Result<Keys, StepError> {
        Ok(Keys::new(self.secrets.sign_in_keys().await?))
    }
}

impl HasWeb for App {
    fn web(&self) -> &Web {
        &self.web
    }
}
