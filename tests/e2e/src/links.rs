//! Links of mails and notes, and clicks on them.

use crate::http::{Answer, Call};

/// The link that comes first after the words.
pub fn after(text: &str, words: &str) -> String {
    let rest = text.split_once(words).map_or("", |(_, rest)| rest);
    let link = rest.split_whitespace().find(|word| word.starts_with("http"));
    link.unwrap_or_else(|| panic!("no link after \"{words}\" in:\n{text}"))
        .to_owned()
}

/// Opens the page as a browser does, without its script.
pub fn open(link: &str) -> Answer {
    Call::new("GET", link).header("accept", "text/html").send()
}

/// What everybody gives as a reason.
pub const REASON: &str = "There is no budget";
const FORM: &str = "application/x-www-form-urlencoded";

/// Presses the page's one button, and gets the answer as the page's script does.
pub fn press(link: &str) -> Answer {
    let body = format!("reason={}", REASON.replace(' ', "+"));
    Call::new("POST", link)
        .header("accept", "application/json")
        .body(FORM, body)
        .send()
}

/// Says nothing beside what the link says.
pub fn press_silently(link: &str) -> Answer {
    Call::new("POST", link).header("accept", "application/json").send()
}

/// Presses the button without script.
pub fn press_plainly(link: &str) -> Answer {
    Call::new("POST", link)
        .header("accept", "text/html")
        .body(FORM, "")
        .send()
}
