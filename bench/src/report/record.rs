//! The numbers of all rounds, row by row.
//!
//! Contestants are compared within a round, since a machine shared with others is fast in one minute and slow in the next:
//! a ratio is the median of the rounds' ratios, not the ratio of medians.

use serde::{Deserialize, Serialize};

use crate::measure::stats::{median, spread};
use crate::rig::contestant::{BARE, DIRECT};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Microseconds,
    Milliseconds,
    PerSecond,
    Kibibytes,
}

/// What is measured of whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// `chat, open model`
    pub case: String,
    /// How much of it: `1 connection`, `10000 tenants`.
    pub size: String,
    pub contestant: String,
    /// `p50`
    pub what: String,
    pub unit: Unit,
}

impl Measure {
    pub fn new(case: &str, size: &str, contestant: &str, what: &str, unit: Unit) -> Self {
        let owned = str::to_owned;
        Self { case: owned(case), size: owned(size), contestant: owned(contestant), what: owned(what), unit }
    }

    /// The same of another contestant.
    fn of(&self, contestant: &str) -> Self {
        Self { contestant: contestant.to_owned(), ..self.clone() }
    }
}

/// One line of the results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    #[serde(flatten)]
    pub measure: Measure,
    pub rounds: Vec<f64>,
    /// Why there is no number: a run with failures is none.
    pub failed: Option<String>,
    pub median: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// Medians over the rounds, where both were measured in the same ones.
    pub minus_direct: Option<f64>,
    pub by_direct: Option<f64>,
    pub by_bare: Option<f64>,
}

/// What was left out, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Skipped {
    pub what: String,
    pub why: String,
}

/// Collects.
#[derive(Debug, Default)]
pub struct Record {
    rows: Vec<Row>,
    pub skipped: Vec<Skipped>,
    /// What should have worked and did not.
    pub failures: Vec<Skipped>,
}

impl Record {
    /// One round's number.
    pub fn add(&mut self, measure: &Measure, value: f64) {
        self.row(measure).rounds.push(value);
    }

    /// A round without a number; the row has none from then on.
    pub fn fail(&mut self, measure: &Measure, why: &str) {
        eprintln!("      {}, {}, {}: {why}", measure.case, measure.size, measure.contestant);
        self.row(measure).failed.get_or_insert_with(|| why.to_owned());
    }

    pub fn skip(&mut self, what: &str, why: &str) {
        eprintln!("      {what}: {why}");
        self.skipped.push(Skipped { what: what.to_owned(), why: why.to_owned() });
    }

    /// The rows with everything that follows from the rounds.
    pub fn rows(&self) -> Vec<Row> {
        self.rows.iter().map(|row| self.finished(row)).collect()
    }

    fn row(&mut self, measure: &Measure) -> &mut Row {
        let found = self.rows.iter().position(|row| row.measure == *measure);
        let index = found.unwrap_or_else(|| {
            self.rows.push(Row::empty(measure.clone()));
            self.rows.len() - 1
        });
        &mut self.rows[index]
    }

    fn finished(&self, row: &Row) -> Row {
        if row.failed.is_some() {
            return row.clone();
        }
        let over = |other: &str, op: fn(f64, f64) -> f64| {
            let other = self.rows.iter().find(|there| there.measure == row.measure.of(other))?;
            let same_rounds = other.failed.is_none() && other.rounds.len() == row.rounds.len();
            let pairs = row.rounds.iter().zip(&other.rounds);
            same_rounds.then(|| median(&pairs.map(|(ours, theirs)| op(*ours, *theirs)).collect::<Vec<_>>()))?
        };
        let spread = spread(&row.rounds);
        Row {
            median: median(&row.rounds),
            min: spread.map(|(min, _)| min),
            max: spread.map(|(_, max)| max),
            minus_direct: over(DIRECT, |ours, theirs| ours - theirs),
            by_direct: over(DIRECT, |ours, theirs| ours / theirs),
            by_bare: over(BARE, |ours, theirs| ours / theirs),
            ..row.clone()
        }
    }
}

impl Row {
    fn empty(measure: Measure) -> Self {
        let (rounds, none) = (Vec::new(), None);
        Self {
            measure,
            rounds,
            failed: None,
            median: none,
            min: none,
            max: none,
            minus_direct: none,
            by_direct: none,
            by_bare: none,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_are_made_within_rounds() {
        let mut record = Record::default();
        let measure = |contestant: &str| Measure::new("chat", "1 connection", contestant, "p50", Unit::Microseconds);
        for (direct, bare, gate) in [(50.0, 100.0, 300.0), (500.0, 1_000.0, 3_000.0), (60.0, 90.0, 360.0)] {
            record.add(&measure(DIRECT), direct);
            record.add(&measure(BARE), bare);
            record.add(&measure("gate"), gate);
        }
        record.add(&measure("late"), 1.0);
        record.add(&measure("broken"), 1.0);
        record.fail(&measure("broken"), "3 of 4 calls failed");
        let rows = record.rows();
        let row = |contestant: &str| rows.iter().find(|row| row.measure.contestant == contestant).unwrap();
        let gate = row("gate");
        assert_eq!((gate.median, gate.min, gate.max), (Some(360.0), Some(300.0), Some(3_000.0)));
        assert_eq!((gate.minus_direct, gate.by_direct, gate.by_bare), (Some(300.0), Some(6.0), Some(3.0)));
        assert_eq!((row("late").median, row("late").by_direct), (Some(1.0), None));
        assert_eq!((row("broken").median, row("broken").failed.is_some()), (None, true));
    }
}
