//! `cargo xtask ci`: what has to be green before a change is merged, in the order of cost.

use std::process::{Command, ExitCode};
use std::time::Duration;

use crate::build;
use crate::process;
use crate::report::Report;
use crate::test;
use crate::tidy;
use crate::workspace::{Package, Workspace};

const FORMAT_LIMIT: Duration = Duration::from_secs(5 * 60);
const LINT_LIMIT: Duration = Duration::from_secs(45 * 60);

pub fn run(workspace: &Workspace) -> ExitCode {
    let mut report = Report::default();
    report.step("format", |_| {
        let mut command = workspace.cargo();
        process::run("cargo fmt", command.args(["fmt", "--all", "--", "--check"]), FORMAT_LIMIT)
    });
    report.step("tidy", |_| tidy::check(&workspace.root));
    report.step("lints", |_| process::run("cargo clippy", &mut native_lints(workspace), LINT_LIMIT));
    report.step("component lints", |_| {
        if !workspace.packages.iter().any(needs_wasm_lints) {
            return Ok(());
        }
        build::ensure_wasm_target(workspace)?;
        component_lints(workspace).iter_mut().try_for_each(|command| process::run("cargo clippy", command, LINT_LIMIT))
    });
    test::suites(workspace, None, &mut report);
    report.close()
}

fn native_lints(workspace: &Workspace) -> Command {
    let mut command = workspace.cargo();
    command.args(["clippy", "--workspace", "--all-targets"]);
    for package in workspace.packages.iter().filter(|package| !package.native_tests) {
        command.args(["--exclude", &package.name]);
    }
    command.args(["--", "-D", "warnings"]);
    command
}

/// Components are linted as what they are, also those that build natively as well.
fn needs_wasm_lints(package: &Package) -> bool {
    package.is_component || !package.native_tests
}

/// One command for all, but one of its own for what is `no_std`: cargo would unite its features with the others'.
fn component_lints(workspace: &Workspace) -> Vec<Command> {
    let components = workspace.packages.iter().filter(|package| needs_wasm_lints(package));
    let (alone, together): (Vec<_>, Vec<_>) = components.partition(|package| package.builds_alone);
    let mut groups: Vec<Vec<&Package>> = alone.into_iter().map(|package| vec![package]).collect();
    groups.insert(0, together);
    groups
        .into_iter()
        .filter(|group| !group.is_empty())
        .map(|group| {
            let mut command = workspace.cargo();
            command.args(["clippy", "--target", build::WASM_TARGET]);
            command.args(group.iter().flat_map(|package| ["-p", &package.name]));
            command.args(["--", "-D", "warnings"]);
            command
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_linted_once_as_what_it_is() {
        let package = |name: &str, is_component, native_tests| Package {
            name: name.into(),
            is_component,
            native_tests,
            builds_alone: name == "bundle",
        };
        let packages =
            vec![package("money", false, true), package("pre-flight", true, false), package("bundle", true, true)];
        let workspace = Workspace { root: "/r".into(), target: "/t".into(), packages };
        let line = |command: Command| -> String {
            command.get_args().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            line(native_lints(&workspace)),
            "clippy --workspace --all-targets --exclude pre-flight -- -D warnings"
        );
        let components: Vec<_> = component_lints(&workspace).into_iter().map(line).collect();
        assert_eq!(
            components,
            [
                "clippy --target wasm32-wasip2 -p pre-flight -- -D warnings",
                "clippy --target wasm32-wasip2 -p bundle -- -D warnings",
            ]
        );
    }
}
