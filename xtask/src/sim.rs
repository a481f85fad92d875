//! `cargo xtask sim`: days of many tenants, simulated with crashes and lost replies; see `tests/sim`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::process::{self, Process};
use crate::workspace::Workspace;

const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);
/// A seed that was begun is played to its end.
const ROOM: Duration = Duration::from_secs(5 * 60);

#[derive(clap::Args)]
pub struct Args {
    /// Play this seed alone
    #[arg(long, conflicts_with = "minutes")]
    seed: Option<u64>,
    /// Play seeds for so long
    #[arg(long, default_value_t = 10)]
    minutes: u64,
}

/// In the `host` profile: optimized, and a call that is cut off unwinds.
pub fn run(workspace: &Workspace, args: &Args) -> Result<ExitCode> {
    let mut build = workspace.cargo();
    build.args(["build", "--profile", "host", "-p", "sim"]);
    process::run("cargo build", &mut build, BUILD_LIMIT).context("the simulation can't be built")?;
    let mut command = std::process::Command::new(workspace.native_program("sim"));
    command.args(arguments(args));
    let limit = Duration::from_secs(60 * args.minutes) + ROOM;
    let status = Process::spawn("the simulation", &mut command)?.wait(limit)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn arguments(args: &Args) -> [String; 2] {
    match args.seed {
        Some(seed) => ["--seed".into(), seed.to_string()],
        None => ["--minutes".into(), args.minutes.to_string()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_or_many() {
        assert_eq!(arguments(&Args { seed: Some(7), minutes: 10 }), ["--seed", "7"]);
        assert_eq!(arguments(&Args { seed: None, minutes: 3 }), ["--minutes", "3"]);
    }
}
