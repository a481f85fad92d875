//! Every command of a page runs in a test, or stands here with the reason why it doesn't: none comes in unnoticed.

use std::collections::BTreeSet;
use std::process::Command;

use super::page::{all, read, shell_blocks};
use super::tours;

/// Pages whose commands another test runs, all of them: the test, which names the page.
const ELSEWHERE: [(&str, &str); 2] = [
    ("docs/clients.md", "tests/clients/test_docs.py"),
    ("docs/compliance.md", "tests/scenarios/tests/gate/compliance_tour.rs"),
];

const BUILDS: &str = "builds, which the pipeline does anyway";
const SERVES: &str = "serves until it is stopped: every scenario starts a gate";
const SPIN: &str = "wants Spin";
const CLUSTER: &str = "wants a cluster: `tests/deploy` checks the objects";
const NPM: &str = "wants npm: `tests/browser` packs the widget and builds pages with it";
const IDS: &str = "its ids are made up: the scenario of that name has real ones";

/// What runs nowhere as it stands: the page, how the command begins (several may), and why.
const NOT_RUN: [(&str, &str, &str); 34] = [
    ("README.md", "cargo xtask up", BUILDS),
    ("README.md", "cargo xtask test", BUILDS),
    ("README.md", "cargo xtask build", BUILDS),
    ("README.md", "target/release/tollgate up", SERVES),
    ("README.md", "TOLLGATE_KV=redis://", SERVES),
    ("README.md", "target/release/tollgate store fold", "wants a gate that is stopped: scenario `verify` folds"),
    ("README.md", "spin build", SPIN),
    ("README.md", "SPIN_VARIABLE_ADMIN_KEY", SPIN),
    ("docs/adding-a-vendor.md", "cargo ", "scenario `adding_a_vendor` builds that component"),
    ("docs/cli.md", "tollgate load", "ends with 1 by design, since its cap is reached: the host's own tests run it"),
    ("docs/deploy.md", "cargo xtask build", BUILDS),
    ("docs/deploy.md", "target/release/tollgate doctor", "wants port 3000 to be free: scenario `start_config` asks it"),
    ("docs/deploy.md", "target/release/tollgate up", SERVES),
    ("docs/deploy.md", "spin build", SPIN),
    ("docs/deploy.md", "SPIN_VARIABLE_ADMIN_KEY", SPIN),
    ("docs/deploy.md", "while sleep 2", "never ends: scenario `maintenance` calls the route"),
    ("docs/deploy.md", "spin registry push", CLUSTER),
    ("docs/deploy.md", "$EDITOR", "is a person's"),
    ("docs/deploy.md", "kubectl ", CLUSTER),
    ("docs/deploy.md", "tollgate check infra --url", "names a gate that isn't: scenario `checks` has one"),
    ("docs/events.md", "curl -s -X POST $TOLLGATE_URL/v1/events/dead-letters/", IDS),
    ("docs/events.md", "curl -sN $TOLLGATE_URL/v1/events", "has no end: scenario `events` reads a part of it"),
    ("docs/operations.md", "tollgate snapshot diff", IDS),
    ("docs/operations.md", "tollgate snapshot check FILE", "names no file: scenario `snapshots` has one"),
    ("docs/operations.md", "cargo xtask test", BUILDS),
    ("docs/operations.md", "tollgate check --tests", "wants what the command before it writes"),
    ("docs/operations.md", "curl -s -X DELETE $T/keys/KEY_ID", IDS),
    (
        "docs/runs.md",
        "curl -s -X PUT $TOLLGATE_URL/v1/tenants/demo/vendors/telegram",
        "has no token: scenario `telegram` does it",
    ),
    ("docs/runs.md", "curl -s \"https://api.telegram.org", "calls Telegram"),
    ("docs/start.md", "cargo xtask up", BUILDS),
    ("docs/webhooks.md", "curl -s -X POST $TOLLGATE_URL/v1/webhooks/events/", IDS),
    ("docs/widget.md", "npm pack", NPM),
    ("docs/widget.md", "npm install", NPM),
    ("docs/widget.md", "cd widget", NPM),
];

/// A page's commands, each with all of its lines and the comments before it.
fn commands(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for block in shell_blocks(&read(page)) {
        let mut command = String::new();
        for line in block.lines() {
            command.push_str(line);
            command.push('\n');
            let goes_on = ["\\", "|", "&&"].iter().any(|end| line.trim_end().ends_with(end));
            if !first_line(&command).is_empty() && !goes_on && is_whole(&command) {
                found.push(std::mem::take(&mut command));
            }
        }
        assert!(first_line(&command).is_empty(), "{page}: a command without an end: {command}");
    }
    found
}

/// The first line that isn't a comment.
fn first_line(command: &str) -> &str {
    command.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#')).unwrap_or_default()
}

/// Whether the shell would wait for more. What has no quote and no bracket needn't be asked about.
fn is_whole(command: &str) -> bool {
    let plain = !command.contains(['\'', '"', '(', '{', '`']) && !command.starts_with("while ");
    plain || Command::new("bash").args(["-n", "-c", command]).output().expect("bash runs").status.success()
}

fn is_kept_from(page: &str, command: &str) -> Option<usize> {
    NOT_RUN.iter().position(|(at, begins, _)| *at == page && first_line(command).starts_with(begins))
}

/// What of a page is to be run, in its order.
pub fn to_run(page: &str) -> Vec<String> {
    commands(page).into_iter().filter(|command| is_kept_from(page, command).is_none()).collect()
}

#[test]
fn ops_3_every_command_of_the_documents_runs_or_is_listed_with_a_reason() {
    let mut used = BTreeSet::new();
    for page in all() {
        let run_elsewhere = ELSEWHERE.iter().any(|(name, _)| *name == page);
        let toured = tours::PAGES.contains(&page.as_str());
        let mut left = 0;
        for command in commands(&page) {
            match is_kept_from(&page, &command) {
                Some(entry) => drop(used.insert(entry)),
                None => left += 1,
            }
        }
        let runs = usize::from(run_elsewhere) + usize::from(toured);
        assert_eq!(
            runs,
            usize::from(left > 0),
            "{page}: {left} commands to be run, by {runs} tests: see ELSEWHERE, NOT_RUN and PAGES"
        );
    }
    let stale: Vec<_> = NOT_RUN.iter().enumerate().filter(|(entry, _)| !used.contains(entry)).collect();
    assert!(stale.is_empty(), "no page has {stale:?}");
    for (page, test) in ELSEWHERE {
        assert!(read(test).contains(page), "{test} doesn't name {page}");
    }
}

#[test]
fn a_command_is_all_of_its_lines() {
    let one = |command: &str| is_whole(command);
    assert!(one("A='x'\n") && one("f() { echo \"$1\"; }\n") && !one("curl -d '{\n") && !one("while true; do\n"));
    assert!(!one("f() { curl \"$1\"\n") && one("echo plain\n"));
}
