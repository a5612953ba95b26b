//! Headless Chromium, driven by the few WebDriver commands that the tests need.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    engine::variable,
    http::{Answer, Call},
    wait::until,
};

/// The JSON member in which WebDriver puts an element's id.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

#[derive(Debug)]
pub struct Browser {
    driver: Child,
    session: String,
}

impl Browser {
    /// Starts a browser with a fresh profile, which is signed in nowhere.
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

    /// Reads a cookie from the browser and not from the page, because scripts may not see it.
    pub fn cookie(&self, name: &str) -> String {
        let cookie = self.command("GET", &format!("cookie/{name}"), None);
        format!("{name}={}", cookie["value"].as_str().expect("a value"))
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

    /// Finds the elements that match the CSS selector.
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

    /// Clicks something that loads another page, or this one again, and waits for the load.
    pub fn go(&self, selector: &str) {
        self.run("window.before = true");
        self.click(selector);
        self.is_another(selector);
    }

    /// Follows a link of the navigation by keyboard.
    pub fn follow(&self, words: &str) {
        let script = format!(
            "window.before = true;
             const link = [...document.querySelectorAll('nav a')].find(link => link.innerText === '{words}');
             link.focus();
             return document.activeElement === link"
        );
        assert_eq!(self.run(&script), true, "{words} can be reached by keyboard");
        self.press_enter();
        self.is_another(words);
    }

    fn is_another(&self, what: &str) {
        until(&format!("the page after {what}"), || {
            self.answers("return window.before === undefined && document.readyState === 'complete'")
                .then_some(())
        });
    }

    /// Whether the script returns true on the page. A page that is just being unloaded counts as false.
    fn answers(&self, script: &str) -> bool {
        let answer = self.ask("POST", "execute/sync", Some(&json!({"script": script, "args": []})));
        answer.status == 200 && answer.json()["value"] == true
    }

    /// Whether the page contains the words. A closed page contains none.
    pub fn says(&self, words: &str) -> bool {
        self.answers(&format!("return document.body.innerText.includes('{words}')"))
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

    /// Presses Enter on the element that has the focus.
    pub fn press_enter(&self) {
        let press = |kind| json!({"type": kind, "value": "\u{E007}"});
        let keys = json!({"actions": [{"type": "key", "id": "keys", "actions": [press("keyDown"), press("keyUp")]}]});
        self.command("POST", "actions", Some(&keys));
    }

    /// Opens an address in a new window, as links in other programs do.
    pub fn open_beside(&self, url: &str) {
        let window = self.command("POST", "window/new", Some(&json!({"type": "tab"})));
        self.command("POST", "window", Some(&json!({"handle": window["handle"]})));
        self.open(url);
    }

    /// Replaces the content of a field by typing.
    pub fn replace(&self, selector: &str, text: &str) {
        let element = self.one(selector);
        self.command("POST", &format!("element/{element}/clear"), Some(&json!({})));
        self.fill(selector, text);
    }

    /// Chooses an option by keyboard.
    pub fn choose(&self, selector: &str, option: &str) {
        self.click(&format!("{selector} option[value='{option}']"));
    }

    fn resize(&self, width: u32, height: u32) {
        let screen = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        let command = json!({"cmd": "Emulation.setDeviceMetricsOverride", "params": screen});
        self.command("POST", "goog/cdp/execute", Some(&command));
        until("the window to be resized", || {
            self.answers(&format!("return window.innerWidth === {width}"))
                .then_some(())
        });
    }

    fn prefer(&self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        let command = json!({"cmd": "Emulation.setEmulatedMedia", "params": {"features": features}});
        self.command("POST", "goog/cdp/execute", Some(&command));
    }

    /// Checks that everybody can use the page: axe-core finds nothing serious, and nothing is wider than a phone.
    /// Saves a picture for the documentation if pictures are asked for.
    pub fn is_fit_for_everybody(&self, name: &str) {
        for scheme in ["dark", "light"] {
            self.prefer(scheme);
            assert_eq!(
                self.findings(),
                Vec::<String>::new(),
                "{name}, {scheme}: {}",
                self.url()
            );
        }
        self.resize(360, 740);
        let overflow = self.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
        assert_eq!(overflow, 0, "{name} is wider than a phone");
        self.resize(1000, 760);
        if variable("GANGWAY_SCREENSHOTS").is_some() {
            self.picture(name);
        }
    }

    /// Lists the serious and critical findings of axe-core.
    pub fn findings(&self) -> Vec<String> {
        self.run(axe());
        let script = "const done = arguments[arguments.length - 1];
            axe.run({resultTypes: ['violations']}).then(
                found => done(found.violations
                    .filter(one => ['serious', 'critical'].includes(one.impact))
                    .map(one => one.id + ': ' + one.nodes.map(node => node.html).join(' '))),
                error => done(['axe-core failed: ' + error]));";
        let found = self.command("POST", "execute/async", Some(&json!({"script": script, "args": []})));
        serde_json::from_value(found).expect("a list of findings")
    }

    fn picture(&self, name: &str) {
        self.run("window.scrollTo(0, 0)");
        let picture = self.command("GET", "screenshot", None);
        let picture = STANDARD.decode(picture.as_str().expect("a picture")).expect("base64");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/pages");
        fs::create_dir_all(&folder).expect("docs/pages");
        fs::write(folder.join(format!("{name}.png")), picture).expect("docs/pages can be written");
    }

    /// Counts the open windows; 0 if the last one has closed itself.
    pub fn windows(&self) -> usize {
        let answer = self.ask("GET", "window/handles", None);
        if answer.status != 200 {
            return 0;
        }
        answer.json()["value"].as_array().map_or(0, Vec::len)
    }
}

fn axe() -> &'static str {
    static AXE: OnceLock<String> = OnceLock::new();
    AXE.get_or_init(|| {
        let path = variable("GANGWAY_AXE").expect("GANGWAY_AXE, which `cargo xtask test` sets");
        fs::read_to_string(&path).expect("axe-core's script")
    })
}

/// Starts chromedriver on a free port. If another program takes the port first, chromedriver exits at once.
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
