//! How long an erasure waits before it ends: what was on its way to the log when it was asked for gets there meanwhile.

use calendar::{MINUTE, Millis, SECOND};
use serde::{Deserialize, Serialize};

/// An erasure ends no sooner than this after it was last asked for. A session's events lie in an outbox until the
/// maintenance stages them: of that the log sees nothing. Whoever puts one there may take 10 s, and the maintenance
/// comes once a minute at the slowest that is sensible; this is longer than both, with a run to spare.
pub const SETTLE_MS: u64 = 3 * MINUTE;

/// Shorter pauses are not noted down by themselves: a run each second would write each second.
const LEAST_MS: u64 = 30 * SECOND;
/// A longer pause counts as this. A run carries over only so much: after a standstill it takes several. And a clock that
/// jumps ahead once has waited for nobody.
const MOST_MS: u64 = MINUTE;

/// How long an erasure has waited, as its steps have seen it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waited {
    /// Up to when `ms` counts.
    at: Millis,
    ms: u64,
}

impl Waited {
    pub fn begin(now: Millis) -> Self {
        Self { at: now, ms: 0 }
    }

    /// The same, counted up to now; unchanged while that isn't worth noting down.
    pub fn until(self, now: Millis) -> Self {
        if now < self.at {
            // A clock that was ahead: its time doesn't count again, and it keeps nobody waiting.
            return Self { at: now, ..self };
        }
        let pause = now.since(self.at);
        if self.is_over() || pause < LEAST_MS {
            return self;
        }
        Self { at: now, ms: self.ms.saturating_add(pause.min(MOST_MS)) }
    }

    pub fn is_over(self) -> bool {
        self.ms >= SETTLE_MS
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "tests may panic")]

    use super::*;

    #[test]
    fn it_is_over_after_three_minutes_of_runs() {
        // Runs at these seconds after the first; after which of them it is over.
        let check = |seconds: &[u64], over: Option<u64>| {
            let start = Millis(1_000 * DAY_ONE);
            let mut waited = Waited::begin(start);
            let found = seconds.iter().find(|second| {
                waited = waited.until(Millis(1_000 * (DAY_ONE + **second)));
                waited.is_over()
            });
            assert_eq!(found.copied(), over, "{seconds:?}");
        };
        let each = |step: u64| (0..1_000).step_by(usize::try_from(step).unwrap_or(1)).collect::<Vec<u64>>();
        check(&each(1), Some(180));
        check(&each(5), Some(180));
        // 31 seconds each time.
        check(&each(31), Some(186));
        check(&each(60), Some(180));
        // A long pause counts as a minute.
        check(&each(300), Some(900));
        check(&[100_000, 200_000], None);
        check(&[100_000, 200_000, 300_000], Some(300_000));
        // A clock that was ahead once, and is back.
        check(&[100_000, 1, 31, 61, 91, 120], None);
        check(&[100_000, 1, 31, 61, 91, 121], Some(121));
        check(&[], None);
    }

    const DAY_ONE: u64 = 1_000_000;

    #[test]
    fn it_is_noted_down_only_now_and_then() {
        let mut waited = Waited::begin(Millis(0));
        let changes = (0..1_000_u64).filter(|second| {
            let before = waited;
            waited = waited.until(Millis(1_000 * second));
            waited != before
        });
        assert_eq!(changes.count(), 6);
    }
}
