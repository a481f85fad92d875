//! The verifier in Python, a second implementation of all that the log promises: by itself, and against a gate.

use std::time::Duration;

use crate::clients::pointed;
use crate::python::Environment;
use crate::report::{Report, count_tests};
use crate::trial;
use crate::workspace::Workspace;

const NAME: &str = "verifier";
const SUITE_LIMIT: Duration = Duration::from_secs(5 * 60);

pub fn suite(workspace: &Workspace, report: &mut Report) {
    let folder = workspace.root.join("tests/verifier");
    if !folder.is_dir() {
        return report.skip(NAME, "tests/verifier is not part of this tree");
    }
    if let Some(environment) = Environment::step("verifier setup", &folder, report) {
        report.step(NAME, |tally| {
            trial::with_gate(workspace, |variables| {
                let mut command = environment.pytest(&folder);
                command.env("TOLLGATE_BIN", workspace.tollgate());
                count_tests(NAME, pointed(&mut command, variables), SUITE_LIMIT, tally)
            })
        });
    }
}
