//! Messages that are sent once across all runs of a step.

use domain::step_error::StepError;
use messages::MailText;
use notify::{Mail, Sms};
use secrecy::SecretString;
use store::limits::{Allowed, Limit};

use crate::StepContext;

impl StepContext {
    /// A mail from the organisation; replies go to the organisation's own address.
    pub async fn mail(&self, to: &str, mail: MailText, links: Vec<SecretString>) -> Result<Mail, StepError> {
        let reply_to = self.config().await?.variables.send_from_address.as_ref();
        Ok(Mail {
            to: vec![to.to_owned()],
            reply_to: reply_to.map(ToString::to_string),
            subject: mail.subject,
            text: mail.text,
            links,
        })
    }

    /// Sends a mail once across all runs of a step. No system can say whether a mail was sent, so a crash between
    /// sending and recording sends it again; a metric counts that. The limits on submitted requests and dates bound the
    /// number of mails, so there is no limit here that could hold up a request.
    pub async fn mail_once(
        &self,
        effect: &str,
        compose: impl AsyncFn() -> Result<Mail, StepError>,
    ) -> Result<(), StepError> {
        let mailer = self.mailer()?;
        let send = async || mailer.send(&compose().await?).await;
        let repeated = async || {
            runtime::metric("MailRepeated", 1.0);
            Ok(None)
        };
        self.store.once(&self.key, effect, repeated, send).await
    }

    /// Sends a text message once across all runs of a step, like [`StepContext::mail_once`]. Each message costs money,
    /// so an organisation has a limit per hour; beyond it this returns a transient error.
    pub async fn sms_once(
        &self,
        effect: &str,
        compose: impl AsyncFn() -> Result<Sms, StepError>,
    ) -> Result<(), StepError> {
        if self.store.is_done(&self.key, effect).await? {
            return Ok(());
        }
        let limit = Limit::text_messages(&self.key.org);
        if self.store.allow(&limit).await? != Allowed::Yes {
            runtime::metric("LimitReached", 1.0);
            return Err(StepError::Transient(format!(
                "the organisation has sent its {} text messages {}",
                limit.most(),
                limit.each()
            )));
        }
        let sender = integrations::sms(&self.aws)?;
        let send = async || sender.send(&compose().await?).await;
        let repeated = async || {
            runtime::metric("SmsRepeated", 1.0);
            Ok(None)
        };
        self.store.once(&self.key, effect, repeated, send).await
    }
}
