//! The environment variables that the template sets for a function.

use domain::request::RequestKey;
use domain::step_error::StepError;
use url::Url;

/// Reads each variable on demand, so that a function needs only those it uses. A missing or malformed variable is a
/// permanent error.
#[derive(Debug, Clone, Copy)]
pub struct Env;

impl Env {
    pub fn table_prefix(self) -> Result<String, StepError> {
        required("TABLE_PREFIX")
    }

    pub fn secret_prefix(self) -> Result<String, StepError> {
        required("SECRET_PREFIX")
    }

    /// The ARN of the state machine, which handles requests of every kind.
    pub fn state_machine_arn(self) -> Result<String, StepError> {
        required("STATE_MACHINE_ARN")
    }

    /// The public address of Gangway, without a trailing slash.
    pub fn base_url(self) -> Result<String, StepError> {
        let text = required("BASE_URL")?;
        parse("BASE_URL", &text)?;
        Ok(text.trim_end_matches('/').to_owned())
    }

    /// The address of the page of a request.
    pub fn request_page(self, key: &RequestKey) -> Result<String, StepError> {
        Ok(format!(
            "{}/orgs/{}/requests/{}",
            self.base_url()?,
            key.org,
            key.request
        ))
    }

    pub fn graph_url(self) -> Result<Url, StepError> {
        url_or("GRAPH_URL", "https://graph.microsoft.com/v1.0")
    }

    pub fn graph_login_url(self) -> Result<Url, StepError> {
        url_or("GRAPH_LOGIN_URL", "https://login.microsoftonline.com")
    }

    /// The Autotask server that knows which server hosts an organisation.
    pub fn autotask_url(self) -> Result<Url, StepError> {
        url_or("AUTOTASK_URL", "https://webservices.autotask.net/ATServicesRest")
    }

    pub fn pax8_url(self) -> Result<Url, StepError> {
        url_or("PAX8_URL", "https://api.pax8.com/v1")
    }

    pub fn sherweb_url(self) -> Result<Url, StepError> {
        url_or("SHERWEB_URL", "https://api.sherweb.com")
    }

    pub fn td_synnex_url(self) -> Result<Url, StepError> {
        url_or("TD_SYNNEX_URL", "https://ion.tdsynnex.com")
    }

    /// Checks an address that an organisation has set. Returns an error if Gangway may not call it.
    pub fn given_address(self, what: &str, text: &str) -> Result<Url, StepError> {
        outbound::given_address(what, text, &self.local_origins())
    }

    /// Origins exempt from the check of [`given_address`](Self::given_address): the simulators of the local engine.
    pub fn local_origins(self) -> String {
        optional("LOCAL_ORIGINS").unwrap_or_default()
    }

    pub fn google_issuer(self) -> Result<String, StepError> {
        required("GOOGLE_ISSUER")
    }

    /// `None` if sign-in with Google is not set up.
    pub fn google_client_id(self) -> Option<String> {
        optional("GOOGLE_CLIENT_ID")
    }

    /// The sender of every mail.
    pub fn mail_from(self) -> Result<String, StepError> {
        required("MAIL_FROM")
    }

    /// The sender's name on text messages, in countries that support sender names.
    pub fn sms_sender_name(self) -> Result<String, StepError> {
        required("SMS_SENDER_NAME")
    }

    /// The highest price of one text message, in US dollars.
    pub fn sms_max_price(self) -> Result<String, StepError> {
        required("SMS_MAX_PRICE")
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the place that reads the environment")]
fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn required(name: &str) -> Result<String, StepError> {
    optional(name).ok_or_else(|| StepError::Permanent(format!("the function's variable {name} is not set")))
}

/// A vendor's public address, unless the template names another one, such as that of a national cloud or of a
/// simulator.
fn url_or(name: &str, public: &str) -> Result<Url, StepError> {
    parse(name, optional(name).as_deref().unwrap_or(public))
}

fn parse(name: &str, text: &str) -> Result<Url, StepError> {
    Url::parse(text).map_err(|_| StepError::Permanent(format!("the function's variable {name} is not an address")))
}
