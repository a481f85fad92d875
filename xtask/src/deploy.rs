//! The deploy files against the schemas of who reads them: Kubernetes, SpinKube's operator, Prometheus.

use std::time::Duration;

use crate::apt;
use crate::python::Environment;
use crate::report::{Report, count_tests};
use crate::workspace::Workspace;

const NAME: &str = "deploy";
const SUITE_LIMIT: Duration = Duration::from_secs(2 * 60);

/// Part of the verifier's suite, which has a Python anyway. Without Prometheus' own tool its tests skip the rules.
pub fn suite(workspace: &Workspace, report: &mut Report) {
    let folder = workspace.root.join("tests/deploy");
    if !folder.is_dir() {
        return report.skip(NAME, "tests/deploy is not part of this tree");
    }
    let Some(environment) = Environment::step("deploy setup", &folder, report) else { return };
    let promtool = apt::find_or_install(&["promtool"], "prometheus");
    report.step(NAME, |tally| {
        let mut command = environment.pytest(&folder);
        if let Some(promtool) = promtool {
            command.env("PROMTOOL", promtool);
        }
        count_tests(NAME, &mut command, SUITE_LIMIT, tally)
    });
}
