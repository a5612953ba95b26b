//! Headless Chromium, by the few commands of WebDriver that the tests need.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use crate::{
    http::{Answer, Call},
    wait::until,
};

/// WebDriver's name of the member that holds an element's id.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

#[derive(Debug)]
pub struct Browser {
    driver: Child,
    session: String,
}

impl Browser {
    /// A fresh profile, signed in nowhere.
    pub fn start() -> Self {
        let (driver, port) = start_driver();
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"args": arguments}}}});
        let base = format!("http://127.0.0.1:{port}/session");
        let made = Call::new("POST", &base).json(&wanted).send().expect(200).json();
        let id = made["value"]["sessionId"].as_str().expect("a session").to_owned();
        Self {
            driver,
            session: format!("{base}/{id}"),
        }
    }

    fn command(&self, method: &'static str, path: &str, body: Option<&Value>) -> Value {
        let answer = self.ask(method, path, body);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()["value"].clone()
    }

    fn ask(&self, method: &'static str, path: &str, body: Option<&Value>) -> Answer {
        let call = Call::new(method, format!("{}/{path}", self.session));
        match body {
            Some(body) => call.json(body).send(),
            None => call.send(),
        }
    }

    pub fn open(&self, url: &str) {
        self.command("POST", "url", Some(&json!({ "url": url })));
    }

    pub fn url(&self) -> String {
        self.command("GET", "url", None)
            .as_str()
            .expect("an address")
            .to_owned()
    }

    pub fn text(&self) -> String {
        self.run("return document.body.innerText")
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    pub fn run(&self, script: &str) -> Value {
        self.command("POST", "execute/sync", Some(&json!({"script": script, "args": []})))
    }

    /// The elements that the CSS selector fits.
    fn find(&self, selector: &str) -> Vec<String> {
        let found = self.command(
            "POST",
            "elements",
            Some(&json!({"using": "css selector", "value": selector})),
        );
        let elements = found.as_array().cloned().unwrap_or_default();
        elements
            .iter()
            .map(|element| element[ELEMENT].as_str().expect("an id").to_owned())
            .collect()
    }

    fn one(&self, selector: &str) -> String {
        until(&format!("{selector} on {}", self.url()), || {
            self.find(selector).into_iter().next()
        })
    }

    pub fn has(&self, selector: &str) -> bool {
        !self.find(selector).is_empty()
    }

    pub fn click(&self, selector: &str) {
        self.command(
            "POST",
            &format!("element/{}/click", self.one(selector)),
            Some(&json!({})),
        );
    }

    /// Types into a field, as a person would.
    pub fn fill(&self, selector: &str, text: &str) {
        self.command(
            "POST",
            &format!("element/{}/value", self.one(selector)),
            Some(&json!({ "text": text })),
        );
    }

    pub fn waits_for_text(&self, words: &str) -> String {
        until(&format!("\"{words}\" on the page"), || {
            Some(self.text()).filter(|text| text.contains(words))
        })
    }

    /// How many windows are open; none when the last one has closed itself.
    pub fn windows(&self) -> usize {
        let answer = self.ask("GET", "window/handles", None);
        if answer.status != 200 {
            return 0;
        }
        answer.json()["value"].as_array().map_or(0, Vec::len)
    }
}

/// On a port of its own choice; another program may snatch it, and then it ends at once.
fn start_driver() -> (Child, String) {
    let mut said = String::new();
    for _ in 0..5 {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver; on Debian it is in the package chromium-driver");
        let lines = BufReader::new(driver.stdout.take().expect("a pipe")).lines();
        for line in lines.map_while(Result::ok) {
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                return (driver, port.trim_end_matches('.').to_owned());
            }
            said.push_str(&line);
            said.push('\n');
        }
        let _ = driver.wait();
    }
    panic!("chromedriver doesn't start:\n{said}")
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = Call::new("DELETE", &self.session).try_send();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
