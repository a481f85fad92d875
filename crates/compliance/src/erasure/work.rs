//! Asking for an erasure, and working off those that are under way.

use calendar::{MINUTE, Millis, SECOND};
use kv_schemas::{Lease, Log, Slot, Store, StoreError, Value, expiry, families, sweep};
use thiserror::Error;

use super::{
    Erasure, Parts,
    record::{KEPT_HOURS, place},
};
use crate::{PersonKey, Whose};

/// How long one who works on erasures may take until everything it does is refused, in milliseconds.
pub const WORK_MS: u64 = 8 * SECOND;
/// How long others wait for one that crashed.
const LEASE_MS: u64 = 10 * SECOND;
const _: () = assert!(WORK_MS < LEASE_MS);
/// Erasures that one run goes on with; the next run goes on with those behind them.
const MAX_ERASURES: usize = 8;
/// Steps of one of them in one run.
const MAX_STEPS: u32 = 6;
/// Erasures of one tenant that may be under way. Requests that come at once may exceed it by as many as they are.
pub const MAX_PENDING: usize = 100;
/// Of the newest erasures, those that are looked at to count a tenant's: a bound on the time that a request takes.
const MAX_COUNTED: u64 = 1_000;
/// An erasure that isn't there so long after it was listed has lost its writer.
const UNWRITTEN_MS: u64 = MINUTE;

/// A place on the list of erasures under way.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Listed {
    pub id: String,
    pub at: Millis,
    /// Empty in what an older release has listed.
    #[serde(default)]
    pub tenant: String,
}

/// Why an erasure isn't begun.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BeginError {
    /// The tenant has [`MAX_PENDING`] under way: ask again when some are done.
    #[error("{MAX_PENDING} erasures are under way")]
    TooMany,
    /// The store can't be reached. It may have been asked for all the same: repeat.
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(super) fn list() -> Log<Listed> {
    families::PERSON_ERASURE_LIST.log(&[])
}

fn head() -> Value<sweep::Head> {
    families::PERSON_ERASURE_HEAD.value(&[])
}

/// Has a person's data erased: of all that has happened by now. The same id again is the same erasure.
///
/// # Errors
/// See [`BeginError`].
pub fn begin(
    store: &dyn Store,
    ask: (&str, &str, &Whose),
    key: &PersonKey,
    consents: Vec<String>,
    now: Millis,
) -> Result<Erasure, BeginError> {
    let (id, tenant, whose) = ask;
    if let Some(known) = find(store, id)? {
        return Ok(known);
    }
    if has_too_many(store, tenant)? {
        return Err(BeginError::TooMany);
    }
    let erasure = Erasure::asked(store, id, tenant, whose, key, consents, now)?;
    // Listed first. What if we crash here? A place without an erasure, struck off after a while.
    list().append(store, &Listed { id: id.to_owned(), at: now, tenant: tenant.to_owned() })?;
    expiry::forget_after(store, now.hour_number().saturating_add(KEPT_HOURS), &[place(id).key()])?;
    // From here on it is worked off.
    place(id).set(store, &erasure)?;
    Ok(erasure)
}

/// From the newest on: who has many under way has the newest. One that is finished counts until it is struck off.
fn has_too_many(store: &dyn Store, tenant: &str) -> Result<bool, StoreError> {
    let tail = list().tail(store)?;
    let first = head().get(store)?.unwrap_or_default().first().max(tail.saturating_sub(MAX_COUNTED)).max(1);
    let mut pending = 0_usize;
    for index in (first..=tail).rev() {
        if let Slot::Entry(listed) = list().get(store, index)?
            && listed.tenant == tenant
        {
            pending = pending.saturating_add(1);
        }
        if pending >= MAX_PENDING {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where an erasure stands. `None`: there is none of this id, or it was asked for long ago.
///
/// # Errors
/// The store can't be reached.
pub fn find(store: &dyn Store, id: &str) -> Result<Option<Erasure>, StoreError> {
    place(id).get(store)
}

/// Goes on with the erasures under way, a bounded number of steps. One at a time; with nothing to do it only reads. Gives
/// how many are finished, and what went wrong with others, each of which is tried again.
///
/// # Errors
/// The store can't be reached.
pub fn work(store: &dyn Store, parts: &dyn Parts, now: Millis) -> Result<(u64, Vec<String>), StoreError> {
    let open = sweep::pending(store, &list(), &head(), now.0, MAX_ERASURES)?;
    if open.is_empty() {
        return Ok((0, Vec::new()));
    }
    let Some(lease) = lease(store, now)? else { return Ok((0, Vec::new())) };
    let (mut finished, mut failed) = (0_u64, Vec::new());
    for (index, listed) in open {
        match go_on(store, parts, &lease, &listed.id, now) {
            Ok(Some(erasure)) if erasure.finished_at.is_none() => {}
            Ok(None) if now.since(listed.at) < UNWRITTEN_MS => {}
            // What if we crash here? It is finished, and struck off by the next run.
            Ok(_) => {
                list().remove(store, index)?;
                finished = finished.saturating_add(1);
            }
            Err(error) => failed.push(format!("{}: {error}", listed.id)),
        }
    }
    lease.release(store)?;
    Ok((finished, failed))
}

/// Goes on with one erasure at once, if nobody else is at any. Gives it as it stands.
///
/// # Errors
/// The store can't be reached; the maintenance goes on.
pub fn work_on(store: &dyn Store, parts: &dyn Parts, id: &str, now: Millis) -> Result<Option<Erasure>, StoreError> {
    let Some(lease) = lease(store, now)? else { return find(store, id) };
    let done = go_on(store, parts, &lease, id, now);
    lease.release(store)?;
    done
}

fn lease(store: &dyn Store, now: Millis) -> Result<Option<Lease>, StoreError> {
    let mark = families::PERSON_ERASURE_MARK.value(&[]);
    let tickets = families::PERSON_ERASURE_TICKET.counter(&[]);
    Lease::take(store, mark, tickets, now.0, LEASE_MS)
}

/// Several steps, each saved before the next.
fn go_on(
    store: &dyn Store,
    parts: &dyn Parts,
    lease: &Lease,
    id: &str,
    now: Millis,
) -> Result<Option<Erasure>, StoreError> {
    let Some(mut erasure) = find(store, id)? else { return Ok(None) };
    for _ in 0..MAX_STEPS {
        let before = erasure.clone();
        erasure.step(store, parts, now)?;
        if erasure == before {
            break;
        }
        if !lease.holds(store)? {
            return find(store, id);
        }
        place(id).set(store, &erasure)?;
        if erasure.finished_at.is_some() {
            break;
        }
    }
    Ok(Some(erasure))
}
