//! When an event that wasn't taken is sent again.

use calendar::{HOUR, MINUTE, Millis, SECOND};

use crate::event::digest;

/// After each failed attempt.
const DELAYS_MS: [u64; 7] = [5 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 12 * HOUR];
/// What is added at most, in percent: events that failed together don't come back together.
const JITTER_PERCENT: u64 = 20;
/// What an endpoint may ask for; it waits no longer.
pub const MAX_RETRY_AFTER_MS: u64 = HOUR;
/// How long an endpoint that doesn't answer at all is left alone at first, and in the end.
const FIRST_PAUSE_MS: u64 = 5 * SECOND;
const LAST_PAUSE_MS: u64 = MINUTE;

/// When to send an event again after its failed attempt number `attempt`; `None` after the last.
pub(crate) fn next_try(id: &str, attempt: u32, retry_after_ms: Option<u64>, now: Millis) -> Option<Millis> {
    let index = usize::try_from(attempt.checked_sub(1)?).ok()?;
    let delay = *DELAYS_MS.get(index)?;
    let spread = (delay / 100).saturating_mul(JITTER_PERCENT);
    let draw = digest(&[id, &attempt.to_string()]);
    let draw = draw.get(..8).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or(0);
    let jitter = draw.checked_rem(spread.max(1)).unwrap_or(0);
    let asked = retry_after_ms.unwrap_or(0).min(MAX_RETRY_AFTER_MS);
    Some(now.plus(delay.saturating_add(jitter).max(asked)))
}

/// How long an endpoint is left alone that was silent so many times in a row.
pub(crate) fn pause_ms(silences: u32) -> u64 {
    let doublings = silences.saturating_sub(1).min(10);
    FIRST_PAUSE_MS.saturating_mul(1 << doublings).min(LAST_PAUSE_MS)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        reason = "tests may panic"
    )]

    use super::*;

    #[test]
    fn an_event_is_sent_again_seven_times_later_and_later() {
        let now = Millis(1_000);
        for (attempt, delay) in (1..).zip(DELAYS_MS) {
            let (mut least, mut most) = (u64::MAX, 0);
            for n in 0..200 {
                let id = format!("msg_{n}");
                let wait = next_try(&id, attempt, None, now).unwrap().since(now);
                assert_eq!(Some(wait), next_try(&id, attempt, None, now).map(|at| at.since(now)), "always the same");
                (least, most) = (least.min(wait), most.max(wait));
            }
            assert!(delay <= least && most < delay + delay / 5, "{attempt}: {least}..{most}");
            assert!(most - least > delay / 10, "{attempt}: they don't come back together");
        }
        assert_eq!(next_try("msg_1", 8, None, now), None);
        assert_eq!(next_try("msg_1", u32::MAX, None, now), None);
    }

    #[test]
    fn an_endpoint_may_ask_for_an_hour_at_most() {
        let now = Millis(0);
        let check = |attempt: u32, asked: u64, least: u64, most: u64| {
            let wait = next_try("msg_1", attempt, Some(asked), now).unwrap().0;
            assert!((least..=most).contains(&wait), "{attempt} {asked}: {wait}");
        };
        check(1, 0, 5 * SECOND, 6 * SECOND);
        check(1, 30 * SECOND, 30 * SECOND, 30 * SECOND);
        check(1, 9 * HOUR, HOUR, HOUR);
        check(5, MINUTE, 2 * HOUR, 3 * HOUR);
        assert_eq!(next_try("msg_1", 8, Some(MINUTE), now), None, "however it asks");
    }

    #[test]
    fn a_silent_endpoint_is_left_alone_for_a_minute_at_most() {
        let pauses: Vec<u64> = [1, 2, 3, 4, 5, 6, u32::MAX].map(|n| pause_ms(n) / SECOND).into();
        assert_eq!(pauses, [5, 10, 20, 40, 60, 60, 60]);
    }
}
