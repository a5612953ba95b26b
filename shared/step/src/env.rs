//! What the template tells a function.

use domain::fault::Fault;
use url::Url;

/// Read when it is asked for, so that a function needs only what it uses.
#[derive(Debug, Clone, Copy)]
pub struct Env;

impl Env {
    pub fn table_prefix(self) -> Result<String, Fault> {
        required("TABLE_PREFIX")
    }

    pub fn secret_prefix(self) -> Result<String, Fault> {
        required("SECRET_PREFIX")
    }

    pub fn state_machine_arn(self) -> Result<String, Fault> {
        required("STATE_MACHINE_ARN")
    }

    /// The address that people reach Gangway at; ends without a slash.
    pub fn base_url(self) -> Result<String, Fault> {
        let text = required("BASE_URL")?;
        parse("BASE_URL", &text)?;
        Ok(text.trim_end_matches('/').to_owned())
    }

    pub fn graph_url(self) -> Result<Url, Fault> {
        url("GRAPH_URL")
    }

    pub fn graph_login_url(self) -> Result<Url, Fault> {
        url("GRAPH_LOGIN_URL")
    }

    /// Where Autotask says which of its servers has an organisation.
    pub fn autotask_url(self) -> Result<Url, Fault> {
        url("AUTOTASK_URL")
    }

    pub fn pax8_url(self) -> Result<Url, Fault> {
        url("PAX8_URL")
    }

    pub fn sherweb_url(self) -> Result<Url, Fault> {
        url("SHERWEB_URL")
    }

    pub fn td_synnex_url(self) -> Result<Url, Fault> {
        url("TD_SYNNEX_URL")
    }

    /// An address that an organisation gave, if it is one that we may call.
    pub fn given_address(self, what: &str, text: &str) -> Result<Url, Fault> {
        outbound::given_address(what, text, &optional("LOCAL_ORIGINS").unwrap_or_default())
    }

    /// Sender of every mail.
    pub fn mail_from(self) -> Result<String, Fault> {
        required("MAIL_FROM")
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the place that reads the environment")]
fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn required(name: &str) -> Result<String, Fault> {
    optional(name).ok_or_else(|| Fault::Permanent(format!("the function's variable {name} is not set")))
}

fn url(name: &str) -> Result<Url, Fault> {
    parse(name, &required(name)?)
}

fn parse(name: &str, text: &str) -> Result<Url, Fault> {
    Url::parse(text).map_err(|_| Fault::Permanent(format!("the function's variable {name} is not an address")))
}
