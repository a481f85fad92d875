//! A look at one listed permit: what is to be done about it.

use calendar::Millis;
use kv_schemas::{Store, StoreError};

use super::head::{CLOSING, Head, RELEASING, RESERVING};
use crate::{
    error::Fault,
    keyed,
    permit::{Permit, State, closer, maker, permit, resolver},
    settle::{in_full, release},
};

/// What is to be done about a permit.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is over: it leaves the list.
    Over,
    /// It was never made: its oldest place leaves the list. A younger one is that of a repeat with the same key, who may
    /// be about to make it.
    Unmade,
    /// Nothing, for now; or its counters are counted anew at the end of the walk.
    Open,
    /// The caller settles it.
    Due,
}

pub(super) fn look(
    store: &dyn Store,
    now: Millis,
    head: &mut Head,
    id: &str,
    record: Option<&Permit>,
) -> Result<Verdict, StoreError> {
    let Some(record) = record else { return unwritten(store, now, head, id) };
    match &record.state {
        State::Held if record.deadline(store)? > now => {
            head.moves(id);
            Ok(Verdict::Open)
        }
        State::Held => expired(store, now, head, record),
        State::Charged(_) => charged(store, now, head, id),
        State::Reserving => Ok(wait(head, id, RESERVING, now)),
        State::Releasing => Ok(wait(head, id, RELEASING, now)),
        State::Denied(_) | State::Closed { .. } | State::Released => {
            head.moves(id);
            Ok(Verdict::Over)
        }
    }
}

/// Listed, and nothing more: no counter was raised.
fn unwritten(store: &dyn Store, now: Millis, head: &mut Head, id: &str) -> Result<Verdict, StoreError> {
    // A repeat may win the token at any time, and write the record a moment later.
    let is_being_made = maker(id).taken(store)?;
    if !head.is_stuck(id, if is_being_made { "making" } else { "unwritten" }, now) {
        return Ok(Verdict::Open);
    }
    head.moves(id);
    if !is_being_made {
        return Ok(Verdict::Unmade);
    }
    if !permit(id).exists(store)? {
        // Whoever repeats with the same key is told, rather than sent away for ever.
        let state = State::Denied(keyed::lost());
        permit(id).set(store, &Permit { state, ..Permit::blank(id, now) })?;
    }
    Ok(Verdict::Over)
}

/// Its holder has vanished.
fn expired(store: &dyn Store, now: Millis, head: &mut Head, record: &Permit) -> Result<Verdict, StoreError> {
    let id = &record.id;
    if resolver(id).taken(store)? {
        // Somebody won the right to decide; died before deciding, if nothing comes of it.
        return if head.is_stuck(id, "resolving", now) { decide(store, head, record) } else { Ok(Verdict::Open) };
    }
    if !record.is_free_when_abandoned() {
        return Ok(Verdict::Due);
    }
    match release(store, id) {
        Err(Fault::Store(error)) => Err(error),
        // Whether it is over shows at the next walk: somebody else may be releasing it, and die at it.
        Ok(()) | Err(_) => Ok(Verdict::Open),
    }
}

/// Decides in place of somebody who died.
fn decide(store: &dyn Store, head: &mut Head, record: &Permit) -> Result<Verdict, StoreError> {
    let (state, next) = if record.is_free_when_abandoned() {
        head.goes_on(&record.id, RELEASING);
        (State::Releasing, Verdict::Open)
    } else {
        head.moves(&record.id);
        (State::Charged(in_full(record)), Verdict::Due)
    };
    permit(&record.id).set(store, &Permit { state, ..record.clone() })?;
    Ok(next)
}

/// Its cost is decided. Whoever decided it is about to put it into the log and to give back the rest, or has died.
fn charged(store: &dyn Store, now: Millis, head: &mut Head, id: &str) -> Result<Verdict, StoreError> {
    if closer(id).taken(store)? {
        return Ok(wait(head, id, CLOSING, now));
    }
    Ok(if head.is_stuck(id, "charged", now) { Verdict::Due } else { Verdict::Open })
}

fn wait(head: &mut Head, id: &str, within: &str, now: Millis) -> Verdict {
    head.is_stuck(id, within, now);
    Verdict::Open
}
