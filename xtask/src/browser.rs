//! The browser suite: the widget in Chromium, first against the suite's own fake gate, then against a real one.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

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
    if find_program(&["node"]).is_none() || find_program(&["npm"]).is_none() {
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
    find_program(&BROWSERS).or_else(|| {
        install_chromium();
        find_program(&BROWSERS)
    })
}

fn install_chromium() {
    // SAFETY: asks for a number.
    let is_root = unsafe { libc::geteuid() } == 0;
    if !is_root || !Path::new("/etc/debian_version").exists() || find_program(&["apt-get"]).is_none() {
        return;
    }
    eprintln!("\n=== installing Chromium");
    for arguments in [&["update"][..], &["install", "-y", "--no-install-recommends", "chromium"]] {
        let mut apt = Command::new("apt-get");
        apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        if let Err(error) = process::run("apt-get", &mut apt, INSTALL_LIMIT) {
            eprintln!("Chromium can't be installed: {error:#}");
            return;
        }
    }
}

fn find_program(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    names.iter().find_map(|name| env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file()))
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
    fn programs_are_found_in_the_order_of_their_names() {
        assert!(find_program(&["no-such-program", "sh"]).unwrap().ends_with("sh"));
        assert_eq!(find_program(&["no-such-program"]), None);
    }

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
