//! How far a message is, when it is tried again, and who may be at it.

use calendar::{DAY, HOUR, MINUTE, Millis, SECOND};
use kv_schemas::{Lease, Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};

/// Whoever holds a message's lease says so every few seconds ([`keep`]); who was silent for so long has crashed, or so it
/// looks: one word may be missed, and clocks differ by 10 s. To be wrong is harmless: the permit of a question tells the
/// second that it was asked, so no vendor is asked twice, and a text that is sent twice was sent.
const LEASE_MS: u64 = 20 * SECOND;
const _: () = assert!(2 * BEAT_MS + 10 * SECOND < LEASE_MS);
/// How often a holder says so.
pub const BEAT_MS: u64 = 4 * SECOND;
/// A message is given up so long after it came.
const PATIENCE_MS: u64 = DAY;

/// How far a message is, and when it is tried again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The step it is at.
    pub step: Step,
    /// How often something has failed.
    pub tries: u32,
    /// Not before.
    pub next_try: Millis,
}

/// What is known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// It is there, and nothing came of it yet.
    #[default]
    Received,
    /// Somebody is asking, or was when it crashed: the question may be paid for.
    Asking,
    /// This is to be sent.
    Answered {
        /// Plain text.
        text: String,
    },
    /// It was sent.
    Sent,
    /// It is not to be answered.
    Ignored,
    /// It could not be answered or sent.
    GivenUp {
        /// Why, for operators.
        why: String,
    },
}

impl State {
    /// At this step now, with the tries so far.
    #[must_use]
    pub fn at(&self, step: Step) -> Self {
        Self { step, tries: self.tries, next_try: Millis(0) }
    }

    /// The same step, or another, again in a while: later and later, and not before the vendor wants it.
    #[must_use]
    pub fn later(&self, step: Step, now: Millis, wanted_ms: Option<u64>) -> Self {
        let pauses = [2 * SECOND, 5 * SECOND, 15 * SECOND, 30 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE];
        let pause = pauses.get(usize::try_from(self.tries).unwrap_or(usize::MAX)).copied().unwrap_or(HOUR);
        let wanted = wanted_ms.unwrap_or(0).min(HOUR);
        Self { step, tries: self.tries.saturating_add(1), next_try: now.plus(pause.max(wanted)) }
    }

    /// Whether nothing more becomes of it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.step, Step::Sent | Step::Ignored | Step::GivenUp { .. })
    }

    /// Names the permit of this try: the same after a crash, another after a failure that cost nothing.
    #[must_use]
    pub fn token(&self, id: &str) -> String {
        format!("message/{id}/{}", self.tries)
    }
}

/// Whether nobody waits for it any more.
#[must_use]
pub fn is_stale(came_at: Millis, now: Millis) -> bool {
    now.since(came_at) > PATIENCE_MS
}

/// The state of a message; one that was never worked on has none.
#[must_use]
pub fn state(id: &str) -> Value<State> {
    families::MESSAGE_STATE.value(&[id])
}

fn mark(id: &str) -> Value<u64> {
    families::MESSAGE_MARK.value(&[id])
}

/// The right to be at a message. `None`: somebody is.
///
/// # Errors
/// The store can't be reached.
pub fn lease(store: &dyn Store, id: &str, now: Millis) -> Result<Option<Lease>, StoreError> {
    Lease::take_alone(store, mark(id), families::MESSAGE_TICKET.counter(&[id]), now.0, LEASE_MS)
}

/// Says that its holder is alive. Whether it still is the holder.
///
/// # Errors
/// The store can't be reached; who doesn't say so for long is replaced.
pub fn keep(store: &dyn Store, id: &str, lease: &Lease, now: Millis) -> Result<bool, StoreError> {
    if !lease.holds(store)? {
        return Ok(false);
    }
    mark(id).set(store, &now.0).map(|()| true)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use kv_schemas::memory::Memory;

    use super::*;

    #[test]
    fn a_failure_is_tried_again_later_and_later() {
        let check = |tries: u32, wanted: Option<u64>, pause: u64| {
            let state = State { tries, ..State::default() }.later(Step::Received, Millis(1_000), wanted);
            assert_eq!((state.next_try, state.tries), (Millis(1_000).plus(pause), tries.saturating_add(1)));
        };
        check(0, None, 2 * SECOND);
        check(0, Some(7 * SECOND), 7 * SECOND);
        check(3, Some(7 * SECOND), 30 * SECOND);
        check(6, None, 15 * MINUTE);
        check(7, None, HOUR);
        check(u32::MAX, Some(u64::MAX), HOUR);
    }

    #[test]
    fn a_permit_is_of_one_try() {
        let state = State::default();
        assert_eq!(state.at(Step::Asking).token("evt_1"), state.token("evt_1"), "the same after a crash");
        assert_ne!(state.later(Step::Received, Millis(0), None).token("evt_1"), state.token("evt_1"));
    }

    #[test]
    fn a_holder_that_says_so_is_not_replaced_and_a_silent_one_is() {
        let store = Memory::default();
        let at = |millis: u64| Millis(1_000_000).plus(millis);
        let first = lease(&store, "evt_1", at(0)).unwrap().unwrap();
        assert!(keep(&store, "evt_1", &first, at(BEAT_MS)).unwrap());
        assert!(lease(&store, "evt_1", at(LEASE_MS)).unwrap().is_none(), "it has said so since");
        let second = lease(&store, "evt_1", at(BEAT_MS.saturating_add(LEASE_MS))).unwrap().unwrap();
        assert!(!keep(&store, "evt_1", &first, at(3 * LEASE_MS)).unwrap(), "woken up, and replaced");
        assert!(second.holds(&store).unwrap());
        second.release(&store).unwrap();
        assert!(lease(&store, "evt_1", at(3 * LEASE_MS)).unwrap().is_some());
    }
}
