//! The results as a file that is kept: whoever doubts a number finds every round of it, and where it was measured.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

use super::record::{Record, Row, Skipped};
use super::targets::{self, Target};
use crate::plan::Plan;
use crate::rig::machine::{Machine, Source};

/// Everything about one run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub date: String,
    pub source: Source,
    pub machine: Machine,
    pub versions: BTreeMap<String, String>,
    pub plan: Plan,
    /// In a network and process namespace of its own.
    pub isolated: bool,
    pub took_s: u64,
    pub targets: Vec<Target>,
    pub skipped: Vec<Skipped>,
    pub failures: Vec<Skipped>,
    pub rows: Vec<Row>,
}

impl Report {
    /// Adds what follows from the record.
    pub fn complete(self, record: Record) -> Self {
        let rows = record.rows();
        let targets = targets::judge(&rows);
        Self { targets, rows, skipped: record.skipped, failures: record.failures, ..self }
    }

    /// `2026-11-20-intel-xeon-2c.json`, with `-quick` where it is not for publication.
    pub fn name(&self) -> String {
        let quick = if self.plan.quick { "-quick" } else { "" };
        format!("{}-{}{quick}.json", self.date, self.machine.slug())
    }

    /// Writes it, and its table beside it with the ending `.md`.
    pub fn write(&self, file: &Path, table: String) -> Result<PathBuf> {
        let folder = file.parent().context("a file is in a folder")?;
        fs::create_dir_all(folder)?;
        let parts = [(file.with_extension("md"), table), (file.to_owned(), self.json()?)];
        for (file, text) in parts {
            let fresh = file.with_extension("new");
            fs::write(&fresh, text)?;
            fs::rename(&fresh, &file).with_context(|| format!("{} can't be written", file.display()))?;
        }
        Ok(file.to_owned())
    }

    fn json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Measure, Unit};

    #[test]
    fn every_round_is_in_the_file() {
        let mut record = Record::default();
        let measure = Measure::new("chat", "1 connection", "direct", "p50", Unit::Microseconds);
        [1.0, 3.0, 2.0].into_iter().for_each(|value| record.add(&measure, value));
        record.skip("portkey", "not installed");
        let machine =
            Machine { cpu: "A B".into(), cores: 2, memory_mib: 1, kernel: "6".into(), load_before: "0.1".into() };
        let report = Report {
            date: "2026-11-20".into(),
            source: Source { commit: "abc".into(), changed: false },
            machine,
            versions: BTreeMap::new(),
            plan: Plan::quick(),
            isolated: true,
            took_s: 1,
            targets: Vec::new(),
            skipped: Vec::new(),
            failures: Vec::new(),
            rows: Vec::new(),
        };
        let report = report.complete(record);
        assert_eq!(report.name(), "2026-11-20-a-b-2c-quick.json");
        let folder = std::env::temp_dir().join(format!("bench-report-{}", std::process::id()));
        let file = report.write(&folder.join(report.name()), String::new()).unwrap();
        let read: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        fs::remove_dir_all(folder).unwrap();
        assert_eq!(read["rows"][0]["rounds"], serde_json::json!([1.0, 3.0, 2.0]));
        assert_eq!(read["rows"][0]["median"], 2.0);
        assert_eq!(read["rows"][0]["unit"], "microseconds");
        assert_eq!(read["skipped"][0]["why"], "not installed");
        assert_eq!(read["plan"]["quick"], true);
    }
}
