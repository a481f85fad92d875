//! `oha`: calls at a fixed rate whether or not the earlier ones were answered (an open model), for latency.
//!
//! A caller that waits for the answer before it asks again asks less just when the server is slow, and so does not see it
//! (coordinated omission). Here a call's time counts from when it was due.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::rig::child;
use crate::rig::contestant::Load;
use crate::rig::programs::Programs;

/// What it may take beyond the time it measures.
const ROOM: Duration = Duration::from_secs(15);

/// What one run found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Open {
    pub requests: u64,
    pub p50_us: f64,
    pub p99_us: f64,
}

/// What we read of its JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Printed {
    latency_percentiles: Percentiles,
    status_code_distribution: BTreeMap<String, u64>,
    error_distribution: BTreeMap<String, u64>,
}

/// In seconds; none without answers.
#[derive(Deserialize)]
struct Percentiles {
    p50: Option<f64>,
    p99: Option<f64>,
}

/// Makes `rate` calls a second over so many connections, for so long.
///
/// # Errors
/// A call was not answered with 2xx.
pub fn run(programs: &Programs, load: &Load, connections: u32, rate: u64, duration: Duration) -> Result<Open> {
    let mut command = Command::new(&programs.oha);
    command.args(["--no-tui", "--output-format", "json", "--latency-correction", "-w", "-m", "POST"]);
    command.args(["-z", &format!("{}ms", duration.as_millis()), "-c", &connections.to_string()]);
    command.args(["-q", &rate.to_string(), "-t", "10s", "-d", &load.body]);
    for (name, value) in &load.headers {
        command.args(["-H", &format!("{name}: {value}")]);
    }
    parse(&child::output("oha", command.arg(load.url()), duration + ROOM)?)
}

fn parse(printed: &str) -> Result<Open> {
    let printed: Printed = serde_json::from_str(printed).context("oha printed no result")?;
    let answered: u64 = printed.status_code_distribution.values().sum();
    let good: u64 =
        printed.status_code_distribution.iter().filter(|(status, _)| status.starts_with('2')).map(|(_, n)| n).sum();
    let unanswered: u64 = printed.error_distribution.values().sum();
    if good < answered || unanswered > 0 {
        let statuses = printed.status_code_distribution;
        bail!(
            "of {} calls {good} were answered with 2xx: {statuses:?} {:?}",
            answered + unanswered,
            printed.error_distribution
        );
    }
    let percentiles = printed.latency_percentiles;
    let (p50, p99) = percentiles.p50.zip(percentiles.p99).context("no call was answered")?;
    Ok(Open { requests: answered, p50_us: p50 * 1e6, p99_us: p99 * 1e6 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_a_number_only_when_all_went_well() {
        let printed = |statuses: &str, errors: &str, p99: &str| {
            format!(
                r#"{{"summary":{{"successRate":1.0,"total":1.001}},"latencyPercentiles":{{"p10":0.00008,"p50":0.0001,
                "p99":{p99},"p99.9":0.009}},"rps":{{"mean":99.1}},"statusCodeDistribution":{statuses},
                "errorDistribution":{errors}}}"#
            )
        };
        let check = |text: String, expected: Result<Open, &str>| match (parse(&text), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (found, expected) => panic!("{found:?} is not {expected:?}"),
        };
        let good = Open { requests: 100, p50_us: 100.0, p99_us: 2_000.0 };
        check(printed(r#"{"200":90,"201":10}"#, "{}", "0.002"), Ok(good));
        check(printed(r#"{"200":99,"429":1}"#, "{}", "0.002"), Err("of 100 calls 99"));
        check(printed(r#"{"200":99}"#, r#"{"connection closed":1}"#, "0.002"), Err("of 100 calls 99"));
        check(printed("{}", "{}", "null"), Err("no call was answered"));
        check("oops".into(), Err("printed no result"));
    }
}
