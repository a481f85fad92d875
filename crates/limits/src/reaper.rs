//! The reaper: finds permits whose holders vanished, so that nothing is held for ever.

use calendar::Millis;
use kv_schemas::{Store, StoreError, families, sweep};

use crate::{
    error::Fault,
    permit::{State, list, permit},
    settle::{GRACE_MS, release},
};

/// At most `limit` permits to be charged as `Unknown` and closed. Leases and pages' permits are released and intents without a permit
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
        State::Held if record.is_free_when_abandoned() => match release(store, id) {
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
