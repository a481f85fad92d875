//! Which of the known risks are open, judged by the snapshot alone and what was found beside it.

use calendar::Millis;

use crate::{Snapshot, is_fresh};

/// The routing's 95th percentile may be this much, in milliseconds.
const SLOW_MS: u64 = 500;

/// What a snapshot doesn't hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// When the one before it was recorded.
    pub previous: Option<Millis>,
    /// Some tenant's routing finds no model that answers.
    pub routing_fails: bool,
}

/// The ids of those that are open, in order:
///
/// - `R1` routing: it fails, or 95 % of its decisions take longer than 500 ms.
/// - `R2` memory: no snapshot was recorded in the last 26 hours.
/// - `R3` compliance: no fresh check says that the age gate holds, or one says that a certificate doesn't.
/// - `R4` coverage: fewer workflows verified than defined, fewer defined than the target, or nobody knows.
/// - `R5` infrastructure: it has drifted, or nobody looked.
#[must_use]
pub fn risks(snapshot: &Snapshot, around: Circumstances, now: Millis) -> Vec<String> {
    let coverage = &snapshot.workflow_coverage;
    let covered = coverage
        .defined
        .zip(coverage.verified)
        .is_some_and(|(defined, verified)| verified >= defined && defined >= coverage.target);
    let slow = snapshot.orchestration.p95_ms.is_some_and(|p95| p95.0 > SLOW_MS.saturating_mul(1_000));
    let open = [
        ("R1", around.routing_fails || slow),
        ("R2", !around.previous.is_some_and(|taken| is_fresh(taken, now))),
        ("R3", snapshot.compliance.age_gate_pass != Some(true) || snapshot.compliance.coa_pass == Some(false)),
        ("R4", !covered),
        ("R5", snapshot.infra.drift != Some(false)),
    ];
    open.iter().filter(|(_, is_open)| *is_open).map(|(id, _)| (*id).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use calendar::HOUR;

    use super::*;
    use crate::Thousandths;

    const NOW: Millis = Millis(1_795_000_000_000);

    fn calm() -> (Snapshot, Circumstances) {
        let mut snapshot = Snapshot::unknown(NOW);
        snapshot.compliance.age_gate_pass = Some(true);
        (snapshot.workflow_coverage.defined, snapshot.workflow_coverage.verified) = (Some(25), Some(25));
        snapshot.infra.drift = Some(false);
        (snapshot, Circumstances { previous: Some(NOW), routing_fails: false })
    }

    #[test]
    fn ops_2_risks_are_open_until_something_says_otherwise() {
        let check = |change: fn(&mut Snapshot, &mut Circumstances), expected: &[&str]| {
            let (mut snapshot, mut around) = calm();
            change(&mut snapshot, &mut around);
            assert_eq!(risks(&snapshot, around, NOW), expected);
        };
        check(|_, _| {}, &[]);
        check(|_, around| around.routing_fails = true, &["R1"]);
        check(|snapshot, _| snapshot.orchestration.p95_ms = Some(Thousandths(500_000)), &[]);
        check(|snapshot, _| snapshot.orchestration.p95_ms = Some(Thousandths(500_001)), &["R1"]);
        check(|_, around| around.previous = None, &["R2"]);
        check(|_, around| around.previous = Some(Millis(NOW.0 - 26 * HOUR)), &["R2"]);
        check(|snapshot, _| snapshot.compliance.age_gate_pass = None, &["R3"]);
        check(|snapshot, _| snapshot.compliance.coa_pass = Some(false), &["R3"]);
        check(|snapshot, _| snapshot.workflow_coverage.verified = Some(24), &["R4"]);
        check(|snapshot, _| snapshot.workflow_coverage.defined = None, &["R4"]);
        check(|snapshot, _| snapshot.infra.drift = None, &["R5"]);
        check(|snapshot, _| snapshot.infra.drift = Some(true), &["R5"]);
        let nothing = Circumstances { previous: None, routing_fails: false };
        assert_eq!(risks(&Snapshot::unknown(NOW), nothing, NOW), ["R2", "R3", "R4", "R5"]);
    }
}
