//! The browser suite: the widget in Chromium, first against the suite's own fake gate, then against a real one.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::apt;
use crate::process;
use crate::report::{Report, count_tests};
use crate::stack::{Options, Programs, Stack, Vendors};
use crate::tally::Tally;
use crate::workspace::Workspace;

const BROWSERS: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const INSTALL_LIMIT: Duration = Duration::from_secs(10 * 60);
const SUITE_LIMIT: Duration = Duration::from_secs(10 * 60);

pub fn suite(workspace: &Workspace, report: &mut Report) {
    const NAME: &str = "browser";
    let folder = workspace.root.join("tests/browser");
    if !folder.join("package.json").is_file() {
        return report.skip(NAME, "tests/browser is not part of this tree");
    }
    if apt::find(&["node"]).is_none() || apt::find(&["npm"]).is_none() {
        return report.skip(NAME, "node and npm are needed (version 20 or later, https://nodejs.org)");
    }
    let Some(chromium) = find_chromium() else {
        return report.skip(NAME, "no Chromium; install it or name one in the variable CHROMIUM");
    };
    let suite = NodeSuite { folder, chromium };
    if report.step("browser setup", |_| suite.install()) {
        report.step(NAME, |tally| suite.run("test:widget", &[], tally));
        report.step("browser + gate", |tally| suite.run_against_gate(workspace, tally));
    }
}

struct NodeSuite {
    folder: PathBuf,
    chromium: PathBuf,
}

impl NodeSuite {
    fn install(&self) -> Result<()> {
        let mut npm = Command::new("npm");
        npm.current_dir(&self.folder);
        if self.folder.join("package-lock.json").is_file() {
            npm.args(["ci", "--no-audit", "--no-fund"]);
        } else {
            npm.args(["install", "--no-audit", "--no-fund", "--no-package-lock"]);
        }
        process::run("npm", &mut npm, INSTALL_LIMIT)
    }

    /// Runs the script `name` of the suite's package.json, which says which files belong to it.
    fn run(&self, name: &str, variables: &[(&str, &str)], tally: &mut Tally) -> Result<()> {
        let mut npm = Command::new("npm");
        npm.current_dir(&self.folder).args(["run", "--silent", name]);
        npm.env("CHROMIUM", &self.chromium).env_remove("TOLLGATE_URL");
        npm.envs(variables.iter().copied());
        count_tests(name, &mut npm, SUITE_LIMIT, tally)
    }

    /// With a gate of its own, on a free port and with data that is thrown away.
    fn run_against_gate(&self, workspace: &Workspace, tally: &mut Tally) -> Result<()> {
        let data = Scratch::new()?;
        let log = data.0.join("gate.log");
        let options = Options {
            listen: ([127, 0, 0, 1], 0).into(),
            data: data.0.join("data"),
            vendors: Vendors::Mock,
            log: Some(log.clone()),
        };
        let result = Stack::start(&Programs::of(workspace), &options).and_then(|stack| {
            let url = stack.url();
            let tenant = stack.keys.demo.as_ref().context("the gate was seeded")?;
            let variables = [
                ("TOLLGATE_URL", url.as_str()),
                ("TOLLGATE_ADMIN_KEY", &stack.keys.admin_key),
                ("TOLLGATE_PUBLISHABLE_KEY", &tenant.publishable_key),
                ("TOLLGATE_SECRET_KEY", &tenant.secret_key),
            ];
            self.run("test:gate", &variables, tally)?;
            stack.stop()
        });
        if result.is_err() {
            eprintln!("--- the end of the gate's log:\n{}", tail(&fs::read_to_string(log).unwrap_or_default(), 40));
        }
        result
    }
}

/// The browser named by `CHROMIUM` or found in the path; on Debian as root it is installed when there is none.
fn find_chromium() -> Option<PathBuf> {
    if let Some(named) = env::var_os("CHROMIUM").filter(|value| !value.is_empty()) {
        return Some(named.into());
    }
    apt::find_or_install(&BROWSERS, "chromium")
}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<_> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// A folder that goes when the run is over, however it went.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let folder = env::temp_dir().join(format!("tollgate-test-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_the_last_lines() {
        assert_eq!(tail("a\nb\nc", 2), "b\nc");
        assert_eq!(tail("a", 2), "a");
        assert_eq!(tail("", 2), "");
    }

    #[test]
    fn scratch_data_goes_away() {
        let scratch = Scratch::new().unwrap();
        let folder = scratch.0.clone();
        fs::write(folder.join("file"), "x").unwrap();
        drop(scratch);
        assert!(!folder.exists());
    }
}
