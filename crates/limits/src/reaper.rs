//! The reaper: finds permits whose holders vanished, so that nothing is held for ever.

use calendar::Millis;
use kv_schemas::{Log, Slot, Store, StoreError, families, sweep};

use crate::{
    error::Fault,
    permit::{State, list, permit},
    settle::{GRACE_MS, release},
};

/// Hours whose counters are forgotten in one run, and keys of one hour.
const MAX_HOURS: u64 = 48;
/// See [`MAX_HOURS`].
const MAX_KEYS: u64 = 2_000;

/// At most `limit` permits to be charged as `Unknown` and closed. Leases are released and intents without a permit
/// struck off right here. To be run by one caller at a time.
pub fn overdue(store: &dyn Store, now: Millis, limit: usize) -> Result<Vec<String>, StoreError> {
    let mut overdue = Vec::new();
    for (index, listed) in sweep::pending(store, &list(), &families::PERMIT_HEAD.value(&[]), now.0, usize::MAX)? {
        if listed.expires_at <= now && overdue.len() < limit {
            look(store, now, index, &listed.id, &mut overdue)?;
        }
    }
    Ok(overdue)
}

/// Looks at one listed permit whose first expiry has passed.
fn look(store: &dyn Store, now: Millis, index: u64, id: &str, overdue: &mut Vec<String>) -> Result<(), StoreError> {
    let Some(record) = permit(id).get(store)? else {
        // Denied and undone, or the process died before the intent was written: no counter was raised.
        return list().remove(store, index);
    };
    if record.expires_at > now {
        return Ok(());
    }
    match record.state {
        State::Held if record.is_lease() => match release(store, id) {
            Ok(()) | Err(Fault::NotFound) => Ok(()),
            Err(Fault::Store(error)) => Err(error),
            // Released by somebody who died before striking it off.
            Err(_) => strike_off(store, now, index, record.expires_at),
        },
        State::Held | State::Charged(_) => {
            overdue.push(id.to_owned());
            Ok(())
        }
        // Died while raising counters: what was raised stays reserved. No permit was given, nothing is owed.
        State::Reserving => strike_off(store, now, index, record.expires_at),
        State::Denied(_) | State::Closed { .. } | State::Released => list().remove(store, index),
    }
}

fn strike_off(store: &dyn Store, now: Millis, index: u64, expired_at: Millis) -> Result<(), StoreError> {
    if now.since(expired_at) < GRACE_MS {
        return Ok(());
    }
    list().remove(store, index)
}

/// Keys to delete together, by the hour in which they may go.
fn expiry(hour: u64) -> Log<Vec<String>> {
    families::EXPIRY.log(&[&hour.to_string()])
}

/// Has `keys` deleted some hours after `from`. A crash before this leaves a few small keys behind.
pub(crate) fn forget_later(store: &dyn Store, from: Millis, hours: u64, keys: Vec<String>) -> Result<(), StoreError> {
    expiry(from.hour_number().saturating_add(hours)).append(store, &keys).map(drop)
}

/// Deletes what was to be forgotten by now. A crash in between repeats some deletions.
pub fn forget(store: &dyn Store, now: Millis) -> Result<(), StoreError> {
    let head = families::EXPIRY_HEAD.value::<u64>(&[]);
    // A clock that is behind may still count in the hour before this one.
    let last = now.hour_number().saturating_sub(2);
    let Some(done) = head.get(store)? else { return head.set(store, &last) };
    for hour in (done.saturating_add(1)..=last).take(usize::try_from(MAX_HOURS).unwrap_or(1)) {
        let log = expiry(hour);
        let tail = log.tail(store)?;
        let mut deleted: u64 = 0;
        for index in 1..=tail {
            if let Slot::Entry(keys) = log.get(store, index)? {
                for key in &keys {
                    store.delete(key)?;
                }
                log.remove(store, index)?;
                deleted = deleted.saturating_add(1);
            }
            if deleted >= MAX_KEYS {
                return Ok(());
            }
        }
        head.set(store, &hour)?;
    }
    Ok(())
}
