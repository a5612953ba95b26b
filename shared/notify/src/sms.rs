//! Sends text messages through Amazon SNS, directly to a phone.

use aws_sdk_sns::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_sns::operation::publish::PublishError;
use aws_sdk_sns::types::MessageAttributeValue;
use domain::contact::PhoneNumber;
use domain::step_error::StepError;
use secrecy::{ExposeSecret, SecretString};

const SYSTEM: &str = "SNS";
/// SNS's limit. A text that is longer than one message is sent, and charged, as several.
const TEXT_LIMIT: usize = 1600;

/// One message. Its text is treated as a secret, because it contains a password or a link to one.
pub struct Sms {
    pub to: PhoneNumber,
    pub text: SecretString,
}

#[derive(Debug, Clone)]
pub struct SmsSender {
    sns: aws_sdk_sns::Client,
    /// The sender's name on the phone, in countries that support it.
    name: String,
    /// The highest price in US dollars; a more expensive message is not sent.
    max_price: String,
}

impl SmsSender {
    pub fn new(sns: aws_sdk_sns::Client, name: String, max_price: String) -> Self {
        Self { sns, name, max_price }
    }

    /// Sends a message. Success means that SNS accepted it. SNS cannot be asked later, so a repeated step may repeat a
    /// message.
    pub async fn send(&self, sms: &Sms) -> Result<(), StepError> {
        // The text contains only a sign-in name and a generated password, and nothing that people wrote.
        let text = sms.text.expose_secret();
        if text.is_empty() || text.chars().count() > TEXT_LIMIT {
            return Err(StepError::Permanent(format!(
                "a text message has 1 to {TEXT_LIMIT} characters"
            )));
        }
        let unbuilt = |_: BuildError| StepError::Permanent("the text message could not be built".to_owned());
        self.sns
            .publish()
            .phone_number(sms.to.as_str())
            .message(text)
            .message_attributes("AWS.SNS.SMS.SMSType", of("String", "Transactional").map_err(unbuilt)?)
            .message_attributes("AWS.SNS.SMS.SenderID", of("String", &self.name).map_err(unbuilt)?)
            .message_attributes("AWS.SNS.SMS.MaxPrice", of("Number", &self.max_price).map_err(unbuilt)?)
            .send()
            .await
            .map_err(|error| send_error(&error))?;
        Ok(())
    }
}

fn of(kind: &str, value: &str) -> Result<MessageAttributeValue, BuildError> {
    MessageAttributeValue::builder()
        .data_type(kind)
        .string_value(value)
        .build()
}

/// SNS's messages quote numbers, so the error has only SNS's error name.
fn send_error(error: &SdkError<PublishError>) -> StepError {
    let SdkError::ServiceError(answer) = error else {
        return match error {
            SdkError::ConstructionFailure(_) => {
                StepError::Permanent(format!("the text message for {SYSTEM} could not be built"))
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
    match code.trim_end_matches("Exception") {
        "Throttled" | "Throttling" | "RequestThrottled" => {
            StepError::Transient(format!("{SYSTEM} asks for fewer messages ({code})"))
        }
        _ if status >= 500 || status == 429 => StepError::Transient(format!("{SYSTEM} is out of order ({status})")),
        "InvalidParameter" | "InvalidParameterValue" | "ParameterValueInvalid" | "Validation" | "ValidationError" => {
            StepError::Permanent(format!("{SYSTEM} refused the number or the text ({code})"))
        }
        "OptedOut" => StepError::NeedsAttention(format!(
            "the phone has opted out of text messages ({code}); it has to opt in again"
        )),
        _ => StepError::NeedsAttention(format!(
            "{SYSTEM} does not send ({code}); check that the account may send text messages to everybody, and the \
             function's role allows it"
        )),
    }
}
