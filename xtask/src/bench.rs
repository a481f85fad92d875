//! `cargo xtask bench`: builds what is measured and what measures, finds the load generators, and measures; see `bench/`.

use std::env;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::apt;
use crate::build;
use crate::process::{self, Process};
use crate::workspace::Workspace;

/// The bench ends within a quarter of an hour by itself.
const LIMIT: Duration = Duration::from_secs(17 * 60);
const BUILD_LIMIT: Duration = Duration::from_secs(60 * 60);
/// A namespace of our own: peers that listen on every interface then listen on none, and nothing can be left behind.
const ISOLATE: [&str; 6] = ["--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];

#[derive(clap::Args)]
pub struct Args {
    /// Measure only these cases
    #[arg(long, value_name = "NAME", num_args = 1..)]
    case: Vec<String>,
    /// About three minutes instead of fifteen, without peers: not for publication
    #[arg(long)]
    quick: bool,
    /// The file of the results [default: bench/results/<date>-<machine>.json; of quick ones <target>/bench-data/]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn run(workspace: &Workspace, args: &Args) -> Result<ExitCode> {
    build::everything(workspace)?;
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--profile", "host", "-p", "bench"]);
    process::run("cargo build", &mut cargo, BUILD_LIMIT).context("the bench can't be built")?;
    let tools = workspace.target.join("bench-tools");
    load_generators(workspace, &tools)?;
    // The device that the data is on is part of what is measured: a folder in memory would flush for free.
    let data = workspace.target.join("bench-data");
    std::fs::create_dir_all(&data)?;
    let program = workspace.native_program("bench");
    let isolated = can_isolate();
    let mut command = if isolated {
        let mut command = Command::new("unshare");
        command.args(ISOLATE).arg(program).env("TOLLGATE_BENCH_ISOLATED", "1");
        command
    } else {
        eprintln!("no namespaces here: peers that listen on every interface are left out");
        Command::new(program)
    };
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths(env::split_paths(&path).chain([tools.join("bin")]))?;
    command.args(arguments(args)).env("PATH", path).env("TMPDIR", &data);
    command.env("TOLLGATE_BIN", workspace.tollgate()).env("TOLLGATE_MANIFEST", workspace.spin_toml());
    command.env_remove("TOLLGATE_KV").env_remove("TOLLGATE_PERF_MAP").env_remove("RUST_LOG");
    let status = Process::spawn("the bench", &mut command)?.wait(LIMIT)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `wrk` comes with Debian, `oha` from crates.io.
fn load_generators(workspace: &Workspace, tools: &std::path::Path) -> Result<()> {
    if apt::find_or_install(&["wrk"], "wrk").is_none() {
        bail!("`wrk` is missing: install it (Debian: `apt-get install wrk`)");
    }
    if apt::find(&["oha"]).is_some() || tools.join("bin/oha").is_file() {
        return Ok(());
    }
    let mut cargo = workspace.cargo();
    cargo.args(["install", "oha", "--locked", "--root"]).arg(tools);
    let installed = process::run("cargo install oha", &mut cargo, BUILD_LIMIT);
    installed.context("`oha` is missing and can't be installed: `cargo install oha --locked` says why")
}

fn can_isolate() -> bool {
    let mut command = Command::new("unshare");
    command.args(ISOLATE).arg("true").stdout(Stdio::null()).stderr(Stdio::null());
    process::run("unshare", &mut command, Duration::from_secs(10)).is_ok()
}

fn arguments(args: &Args) -> Vec<String> {
    let mut arguments = Vec::new();
    for case in &args.case {
        arguments.extend(["--case".to_owned(), case.clone()]);
    }
    arguments.extend(args.quick.then(|| "--quick".to_owned()));
    // The bench runs in the same folder as we do.
    arguments.extend(args.out.iter().flat_map(|file| ["--out".to_owned(), file.display().to_string()]));
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_passed_on() {
        let check = |args: Args, expected: &[&str]| assert_eq!(arguments(&args), expected);
        check(Args { case: vec![], quick: false, out: None }, &[]);
        let args = Args { case: vec!["start".into(), "memory".into()], quick: true, out: Some("a.json".into()) };
        check(args, &["--case", "start", "--case", "memory", "--quick", "--out", "a.json"]);
    }
}
