//! The day's snapshot: made after 00:05 UTC, or as soon as somebody finds that it is missing; once, however many nodes look
//! for it at the same moment.
//!
//! Time is cut into stretches of two minutes, and in each at most one may try. Who wins a stretch early enough is done
//! with it before the next begins, since its store handle refuses everything after [`WORK`]; so if it died, the winner of
//! the next stretch makes it, and if it didn't, that one finds it made. Nodes must agree on the time within 10 s.

use std::time::Duration;

use calendar::{DAY, MINUTE, Millis, SECOND};
use kv_schemas::{Store, StoreError, expiry, families};

use super::{gather::gather, kept};

/// After midnight, so that the day before is whole.
const AT: u64 = 5 * MINUTE;
/// See the module's description.
const STRETCH: u64 = 2 * MINUTE;
/// A stretch isn't won later than this.
const EARLY: u64 = 95 * SECOND;
/// A store handle of the maintenance lives for so long.
pub const WORK: Duration = Duration::from_secs(12);
const _: () = assert!(EARLY + 12 * SECOND + 10 * SECOND < STRETCH);

/// Makes it, if it is missing and this node is to make it, and gives its name. A few reads when it isn't missing.
pub fn make_if_due(store: &dyn Store, now: Millis) -> Result<Option<String>, StoreError> {
    if !is_due(kept::newest(store)?, now) {
        return Ok(None);
    }
    let into = now.0 % STRETCH;
    if into > EARLY {
        return Ok(None);
    }
    let stretch = now.0.saturating_sub(into).to_string();
    let making = families::SNAPSHOT_MAKING.once(&[&stretch]);
    if !making.win(store)? {
        return Ok(None);
    }
    // What if we crash from here on? The winner of the next stretch makes it.
    expiry::forget_after(store, now.hour_number(), &[making.key()])?;
    // Whoever won the stretch before may have come to its end after we looked.
    if !is_due(kept::newest(store)?, now) {
        return Ok(None);
    }
    kept::keep(store, now, &gather(store, now)?).map(Some)
}

/// Whether none has been recorded since the last 00:05. One of a clock that was far ahead keeps nobody from making it.
fn is_due(newest: Option<Millis>, now: Millis) -> bool {
    let since = now.0.saturating_sub(AT);
    let begin = since.saturating_sub(since % DAY).saturating_add(AT);
    newest.is_none_or(|taken| taken.0 < begin || taken > now.plus(DAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_2_a_day_begins_at_five_past_midnight() {
        let check = |newest: Option<&str>, now: &str, due: bool| {
            let at = |text: &str| Millis::parse(text).unwrap();
            assert_eq!(is_due(newest.map(at), at(now)), due, "{newest:?} {now}");
        };
        check(None, "2026-11-21T12:00:00Z", true);
        check(Some("2026-11-20T00:05:00Z"), "2026-11-21T00:04:59Z", false);
        check(Some("2026-11-20T00:05:00Z"), "2026-11-21T00:05:00Z", true);
        check(Some("2026-11-20T23:00:00Z"), "2026-11-21T00:05:00Z", true);
        check(Some("2026-11-21T00:05:00Z"), "2026-11-21T00:05:30Z", false);
        check(Some("2026-11-21T00:04:00Z"), "2026-11-21T00:05:30Z", true);
        check(Some("2026-11-20T00:04:00Z"), "2026-11-21T00:02:00Z", true);
        check(Some("2026-11-21T09:00:00Z"), "2026-11-22T00:04:00Z", false);
        check(Some("2026-11-22T00:05:00Z"), "2026-11-21T12:00:00Z", false);
        check(Some("2036-11-22T00:05:00Z"), "2026-11-21T12:00:00Z", true);
    }
}
