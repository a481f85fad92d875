//! What came of a check, for people and for machines.

use std::io::Write;

use anyhow::{Context, Result};
use reconcile::{Report, Severity, Trust, key_id};
use serde_json::json;
use tlog::Checkpoint;

use crate::cli::words::entries;

/// How to say it.
#[derive(Clone, Copy)]
pub struct Style {
    pub json: bool,
    /// Every window too.
    pub verbose: bool,
}

pub fn print(from: &str, report: &Report, trust: &Trust, fails: bool, style: Style) -> Result<()> {
    let text = if style.json { machine(from, report, trust, fails, style) } else { people(from, report, trust, style) };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("writing to stdout")
}

fn machine(from: &str, report: &Report, trust: &Trust, fails: bool, style: Style) -> String {
    let mut whole = json!({"ok": !fails, "read": from, "counts": report.counts, "findings": report.findings});
    if let Some(shown) = shown(report) {
        let key_id = trust.key.as_ref().map(key_id);
        whole["log"] = json!({"origin": shown.origin, "key_id": key_id, "size": shown.size, "compared_with": compared_with(trust)});
    }
    if style.verbose {
        whole["windows"] = json!(report.windows);
    }
    format!("{whole}\n")
}

fn people(from: &str, report: &Report, trust: &Trust, style: Style) -> String {
    let mut lines = vec![format!("checked {from}"), log(report, trust)];
    if style.verbose {
        lines.extend(report.windows.iter().map(|window| format!("  {window}")));
    }
    for finding in &report.findings {
        let severity = match finding.severity {
            Severity::Difference => "differs",
            Severity::Waiting => "waits",
            Severity::Note => "note",
        };
        lines.push(format!("{severity}: {}", finding.sentence));
    }
    lines.push(closing(report));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn shown(report: &Report) -> Option<Checkpoint> {
    report.checkpoint.as_deref().and_then(|note| Checkpoint::unverified(note).ok())
}

/// The size of the longest that was seen before.
fn compared_with(trust: &Trust) -> Option<u64> {
    trust.seen.iter().map(|seen| seen.says.size).max()
}

/// Which log it is: nobody else can tell whether that is the one that was meant.
fn log(report: &Report, trust: &Trust) -> String {
    let before = match compared_with(trust) {
        Some(size) => format!("compared with the checkpoint of {} seen before", entries(size)),
        None => "never seen before".to_owned(),
    };
    let key = trust.key.as_ref().map_or_else(|| "not known".to_owned(), key_id);
    match shown(report) {
        Some(Checkpoint { origin, size, .. }) => format!("log {origin}, key {key}, {}; {before}", entries(size)),
        None => format!("log without a checkpoint; {before}"),
    }
}

/// Such as `ok: 3 tenants, 12 windows, 1,204 entries, 17.45 USD; nothing differs`.
fn closing(report: &Report) -> String {
    let many = |n: usize, one: &str, more: &str| if n == 1 { one.to_owned() } else { format!("{n} {more}") };
    let of = |severity| report.of(severity).count();
    let (verdict, differs) = match of(Severity::Difference) {
        0 => ("ok", "nothing differs".to_owned()),
        n => ("NOT OK", many(n, "one thing differs", "things differ")),
    };
    let mut parts = vec![differs];
    match of(Severity::Waiting) {
        0 => {}
        n => parts.push(many(n, "one place waits", "places wait")),
    }
    let unknown = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    match unknown(report.counts.not_checkable) {
        0 => {}
        n => parts.push(many(n, "one window more can't be checked", "windows more can't be checked")),
    }
    match unknown(report.counts.caps_unknown) {
        0 => {}
        n => parts.push(many(n, "the caps of one window aren't known", "windows' caps aren't known")),
    }
    format!("{verdict}: {}; {}", report.counts, parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reconcile::{Counts, Finding};

    #[test]
    fn the_closing_line_says_all_of_it() {
        let check = |severities: &[Severity], not_checkable: u64, line: &str| {
            let finding = |severity: &Severity| Finding {
                severity: *severity,
                what: "x",
                place: "here".into(),
                expected: None,
                found: None,
                sentence: "Something.".into(),
            };
            let counts = Counts { tenants: 3, windows: 12, entries: 1_204, not_checkable, ..Counts::default() };
            let report = Report { counts, findings: severities.iter().map(finding).collect(), ..Report::default() };
            assert_eq!(closing(&report), line);
        };
        let counts = "3 tenants, 12 windows, 1,204 entries, 0.00 USD";
        check(&[], 0, &format!("ok: {counts}; nothing differs"));
        check(&[Severity::Note], 1, &format!("ok: {counts}; nothing differs, one window more can't be checked"));
        check(&[Severity::Waiting], 0, &format!("ok: {counts}; nothing differs, one place waits"));
        check(&[Severity::Difference; 2], 0, &format!("NOT OK: {counts}; 2 things differ"));
    }
}
