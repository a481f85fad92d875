//! The time that a vendor states, and how far it may be from now.

use calendar::Millis;

use super::SignatureError;

/// Allowed difference between the clocks, both ways, in seconds: the default of nearly all vendors' libraries.
pub(super) const SKEW: u64 = 300;

/// Reads Unix seconds as vendors write them: digits only.
pub(super) fn seconds(text: &str) -> Result<u64, SignatureError> {
    let plain = (1..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten().ok_or(SignatureError::Malformed)
}

/// Checks that `then` is at most `past` seconds ago and at most `future` seconds ahead.
pub(super) fn within(now: Millis, then: u64, past: u64, future: u64) -> Result<(), SignatureError> {
    let now = now.0 / calendar::SECOND;
    let fits = now.saturating_sub(then) <= past && then.saturating_sub(now) <= future;
    if fits { Ok(()) } else { Err(SignatureError::Stale) }
}
