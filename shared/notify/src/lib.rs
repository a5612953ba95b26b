//! Mail through Amazon SES and text messages through Amazon SNS.

mod html;
mod mail;
mod sms;

pub use mail::{Mail, Mailer};
pub use sms::{Sms, SmsSender};
