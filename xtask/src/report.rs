//! Runs steps one after the other, remembers how each went, and closes with the line that counts.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::process::{self, Process};
use crate::tally::Tally;

/// How a step went.
#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    Passed,
    Failed(String),
    Skipped(String),
}

struct Step {
    name: &'static str,
    outcome: Outcome,
    tally: Tally,
    took: Duration,
}

/// The steps so far.
#[derive(Default)]
pub struct Report {
    steps: Vec<Step>,
}

impl Report {
    /// Runs one step. Its error is kept for the summary, so that the next step runs too. True when it passed.
    pub fn step(&mut self, name: &'static str, work: impl FnOnce(&mut Tally) -> Result<()>) -> bool {
        if process::interrupted() {
            self.skip(name, "interrupted");
            return false;
        }
        eprintln!("\n=== {name}");
        let started = Instant::now();
        let mut tally = Tally::default();
        let outcome = match work(&mut tally) {
            Ok(()) => Outcome::Passed,
            Err(error) => Outcome::Failed(format!("{error:#}")),
        };
        if let Outcome::Failed(reason) = &outcome {
            eprintln!("=== {name} FAILED: {reason}");
            // A suite that did not compile, crashed or hung reports no failed test; it is one all the same.
            tally.failed = tally.failed.max(1);
        }
        let passed = outcome == Outcome::Passed;
        self.steps.push(Step { name, outcome, tally, took: started.elapsed() });
        passed
    }

    /// Notes a step that can't run here. On a build server (`CI` is set) that is a failure: nobody reads its warnings.
    pub fn skip(&mut self, name: &'static str, why: &str) {
        let strict = std::env::var_os("CI").is_some_and(|value| !value.is_empty()) || process::interrupted();
        self.note_missing(name, why, strict);
    }

    fn note_missing(&mut self, name: &'static str, why: &str, strict: bool) {
        eprintln!("\n=== {name} SKIPPED: {why}");
        let (outcome, failed) = if strict {
            (Outcome::Failed(format!("could not run: {why}")), 1)
        } else {
            (Outcome::Skipped(why.into()), 0)
        };
        self.steps.push(Step { name, outcome, tally: Tally { passed: 0, failed }, took: Duration::ZERO });
    }

    /// Prints the summary, whose last line is `N passed, N failed`, and turns it into an exit status.
    pub fn close(self) -> ExitCode {
        let (text, failed) = self.summary();
        // Everything the steps said on stderr comes before it.
        drop(std::io::stderr().flush());
        println!("{text}");
        drop(std::io::stdout().flush());
        ExitCode::from(u8::from(failed))
    }

    fn summary(&self) -> (String, bool) {
        let mut text = String::from("\nSummary\n");
        let mut total = Tally::default();
        for Step { name, outcome, tally, took } in &self.steps {
            total += *tally;
            let verdict = match outcome {
                Outcome::Passed => "ok".to_owned(),
                Outcome::Failed(reason) => format!("FAILED: {reason}"),
                Outcome::Skipped(why) => format!("SKIPPED: {why}"),
            };
            let Tally { passed, failed } = tally;
            writeln!(
                text,
                "  {name:<16} {passed:>5} passed {failed:>4} failed {:>7.1} s  {verdict}",
                took.as_secs_f32()
            )
            .expect("a string takes every line");
        }
        write!(text, "\n{} passed, {} failed", total.passed, total.failed).expect("a string takes every line");
        (text, total.failed > 0)
    }
}

/// Runs a test program, passing its output through while counting its results.
pub fn count_tests(name: &str, command: &mut Command, limit: Duration, tally: &mut Tally) -> Result<()> {
    let mut child = Process::spawn(name, command.stdout(Stdio::piped()))?;
    let lines = child.lines();
    let deadline = Instant::now() + limit;
    let mut take = |line: String| {
        tally.read(&line);
        println!("{line}");
    };
    let status = loop {
        match lines.recv_timeout(Duration::from_millis(50)) {
            Ok(line) => take(line),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                break child.wait(deadline.saturating_duration_since(Instant::now()))?;
            }
        }
        if let Some(status) = child.ended()? {
            // Something outside the child's group may still hold the pipe: what was written is read, but not waited for.
            while let Ok(line) = lines.recv_timeout(Duration::from_millis(500)) {
                take(line);
            }
            break status;
        }
        if process::interrupted() || Instant::now() >= deadline {
            child.stop()?;
            bail!(
                "{name} {}",
                if process::interrupted() {
                    "was interrupted".into()
                } else {
                    format!("took longer than {} s and was stopped", limit.as_secs())
                }
            );
        }
    };
    if !status.success() {
        bail!("{name} failed ({status})");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(script: &str, limit: Duration) -> (Tally, Option<String>) {
        let mut tally = Tally::default();
        let result = count_tests("suite", Command::new("sh").args(["-c", script]), limit, &mut tally);
        (tally, result.err().map(|error| error.to_string()))
    }

    #[test]
    fn a_suite_is_counted_and_bounded() {
        let minute = Duration::from_secs(60);
        let (tally, error) = count("echo 'test result: ok. 2 passed; 0 failed'; echo '# pass 1'", minute);
        assert_eq!((tally, error), (Tally { passed: 3, failed: 0 }, None));
        let (tally, error) = count("echo 'test result: FAILED. 2 passed; 1 failed'; exit 101", minute);
        assert_eq!((tally, error.is_some()), (Tally { passed: 2, failed: 1 }, true));

        let started = Instant::now();
        let (_, error) = count("while :; do echo noise; sleep 0.01; done", Duration::from_millis(200));
        assert!(error.unwrap().contains("longer than"));
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn an_escaped_child_that_holds_the_pipe_does_not_hang_the_suite() {
        let started = Instant::now();
        let (tally, error) = count("setsid sleep 6 & echo '# pass 1'", Duration::from_secs(60));
        assert_eq!((tally.passed, error), (1, None));
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn the_last_line_counts_everything() {
        let check = |steps: &dyn Fn(&mut Report), last: &str, failed: bool| {
            let mut report = Report::default();
            steps(&mut report);
            let (text, is_failed) = report.summary();
            assert_eq!((text.lines().last().unwrap(), is_failed), (last, failed));
        };
        let good = |report: &mut Report| {
            let good = |tally: &mut Tally| {
                tally.passed = 5;
                Ok(())
            };
            assert!(report.step("good", good));
        };
        check(&good, "5 passed, 0 failed", false);
        check(&|report| assert!(!report.step("does not compile", |_| bail!("no"))), "0 passed, 1 failed", true);
        let mixed = |report: &mut Report| {
            good(report);
            report.step("bad", |tally| {
                tally.failed = 2;
                bail!("no")
            });
            good(report);
        };
        check(&mixed, "10 passed, 2 failed", true);
        check(&|report| report.note_missing("browser", "no node", false), "0 passed, 0 failed", false);
        check(&|report| report.note_missing("browser", "no node", true), "0 passed, 1 failed", true);
    }
}
