//! The browser suite: the widget and the console in Chromium, first against the suite's own fake gate, then against a real one. The widget's
//! own folder is set up too: a test makes its one file anew and compares.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use crate::apt;
use crate::npm;
use crate::report::{Report, count_tests};
use crate::tally::Tally;
use crate::trial::{self, Variables};
use crate::workspace::Workspace;

const BROWSERS: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const SUITE_LIMIT: Duration = Duration::from_secs(10 * 60);

pub fn suite(workspace: &Workspace, report: &mut Report) {
    const NAME: &str = "browser";
    let folder = workspace.root.join("tests/browser");
    if !folder.join("package.json").is_file() {
        return report.skip(NAME, "tests/browser is not part of this tree");
    }
    if !npm::is_there() {
        return report.skip(NAME, npm::MISSING);
    }
    let Some(chromium) = find_chromium() else {
        return report.skip(NAME, "no Chromium; install it or name one in the variable CHROMIUM");
    };
    let suite = NodeSuite { folder, chromium, tollgate: workspace.tollgate() };
    let widget = workspace.root.join("widget");
    if report.step("browser setup", |_| npm::install(&widget).and_then(|()| npm::install(&suite.folder))) {
        report.step(NAME, |tally| suite.run("test:widget", Variables::new(), tally));
        report.step("browser + gate", |tally| {
            trial::with_gate(workspace, |variables| suite.run("test:gate", variables, tally))
        });
    }
}

struct NodeSuite {
    folder: PathBuf,
    chromium: PathBuf,
    /// Receipts are checked with it, too.
    tollgate: PathBuf,
}

impl NodeSuite {
    fn run(&self, script: &str, variables: Variables, tally: &mut Tally) -> Result<()> {
        let mut npm = npm::script(&self.folder, script);
        npm.env("CHROMIUM", &self.chromium).env("TOLLGATE_BIN", &self.tollgate);
        npm.env_remove("TOLLGATE_URL").envs(variables);
        count_tests(script, &mut npm, SUITE_LIMIT, tally)
    }
}

/// The browser named by `CHROMIUM` or found in the path; on Debian as root it is installed when there is none.
fn find_chromium() -> Option<PathBuf> {
    if let Some(named) = env::var_os("CHROMIUM").filter(|value| !value.is_empty()) {
        return Some(named.into());
    }
    apt::find_or_install(&BROWSERS, "chromium")
}
