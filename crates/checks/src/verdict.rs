//! What a check has found so far.

use std::collections::BTreeMap;

use calendar::Millis;
use snapshot::{Finding, Report, Status};

/// Findings are added as they are made; the worst decides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    failures: Vec<Finding>,
    unknown: Vec<Finding>,
    facts: BTreeMap<String, u64>,
}

impl Verdict {
    /// Something is not in order.
    pub fn fail(&mut self, code: &str, path: impl Into<String>, message: impl Into<String>) {
        self.failures.push(Finding::new(code, path, message));
    }

    /// Something couldn't be looked at.
    pub fn unknown(&mut self, code: &str, path: impl Into<String>, message: impl Into<String>) {
        self.unknown.push(Finding::new(code, path, message));
    }

    /// Something was counted.
    pub fn fact(&mut self, name: &str, count: usize) {
        self.facts.insert(name.to_owned(), u64::try_from(count).unwrap_or(u64::MAX));
    }

    /// Takes over all of another.
    pub fn add(&mut self, other: Self) {
        self.failures.extend(other.failures);
        self.unknown.extend(other.unknown);
        self.facts.extend(other.facts);
    }

    /// How it ends, as it is now.
    #[must_use]
    pub fn status(&self) -> Status {
        match (self.failures.is_empty(), self.unknown.is_empty()) {
            (false, _) => Status::Fail,
            (true, false) => Status::Unknown,
            (true, true) => Status::Pass,
        }
    }

    /// The report of the check of this name.
    #[must_use]
    pub fn report(self, name: &str, now: Millis) -> Report {
        let status = self.status();
        let findings = self.failures.into_iter().chain(self.unknown).collect();
        Report { name: name.to_owned(), status, findings, facts: self.facts, at: now.to_string() }
    }

    /// Codes and paths, for tests.
    #[cfg(test)]
    pub(crate) fn found(&self) -> Vec<String> {
        self.failures.iter().chain(&self.unknown).map(|one| format!("{} {}", one.code, one.path)).collect()
    }

    #[cfg(test)]
    pub(crate) fn counted(&self, name: &str) -> Option<u64> {
        self.facts.get(name).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_3_a_failure_outweighs_what_is_unknown() {
        let mut verdict = Verdict::default();
        assert_eq!(verdict.status(), Status::Pass);
        verdict.unknown("silent", "a", "");
        assert_eq!(verdict.status(), Status::Unknown);
        verdict.fail("broken", "b", "");
        let report = verdict.report("log", Millis(0));
        let codes: Vec<_> = report.findings.iter().map(|one| one.code.as_str()).collect();
        assert_eq!((report.status, codes), (Status::Fail, vec!["broken", "silent"]));
    }
}
