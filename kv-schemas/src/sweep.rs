//! Sweeping a numbered log of things to be done with: what is still there, without reading from the beginning each time.
//!
//! Things are appended when they begin and removed when they end. A slot that reads as a hole was removed, or its writer
//! is between taking the index and writing: it is passed for good once it has been there for a grace period.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Log, Slot, Store, StoreError, Value};

/// How long a writer may take between taking an index and writing, in milliseconds.
const GRACE_MS: u64 = 30_000;
/// Slots looked at in one sweep, unless its caller says otherwise.
const MAX_SLOTS: u64 = 4_096;

/// Where the sweeps of one log stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// All before this index are done with.
    first: u64,
    /// Where the next sweep goes on, when one doesn't reach the tail; 0 to begin at `first`.
    cursor: u64,
    /// The tail as it was at `seen_at`.
    seen_tail: u64,
    /// When `seen_tail` was read, in milliseconds since 1970.
    seen_at: u64,
}

impl Head {
    /// All before this index are done with.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }
}

/// At most `max` things that are still there, with their indices. To be run by one caller at a time; an idle log is
/// read, not written.
pub fn pending<T: DeserializeOwned>(
    store: &dyn Store,
    log: &Log<T>,
    head_key: &Value<Head>,
    now_ms: u64,
    max: usize,
) -> Result<Vec<(u64, T)>, StoreError> {
    pending_within(store, log, head_key, now_ms, max, MAX_SLOTS)
}

/// The same, for a caller who has little time: at most `slots` slots are read, and the next sweep goes on behind them.
pub fn pending_within<T: DeserializeOwned>(
    store: &dyn Store,
    log: &Log<T>,
    head_key: &Value<Head>,
    now_ms: u64,
    max: usize,
    slots: u64,
) -> Result<Vec<(u64, T)>, StoreError> {
    let before = head_key.get(store)?.unwrap_or_default();
    let mut head = before;
    let tail = log.tail(store)?;
    let aged = now_ms.saturating_sub(before.seen_at) >= GRACE_MS;
    if aged && before.seen_tail != tail {
        (head.seen_tail, head.seen_at) = (tail, now_ms);
    }
    // Holes up to here were there a grace period ago.
    let settled = if aged { before.seen_tail } else { 0 };

    let mut found = Vec::new();
    let mut passing = before.cursor <= before.first;
    let mut index = before.cursor.max(before.first).max(1);
    let end = index.saturating_add(slots);
    while index <= tail && index < end && found.len() < max {
        match log.get(store, index)? {
            Slot::Hole => passing = passing && index <= settled,
            Slot::Entry(entry) => {
                passing = false;
                found.push((index, entry));
            }
        }
        index = index.saturating_add(1);
        if passing {
            head.first = index;
        }
    }
    head.cursor = if index > tail { 0 } else { index };
    if head != before {
        head_key.set(store, &head)?;
    }
    Ok(found)
}

