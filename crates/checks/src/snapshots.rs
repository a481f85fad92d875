//! Whether the newest snapshot is one, and young enough.

use calendar::Millis;
use serde_json::Value;
use snapshot::{is_fresh, taken_at, validate};

use crate::Verdict;

/// The newest there is: its name and itself.
#[must_use]
pub fn check(newest: Option<(&str, &Value)>, now: Millis) -> Verdict {
    let mut verdict = Verdict::default();
    let Some((name, document)) = newest else {
        verdict.fail("none", "/v1/snapshots", "No snapshot was ever recorded.");
        return verdict;
    };
    match taken_at(name) {
        None => verdict.fail("name", name, "This is no name of a snapshot: `snapshot_YYYY-MM-DD_HHMMZ`."),
        Some(taken) if !is_fresh(taken, now) => {
            let hours = now.since(taken) / calendar::HOUR;
            verdict.fail("stale", name, format!("It is {hours} hours old; less than 26 is the bound."));
        }
        Some(_) => {}
    }
    for fault in validate(document) {
        verdict.fail("schema", format!("{name} {}", fault.path), format!("It {}.", fault.message));
    }
    verdict
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

    use calendar::HOUR;
    use serde_json::json;
    use snapshot::{Snapshot, name};

    use super::*;

    #[test]
    fn ops_2_ops_3_a_snapshot_is_young_and_of_its_schema() {
        let now = Millis::parse("2026-11-21T12:00:00Z").unwrap();
        let document = serde_json::to_value(Snapshot::unknown(now)).unwrap();
        let check = |name: &str, document: &Value, expected: &[&str]| {
            assert_eq!(self::check(Some((name, document)), now).found(), expected);
        };
        check(&name(now), &document, &[]);
        check(&name(Millis(now.0 - 25 * HOUR)), &document, &[]);
        check(&name(Millis(now.0 - 26 * HOUR)), &document, &["stale snapshot_2026-11-20_1000Z"]);
        check("snapshot_today", &document, &["name snapshot_today"]);
        let mut wrong = document;
        wrong.as_object_mut().unwrap().insert("infra".into(), json!({}));
        check(&name(now), &wrong, &["schema snapshot_2026-11-21_1200Z infra.drift"]);
        assert_eq!(self::check(None, now).found(), ["none /v1/snapshots"]);
    }
}
