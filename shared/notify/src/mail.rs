//! Sends mail through Amazon SES, each as text and as HTML.
//!
//! Subject and text contain nothing hidden: no line break in the subject, which would start another header, and no
//! marks that change the reading direction. The HTML is the escaped text, see [`crate::html`]. Mail programs turn
//! addresses in a text into links, so texts from people arrive here without any, see [`domain::text::unlinked`].

use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use domain::step_error::StepError;
use domain::text::{one_line, visible};
use secrecy::{ExposeSecret, SecretString};

use crate::html;

const SYSTEM: &str = "SES";
const SUBJECT_LIMIT: usize = 150;
/// SES's limit for one mail.
const MOST_RECIPIENTS: usize = 50;
/// RFC 5321: 64 for the local part, 255 for the domain.
const ADDRESS_LIMIT: usize = 320;

/// One mail. Its text is treated as a secret, because it contains links that decide and sometimes a password.
pub struct Mail {
    pub to: Vec<String>,
    pub reply_to: Option<String>,
    pub subject: String,
    pub text: SecretString,
    /// The clickable links, each of which is at the end of a line of the text.
    pub links: Vec<SecretString>,
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

    /// Sends a mail. Success means that SES accepted it. SES cannot be asked later, so a repeated step may repeat a
    /// mail.
    pub async fn send(&self, mail: &Mail) -> Result<(), StepError> {
        if mail.to.is_empty() || mail.to.len() > MOST_RECIPIENTS {
            return Err(StepError::Permanent(format!(
                "a mail has 1 to {MOST_RECIPIENTS} recipients"
            )));
        }
        for address in mail.to.iter().chain(&mail.reply_to) {
            check_address(address)?;
        }
        let text = SecretString::from(visible(mail.text.expose_secret()));
        let html = html::page(&text, &mail.links)?;
        let body = Body::builder()
            .text(content(text.expose_secret())?)
            .html(content(html.expose_secret())?)
            .build();
        let message = Message::builder()
            .subject(content(&short_subject(&mail.subject))?)
            .body(body)
            .build();
        self.ses
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().set_to_addresses(Some(mail.to.clone())).build())
            .set_reply_to_addresses(mail.reply_to.clone().map(|address| vec![address]))
            .content(EmailContent::builder().simple(message).build())
            .send()
            .await
            .map_err(|error| send_error(&error))?;
        Ok(())
    }
}

fn content(text: &str) -> Result<Content, StepError> {
    Content::builder()
        .charset("UTF-8")
        .data(text)
        .build()
        .map_err(|_| StepError::Permanent("the mail could not be built".to_owned()))
}

/// Refuses line breaks, lists and display names, so that an address is a single address. The error does not repeat it.
fn check_address(address: &str) -> Result<(), StepError> {
    let wrong = |c: char| c.is_control() || c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '"');
    let halves = address
        .rsplit_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if !halves || address.len() > ADDRESS_LIMIT || address.contains(wrong) {
        return Err(StepError::Permanent(
            "an address of the mail is not a plain mail address".to_owned(),
        ));
    }
    Ok(())
}

/// Shortens a subject and puts it on one line.
fn short_subject(subject: &str) -> String {
    let clean = one_line(subject);
    let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if clean.chars().count() <= SUBJECT_LIMIT {
        return clean;
    }
    clean.chars().take(SUBJECT_LIMIT - 1).chain(['…']).collect()
}

/// SES's messages quote addresses, so the error has only SES's error name.
fn send_error(error: &SdkError<SendEmailError>) -> StepError {
    let SdkError::ServiceError(answer) = error else {
        return match error {
            SdkError::ConstructionFailure(_) => {
                StepError::Permanent(format!("the mail for {SYSTEM} could not be built"))
            }
            _ => {
                tracing::warn!(system = SYSTEM, "vendor error");
                StepError::Transient(format!("{SYSTEM} could not be reached or broke the connection"))
            }
        };
    };
    let code = answer.err().code().unwrap_or("no error name");
    let status = answer.raw().status().as_u16();
    tracing::warn!(system = SYSTEM, status, code, "vendor error");
    match code {
        "TooManyRequestsException" | "LimitExceededException" | "ThrottlingException" => {
            StepError::Transient(format!("{SYSTEM} asks for fewer mails ({code})"))
        }
        _ if status >= 500 => StepError::Transient(format!("{SYSTEM} is out of order ({status})")),
        "BadRequestException" => StepError::Permanent(format!("{SYSTEM} refused the mail ({code})")),
        _ => StepError::NeedsAttention(format!(
            "{SYSTEM} does not send ({code}); check that the sender is verified, the account may send to everybody, \
             and the function's role allows it"
        )),
    }
}