/// Removes things that [`pending`] has found and that are done with, in the order it gave them. Where nothing before them
/// is left, the next sweep begins behind them: unlike a hole, they were written, so nobody is late.
pub fn done<T>(store: &dyn Store, log: &Log<T>, head_key: &Value<Head>, indices: &[u64]) -> Result<(), StoreError> {
    for index in indices {
        log.remove(store, *index)?;
    }
    let before = head_key.get(store)?.unwrap_or_default();
    let mut head = Head { first: before.first.max(1), ..before };
    for index in indices {
        if *index == head.first {
            head.first = index.saturating_add(1);
        }
    }
    // What if we crash here? They are holes, which are passed over after the grace period. Another sweep at the same time
    // may take this back, with the same effect.
    if head != before { head_key.set(store, &head) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

    use super::*;
    use crate::{families, memory::Memory};

    fn sweep(store: &Memory, now_ms: u64, max: usize) -> Vec<u64> {
        let (log, head) = (families::LIVE_LIST.log::<u64>(&[]), families::LIVE_HEAD.value(&[]));
        pending(store, &log, &head, now_ms, max).unwrap().into_iter().map(|(index, _)| index).collect()
    }

    #[test]
    fn what_is_there_is_found_and_what_is_gone_is_passed() {
        let store = Memory::default();
        let log = families::LIVE_LIST.log::<u64>(&[]);
        for n in 1..=10 {
            log.append(&store, &n).unwrap();
        }
        assert_eq!(sweep(&store, 100_000, 100), (1..=10).collect::<Vec<_>>());
        for n in [1, 2, 3, 7] {
            log.remove(&store, n).unwrap();
        }
        for now in [101_000, 140_000, 180_000] {
            assert_eq!(sweep(&store, now, 100), [4, 5, 6, 8, 9, 10], "at {now}");
        }
        let head: Head = families::LIVE_HEAD.value(&[]).get(&store).unwrap().unwrap();
        assert_eq!(head.first, 4, "removed slots at the front are not read again");
    }

    #[test]
    fn a_slot_that_is_written_late_is_not_passed() {
        let store = Memory::default();
        store.increment("live-list/tail", 1).unwrap();
        assert!(sweep(&store, 100_000, 100).is_empty());
        assert!(sweep(&store, 110_000, 100).is_empty());
        families::LIVE_LIST.log::<u64>(&[]).put(&store, 1, &1).unwrap();
        assert_eq!(sweep(&store, 120_000, 100), [1]);
    }

    #[test]
    fn what_is_done_in_order_is_passed_at_once() {
        let store = Memory::default();
        let (log, head) = (families::LIVE_LIST.log::<u64>(&[]), families::LIVE_HEAD.value::<Head>(&[]));
        let first = || head.get(&store).unwrap().unwrap().first;
        log.append(&store, &1).unwrap();
        log.append(&store, &2).unwrap();
        // Taken, and not written yet.
        store.increment("live-list/tail", 1).unwrap();
        log.append(&store, &4).unwrap();
        assert_eq!(sweep(&store, 0, 10), [1, 2, 4]);
        done(&store, &log, &head, &[2]).unwrap();
        assert_eq!(first(), 1, "one is still there");
        done(&store, &log, &head, &[1]).unwrap();
        assert_eq!(
            (sweep(&store, 0, 10), first()),
            (vec![4], 2),
            "who was behind it is passed as a hole, or next time"
        );
        done(&store, &log, &head, &[4]).unwrap();
        log.put(&store, 3, &3).unwrap();
        assert_eq!(sweep(&store, 1, 10), [3], "written late, and found");
        log.append(&store, &5).unwrap();
        log.append(&store, &6).unwrap();
        assert_eq!(sweep(&store, 31_000, 10), [3, 5, 6]);
        assert_eq!(sweep(&store, 62_000, 10), [3, 5, 6]);
        done(&store, &log, &head, &[3, 5, 6]).unwrap();
        assert_eq!((sweep(&store, 62_001, 10), first()), (vec![], 7), "the holes are old enough");
    }

    #[test]
    fn a_sweep_goes_round_when_there_is_more_than_it_may_take() {
        let store = Memory::default();
        for n in 1..=5 {
            families::LIVE_LIST.log::<u64>(&[]).append(&store, &n).unwrap();
        }
        assert_eq!(sweep(&store, 0, 2), [1, 2]);
        assert_eq!(sweep(&store, 0, 2), [3, 4]);
        assert_eq!(sweep(&store, 0, 2), [5]);
        assert_eq!(sweep(&store, 0, 2), [1, 2]);
    }
    #[test]
    fn a_caller_in_a_hurry_reads_so_many_slots_and_the_next_goes_on() {
        let store = Memory::default();
        let (log, head) = (families::LIVE_LIST.log::<u64>(&[]), families::LIVE_HEAD.value(&[]));
        store.increment("live-list/tail", 200).unwrap();
        log.append(&store, &7).unwrap();
        let hurried = |now_ms: u64| {
            // The head, the tail, the slots, the head again.
            store.fail_after(67);
            let found = pending_within(&store, &log, &head, now_ms, 64, 64);
            store.recover();
            found.unwrap()
        };
        for round in 0..3 {
            assert_eq!(hurried(100_000), [], "round {round}");
        }
        assert_eq!(hurried(100_000), [(201, 7)]);
        // Once the holes are old, they are passed for good, 64 at a time.
        for expected in [64, 128, 192, 200] {
            hurried(200_000);
            assert_eq!(head.get(&store).unwrap().unwrap().first - 1, expected);
        }
        assert_eq!(hurried(200_000), [(201, 7)]);
    }
}
