//! Suites that run under Node: their packages and their scripts.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::apt;
use crate::process;

const INSTALL_LIMIT: Duration = Duration::from_secs(10 * 60);

/// Why a suite is skipped where `is_there` says no.
pub const MISSING: &str = "node and npm are needed (version 20 or later, https://nodejs.org)";

pub fn is_there() -> bool {
    ["node", "npm"].iter().all(|name| apt::find(&[name]).is_some())
}

/// Installs what the `package.json` in `folder` names, exactly as its lock file has it.
pub fn install(folder: &Path) -> Result<()> {
    let mut npm = Command::new("npm");
    npm.current_dir(folder);
    if folder.join("package-lock.json").is_file() {
        npm.args(["ci", "--no-audit", "--no-fund"]);
    } else {
        npm.args(["install", "--no-audit", "--no-fund", "--no-package-lock"]);
    }
    process::run("npm", &mut npm, INSTALL_LIMIT)
}

/// The script `name` of the `package.json` in `folder`, which says which files belong to it.
pub fn script(folder: &Path, name: &str) -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(folder).args(["run", "--silent", name]);
    npm
}
