//! What a check found, for machines and in words.

use std::{cmp::Ordering, fmt};

use limits::Meter;
use money::Nanos;
use serde::Serialize;

use crate::names::amount;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Two things that must agree don't, and nothing explains it.
    Difference,
    /// Reserved too much by a crash: nothing is lost, and it passes by itself.
    Waiting,
    /// Worth knowing: a call under way, an overrun.
    Note,
}

/// What says that the log itself was altered: told before all that follows from it.
const CAUSES: [&str; 13] = [
    "log_other",
    "log_rewritten",
    "log_shrunk",
    "log_key",
    "entry_changed",
    "tile_differs",
    "tile_and_entries",
    "tile_missing",
    "checkpoint_root",
    "checkpoint_signature",
    "checkpoint_missing",
    "sequencer_ticket",
    "sequencer_state",
];

/// One thing that was found. They are sorted with the worst first, and causes before what follows from them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// Its kind, such as `counter_below`.
    pub what: &'static str,
    /// Whose, which window; which permit; which number of the log.
    #[serde(rename = "where")]
    pub place: String,
    /// What should stand there.
    pub expected: Option<String>,
    /// What does.
    pub found: Option<String>,
    /// All of it for people.
    pub sentence: String,
}

impl Ord for Finding {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |finding: &Self| {
            let Self { severity, what, place, expected, found, sentence } = finding.clone();
            let cause = CAUSES.iter().position(|cause| *cause == what).unwrap_or(CAUSES.len());
            (severity, cause, what, place, expected, found, sentence)
        };
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Finding {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// How much was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Tenants, deleted ones with entries included.
    pub tenants: u64,
    /// Windows whose counter was compared: a month's money, a day's units, a session, places.
    pub windows: u64,
    /// Of those that there are, windows that nothing is left to compare with.
    pub not_checkable: u64,
    /// Windows whose caps at that time are not known any more.
    pub caps_unknown: u64,
    /// Entries of the log.
    pub entries: u64,
    /// Permits of which there is a record.
    pub permits: u64,
    /// Those that aren't resolved.
    pub open_permits: u64,
    /// What all entries come to, in nano-USD.
    #[serde(rename = "settled_nanos")]
    pub settled: Nanos,
}

/// One window as it was compared. Amounts are nano-USD, units, or places.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Window {
    /// Whose and which, for people.
    #[serde(rename = "where")]
    pub place: String,
    /// The counter.
    #[serde(flatten)]
    pub meter: Meter,
    /// What its entries come to.
    pub settled: i64,
    /// What its open permits hold.
    pub held: i64,
    /// What the counter says; absent when there is none.
    pub counter: Option<i64>,
    /// Whether it could be compared.
    pub checked: bool,
}

impl fmt::Display for Counts {
    /// `3 tenants, 12 windows, 1,204 entries, 17.45 USD`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let many =
            |n: u64, thing: &str, plural: &str| format!("{} {thing}{}", grouped(n), if n == 1 { "" } else { plural });
        let (tenants, windows) = (many(self.tenants, "tenant", "s"), many(self.windows, "window", "s"));
        let entries =
            if self.entries == 1 { "1 entry".to_owned() } else { format!("{} entries", grouped(self.entries)) };
        write!(f, "{tenants}, {windows}, {entries}, {} USD", self.settled)
    }
}

/// With a comma every three digits.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        let left = digits.len().saturating_sub(i);
        if i > 0 && left.is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl fmt::Display for Window {
    /// `tenant demo, 2026-11, money: settled 0.30 USD, held 0.10 USD, counter 0.40 USD`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |n: i64| amount(&self.meter, i128::from(n));
        let Self { place, settled, held, counter, .. } = self;
        write!(f, "{place}: settled {}, held {}, ", show(*settled), show(*held))?;
        match counter {
            Some(counter) => write!(f, "counter {}", show(*counter))?,
            None => f.write_str("no counter")?,
        }
        if self.checked { Ok(()) } else { f.write_str(" (not checkable: permits it counts have been forgotten)") }
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// How much was checked.
    pub counts: Counts,
    /// The worst first, then by place.
    pub findings: Vec<Finding>,
    /// All windows, by place.
    pub windows: Vec<Window>,
    /// The newest checkpoint of the log, a signed note.
    pub checkpoint: Option<String>,
}

impl Report {
    /// The findings of one severity.
    pub fn of(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.severity == severity)
    }

    /// Whether nothing differs. What waits for the reaper doesn't.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.of(Severity::Difference).next().is_none()
    }

    /// Notes something that whoever had it checked knows.
    pub fn remark(&mut self, what: &'static str, place: &str, sentence: &str) {
        self.add(Severity::Note, what, place, (), sentence);
    }

    pub(crate) fn add(
        &mut self,
        severity: Severity,
        what: &'static str,
        place: impl Into<String>,
        compared: impl Into<Compared>,
        sentence: impl Into<String>,
    ) {
        let Compared { expected, found } = compared.into();
        self.findings.push(Finding { severity, what, place: place.into(), expected, found, sentence: sentence.into() });
    }

    /// A difference.
    pub(crate) fn differs(
        &mut self,
        what: &'static str,
        place: impl Into<String>,
        compared: impl Into<Compared>,
        sentence: impl Into<String>,
    ) {
        self.add(Severity::Difference, what, place, compared, sentence);
    }

    /// Whether a difference is said of this place already.
    pub(crate) fn names(&self, place: &str) -> bool {
        self.of(Severity::Difference).any(|finding| finding.place == place)
    }

    pub(crate) fn sorted(mut self) -> Self {
        self.findings.sort();
        self.findings.dedup();
        self.windows.sort();
        self
    }
}

/// What should be and what is, where that can be said shortly.
#[derive(Default)]
pub(crate) struct Compared {
    expected: Option<String>,
    found: Option<String>,
}

impl From<()> for Compared {
    fn from((): ()) -> Self {
        Self::default()
    }
}

impl<E: ToString, F: ToString> From<(E, F)> for Compared {
    fn from((expected, found): (E, F)) -> Self {
        Self { expected: Some(expected.to_string()), found: Some(found.to_string()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_as_people_write_them() {
        let check = |tenants: u64, entries: u64, nanos: i64, text: &str| {
            let counts = Counts { tenants, windows: 12, entries, settled: Nanos(nanos), ..Counts::default() };
            assert_eq!(counts.to_string(), text);
        };
        check(3, 1_204, 17_450_000_000, "3 tenants, 12 windows, 1,204 entries, 17.45 USD");
        check(1, 1, 0, "1 tenant, 12 windows, 1 entry, 0.00 USD");
        check(0, 1_000_000, 1, "0 tenants, 12 windows, 1,000,000 entries, 0.000000001 USD");
    }
}
