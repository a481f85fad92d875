//! Claim: one of many does a thing that must be done once at a time, and a crash doesn't block it for ever.
//!
//! ```text
//!   free --mark, win attempt 1--> held --release--> free
//!                                  |
//!                                  +--crash, lease over--> the next attempt may win
//! ```
//! The mark is written *before* the attempt is won: whoever finds a stale mark knows that its attempt is dead and tries
//! the next one. Two holders at once are possible only if one of them is alive but slower than the lease, so what is
//! done under a claim must still be safe to do twice; the claim keeps it orderly, not correct.

use calendar::Millis;
use kv_schemas::{Once, Store, StoreError, Value};
use serde::{Deserialize, Serialize};

/// Which attempt is under way, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Counts from 1.
    pub attempt: u32,
    /// When it began.
    pub since: Millis,
}

/// A claim won. Dropping it without [`Claim::release`] is what a crash does: the lease runs out.
pub struct Claim<F> {
    mark: Value<Mark>,
    attempts: F,
    attempt: u32,
}

impl<F: Fn(&str) -> Once> Claim<F> {
    /// Tries to win. `None`: somebody else is at it, or crashed at it less than `lease` milliseconds ago.
    pub fn take(
        store: &dyn Store,
        mark: Value<Mark>,
        attempts: F,
        now: Millis,
        lease: u64,
    ) -> Result<Option<Self>, StoreError> {
        let attempt = match mark.get(store)? {
            None => 1,
            Some(held) if now.since(held.since) >= lease => held.attempt.saturating_add(1),
            Some(_) => return Ok(None),
        };
        // What if we crash here? The mark goes stale and the next attempt begins.
        mark.set(store, &Mark { attempt, since: now })?;
        let won = attempts(&attempt.to_string()).win(store)?;
        Ok(won.then_some(Self { mark, attempts, attempt }))
    }

    /// Lets the next one in. A crash in the middle leaves a mark that goes stale.
    pub fn release(self, store: &dyn Store) -> Result<(), StoreError> {
        for attempt in 1..=self.attempt {
            (self.attempts)(&attempt.to_string()).retire(store)?;
        }
        self.mark.delete(store)
    }

    /// Gives up without having finished: the next one need not wait for the lease. Best effort.
    pub fn forfeit(self, store: &dyn Store) {
        let _ = self.mark.set(store, &Mark { attempt: self.attempt, since: Millis(0) });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use kv_schemas::{families, memory::Memory};

    use super::*;

    const LEASE: u64 = 1_000;

    fn take(store: &Memory, at: u64) -> Result<Option<Claim<impl Fn(&str) -> Once + use<>>>, StoreError> {
        let attempts = |attempt: &str| families::TENANT_MAKING.once(&["t", attempt]);
        Claim::take(store, families::TENANT_MARK.value(&["t"]), attempts, Millis(at), LEASE)
    }

    #[test]
    fn one_holds_it_until_it_is_released_or_stale() {
        let store = Memory::default();
        let first = take(&store, 10_000).unwrap().unwrap();
        assert!(take(&store, 10_500).unwrap().is_none());
        first.release(&store).unwrap();
        assert_eq!(store.keys(), Vec::<String>::new());
        let second = take(&store, 10_600).unwrap();
        assert!(second.is_some());
        assert!(take(&store, 11_599).unwrap().is_none());
        let third = take(&store, 11_600).unwrap().unwrap();
        third.forfeit(&store);
        assert!(take(&store, 11_601).unwrap().is_some());
    }

    #[test]
    fn a_crash_at_any_operation_delays_but_never_blocks() {
        for crash in 0..6 {
            let store = Memory::default();
            store.fail_after(crash);
            if let Ok(Some(claim)) = take(&store, 10_000) {
                let _ = claim.release(&store);
            }
            store.recover();
            let free = (1..=3).any(|n: u64| take(&store, 10_000 + n * LEASE).unwrap().is_some());
            assert!(free, "crash after {crash}");
        }
    }
}
