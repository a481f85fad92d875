//! `cargo xtask instructions`: how many instructions one call costs, compared with what was kept.
//!
//! Times say little on a machine that others use as well; instructions are the same everywhere, so a build server can hold
//! them. The counts are in `bench/instructions/counts.json`; `UPDATE=1` writes them anew.

mod counts;
mod gate;
mod profile;
mod traffic;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use self::counts::{Comparison, Counts, TOLERANCE_PERCENT, Tools};
use self::gate::CountedGate;
use self::profile::Profile;
use self::traffic::{Case, Traffic};
use crate::apt;
use crate::build;
use crate::process;
use crate::report::Report;
use crate::tally::Tally;
use crate::workspace::Workspace;

const NAME: &str = "instructions";
const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);
/// Instances and connections are made, and code is translated, before anything is counted.
const WARM_UP: u64 = 64;
/// Twice what one instance serves: the making of instances has its share in a call.
const COUNTED: u64 = 256;

#[derive(clap::Args)]
pub struct Args {
    /// Count the programs as they were built last
    #[arg(long)]
    no_build: bool,
}

pub fn run(workspace: &Workspace, args: &Args) -> Result<ExitCode> {
    if !args.no_build {
        build::everything(workspace)?;
        build_upstream(workspace)?;
    }
    let mut report = Report::default();
    count(workspace, &mut report);
    Ok(report.close())
}

/// A step among the suites; needs the programs of `build`.
pub fn suite(workspace: &Workspace, report: &mut Report) {
    if report.step("upstream", |_| build_upstream(workspace)) {
        count(workspace, report);
    }
}

fn build_upstream(workspace: &Workspace) -> Result<()> {
    let mut upstream = workspace.cargo();
    upstream.args(["build", "--profile", "host", "-p", "bench", "--bin", "upstream"]);
    process::run("cargo build", &mut upstream, BUILD_LIMIT)
}

fn count(workspace: &Workspace, report: &mut Report) {
    if apt::find_or_install(&["valgrind"], "valgrind").is_none() {
        return report.skip(NAME, "valgrind is missing");
    }
    report.step(NAME, |tally| {
        let profiles = fs::create_dir_all(folder(workspace)).map_err(Into::into).and_then(|()| measure(workspace))?;
        if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
            keep(workspace, &profiles)?;
        }
        compare(workspace, &profiles, tally)
    });
}

/// One call's profile for each case.
fn measure(workspace: &Workspace) -> Result<BTreeMap<&'static str, Profile>> {
    let mut gate = CountedGate::start(workspace, &folder(workspace).join("cache"))?;
    let mut traffic = Traffic::prepare(gate.address, &gate.admin_key, &gate.upstream)?;
    gate.count()?;
    let mut profiles = BTreeMap::new();
    for case in Case::ALL {
        traffic.make(case, WARM_UP)?;
        gate.forget()?;
        traffic.make(case, COUNTED)?;
        profiles.insert(case.name(), gate.take(&dump(workspace, case.name()))?.per_call(COUNTED));
    }
    Ok(profiles)
}

fn keep(workspace: &Workspace, profiles: &BTreeMap<&'static str, Profile>) -> Result<()> {
    let cases = profiles.iter().map(|(name, profile)| ((*name).to_owned(), counts::Case::of(profile)));
    let counts = Counts { tolerance_percent: TOLERANCE_PERCENT, taken_with: tools(workspace)?, cases: cases.collect() };
    counts.save(&file(workspace))
}

fn compare(workspace: &Workspace, profiles: &BTreeMap<&'static str, Profile>, tally: &mut Tally) -> Result<()> {
    let kept = Counts::load(&file(workspace))?;
    let tools = tools(workspace)?;
    if tools != kept.taken_with {
        eprintln!("the kept counts were taken with {:?}, these with {tools:?}", kept.taken_with);
    }
    let mut grown = Vec::new();
    for (case, profile) in profiles {
        let comparison = Comparison::new(&kept, case, profile);
        println!("{comparison}");
        if comparison.is_failure() {
            tally.failed += 1;
            grown.push(*case);
            println!("  its whole profile: callgrind_annotate --inclusive=yes {}", dump(workspace, case).display());
        } else {
            tally.passed += 1;
        }
    }
    if !grown.is_empty() {
        bail!("{} cost more instructions than are kept; UPDATE=1 keeps the new counts", grown.join(" and "));
    }
    Ok(())
}

fn tools(workspace: &Workspace) -> Result<Tools> {
    Ok(Tools {
        architecture: std::env::consts::ARCH.into(),
        rustc: version(workspace, "rustc")?,
        valgrind: version(workspace, "valgrind")?,
    })
}

fn version(workspace: &Workspace, program: &str) -> Result<String> {
    let output = Command::new(program).current_dir(&workspace.root).arg("--version").output();
    let output = output.with_context(|| format!("{program} can't be started"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn file(workspace: &Workspace) -> PathBuf {
    workspace.root.join("bench/instructions/counts.json")
}

/// The dumps of the last run stay, to be looked at, and compiled components, to be used again.
fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join(NAME)
}

fn dump(workspace: &Workspace, case: &str) -> PathBuf {
    Path::new(&folder(workspace)).join(format!("{case}.callgrind"))
}
