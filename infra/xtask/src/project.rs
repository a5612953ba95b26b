//! The paths of the work tree, and the machine's architecture.

use std::path::{Path, PathBuf};

pub(crate) struct Project {
    pub(crate) root: PathBuf,
    /// The folder of everything that xtask makes: the virtual environment, logs, local.json.
    pub(crate) output: PathBuf,
}

impl Project {
    pub(crate) fn find() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .unwrap_or(Path::new("."))
            .to_owned();
        let output = root.join("target/gangway");
        Self { root, output }
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// The path of a program in the virtual environment.
    pub(crate) fn tool(&self, name: &str) -> PathBuf {
        self.output.join("venv/bin").join(name)
    }

    /// The folder of the binaries that cargo built for this machine.
    pub(crate) fn binaries(&self) -> PathBuf {
        self.root.join("target/debug")
    }

    pub(crate) fn binary(&self, name: &str) -> PathBuf {
        self.binaries().join(name)
    }
}

/// The template's name for this machine's architecture.
pub(crate) fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "x86_64"
    }
}

/// The environment belongs to the crate `runtime`. Here it is the developer's own.
#[expect(
    clippy::disallowed_methods,
    reason = "a developer's tool looks at the developer's environment"
)]
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
