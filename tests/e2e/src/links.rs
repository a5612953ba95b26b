//! Finds links in mails and notes, and clicks on them.

use crate::http::{Answer, Call};

/// Finds the first link after the words.
pub fn after(text: &str, words: &str) -> String {
    let rest = text.split_once(words).map_or("", |(_, rest)| rest);
    let link = rest.split_whitespace().find(|word| word.starts_with("http"));
    link.unwrap_or_else(|| panic!("no link after \"{words}\" in:\n{text}"))
        .to_owned()
}

/// Opens the page as a browser without script does.
pub fn open(link: &str) -> Answer {
    Call::new("GET", link).header("accept", "text/html").send()
}

/// The reason that the helpers give for every decision.
pub const REASON: &str = "There is no budget";
const FORM: &str = "application/x-www-form-urlencoded";

/// Presses the page's only button, and returns the answer that the page's script would get.
pub fn press(link: &str) -> Answer {
    let body = format!("reason={}", REASON.replace(' ', "+"));
    Call::new("POST", link)
        .header("accept", "application/json")
        .body(FORM, body)
        .send()
}

/// Presses the button without giving a reason.
pub fn press_silently(link: &str) -> Answer {
    Call::new("POST", link).header("accept", "application/json").send()
}

/// Presses the button as a browser without script does.
pub fn press_plainly(link: &str) -> Answer {
    Call::new("POST", link)
        .header("accept", "text/html")
        .body(FORM, "")
        .send()
}
