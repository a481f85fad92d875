//! `cargo xtask test`: the suites from the quickest to the slowest, counted together.

use std::process::{Command, ExitCode};
use std::time::Duration;

use clap::ValueEnum;

use crate::apt;
use crate::browser;
use crate::build;
use crate::clients;
use crate::deploy;
use crate::instructions;
use crate::report::{Report, count_tests};
use crate::verifier;
use crate::workspace::Workspace;

/// Packages that the other suites cover, or that need the programs to be built.
const NOT_IN_UNIT: [&str; 3] = ["tollgate", "mock-vendors", "scenarios"];
const UNIT_LIMIT: Duration = Duration::from_secs(45 * 60);
const HOST_LIMIT: Duration = Duration::from_secs(60 * 60);
const SCENARIOS_LIMIT: Duration = Duration::from_secs(30 * 60);

#[derive(clap::Args)]
pub struct Args {
    /// Run only this suite
    #[arg(long)]
    only: Option<Suite>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Suite {
    /// Cores, adapters, schemas and tools, in the dev profile
    Unit,
    /// The edge host and the mock vendors
    Host,
    /// Whole stories against the built program
    Scenarios,
    /// The widget in a browser, against a fake and against a real gate
    Browser,
    /// JavaScript and Python clients and the OpenAPI document, against a real gate
    Clients,
    /// In Python: the log's verifier, by itself and against a real gate, and the deploy files against their schemas
    Verifier,
    /// What a call costs in instructions, against what was kept
    Instructions,
}

pub fn run(workspace: &Workspace, args: Args) -> ExitCode {
    let mut report = Report::default();
    suites(workspace, args.only, &mut report);
    report.close()
}

/// Runs the suites; only the ones that need the programs depend on their being built.
pub fn suites(workspace: &Workspace, only: Option<Suite>, report: &mut Report) {
    let wanted = |suite| only.is_none_or(|only| only == suite);
    if wanted(Suite::Unit) {
        report.step("unit", |tally| count_tests("cargo test", &mut unit(workspace), UNIT_LIMIT, tally));
    }
    if only == Some(Suite::Unit) || !report.step("build", |_| build::everything(workspace)) {
        return;
    }
    if wanted(Suite::Host) || wanted(Suite::Scenarios) {
        // Their tests start servers of their own, and say what is missing when there is none.
        let _found = apt::find_or_install(&["redis-server"], "redis-server");
    }
    if wanted(Suite::Host) {
        let mut command = native_tests(workspace, &["tollgate", "mock-vendors"]);
        report.step("host", |tally| count_tests("cargo test", &mut command, HOST_LIMIT, tally));
    }
    if wanted(Suite::Scenarios) {
        scenarios(workspace, report);
    }
    if wanted(Suite::Browser) {
        browser::suite(workspace, report);
    }
    if wanted(Suite::Clients) {
        clients::suite(workspace, report);
    }
    if wanted(Suite::Verifier) {
        verifier::suite(workspace, report);
        deploy::suite(workspace, report);
    }
    if wanted(Suite::Instructions) {
        instructions::suite(workspace, report);
    }
}

/// Everything that builds natively and needs nothing else.
fn unit(workspace: &Workspace) -> Command {
    let mut command = workspace.cargo();
    command.args(["test", "--no-fail-fast"]);
    for package in &workspace.packages {
        if package.native_tests && !NOT_IN_UNIT.contains(&package.name.as_str()) {
            command.args(["-p", &package.name]);
        }
    }
    command
}

/// In the profile the programs were built with, so that nothing is compiled twice.
fn native_tests(workspace: &Workspace, packages: &[&str]) -> Command {
    let mut command = workspace.cargo();
    command.args(["test", "--no-fail-fast", "--profile", "host"]);
    for name in packages.iter().filter(|name| workspace.package(name).is_some()) {
        command.args(["-p", name]);
    }
    command
}

fn scenarios(workspace: &Workspace, report: &mut Report) {
    if workspace.package("scenarios").is_none() {
        return report.skip("scenarios", "tests/scenarios is not part of this tree");
    }
    let mut command = native_tests(workspace, &["scenarios"]);
    command
        .env("TOLLGATE_BIN", workspace.tollgate())
        .env("MOCK_VENDORS_BIN", workspace.native_program("mock-vendors"))
        .env("TOLLGATE_MANIFEST", workspace.spin_toml());
    report.step("scenarios", |tally| count_tests("cargo test", &mut command, SCENARIOS_LIMIT, tally));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Package;

    #[test]
    fn the_unit_suite_leaves_out_what_needs_wasm_or_a_program() {
        let package = |name: &str, is_component, native_tests| Package {
            name: name.into(),
            is_component,
            native_tests,
            builds_alone: false,
        };
        let packages = vec![
            package("money", false, true),
            package("pre-flight", true, false),
            package("bundle", true, true),
            package("tollgate", false, true),
            package("scenarios", false, true),
        ];
        let workspace = Workspace { root: "/r".into(), target: "/t".into(), packages };
        let arguments: Vec<_> =
            unit(&workspace).get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
        assert_eq!(arguments, ["test", "--no-fail-fast", "-p", "money", "-p", "bundle"]);
    }
}
