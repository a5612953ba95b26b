//! The local engine: MiniStack for AWS, moto for Step Functions, and the vendors' simulators.

use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde::Deserialize;
use serde_json::json;

use crate::{
    Result, http,
    ports::require_free,
    process::{marked, pause, serve, stop_all},
    project::{Project, architecture},
};

/// moto signs with this key and cannot be given another one.
pub(crate) const ACCESS_KEY: &str = "ak";
pub(crate) const SECRET_KEY: &str = "sk";
pub(crate) const REGION: &str = "us-east-1";
/// The client that Google's console would give. The simulated provider accepts it.
pub(crate) const GOOGLE_CLIENT_ID: &str = "gangway.apps.googleusercontent.com";
pub(crate) const GOOGLE_CLIENT_SECRET: &str = "GOCSPX-simulated";
pub(crate) const MAIL_FROM: &str = "gangway@msp.example";

pub(crate) struct Engine<'a> {
    pub(crate) project: &'a Project,
    /// The folder of this engine's logs.
    pub(crate) folder: PathBuf,
    /// The file that describes the engine while it runs.
    pub(crate) local_file: PathBuf,
    offset: u16,
}

/// How long a deployment waits for people and vendors.
pub(crate) struct Waits {
    pub(crate) stack: &'static str,
    pub(crate) parameters: &'static [(&'static str, &'static str)],
}

pub(crate) struct Stack {
    pub(crate) name: &'static str,
    pub(crate) api: String,
    /// The ARN of the state machine.
    pub(crate) state_machine: String,
}

#[derive(Deserialize)]
struct Deployed {
    outputs: Outputs,
    sent: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Outputs {
    api_url: String,
    state_machine_arn: String,
}

impl<'a> Engine<'a> {
    /// The engine that developers use.
    pub(crate) fn local(project: &'a Project, offset: u16) -> Self {
        let local_file = project.output.join("local.json");
        Self {
            local_file,
            ..Self::aside(project, "local", offset)
        }
    }

    /// Another engine beside it.
    pub(crate) fn aside(project: &'a Project, name: &str, offset: u16) -> Self {
        let folder = project.output.join(name);
        Self {
            project,
            local_file: folder.join("local.json"),
            folder,
            offset,
        }
    }

    fn address(&self, port: u16) -> String {
        format!("http://127.0.0.1:{}", port + self.offset)
    }

    pub(crate) fn aws(&self) -> String {
        self.address(4566)
    }

    pub(crate) fn sfn(&self) -> String {
        self.address(4613)
    }

    pub(crate) fn simulators(&self) -> String {
        self.address(4700)
    }

    /// The second address of the simulators, which is no vendor's: for tests of what is sent where.
    pub(crate) fn simulators_elsewhere(&self) -> String {
        self.address(4701)
    }

    /// Origins on this machine at which organisations' addresses are allowed.
    pub(crate) fn local_origins(&self) -> String {
        format!("{},{}", self.simulators(), self.simulators_elsewhere())
    }

    /// The simulators' proxies in front of AWS, which tests make fail.
    pub(crate) fn aws_proxy(&self) -> String {
        self.address(4567)
    }

    pub(crate) fn sfn_proxy(&self) -> String {
        self.address(4614)
    }

    pub(crate) fn is_up(&self) -> bool {
        http::get(&format!("{}/_ministack/health", self.aws()), None).is_ok()
            && !crate::process::running(&self.folder).is_empty()
    }

    /// Starts the servers and waits until each of them answers. If one does not, stops them all.
    pub(crate) fn start(&self) -> Result<()> {
        let ports = [
            ("AWS", 4566),
            ("Step Functions", 4613),
            ("the simulators", 4700),
            ("the simulators' second origin", 4701),
            ("the proxy of AWS", 4567),
            ("the proxy of Step Functions", 4614),
        ];
        require_free(
            &ports.map(|(purpose, port)| (purpose, port + self.offset)),
            &self.project.output,
        )?;
        fs::create_dir_all(self.folder.join("tmp"))?;
        let started = self.start_servers();
        if started.is_err() {
            stop_all(&self.folder)?;
        }
        started
    }

