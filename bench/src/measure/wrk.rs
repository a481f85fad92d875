//! `wrk`: as many calls as so many connections carry (a closed model), for throughput and for one caller's latency.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::rig::child;
use crate::rig::contestant::Load;
use crate::rig::programs::Programs;

/// What it may take beyond the time it measures.
const ROOM: Duration = Duration::from_secs(15);
const MARK: &str = "RESULT ";

/// What one run found.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
pub struct Closed {
    pub requests: u64,
    pub duration_us: f64,
    pub p50_us: f64,
    pub p99_us: f64,
    /// Answers with a status that is not 2xx or 3xx, and calls without an answer.
    pub failures: u64,
}

impl Closed {
    pub fn per_second(&self) -> f64 {
        self.requests as f64 / (self.duration_us / 1e6)
    }
}

/// Keeps `connections` busy for so long.
///
/// # Errors
/// A call failed, or none was answered.
pub fn run(programs: &Programs, folder: &Path, load: &Load, connections: u32, duration: Duration) -> Result<Closed> {
    let script = folder.join("load.lua");
    std::fs::write(&script, lua(load)).context("the script for wrk can't be written")?;
    let mut command = Command::new(&programs.wrk);
    // It takes whole seconds only.
    let seconds = duration.as_secs_f64().ceil().max(1.0) as u64;
    command.args(["-t1", &format!("-c{connections}"), &format!("-d{seconds}"), "--timeout", "10s", "-s"]);
    command.arg(&script).arg(load.url());
    let printed = child::output("wrk", &mut command, Duration::from_secs(seconds) + ROOM)?;
    checked(parse(&printed)?)
}

fn checked(found: Closed) -> Result<Closed> {
    if found.failures > 0 || found.requests == 0 {
        bail!("{} of {} calls failed", found.failures, found.requests);
    }
    Ok(found)
}

/// Our script prints one line of JSON at the end.
fn parse(printed: &str) -> Result<Closed> {
    let line = printed
        .lines()
        .find_map(|line| line.strip_prefix(MARK))
        .with_context(|| format!("wrk printed `{}`", printed.trim()))?;
    serde_json::from_str(line).with_context(|| format!("wrk printed `{line}`"))
}

/// `wrk`'s own summary rounds; what its script is given at the end does not.
fn lua(load: &Load) -> String {
    let headers: String = load
        .headers
        .iter()
        .map(|(name, value)| format!("wrk.headers[ {} ] = {}\n", quoted(name), quoted(value)))
        .collect();
    format!(
        r#"wrk.method = "POST"
wrk.body = {}
{headers}
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{MARK}{{"requests":%d,"duration_us":%d,"p50_us":%.1f,"p99_us":%.1f,"failures":%d}}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"#,
        quoted(&load.body)
    )
}

fn quoted(text: &str) -> String {
    format!("[==[{text}]==]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_read_from_among_what_wrk_prints() {
        let check = |printed: &str, expected: Option<(u64, f64)>| {
            let found = parse(printed).and_then(checked).ok().map(|found| (found.requests, found.per_second()));
            assert_eq!(found, expected, "{printed}");
        };
        let line = |requests: u64, failures: u64| {
            format!(
                "Running 2s test @ http://127.0.0.1:1\n  1 threads and 1 connections\nRequests/sec: 9\n\
                 RESULT {{\"requests\":{requests},\"duration_us\":2000000,\"p50_us\":51.0,\"p99_us\":90.5,\"failures\":{failures}}}\n"
            )
        };
        check(&line(1_000, 0), Some((1_000, 500.0)));
        check(&line(1_000, 1), None);
        check(&line(0, 0), None);
        check("unable to connect to 127.0.0.1:1 Connection refused\n", None);
    }

    #[test]
    fn the_script_makes_the_call() {
        let load = Load::chat("http://127.0.0.1:1", vec![("Origin".into(), "https://a".into())]);
        let script = lua(&load);
        assert!(script.contains("wrk.headers[ [==[Origin]==] ] = [==[https://a]==]"), "{script}");
        assert!(script.contains(r#"wrk.body = [==[{"model":"#), "{script}");
    }
}
