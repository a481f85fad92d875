//! What `GET /v1/router/health` says of a tenant's routing.

use serde::Serialize;

use crate::{PerMille, Summary};

/// A decision that takes longer than this is slow.
const SLOW_DECISION_US: u64 = 500_000;
/// So many in a row are no accident.
const IN_A_ROW: u32 = 2;

/// How the routing fares; the worse is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All is well, or nothing was decided lately.
    #[default]
    Ok,
    /// Pages get their answers, but the first choice fails, or decisions take too long.
    Degraded,
    /// No model answers.
    Failing,
}

/// The report. A rate without decisions is `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// In one word.
    pub status: Status,
    /// How many decisions this is about.
    pub decisions: u32,
    /// In how many of them a model answered.
    pub success_rate: Option<PerMille>,
    /// In how many of them the first choice didn't answer.
    pub fallback_rate: Option<PerMille>,
    /// How long they took, in microseconds.
    pub decision_us: DecisionTime,
    /// Who was called, by name.
    pub candidates: Vec<CandidateHealth>,
}

/// See [`Health::decision_us`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DecisionTime {
    /// Half took no longer.
    pub p50: u64,
    /// 95 % took no longer.
    pub p95: u64,
}

/// What became of one candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CandidateHealth {
    /// `provider/model`
    pub id: String,
    /// How often it was called.
    pub calls: u32,
    /// How often it failed.
    pub failures: u32,
    /// The mean of its answers; `null` when it gave none.
    pub latency_ms: Option<u64>,
}

/// The report on what [`crate::window::summary`] gave.
#[must_use]
pub fn health(summary: &Summary) -> Health {
    let candidates = summary.candidates.iter().map(|(id, tally)| CandidateHealth {
        id: id.clone(),
        calls: tally.calls,
        failures: tally.failures,
        latency_ms: tally.latency_ms,
    });
    Health {
        status: status(summary),
        decisions: summary.decisions,
        success_rate: summary.success_rate(),
        fallback_rate: summary.fallback_rate(),
        decision_us: DecisionTime { p50: summary.decision_us_p50, p95: summary.decision_us_p95 },
        candidates: candidates.collect(),
    }
}

fn status(summary: &Summary) -> Status {
    if summary.failed_in_a_row >= IN_A_ROW {
        Status::Failing
    } else if summary.fell_back_in_a_row >= IN_A_ROW || summary.decision_us_p95 > SLOW_DECISION_US {
        Status::Degraded
    } else {
        Status::Ok
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;
    use crate::Tally;

    #[test]
    fn the_status_follows_failures_in_a_row_and_slow_decisions() {
        let check = |failed_in_a_row, fell_back_in_a_row, decision_us_p95, expected| {
            let summary = Summary { failed_in_a_row, fell_back_in_a_row, decision_us_p95, ..Summary::default() };
            assert_eq!(health(&summary).status, expected, "{summary:?}");
        };
        check(0, 0, 0, Status::Ok);
        check(1, 1, 500_000, Status::Ok);
        check(0, 2, 0, Status::Degraded);
        check(1, 5, 0, Status::Degraded);
        check(0, 0, 500_001, Status::Degraded);
        check(2, 2, 0, Status::Failing);
        check(9, 9, 900_000, Status::Failing);
    }

    #[test]
    fn the_report_is_json_with_plain_decimals() {
        let check = |summary: Summary, json: &str| {
            assert_eq!(serde_json::to_string(&health(&summary)).unwrap(), json);
        };
        check(
            Summary::default(),
            r#"{"status":"ok","decisions":0,"success_rate":null,"fallback_rate":null,"decision_us":{"p50":0,"p95":0},"candidates":[]}"#,
        );
        let mut summary = Summary { decisions: 60, succeeded: 59, fell_back: 3, ..Summary::default() };
        (summary.decision_us_p50, summary.decision_us_p95) = (90, 240);
        summary.candidates.insert("openai/gpt-4.1".into(), Tally { calls: 60, failures: 2, latency_ms: Some(412) });
        check(
            summary,
            r#"{"status":"ok","decisions":60,"success_rate":0.983,"fallback_rate":0.05,"decision_us":{"p50":90,"p95":240},"candidates":[{"id":"openai/gpt-4.1","calls":60,"failures":2,"latency_ms":412}]}"#,
        );
    }
}
