//! How long something must have stood still before it counts as left behind.

use calendar::Millis;
use serde::{Deserialize, Serialize};

/// In milliseconds. No call that began so long ago changes anything any more.
pub const PATIENCE_MS: u64 = 30_000;
/// The clock may jump, so time alone doesn't count: this many walks must have seen it.
const LOOKS: u32 = 3;
/// What wasn't seen for so long is gone.
const FORGOTTEN_MS: u64 = 600_000;

/// Since when something stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Patience {
    since: Millis,
    seen: Millis,
    looks: u32,
}

impl Patience {
    pub fn new(now: Millis) -> Self {
        Self { since: now, seen: now, looks: 1 }
    }

    /// Seen again, unchanged.
    pub fn again(self, now: Millis) -> Self {
        // A clock that was set back begins to count anew.
        Self { since: self.since.min(now), seen: now, looks: self.looks.saturating_add(1) }
    }

    pub fn is_over(self, now: Millis) -> bool {
        self.looks >= LOOKS && now.since(self.since) >= PATIENCE_MS
    }

    pub fn is_forgotten(self, now: Millis) -> bool {
        now.since(self.seen) > FORGOTTEN_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_needs_time_and_looks() {
        let check = |at: &[u64], over: bool| {
            let mut looks = at.iter().map(|seconds| Millis(seconds * 1_000));
            let first = Patience::new(looks.next().unwrap_or_default());
            let last = Millis(at.last().copied().unwrap_or(0) * 1_000);
            assert_eq!(looks.fold(first, Patience::again).is_over(last), over, "{at:?}");
        };
        check(&[100], false);
        check(&[100, 110, 129], false);
        check(&[100, 110, 130], true);
        check(&[100, 200], false);
        check(&[100, 3_700, 3_700], true);
        check(&[100, 50, 79], false);
        check(&[100, 50, 80], true);
    }
}
