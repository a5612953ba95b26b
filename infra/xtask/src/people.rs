//! Plays the people of the sample. Each opens a link that was sent to them, looks at the page, and presses its button.

use serde_json::Value;

use crate::{
    Result,
    demo::text,
    engine::Engine,
    http,
    vendors::{self, World},
};

/// As the approver, reads the mail and approves. Returns false if the mail has not arrived yet.
pub(crate) fn approve(engine: &Engine, world: &World) -> Result<bool> {
    let approver = world.people.approver.as_str();
    let inbox = http::get(&format!("{}/_ministack/ses/messages", engine.aws()), None)?
        .expect(200, "the mails")?
        .json()?;
    let mails = inbox
        .pointer("/messages")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|accounts| accounts.values());
    let mut mails = mails.filter_map(Value::as_array).flatten();
    let own = |mail: &&Value| {
        let to = mail
            .pointer("/To")
            .and_then(Value::as_array)
            .is_some_and(|to| to.iter().any(|to| to == approver));
        to && !links(text(mail, "/BodyText")).is_empty()
    };
    let Some(mail) = mails.find(own) else { return Ok(false) };
    let body = text(mail, "/BodyText");
    let Some(link) = link_after(body, "Approve") else {
        return Err(format!("the approver's mail has no link to approve:\n{body}").into());
    };
    println!(
        "  (playing {approver}, who reads \"{}\", opens the link and approves)",
        text(mail, "/Subject")
    );
    press(link)
}

/// As the technician, reads the ticket's note, buys a seat at the vendor, and confirms. Returns false if there is no
/// note yet.
pub(crate) fn buy_license(engine: &Engine, world: &World) -> Result<bool> {
    let notes = vendors::ticket(engine, world)?
        .map(|ticket| ticket.notes)
        .unwrap_or_default();
    let Some(link) = notes
        .iter()
        .find_map(|note| link_after(&note.text, "Confirm License Purchase"))
    else {
        return Ok(false);
    };
    println!(
        "  (playing the technician, who reads the ticket's note, buys a seat and clicks Confirm License Purchase)"
    );
    vendors::buy_seat(engine, world)?;
    press(link)
}

fn press(link: &str) -> Result<bool> {
    http::get(link, None)?.expect(200, "the link's page")?;
    http::press(link)?.expect(200, "the link's button")?;
    Ok(true)
}

/// Finds the first link after the words.
fn link_after<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(words)?;
    links(rest).into_iter().next()
}

fn links(text: &str) -> Vec<&str> {
    text.split_whitespace()
        .filter(|word| word.starts_with("http") && word.contains("/decide?"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::link_after;

    #[test]
    fn finds_the_link_that_belongs_to_the_words() {
        let note = "Confirm: http://a/decide?c=1\nReject License Purchase: http://a/decide?c=2\n";
        assert_eq!(link_after(note, "Reject"), Some("http://a/decide?c=2"));
        assert_eq!(link_after(note, "Approve"), None);
    }
}
