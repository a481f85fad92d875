//! Whether webhooks arrive and have their effect: what was given up, what is refused, what fails.

use serde_json::Value;

use crate::{Verdict, metrics::Metrics};

/// What the counters are called.
pub const EVENTS: &str = "webhook_events_total";
/// A share of fewer deliveries than these says nothing.
const MIN_RECEIVED: u64 = 20;
/// More than so many of a hundred refused: somebody's secret is wrong, or somebody knocks.
const MOST_REJECTED: u64 = 5;
/// More than so many of a hundred failed.
const MOST_FAILED: u64 = 1;

/// What `GET /metrics` says, and the answer of `GET /v1/webhooks/dead-letters`.
#[must_use]
pub fn check(metrics: &Metrics, dead_letters: &Value) -> Verdict {
    let mut verdict = Verdict::default();
    match dead_letters.get("dead_letters").and_then(Value::as_array) {
        Some(letters) => {
            verdict.fact("dead_letters", letters.len());
            for letter in letters.iter().take(10) {
                let text = |name: &str| letter.get(name).and_then(Value::as_str).unwrap_or("?");
                let at = format!("{} {}", text("provider"), text("id"));
                let message = format!("Given up since {}: {}.", text("at"), text("reason"));
                verdict.fail("dead_letter", at, message);
            }
        }
        None => verdict.unknown("unreadable", "/v1/webhooks/dead-letters", "This is no list of dead letters."),
    }
    let count = |status: &str| metrics.sum(EVENTS, &[("status", status)]);
    let (Some(received), Some(rejected), Some(failed)) = (count("received"), count("rejected"), count("failed")) else {
        verdict.unknown("uncounted", "/metrics", format!("`{EVENTS}` isn't there with all its states."));
        return verdict;
    };
    verdict.fact("received", usize::try_from(received).unwrap_or(usize::MAX));
    if received >= MIN_RECEIVED {
        let shares = [
            ("rejected", rejected, MOST_REJECTED, "Look at their secrets, and at who sends them."),
            (
                "failed",
                failed,
                MOST_FAILED,
                "Their effects are tried again; the gate's own messages say why they fail.",
            ),
        ];
        for (code, part, most, advice) in shares {
            if part.saturating_mul(100) > received.saturating_mul(most) {
                let message = format!("{part} of {received}, which is more than {most} %. {advice}");
                verdict.fail(code, format!("{EVENTS}{{status=\"{code}\"}}"), message);
            }
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whk_3_ops_3_dead_letters_and_shares_are_found() {
        let check = |received: u64, rejected: u64, failed: u64, letters: Value, expected: &[&str]| {
            let text = [("received", received), ("rejected", rejected), ("failed", failed)]
                .map(|(status, count)| format!("{EVENTS}{{status=\"{status}\"}} {count}\n"))
                .concat();
            assert_eq!(self::check(&Metrics::parse(&text), &letters).found(), expected);
        };
        let none = json!({"dead_letters": [], "next": null});
        check(0, 0, 0, none.clone(), &[]);
        check(100, 5, 1, none.clone(), &[]);
        check(19, 19, 19, none.clone(), &[]);
        check(100, 6, 0, none.clone(), &[r#"rejected webhook_events_total{status="rejected"}"#]);
        check(100, 0, 2, none, &[r#"failed webhook_events_total{status="failed"}"#]);
        let one =
            json!({"dead_letters": [{"id": "whk_1", "provider": "kie", "at": "2026-11-21T00:00:00Z", "reason": "no"}]});
        check(0, 0, 0, one, &["dead_letter kie whk_1"]);
        check(0, 0, 0, json!({}), &["unreadable /v1/webhooks/dead-letters"]);
        let empty = self::check(&Metrics::default(), &json!({"dead_letters": []}));
        assert_eq!(empty.found(), ["uncounted /metrics"]);
    }
}
