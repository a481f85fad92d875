//! What one check found: said by `tollgate check --report`, kept by the gate, shown in snapshots.

use std::collections::BTreeMap;

use calendar::Millis;
use serde::{Deserialize, Serialize};

use crate::is_fresh;

/// How a check ended; the worse is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Looked at, and in order.
    Pass,
    /// It couldn't be looked at.
    Unknown,
    /// Looked at, and not in order.
    Fail,
}

/// One thing that isn't in order, or that couldn't be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// For programs, such as `marker_missing`.
    pub code: String,
    /// Where: a file, a URL, a field.
    pub path: String,
    /// For people.
    pub message: String,
}

impl Finding {
    /// With these three.
    #[must_use]
    pub fn new(code: &str, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), path: path.into(), message: message.into() }
    }
}

/// See the module's description.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Of the check, such as `age-gate`.
    pub name: String,
    /// How it ended.
    pub status: Status,
    /// What is wrong; of a check that couldn't be made, why.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// What it counted, such as `defined` and `verified` workflows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, u64>,
    /// When, in RFC 3339.
    pub at: String,
}

impl Report {
    /// When it was made; `None` of what is no time.
    #[must_use]
    pub fn made_at(&self) -> Option<Millis> {
        Millis::parse(&self.at)
    }

    /// What it says now: nothing when it is unknown, or as old as a snapshot mustn't be.
    #[must_use]
    pub fn passes(&self, now: Millis) -> Option<bool> {
        if !self.made_at().is_some_and(|at| is_fresh(at, now)) {
            return None;
        }
        match self.status {
            Status::Pass => Some(true),
            Status::Fail => Some(false),
            Status::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use calendar::HOUR;

    use super::*;

    #[test]
    fn ops_3_an_old_report_says_nothing() {
        let at = Millis::parse("2026-11-21T00:00:00Z").unwrap();
        let check = |status, age, says| {
            let report = Report {
                name: "age-gate".into(),
                status,
                findings: vec![],
                facts: BTreeMap::new(),
                at: at.to_string(),
            };
            assert_eq!(report.passes(at.plus(age)), says, "{status:?} {age}");
        };
        check(Status::Pass, HOUR, Some(true));
        check(Status::Fail, HOUR, Some(false));
        check(Status::Unknown, HOUR, None);
        check(Status::Pass, 26 * HOUR, None);
        check(Status::Fail, 26 * HOUR, None);
    }

    #[test]
    fn ops_3_a_report_is_read_without_what_it_may_leave_out() {
        let report: Report =
            serde_json::from_str(r#"{"name":"infra","status":"unknown","at":"2026-11-21T00:00:00Z"}"#).unwrap();
        assert_eq!((report.status, report.findings.len(), report.facts.len()), (Status::Unknown, 0, 0));
        assert!(serde_json::from_str::<Report>(r#"{"name":"infra","status":"fine","at":"x"}"#).is_err());
    }
}
