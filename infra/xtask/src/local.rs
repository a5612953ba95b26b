//! target/gangway/local.json, in which scripts and tests find all addresses; and the functions' logs.

use std::{
    collections::BTreeMap,
    fs::{self, File, Permissions},
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
};

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    engine::{ACCESS_KEY, Engine, GOOGLE_CLIENT_ID, MAIL_FROM, REGION, SECRET_KEY, Stack},
    project::Project,
};

const TABLES: [&str; 11] = [
    "organisations",
    "requests",
    "timeline",
    "effects",
    "gates",
    "capabilities",
    "members",
    "access",
    "leases",
    "limits",
    "audit",
];

#[derive(Serialize, Deserialize)]
pub(crate) struct Local {
    #[serde(flatten)]
    pub(crate) deployment: Deployment,
    pub(crate) aws_endpoint: String,
    pub(crate) sfn_endpoint: String,
    /// Base URLs by vendor. `elsewhere` is the vendors' second origin, and `origins` are both.
    pub(crate) simulators: BTreeMap<String, String>,
    pub(crate) organisation: String,
    /// A token for the demo organisation.
    pub(crate) api_token: String,
    pub(crate) operator: String,
    /// Other deployments on the same engine, by stack name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) stacks: BTreeMap<String, Deployment>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Deployment {
    pub(crate) stack: String,
    pub(crate) api: String,
    /// The ARN of the state machine.
    pub(crate) state_machine: String,
    pub(crate) tables: BTreeMap<String, String>,
}

impl Deployment {
    pub(crate) fn new(stack: &Stack) -> Self {
        Self {
            stack: stack.name.to_owned(),
            api: stack.api.clone(),
            state_machine: stack.state_machine.clone(),
            tables: TABLES
                .iter()
                .map(|table| ((*table).to_owned(), format!("{}-{table}", stack.name)))
                .collect(),
        }
    }
}

impl Local {
    pub(crate) fn new(engine: &Engine, stack: &Stack) -> Self {
        let base = engine.simulators();
        let bases = [
            ("graph", "/graph/v1.0"),
            ("login", "/login"),
            ("autotask", "/autotask"),
            ("pax8", "/pax8/v1"),
            ("sherweb", "/sherweb"),
            ("td_synnex", "/td_synnex"),
            ("google", "/google"),
            ("control", "/control"),
            ("pages", ""),
        ];
        Self {
            deployment: Deployment::new(stack),
            aws_endpoint: engine.aws(),
            sfn_endpoint: engine.sfn(),
            simulators: bases
                .iter()
                .map(|(name, path)| ((*name).to_owned(), format!("{base}{path}")))
                .chain([
                    ("elsewhere".to_owned(), engine.simulators_elsewhere()),
                    ("origins".to_owned(), engine.local_origins()),
                ])
                .collect(),
            organisation: String::new(),
            api_token: String::new(),
            operator: engine.project.binary("operator").display().to_string(),
            stacks: BTreeMap::new(),
        }
    }

    pub(crate) fn write(&self, file: &Path) -> Result<()> {
        write_private(file, &serde_json::to_string_pretty(self)?)?;
        let lines: String = self
            .environment()
            .map(|(name, value)| format!("{name}={value}\n"))
            .concat();
        write_private(&file.with_file_name("function.env"), &lines)
    }

    /// The variables that a function gets from the template and from Lambda. `cargo lambda watch` and the operator
    /// need them.
    pub(crate) fn environment(&self) -> [(&'static str, &str); 23] {
        let deployment = &self.deployment;
        let vendor = |name: &str| self.simulators.get(name).map_or("", String::as_str);
        [
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
            ("AWS_REGION", REGION),
            ("AWS_ENDPOINT_URL", &self.aws_endpoint),
            ("AWS_ENDPOINT_URL_SFN", &self.sfn_endpoint),
            ("TABLE_PREFIX", &deployment.stack),
            ("SECRET_PREFIX", &deployment.stack),
            ("BASE_URL", &deployment.api),
            ("STATE_MACHINE_ARN", &deployment.state_machine),
            ("MAIL_FROM", MAIL_FROM),
            ("SMS_SENDER_NAME", "Gangway"),
            ("SMS_MAX_PRICE", "0.50"),
            ("GRAPH_URL", vendor("graph")),
            ("GRAPH_LOGIN_URL", vendor("login")),
            ("AUTOTASK_URL", vendor("autotask")),
            ("PAX8_URL", vendor("pax8")),
            ("SHERWEB_URL", vendor("sherweb")),
            ("TD_SYNNEX_URL", vendor("td_synnex")),
            ("GOOGLE_ISSUER", vendor("google")),
            ("GOOGLE_CLIENT_ID", GOOGLE_CLIENT_ID),
            ("GANGWAY_STACK", &deployment.stack),
            ("GANGWAY_BASE_URL", &deployment.api),
            ("LOCAL_ORIGINS", vendor("origins")),
        ]
    }

    pub(crate) fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).map_err(|_| "nothing is running: start it with `cargo xtask up`")?;
        Ok(serde_json::from_str(&text)?)
    }
}

/// Writes a file that only its owner can read, even over one that others could. It holds a token that works while the
/// engine runs.
fn write_private(file: &Path, text: &str) -> Result<()> {
    let mut options = File::options();
    let mut opened = options.write(true).create(true).truncate(true).mode(0o600).open(file)?;
    opened.set_permissions(Permissions::from_mode(0o600))?;
    Ok(opened.write_all(text.as_bytes())?)
}

/// Prints the functions' logs with infra/engine/logs.py.
pub(crate) fn logs(project: &Project, function: Option<&str>, follow: bool) -> Result<()> {
    let engine = Engine::local(project, 0);
    let local = Local::read(&engine.local_file)?;
    let mut command = reader(&engine, &local.deployment.stack);
    command.args(function.map(|name| ["--function", name]).into_iter().flatten());
    command.args(follow.then_some("--follow"));
    let status = command.env("AWS_ENDPOINT_URL", &local.aws_endpoint).status()?;
    if status.success() {
        Ok(())
    } else {
        Err("the logs could not be read: is the engine up?".into())
    }
}

/// Saves the functions' logs, because they end with the engine.
pub(crate) fn save_logs(engine: &Engine, stack: &str) -> Result<PathBuf> {
    let file = engine.folder.join(format!("functions-of-{stack}.log"));
    reader(engine, stack).stdout(File::create(&file)?).status()?;
    Ok(file)
}

fn reader(engine: &Engine, stack: &str) -> Command {
    let mut command = Command::new(engine.project.tool("python"));
    command
        .arg(engine.project.path("infra/engine/logs.py"))
        .args(["--stack", stack]);
    engine.with_aws(&mut command);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_a_token_is_for_the_owner_alone() {
        let file = std::env::temp_dir().join(format!("gangway-local-{}.json", std::process::id()));
        // A file that an earlier version left readable for everybody.
        fs::write(&file, "longer than what comes").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        for _ in 0..2 {
            write_private(&file, "{}").unwrap();
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(fs::read_to_string(&file).unwrap(), "{}");
            fs::remove_file(&file).unwrap();
        }
    }
}
