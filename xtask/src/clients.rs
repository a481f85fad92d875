//! Client libraries in JavaScript and in Python, pointed at a gate, and the gate's OpenAPI document tried against it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::npm;
use crate::python::Environment;
use crate::report::{Report, count_tests};
use crate::trial::{self, Variables};
use crate::workspace::Workspace;

const SUITE_LIMIT: Duration = Duration::from_secs(10 * 60);

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
    if let Some(environment) = Environment::step("clients py setup", folder, report) {
        report.step(NAME, |tally| {
            trial::with_gate(workspace, |variables| {
                count_tests(NAME, pointed(&mut environment.pytest(folder), variables), SUITE_LIMIT, tally)
            })
        });
    }
}

/// The suite's command with its gate in the environment, and nothing that could lead it elsewhere.
pub fn pointed(command: &mut Command, variables: Variables) -> &mut Command {
    for name in NOT_OURS {
        command.env_remove(name);
    }
    command.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1").envs(variables)
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
}
