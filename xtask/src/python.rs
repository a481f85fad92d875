//! Python for the suites that are written in it: pinned packages in an environment of their own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Result;

use crate::apt;
use crate::process;
use crate::report::Report;
use crate::trial::Scratch;

const PROBE_LIMIT: Duration = Duration::from_secs(30);
const INSTALL_LIMIT: Duration = Duration::from_secs(10 * 60);

/// What the pinned packages run on, and what it takes to keep them out of the user's own.
const HAS_ALL: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";
const MISSING: &str =
    "python3 is needed (version 3.11 or later, with its `venv` module: on Debian `apt-get install python3-venv`)";

/// Python packages in a folder of their own, gone with the run. Downloads stay in the user's cache.
pub struct Environment(Scratch);

impl Environment {
    /// Makes it as a step of this name, where there is a Python for it.
    pub fn step(name: &'static str, folder: &Path, report: &mut Report) -> Option<Self> {
        let Some(python) = apt::find_good_or_install(&["python3"], "python3-venv", has_all) else {
            report.skip(name, MISSING);
            return None;
        };
        let mut made = None;
        report.step(name, |_| {
            made = Some(Self::make(&python, folder)?);
            Ok(())
        });
        made
    }

    fn make(python: &Path, folder: &Path) -> Result<Self> {
        let made = Self(Scratch::new("python")?);
        let mut venv = Command::new(python);
        process::run("venv", venv.args(["-m", "venv"]).arg(&made.0.0), INSTALL_LIMIT)?;
        let mut pip = made.command(folder);
        pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]);
        process::run("pip", pip.args(["--requirement", "requirements.txt"]), INSTALL_LIMIT)?;
        Ok(made)
    }

    /// Without the caches pytest and Python would leave in the repository.
    pub fn pytest(&self, folder: &Path) -> Command {
        let mut command = self.command(folder);
        command.args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider"]).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(self.program());
        command.current_dir(folder);
        command
    }

    fn program(&self) -> PathBuf {
        self.0.0.join("bin/python")
    }
}

fn has_all(python: &Path) -> bool {
    let mut probe = Command::new(python);
    process::run("python3", probe.args(["-c", HAS_ALL]).stderr(Stdio::null()), PROBE_LIMIT).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_that_lacks_something_is_not_used() {
        assert!(!has_all(Path::new("/nowhere/python3")));
        assert!(!has_all(Path::new("/bin/false")));
    }
}
