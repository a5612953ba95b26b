//! Addresses and names of the running engine. `cargo xtask test` writes them to the file that GANGWAY_LOCAL names.

use std::{collections::BTreeMap, fs, sync::OnceLock};

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub struct Engine {
    /// The stack on which no gate times out.
    #[serde(flatten)]
    pub patient: Stack,
    pub aws_endpoint: String,
    pub sfn_endpoint: String,
    simulators: BTreeMap<String, String>,
    pub operator: String,
    stacks: BTreeMap<String, Stack>,
}

/// One deployment of the template.
#[derive(Debug, Deserialize)]
pub struct Stack {
    #[serde(rename = "stack")]
    pub name: String,
    pub api: String,
    /// The ARN of the state machine.
    pub state_machine: String,
    pub tables: BTreeMap<String, String>,
}

impl Engine {
    /// The stack on which unanswered gates time out within seconds.
    pub fn quick(&self) -> &Stack {
        self.stacks.get("gangway-quick").expect("a stack called gangway-quick")
    }

    pub fn control(&self, path: &str) -> String {
        let base = self.simulators.get("control").expect("the simulators' control API");
        format!("{base}/{path}")
    }

    /// Another origin that serves the same vendors, but is not their address.
    pub fn elsewhere(&self) -> &str {
        self.simulators.get("elsewhere").expect("the simulators' second origin")
    }

    /// The vendors' addresses, by the names of the functions' environment variables.
    pub fn vendors(&self) -> Vec<(&'static str, &str)> {
        let names = [
            ("GRAPH_URL", "graph"),
            ("GRAPH_LOGIN_URL", "login"),
            ("AUTOTASK_URL", "autotask"),
            ("PAX8_URL", "pax8"),
            ("SHERWEB_URL", "sherweb"),
            ("TD_SYNNEX_URL", "td_synnex"),
            ("LOCAL_ORIGINS", "origins"),
        ];
        names
            .map(|(variable, vendor)| (variable, self.simulators[vendor].as_str()))
            .to_vec()
    }
}

impl Stack {
    pub fn table(&self, name: &str) -> &str {
        self.tables.get(name).expect("a table of this name")
    }

    /// Builds the ARN of an execution from its name.
    pub fn execution(&self, name: &str) -> String {
        let machine = self.state_machine.replacen(":stateMachine:", ":execution:", 1);
        format!("{machine}:{name}")
    }
}

pub fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let file = variable("GANGWAY_LOCAL").expect("GANGWAY_LOCAL; run these tests by `cargo xtask test`");
        let text = fs::read_to_string(&file).expect("the file that GANGWAY_LOCAL names");
        serde_json::from_str(&text).expect("the fields of local.json")
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "xtask tells the tests by the environment where the engine is"
)]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
