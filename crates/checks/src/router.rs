//! Whether routing finds models that answer, soon enough, and mostly the first choice.

use serde_json::Value;
use snapshot::Thousandths;

use crate::Verdict;

/// A rate of fewer decisions than these says nothing.
const MIN_DECISIONS: u64 = 10;
/// From here on too often something else than the first choice answered: 10 %.
const MOST_FALLBACKS: Thousandths = Thousandths(100);
/// What 95 % of decisions may take, unless somebody says otherwise.
pub const THRESHOLD_MS: u64 = 500;

/// The answer of `GET /v1/router/health`: a tenant's own, or the operator's with all of them.
#[must_use]
pub fn check(answer: &Value, threshold_ms: u64) -> Verdict {
    let mut verdict = Verdict::default();
    match answer.get("tenants").and_then(Value::as_array) {
        Some(tenants) => {
            for entry in tenants {
                let tenant = entry.get("tenant").and_then(Value::as_str).unwrap_or("?");
                one(&mut verdict, tenant, entry.get("health").unwrap_or(&Value::Null), threshold_ms);
            }
            verdict.fact("tenants", tenants.len());
        }
        None => one(&mut verdict, "own", answer, threshold_ms),
    }
    verdict
}

fn one(verdict: &mut Verdict, tenant: &str, health: &Value, threshold_ms: u64) {
    let at = format!("tenant {tenant}");
    let (Some(status), Some(decisions)) =
        (health.get("status").and_then(Value::as_str), health.get("decisions").and_then(Value::as_u64))
    else {
        return verdict.unknown("unreadable", at, "This is not what a gate says of its routing.");
    };
    // The gate says `failing` from the second failure in a row on.
    if status == "failing" {
        verdict.fail("failures_in_a_row", &at, "No model answered, twice in a row or more.");
    }
    let p95 = health.pointer("/decision_us/p95").and_then(Value::as_u64).unwrap_or(0);
    if p95 > threshold_ms.saturating_mul(1_000) {
        let message = format!("5 % of the decisions take {} ms or more; {threshold_ms} ms is the bound.", p95 / 1_000);
        verdict.fail("slow", &at, message);
    }
    let rate = health.get("fallback_rate").filter(|rate| rate.is_number());
    let rate = rate.and_then(|rate| Thousandths::parse(&rate.to_string()));
    if let Some(rate) = rate.filter(|rate| decisions >= MIN_DECISIONS && *rate >= MOST_FALLBACKS) {
        let message = format!("Of {decisions} decisions {rate} fell back; less than 0.100 is the bound.");
        verdict.fail("fallbacks", at, message);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests may panic")]

    use serde_json::json;

    use super::*;

    #[test]
    fn rtr_3_ops_3_routing_that_fails_falls_back_or_dawdles_is_found() {
        let check = |status: &str, decisions: u64, rate: Value, p95: u64, expected: &[&str]| {
            let health = json!({"status": status, "decisions": decisions, "success_rate": 1.0, "fallback_rate": rate,
                "decision_us": {"p50": 1, "p95": p95}, "candidates": []});
            assert_eq!(self::check(&health, 500).found(), expected, "{health}");
            let all = json!({"status": status, "tenants": [{"tenant": "own", "health": health}]});
            assert_eq!(self::check(&all, 500).found(), expected, "{all}");
        };
        check("ok", 0, json!(null), 0, &[]);
        check("ok", 60, json!(0.099), 500_000, &[]);
        check("failing", 2, json!(1.0), 0, &["failures_in_a_row tenant own"]);
        check("ok", 60, json!(0.1), 0, &["fallbacks tenant own"]);
        check("degraded", 9, json!(0.5), 0, &[]);
        check("degraded", 60, json!(0.0), 500_001, &["slow tenant own"]);
        assert_eq!(self::check(&json!({"status": "ok", "tenants": []}), 500).counted("tenants"), Some(0));
        assert_eq!(self::check(&json!("hello"), 500).found(), ["unreadable tenant own"]);
    }
}
