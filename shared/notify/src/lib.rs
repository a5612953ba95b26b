//! Mail through SES.

use domain::fault::Fault;
use secrecy::SecretString;

/// One mail. Its texts count as secret: they hold links that decide, and sometimes a password.
pub struct Mail {
    pub to: Vec<String>,
    pub reply_to: Option<String>,
    pub subject: String,
    pub text: SecretString,
    pub html: Option<SecretString>,
}

#[derive(Debug, Clone)]
pub struct Mailer {
    ses: aws_sdk_sesv2::Client,
    from: String,
}

impl Mailer {
    pub fn new(ses: aws_sdk_sesv2::Client, from: String) -> Self {
        Self { ses, from }
    }

    pub async fn send(&self, mail: &Mail) -> Result<(), Fault> {
        let _ = (&self.ses, &self.from, mail);
        Err(Fault::Permanent("being written".to_owned()))
    }
}
