//! OpenAI's own client libraries, in JavaScript and in Python, pointed at a gate.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Result;

use crate::apt;
use crate::npm;
use crate::process;
use crate::report::{Report, count_tests};
use crate::trial::{self, Scratch, Variables};
use crate::workspace::Workspace;

const PROBE_LIMIT: Duration = Duration::from_secs(30);
const INSTALL_LIMIT: Duration = Duration::from_secs(10 * 60);
const SUITE_LIMIT: Duration = Duration::from_secs(5 * 60);

/// What the pinned packages run on, and what it takes to keep them out of the user's own.
const PYTHON_HAS_ALL: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";
const PYTHON_MISSING: &str =
    "python3 is needed (version 3.11 or later, with its `venv` module: on Debian `apt-get install python3-venv`)";

/// A developer's own account, which the libraries would find in the environment.
const NOT_OURS: [&str; 4] = ["OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"];

pub fn suite(workspace: &Workspace, report: &mut Report) {
    let folder = workspace.root.join("tests/clients");
    if !folder.is_dir() {
        return report.skip("clients", "tests/clients is not part of this tree");
    }
    javascript(workspace, &folder, report);
    python(workspace, &folder, report);
}

fn javascript(workspace: &Workspace, folder: &Path, report: &mut Report) {
    const NAME: &str = "clients js";
    if !npm::is_there() {
        return report.skip(NAME, npm::MISSING);
    }
    if report.step("clients js setup", |_| npm::install(folder)) {
        report.step(NAME, |tally| {
            trial::with_gate(workspace, |variables| {
                count_tests(NAME, pointed(&mut npm::script(folder, "test"), variables), SUITE_LIMIT, tally)
            })
        });
    }
}

fn python(workspace: &Workspace, folder: &Path, report: &mut Report) {
    const NAME: &str = "clients py";
    let Some(python) = apt::find_good_or_install(&["python3"], "python3-venv", has_all) else {
        return report.skip(NAME, PYTHON_MISSING);
    };
    let mut made = None;
    report.step("clients py setup", |_| {
        made = Some(Environment::make(&python, folder)?);
        Ok(())
    });
    if let Some(environment) = made {
        report.step(NAME, |tally| {
            trial::with_gate(workspace, |variables| {
                count_tests(NAME, pointed(&mut environment.pytest(folder), variables), SUITE_LIMIT, tally)
            })
        });
    }
}

fn has_all(python: &Path) -> bool {
    let mut probe = Command::new(python);
    process::run("python3", probe.args(["-c", PYTHON_HAS_ALL]).stderr(Stdio::null()), PROBE_LIMIT).is_ok()
}

/// The suite's command with its gate in the environment, and nothing that could lead it elsewhere.
fn pointed(command: &mut Command, variables: Variables) -> &mut Command {
    for name in NOT_OURS {
        command.env_remove(name);
    }
    command.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1").envs(variables)
}

/// Python packages in a folder of their own, gone with the run. Downloads stay in the user's cache.
struct Environment(Scratch);

impl Environment {
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
    fn pytest(&self, folder: &Path) -> Command {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_suite_meets_its_gate_and_nobody_elses_account() {
        let mut command = Command::new("suite");
        command.env("OPENAI_BASE_URL", "https://elsewhere.example");
        pointed(&mut command, vec![("TOLLGATE_URL", "http://127.0.0.1:1".into())]);
        let set: BTreeMap<_, _> = command.get_envs().collect();
        let value = |name: &str| set.get(name.as_ref() as &std::ffi::OsStr).copied().flatten();
        assert_eq!(value("TOLLGATE_URL"), Some("http://127.0.0.1:1".as_ref()));
        assert_eq!(value("NO_PROXY"), Some("127.0.0.1".as_ref()));
        for name in NOT_OURS {
            assert_eq!(value(name), None, "{name}");
        }
    }

    #[test]
    fn a_python_that_lacks_something_is_not_used() {
        assert!(!has_all(Path::new("/nowhere/python3")));
        assert!(!has_all(Path::new("/bin/false")));
    }
}
