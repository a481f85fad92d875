//! Keys to forget: whoever writes a short-lived key also notes the hour in which it may go.
//!
//! The stores have no expiry of their own. Keys are listed by the hour (hours since 1970); maintenance deletes what the
//! past hours list. A crash between writing a key and noting it leaves one small key behind.

use serde::{Deserialize, Serialize};

use crate::{Log, Slot, Store, StoreError, families};

/// Entries swept in one run.
const MAX_ENTRIES: u64 = 2_000;

fn noted(hour: u64) -> Log<Vec<String>> {
    families::EXPIRY.log(&[&hour.to_string()])
}

/// Has `keys` deleted once `hour` is over.
pub fn forget_after(store: &dyn Store, hour: u64, keys: &[&str]) -> Result<(), StoreError> {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    noted(hour).append(store, &keys).map(drop)
}

/// Where the sweep stands: all hours up to `hour` are done, and of the next one the entries up to `entry`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    hour: u64,
    entry: u64,
}

/// Deletes what the hours before `hour` list. Idempotent: a crash in between repeats some deletions.
pub fn sweep(store: &dyn Store, hour: u64) -> Result<(), StoreError> {
    let key = families::EXPIRY_HEAD.value::<Head>(&[]);
    // A clock that is behind may still list keys in the hour before this one.
    let last = hour.saturating_sub(2);
    let Some(mut head) = key.get(store)? else { return key.set(store, &Head { hour: last, entry: 0 }) };
    let mut left = MAX_ENTRIES;
    while head.hour < last && left > 0 {
        sweep_hour(store, &mut head, &mut left)?;
        key.set(store, &head)?;
    }
    Ok(())
}

/// Goes on with the hour after `head.hour`, for at most `left` entries.
fn sweep_hour(store: &dyn Store, head: &mut Head, left: &mut u64) -> Result<(), StoreError> {
    let hour = head.hour.saturating_add(1);
    let log = noted(hour);
    let tail = log.tail(store)?;
    while head.entry < tail && *left > 0 {
        head.entry = head.entry.saturating_add(1);
        *left = left.saturating_sub(1);
        let Slot::Entry(keys) = log.get(store, head.entry)? else { continue };
        for key in &keys {
            store.delete(key)?;
        }
        log.remove(store, head.entry)?;
    }
    if head.entry >= tail {
        log.retire(store)?;
        *head = Head { hour, entry: 0 };
        // An empty hour costs something too: a long stop is caught up with in several runs.
        *left = left.saturating_sub(1);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;
    use crate::memory::Memory;

    #[test]
    fn keys_go_after_their_hour_and_leave_nothing_behind() {
        let store = Memory::default();
        sweep(&store, 100).unwrap();
        store.set("a", b"1").unwrap();
        store.increment("b", 1).unwrap();
        forget_after(&store, 100, &["a", "b"]).unwrap();
        store.set("c", b"1").unwrap();
        forget_after(&store, 103, &["c"]).unwrap();
        let check = |hour: u64, left: &[&str]| {
            sweep(&store, hour).unwrap();
            let keys: Vec<_> = store.keys().into_iter().filter(|key| !key.starts_with("expiry")).collect();
            assert_eq!(keys, left, "hour {hour}");
        };
        check(101, &["a", "b", "c"]);
        check(102, &["c"]);
        check(105, &[]);
        assert_eq!(store.keys(), ["expiry-head"]);
    }

    #[test]
    fn a_crash_at_any_operation_forgets_in_the_end() {
        for k in 0..40 {
            let store = Memory::default();
            sweep(&store, 100).unwrap();
            store.set("a", b"1").unwrap();
            forget_after(&store, 100, &["a"]).unwrap();
            store.fail_after(k);
            let _crashed = sweep(&store, 102);
            store.recover();
            sweep(&store, 102).unwrap();
            assert_eq!(store.keys(), ["expiry-head"], "after {k} operations");
        }
    }
}
