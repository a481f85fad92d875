//! Requests per minute of one credential, with a burst.
//!
//! A window is as long as the rate needs to earn one burst (`burst / rate`), and at most `burst` requests pass in it.
//! So never more than `rate + burst` pass in any minute, with one increment per request and nothing to undo.

use calendar::{MINUTE, Millis};
use kv_schemas::{Store, expiry, families};
use tenancy::Limits;

use crate::{
    error::{Denial, DenialKind},
    holds::to_i64,
};

/// What a tenant's own server may do when nothing else is set: requests per minute, and at once.
const SERVER_RATE: (u64, u64) = (60, 10);
/// What a page's session may do when nothing else is set: more than any visitor, less than a flood.
const PAGE_RATE: (u64, u64) = (600, 200);

/// How many requests in which window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    length_ms: u64,
    allowed: u64,
}

fn window(limits: &Limits, server: bool) -> Window {
    let (default_rate, default_burst) = if server { SERVER_RATE } else { PAGE_RATE };
    let rate = limits.requests_per_minute.unwrap_or(default_rate).max(1);
    let burst = limits.request_burst.unwrap_or(default_burst).clamp(1, rate);
    let length_ms = MINUTE.saturating_mul(burst).checked_div(rate).unwrap_or(MINUTE).max(1);
    Window { length_ms, allowed: burst }
}

/// Counts one request, or denies it.
pub(crate) fn count(
    store: &dyn Store,
    limits: &Limits,
    server: bool,
    credential: &str,
    now: Millis,
) -> Result<(), Denial> {
    let window = window(limits, server);
    let number = now.0.checked_div(window.length_ms).unwrap_or(0);
    let counter = families::RATE.counter(&[credential, &number.to_string()]);
    let count = counter.add(store, 1)?;
    if count == 1 {
        expiry::forget_after(store, now.hour_number(), &[counter.key()])?;
    }
    if count > to_i64(window.allowed) {
        let ends = number.saturating_add(1).saturating_mul(window.length_ms);
        return Err(Denial {
            retry_after_ms: Some(Millis(ends).since(now)),
            ..Denial::new(DenialKind::RateLimited, "requests_per_minute", "Too many requests in this window.")
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

    use super::*;
    use kv_schemas::memory::Memory;

    fn passed(limits: &Limits, server: bool, at: impl Iterator<Item = u64>) -> usize {
        let store = Memory::default();
        at.filter(|ms| count(&store, limits, server, "key", Millis(*ms)).is_ok()).count()
    }

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let limits = |rate, burst| Limits { requests_per_minute: rate, request_burst: burst, ..Limits::default() };
        let check = |limits: &Limits, server, step: u64, requests: u64, expected: usize| {
            assert_eq!(passed(limits, server, (0..requests).map(|i| 600_000 + i * step)), expected);
        };
        check(&limits(None, None), true, 0, 100, 10);
        check(&limits(None, None), true, 100, 600, 60);
        check(&limits(None, None), false, 0, 300, 200);
        check(&limits(Some(120), Some(30)), false, 0, 100, 30);
        check(&limits(Some(120), None), false, 0, 200, 120);
        check(&limits(Some(120), None), true, 0, 200, 10);
        check(&limits(Some(5), Some(50)), false, 0, 100, 5);
    }

    #[test]
    fn a_denial_says_when_to_come_back() {
        let store = Memory::default();
        let limits = Limits { requests_per_minute: Some(60), request_burst: Some(1), ..Limits::default() };
        assert_eq!(count(&store, &limits, true, "key", Millis(10_250)), Ok(()));
        let denial = count(&store, &limits, true, "key", Millis(10_250)).unwrap_err();
        assert_eq!((denial.kind, denial.retry_after_ms), (DenialKind::RateLimited, Some(750)));
    }
}
