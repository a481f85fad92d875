//! The reaper: finds permits whose holders vanished, so that nothing is held for ever.
//!
//! Permits are listed in the order of their making. The head is the first index that may still matter; a slot is
//! passed for good when it is empty and was already there a grace period ago (its writer is long gone).

use calendar::Millis;
use kv_schemas::{Slot, Store, StoreError, families};
use serde::{Deserialize, Serialize};

use crate::{
    error::Fault,
    permit::{State, list, permit},
    settle::{GRACE_MS, release},
};

/// Slots looked at in one run.
const MAX_SLOTS: u64 = 4_096;

/// Where the reaper stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    /// All before this index are done.
    first: u64,
    /// Where the next run goes on, when one run doesn't reach the tail.
    cursor: u64,
    /// The tail as it was at `seen_at`.
    seen_tail: u64,
    /// When `seen_tail` was read.
    seen_at: Millis,
}

/// At most `limit` permits to be charged as `Unknown` and closed. Leases are released and intents without a permit
/// struck off right here. To be run by one caller at a time.
pub fn overdue(store: &dyn Store, now: Millis, limit: usize) -> Result<Vec<String>, StoreError> {
    let head_key = families::PERMIT_HEAD.value::<Head>(&[]);
    let mut head = head_key.get(store)?.unwrap_or_default();
    let before = head;
    let tail = list().tail(store)?;
    let settled_tail = if now.since(head.seen_at) >= GRACE_MS { head.seen_tail } else { 0 };
    if now.since(head.seen_at) >= GRACE_MS && head.seen_tail != tail {
        (head.seen_tail, head.seen_at) = (tail, now);
    }

    let mut overdue = Vec::new();
    let mut contiguous = head.cursor <= head.first;
    let mut index = head.cursor.max(head.first).max(1);
    let end = index.saturating_add(MAX_SLOTS);
    while index <= tail && index < end && overdue.len() < limit {
        let done = match list().get(store, index)? {
            Slot::Hole => index <= settled_tail,
            Slot::Entry(listed) if listed.expires_at > now => false,
            Slot::Entry(listed) => look(store, now, index, &listed.id, &mut overdue)?,
        };
        contiguous = contiguous && done;
        index = index.saturating_add(1);
        if contiguous {
            head.first = index;
        }
    }
    head.cursor = if index > tail { 0 } else { index };
    // Written only when it moved: an idle deployment writes nothing.
    if head != before {
        head_key.set(store, &head)?;
    }
    Ok(overdue)
}

/// Looks at one listed permit whose first expiry has passed; says whether its slot is done with.
fn look(store: &dyn Store, now: Millis, index: u64, id: &str, overdue: &mut Vec<String>) -> Result<bool, StoreError> {
    let Some(record) = permit(id).get(store)? else {
        // Denied and undone, or the process died before the intent was written: no counter was raised.
        list().remove(store, index)?;
        return Ok(true);
    };
    if record.expires_at > now {
        return Ok(false);
    }
    match record.state {
        State::Held if record.is_lease() => match release(store, id) {
            Ok(()) | Err(Fault::NotFound) => Ok(true),
            Err(Fault::Store(error)) => Err(error),
            // Released by somebody who died before striking it off.
            Err(_) => strike_off(store, now, index, record.expires_at),
        },
        State::Held | State::Charged(_) => {
            overdue.push(id.to_owned());
            Ok(false)
        }
        // Died while raising counters: what was raised stays reserved. No permit was given, nothing is owed.
        State::Reserving => strike_off(store, now, index, record.expires_at),
        State::Denied(_) | State::Closed { .. } | State::Released => {
            list().remove(store, index)?;
            Ok(true)
        }
    }
}

fn strike_off(store: &dyn Store, now: Millis, index: u64, expired_at: Millis) -> Result<bool, StoreError> {
    if now.since(expired_at) < GRACE_MS {
        return Ok(false);
    }
    list().remove(store, index)?;
    Ok(true)
}
