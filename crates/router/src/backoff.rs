//! How long to wait before a call is repeated: exponential, with equal jitter, within a time budget.
//!
//! Half of each delay is fixed and half is random ("equal jitter"): callers that failed together come back apart, and
//! none comes back at once. Whether a call may be repeated at all is its caller's to know.

/// The delays of a series of retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The longest delay before the first retry; it doubles with each.
    pub first_ms: u64,
    /// What no delay exceeds, except where the vendor asks for more.
    pub longest_ms: u64,
    /// How often a call is repeated at most.
    pub retries: u32,
}

impl Default for Backoff {
    /// 1, 2, 4, 8, 16 s: five retries; with more of them, 32 s from the sixth on.
    fn default() -> Self {
        Self { first_ms: 1_000, longest_ms: 32_000, retries: 5 }
    }
}

impl Backoff {
    /// Milliseconds to wait before the retry of this number (the first is 1); `None`: give up.
    ///
    /// `retry_after_ms` is what the vendor asked for: never is a call repeated earlier. `random` is any random number.
    /// A wait that would use up `budget_left_ms` leaves nothing for the call itself, so it isn't begun.
    #[must_use]
    pub fn next(&self, retry: u32, retry_after_ms: Option<u64>, random: u64, budget_left_ms: u64) -> Option<u64> {
        if retry == 0 || retry > self.retries {
            return None;
        }
        let wait = self.jittered(retry, random).max(retry_after_ms.unwrap_or(0));
        (wait < budget_left_ms).then_some(wait)
    }

    fn jittered(&self, retry: u32, random: u64) -> u64 {
        let doublings = retry.saturating_sub(1);
        let full = self.first_ms.saturating_mul(2_u64.saturating_pow(doublings)).min(self.longest_ms);
        let half = full / 2;
        // From 0 to half, both included; that the remainder favours small numbers doesn't show at this size.
        let spread = random.checked_rem(half.saturating_add(1)).unwrap_or(0);
        full.saturating_sub(half).saturating_add(spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AMPLE: u64 = u64::MAX;

    #[test]
    fn the_delay_doubles_up_to_the_cap_and_retries_end() {
        let check = |backoff: Backoff, retry: u32, shortest: Option<u64>, longest: Option<u64>| {
            assert_eq!(backoff.next(retry, None, 0, AMPLE), shortest, "retry {retry}");
            let half = longest.map_or(0, |ms| ms / 2);
            assert_eq!(backoff.next(retry, None, half, AMPLE), longest, "retry {retry}");
        };
        let usual = Backoff::default();
        check(usual, 0, None, None);
        check(usual, 1, Some(500), Some(1_000));
        check(usual, 2, Some(1_000), Some(2_000));
        check(usual, 3, Some(2_000), Some(4_000));
        check(usual, 4, Some(4_000), Some(8_000));
        check(usual, 5, Some(8_000), Some(16_000));
        check(usual, 6, None, None);
        check(usual, u32::MAX, None, None);
        let patient = Backoff { retries: u32::MAX, ..usual };
        check(patient, 6, Some(16_000), Some(32_000));
        check(patient, 7, Some(16_000), Some(32_000));
        check(patient, u32::MAX, Some(16_000), Some(32_000));
        check(Backoff { retries: 0, ..usual }, 1, None, None);
        check(Backoff { first_ms: 0, ..usual }, 3, Some(0), Some(0));
    }

    #[test]
    fn every_random_number_lands_between_half_and_whole() {
        for retry in 1..=5 {
            let full = 1_000 << (retry - 1);
            let seeds = (0..2_000).chain((0..64).map(|bit| 1 << bit)).chain([u64::MAX]);
            for random in seeds {
                let wait = Backoff::default().next(retry, None, random, AMPLE);
                assert!(wait.is_some_and(|ms| (full / 2..=full).contains(&ms)), "retry {retry}, {random}: {wait:?}");
            }
        }
    }

    #[test]
    fn the_vendor_may_ask_for_more_and_the_budget_must_hold_it() {
        let check = |retry_after: Option<u64>, budget: u64, expected: Option<u64>| {
            let wait = Backoff::default().next(1, retry_after, 100, budget);
            assert_eq!(wait, expected, "{retry_after:?} within {budget}");
        };
        check(None, 601, Some(600));
        check(None, 600, None);
        check(None, 0, None);
        check(Some(10), 5_000, Some(600));
        check(Some(600), 5_000, Some(600));
        check(Some(4_999), 5_000, Some(4_999));
        check(Some(5_000), 5_000, None);
        check(Some(60_000), 90_000, Some(60_000));
        check(Some(u64::MAX), u64::MAX, None);
    }
}
