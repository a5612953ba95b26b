//! Mails, as their recipients receive them.

use serde_json::Value;

use crate::{engine::engine, http, wait::until};

#[derive(Debug, Clone)]
pub struct Mail {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Lists all mails to an address, oldest first.
pub fn to(address: &str) -> Vec<Mail> {
    let inbox = http::get(format!("{}/_ministack/ses/messages", engine().aws_endpoint))
        .expect(200)
        .json();
    let accounts = inbox["messages"].as_object().expect("mails by account");
    let mails = accounts.values().filter_map(Value::as_array).flatten();
    let own = mails.filter(|mail| {
        mail["To"]
            .as_array()
            .is_some_and(|to| to.iter().any(|to| to == address))
    });
    let text = |mail: &Value, field: &str| mail[field].as_str().unwrap_or_default().to_owned();
    own.map(|mail| Mail {
        subject: text(mail, "Subject"),
        text: text(mail, "BodyText"),
        html: text(mail, "BodyHtml"),
    })
    .collect()
}

/// Waits for the first mail to the address with these words in its subject or text.
pub fn first(address: &str, words: &str) -> Mail {
    until(&format!("a mail to {address} with \"{words}\""), || {
        to(address)
            .into_iter()
            .find(|mail| mail.subject.contains(words) || mail.text.contains(words))
    })
}
