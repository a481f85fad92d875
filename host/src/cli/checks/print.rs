//! What the checks found, for people and for programs, and as an exit status.

use std::io::Write;
use std::process::ExitCode;

use ::snapshot::{Report, Status};
use anyhow::{Context, Result};
use serde_json::json;

use super::UNCHECKED;

/// Something is not in order.
const FAILED: u8 = 1;
/// Findings of one check that people are shown; `--json` has all.
const SHOWN: usize = 20;

pub fn all(reports: &[Report], skipped: &[(&str, String)], as_json: bool) -> Result<()> {
    let text = if as_json {
        let skipped: Vec<_> = skipped.iter().map(|(name, reason)| json!({"name": name, "reason": reason})).collect();
        let all = json!({"status": worst(reports), "checks": reports, "skipped": skipped});
        format!("{}\n", serde_json::to_string_pretty(&all)?)
    } else {
        table(reports, skipped)
    };
    std::io::stdout().lock().write_all(text.as_bytes()).context("writing to stdout")
}

/// 0 all pass; 1 one fails; 2 none fails, and one couldn't be made.
pub fn exit(reports: &[Report]) -> ExitCode {
    match worst(reports) {
        Status::Pass => ExitCode::SUCCESS,
        Status::Fail => ExitCode::from(FAILED),
        Status::Unknown => ExitCode::from(UNCHECKED),
    }
}

fn worst(reports: &[Report]) -> Status {
    // Nothing that could be checked is no success.
    reports.iter().map(|report| report.status).max().unwrap_or(Status::Unknown)
}

fn table(reports: &[Report], skipped: &[(&str, String)]) -> String {
    let mut text = String::new();
    for report in reports {
        let facts: Vec<_> = report.facts.iter().map(|(name, count)| format!("{name} {count}")).collect();
        text.push_str(&line(word(report.status), &report.name, &facts.join(", ")));
        for finding in report.findings.iter().take(SHOWN) {
            let at = if finding.path.is_empty() { String::new() } else { format!("{}: ", finding.path) };
            text.push_str(&format!("         {} {at}{}\n", finding.code, finding.message));
        }
        let more = report.findings.len().saturating_sub(SHOWN);
        if more > 0 {
            text.push_str(&format!("         ... and {more} more\n"));
        }
    }
    for (name, reason) in skipped {
        text.push_str(&line("skipped", name, reason));
    }
    text
}

fn line(word: &str, name: &str, rest: &str) -> String {
    let line = format!("{word:<8} {name:<13} {rest}");
    format!("{}\n", line.trim_end())
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Pass => "pass",
        Status::Fail => "FAIL",
        Status::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use ::checks::Verdict;
    use calendar::Millis;

    use super::*;

    #[test]
    fn ops_3_people_see_a_table() {
        let mut bad = Verdict::default();
        (0..22).for_each(|n| bad.fail("file_missing", format!("f{n}"), "There is no such file."));
        let mut good = Verdict::default();
        good.fact("files", 3);
        let reports = [good.report("secrets", Millis(0)), bad.report("structure", Millis(0))];
        let text = table(&reports, &[("log", "it needs the admin key".to_owned())]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines[..3],
            [
                "pass     secrets       files 3",
                "FAIL     structure",
                "         file_missing f0: There is no such file."
            ]
        );
        assert_eq!(lines[22..], ["         ... and 2 more", "skipped  log           it needs the admin key"]);
        assert_eq!(worst(&reports), Status::Fail);
        assert_eq!(worst(&[]), Status::Unknown);
    }
}
