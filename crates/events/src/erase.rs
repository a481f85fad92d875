//! Taking what belongs to some sessions out of a feed, because somebody wants their data erased.

use kv_schemas::{Slot, Store, StoreError};

use crate::{Event, feed};

/// Slots that one call looks at.
const MAX_SLOTS: u64 = 1_000;

/// A stretch of a feed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stretch {
    /// Those that were looked for, with their places.
    pub events: Vec<(u64, Event)>,
    /// Where to go on; `None` at the end.
    pub next: Option<u64>,
}

/// Events of sessions, for whoever wants to see or to erase them: at most a thousand slots after place `after` are
/// looked at.
///
/// # Errors
/// The store can't be reached.
pub fn of_sessions(
    store: &dyn Store,
    tenant: &str,
    after: u64,
    is_one: impl Fn(&str) -> bool,
) -> Result<Stretch, StoreError> {
    let log = feed::log(tenant);
    let tail = log.tail_if_any(store)?;
    if after >= tail {
        return Ok(Stretch::default());
    }
    let first = feed::head(tenant).get(store)?.unwrap_or_default().first;
    let after = after.max(first.saturating_sub(1));
    let end = tail.min(after.saturating_add(MAX_SLOTS));
    let mut events = Vec::new();
    for index in after.saturating_add(1)..=end {
        if let Slot::Entry(event) = log.get(store, index)?
            && event.session.as_deref().is_some_and(&is_one)
        {
            events.push((index, event));
        }
    }
    Ok(Stretch { events, next: (end < tail).then_some(end) })
}

/// Takes them out, and gives where to go on. A reader that comes there waits as for a slot that is still to be written, and goes on.
///
/// # Errors
/// The store can't be reached: some may be gone. Do it again.
pub fn forget_sessions(
    store: &dyn Store,
    tenant: &str,
    after: u64,
    is_one: impl Fn(&str) -> bool,
) -> Result<Option<u64>, StoreError> {
    let found = of_sessions(store, tenant, after, is_one)?;
    for (index, _) in found.events {
        feed::log(tenant).remove(store, index)?;
    }
    Ok(found.next)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use calendar::Millis;
    use kv_schemas::memory::Memory;
    use serde_json::Value as Json;

    use super::*;

    #[test]
    fn twn_5_events_of_a_session_are_found_and_taken_out() {
        let store = Memory::default();
        let tell = |tenant: &str, n: u64, session: Option<&str>| {
            let event = Event::new("test", &format!("{tenant}{n}"), Millis(n), session, Json::Null);
            crate::emit(&store, tenant, &event).unwrap();
        };
        for n in 1..=1_500 {
            tell("a", n, Some(if n % 3 == 0 { "ses_1" } else { "ses_2" }));
        }
        tell("a", 9_001, None);
        tell("b", 9_002, Some("ses_1"));
        let count = |tenant: &str, session: &str| {
            let first = of_sessions(&store, tenant, 0, |found| found == session).unwrap();
            let rest = first.next.map(|next| of_sessions(&store, tenant, next, |found| found == session).unwrap());
            let rest = rest.unwrap_or_default();
            assert_eq!(rest.next, None, "two stretches are enough");
            first.events.len().saturating_add(rest.events.len())
        };
        assert_eq!((count("a", "ses_1"), count("a", "ses_2"), count("b", "ses_1")), (500, 1_000, 1));

        let next = forget_sessions(&store, "a", 0, |session| session == "ses_1").unwrap();
        assert_eq!(next, Some(1_000));
        assert_eq!(forget_sessions(&store, "a", 1_000, |session| session == "ses_1").unwrap(), None);
        assert_eq!((count("a", "ses_1"), count("a", "ses_2"), count("b", "ses_1")), (0, 1_000, 1));
        assert_eq!(forget_sessions(&store, "nobody", 0, |_| true).unwrap(), None);
        // Readers go on behind what is gone, once that has been there for a while.
        for seconds in [60, 120] {
            feed::settle(&store, "a", Millis(seconds * 1_000)).unwrap();
        }
        let page = crate::read(&store, "a", 0, 10).unwrap();
        assert_eq!((page.events.len(), page.waits), (10, false));
    }
}
