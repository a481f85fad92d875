//! `tollgate audit verify`: every counter is the sum of the log's entries and of what open permits hold, and no cap was
//! ever passed.

use std::process::Command;
use std::time::Duration;

use crate::gate::Gate;
use crate::programs;

const STOP_LIMIT: Duration = Duration::from_secs(20);

impl Gate {
    /// Nothing differs, neither as the operator sees it over HTTP nor in the store of the running gate.
    #[track_caller]
    pub fn verify(&self) {
        let mut command = verify();
        command.args(["--url", &self.url]).env("TOLLGATE_ADMIN_KEY", &self.admin_key);
        run(command);
        run(self.verify_store());
    }

    /// Reads what a killed gate has left: nothing differs beyond what its reaper puts right. Gives how many
    /// counters that is about.
    #[track_caller]
    pub fn verify_remains(&self) -> usize {
        let is_cut_off = |line: &&str| line.starts_with("waits:") || line.contains("in the middle of a change");
        run(self.verify_store()).lines().filter(is_cut_off).count()
    }

    /// Stops it and reads its store: nothing differs, and nothing is left in the middle of a change.
    #[track_caller]
    pub fn stop_and_verify(&mut self) {
        self.stop();
        let mut command = self.verify_store();
        command.arg("--strict");
        run(command);
    }

    /// The same after kills. They may leave counters too high of which the log has no sums (kinds of tokens, sessions),
    /// until their window ends: as `docs/limits.md` says, and nothing else.
    #[track_caller]
    pub fn stop_and_verify_healed(&mut self) {
        self.stop();
        let said = run(self.verify_store());
        assert_eq!(said.lines().find(|line| waits_for_the_reaper(line)), None, "{said}");
    }

    /// Whether the reaper has put right all that it can; the gate may be running.
    pub fn is_healed(&self) -> bool {
        !run(self.verify_store()).lines().any(waits_for_the_reaper)
    }

    fn stop(&mut self) {
        self.sigterm();
        let status = self.wait_for_end(STOP_LIMIT);
        assert!(status.success(), "{status}");
    }

    /// The store itself: another one that it was told of, or its own in its data folder.
    fn verify_store(&self) -> Command {
        let mut command = verify();
        match self.kv() {
            Some(kv) => command.args(["--kv", kv]),
            None => command.arg("--data").arg(self.data()),
        };
        command
    }
}

/// What the log can't tell waits for its window's end instead.
fn waits_for_the_reaper(line: &str) -> bool {
    line.starts_with("waits:") && !line.contains("the log has no sum of this")
}

pub(crate) fn verify() -> Command {
    let mut command = programs::audit(programs::state());
    command.arg("verify");
    command
}

/// What it said.
#[track_caller]
pub(crate) fn run(mut command: Command) -> String {
    let output = command.output().expect("tollgate runs");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).join("\n");
    assert!(output.status.success(), "{command:?}: {}\n{said}", output.status);
    said
}