    fn start_servers(&self) -> Result<()> {
        let mut ministack = serve(&self.folder, "ministack", &self.project.tool("ministack"), |c| {
            c.env("GATEWAY_PORT", (4566 + self.offset).to_string())
                .env("BIND_HOST", "127.0.0.1")
                .env("IOT_MTLS_ENABLED", "0")
                .env("SFTP_ENABLED", "0")
                .env("AUTH", "true")
                .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
                .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
                .env("AWS_REGION", REGION)
                // The functions inherit these two variables.
                .env("AWS_ENDPOINT_URL", self.aws_proxy())
                .env("AWS_ENDPOINT_URL_SFN", self.sfn_proxy())
                .env("TMPDIR", self.folder.join("tmp"));
        })?;
        let mut moto = serve(&self.folder, "moto", &self.project.tool("python"), |c| {
            c.arg(self.project.path("infra/engine/step_functions.py"))
                .args(["-p", &(4613 + self.offset).to_string()])
                .env("MOTO_ACCOUNT_ID", "000000000000")
                // The address at which moto's state machine finds AWS.
                .env("MOTO_PORT", (4567 + self.offset).to_string());
        })?;
        // The copy lets the original be built again while it runs.
        let program = self.folder.join("simulators");
        fs::copy(self.project.binary("simulators"), &program)?;
        let mut simulators = serve(&self.folder, "simulators", &program, |c| {
            c.args(["--port", &(4700 + self.offset).to_string()])
                .args(["--second-port", &(4701 + self.offset).to_string()])
                .args(["--aws", &self.aws()])
                .args(["--aws-proxy", &format!("{}={}", 4567 + self.offset, self.aws())])
                .args(["--aws-proxy", &format!("{}={}", 4614 + self.offset, self.sfn())]);
        })?;
        self.wait("ministack", &mut ministack, || {
            http::get(&format!("{}/_ministack/health", self.aws()), None).is_ok_and(|answer| answer.status == 200)
        })?;
        self.wait("moto", &mut moto, || {
            let config = json!({"stepfunctions": {"execute_state_machine": true}});
            http::post(&format!("{}/moto-api/config", self.sfn()), None, &config)
                .is_ok_and(|answer| answer.status == 201)
        })?;
        self.wait("simulators", &mut simulators, || {
            http::get(&format!("{}/health", self.simulators()), None).is_ok_and(|answer| answer.status == 200)
        })
    }

    fn wait(&self, name: &str, server: &mut Child, ready: impl Fn() -> bool) -> Result<()> {
        let until = Instant::now() + Duration::from_secs(60);
        while !ready() {
            let log = self.folder.join(format!("{name}.log"));
            if let Some(status) = server.try_wait()? {
                return Err(format!("{name} ended ({status}): see {}", log.display()).into());
            }
            if Instant::now() > until {
                return Err(format!("{name} doesn't answer: see {}", log.display()).into());
            }
            pause(Duration::from_millis(50));
        }
        Ok(())
    }

    pub(crate) fn deploy(&self, waits: &Waits) -> Result<(Stack, usize)> {
        let simulators = self.simulators();
        let mut command = Command::new(self.project.tool("python"));
        command
            .arg(self.project.path("infra/engine/deploy.py"))
            .args(["--stack", waits.stack]);
        command.args(["--endpoint", &self.aws(), "--sfn-endpoint", &self.sfn()]);
        command.arg("--binaries").arg(self.project.binaries());
        let addresses = [
            ("Architecture", architecture().to_owned()),
            ("MailFrom", MAIL_FROM.to_owned()),
            ("GraphUrl", format!("{simulators}/graph/v1.0")),
            ("GraphLoginUrl", format!("{simulators}/login")),
            ("AutotaskUrl", format!("{simulators}/autotask")),
            ("Pax8Url", format!("{simulators}/pax8/v1")),
            ("SherwebUrl", format!("{simulators}/sherweb")),
            ("TdSynnexUrl", format!("{simulators}/td_synnex")),
            ("GoogleIssuer", format!("{simulators}/google")),
            ("GoogleClientId", GOOGLE_CLIENT_ID.to_owned()),
            ("LocalOrigins", self.local_origins()),
        ];
        let given = waits
            .parameters
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        for (name, value) in addresses.into_iter().chain(given) {
            command.args(["--parameter", &format!("{name}={value}")]);
        }
        let output = self.with_aws(&mut command).stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(format!("stack {} could not be deployed; the reason is above", waits.stack).into());
        }
        let Deployed { outputs, sent } = serde_json::from_slice(&output.stdout)?;
        let stack = Stack {
            name: waits.stack,
            api: outputs.api_url,
            state_machine: outputs.state_machine_arn,
        };
        Ok((stack, sent))
    }

    /// Runs the operator's command line on this engine.
    pub(crate) fn operator(&self, stack: &str, arguments: &[&str], input: &str) -> Result<String> {
        let mut command = Command::new(self.project.binary("operator"));
        command.args(["--stack", stack]).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut running = self.with_aws(&mut command).spawn()?;
        if let Some(mut pipe) = running.stdin.take() {
            pipe.write_all(input.as_bytes())?;
        }
        let output = running.wait_with_output()?;
        if !output.status.success() {
            return Err(format!("operator {} failed; the reason is above", arguments.join(" ")).into());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    pub(crate) fn with_aws<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        marked(command, &self.folder)
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            .env("AWS_REGION", REGION)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_ENDPOINT_URL", self.aws())
            .env("AWS_ENDPOINT_URL_SFN", self.sfn())
            .env("LOCAL_ORIGINS", self.local_origins())
    }
}
