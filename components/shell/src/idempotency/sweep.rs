//! Forgets what idempotency keys left behind.

use calendar::{DAY, Millis};
use kv_schemas::{Slot, Store, StoreError, families};

use super::answers::{Listed, Sealed, attempts, list, part};

/// The most answers that one call of [`sweep`] looks at.
const MAX_SWEPT: u64 = 128;
/// The most places that one call of [`forget_owners`] looks at.
const MAX_FORGOTTEN: u64 = 1_000;

/// Forgets answers that are more than a day old, oldest first; bounded. Idempotent.
pub fn sweep(store: &dyn Store, now: Millis) -> Result<(), StoreError> {
    let head = families::ANSWER_HEAD.value::<u64>(&[]);
    let before = head.get(store)?.unwrap_or(0);
    let mut swept = before;
    for index in before + 1..=list().tail(store)?.min(before + MAX_SWEPT) {
        // A hole counts as swept once something after it is old: the list is in the order of time.
        let Slot::Entry(listed) = list().get(store, index)? else {
            continue;
        };
        if now.since(listed.at) < DAY {
            break;
        }
        forget(store, index, &listed)?;
        swept = index;
    }
    if swept == before { Ok(()) } else { head.set(store, &swept) }
}

fn forget(store: &dyn Store, index: u64, listed: &Listed) -> Result<(), StoreError> {
    for name in ["answer", "plan"] {
        part::<Sealed>(&listed.owner, &listed.key, name).delete(store)?;
    }
    let mark = part::<tenancy::Mark>(&listed.owner, &listed.key, "mark");
    if let Some(held) = mark.get(store)? {
        let attempt = attempts(&listed.owner, &listed.key);
        for n in 1..=held.attempt {
            attempt(&n.to_string()).retire(store)?;
        }
    }
    mark.delete(store)?;
    // The place goes last. What if we crash before? What is gone is removed again, to no effect.
    list().remove(store, index)
}

/// Forgets the answers of some owners before their day is over: somebody wants their data erased. A bounded number of
/// places after `after` is looked at; gives where to go on, `None` at the end. To be done when those owners ask no more.
pub fn forget_owners(store: &dyn Store, after: u64, is_one: impl Fn(&str) -> bool) -> Result<Option<u64>, StoreError> {
    let tail = list().tail(store)?;
    let after = after.max(families::ANSWER_HEAD.value::<u64>(&[]).get(store)?.unwrap_or(0));
    let end = tail.min(after.saturating_add(MAX_FORGOTTEN));
    for index in after.saturating_add(1)..=end {
        if let Slot::Entry(listed) = list().get(store, index)?
            && is_one(&listed.owner)
        {
            forget(store, index, &listed)?;
        }
    }
    Ok((end < tail).then_some(end))
}
