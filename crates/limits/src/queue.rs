//! The queue for a free place: those who came first go first, as far as the store allows.
//!
//! A waiting caller holds nothing but a slot in its tenant's numbered log, and comes again every few moments. It may try
//! for a place when more places are free than callers wait before it; so may a newcomer, who stands behind them all. A
//! slot counts while its caller keeps coming: who vanishes is passed over within [`SEEN_MS`]. A slot that is taken and
//! not yet written doesn't count, so two who come within one store operation may swap.

use calendar::Millis;
use kv_schemas::{Log, Slot, Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};

use crate::{
    error::{Denial, DenialKind},
    meter::{Meter, Scope},
    payers::Payers,
    reservation::{Granted, Reservation},
};

/// Who hasn't come again for so long isn't waiting any more.
const SEEN_MS: u64 = 2_000;
/// How often a waiting caller says that it is still there.
const RENEW_MS: u64 = 500;
/// When a waiting caller comes again.
const POLL_MS: u64 = 50;
/// How many may wait for one tenant.
const MAX_WAITING: u64 = 1_024;
/// Slots of those who are gone that one caller removes.
const MAX_SWEPT: u64 = 64;

/// One who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// When its time is over.
    until: Millis,
    /// When it last came.
    seen: Millis,
}

impl Waiting {
    fn is_there(self, now: Millis) -> bool {
        // A clock that was set back doesn't let anybody wait for ever.
        now < self.until && now.0.abs_diff(self.seen.0) < SEEN_MS
    }
}

fn line(tenant: &str) -> Log<Waiting> {
    families::QUEUE.log(&[tenant])
}

/// The first slot that may still count.
fn head(tenant: &str) -> Value<u64> {
    families::QUEUE_HEAD.value(&[tenant])
}

/// Lets the caller try for a place, or tells it to come again.
pub(crate) fn wait_for_turn(
    store: &dyn Store,
    now: Millis,
    payers: &Payers,
    ticket: Option<u64>,
) -> Result<(), Denial> {
    let (Some(places), Some(wait)) = (payers.limits.burst, wait_ms(payers)) else { return Ok(()) };
    let line = line(&payers.tenant.id);
    let Some(ticket) = ticket else {
        let tail = line.tail(store)?;
        if is_next(store, now, payers, places, tail.saturating_add(1))? {
            return Ok(());
        }
        return Err(full(enter(store, now, payers, wait)?));
    };
    let Slot::Entry(waiting) = line.get(store, ticket)? else { return Err(full(None)) };
    if now >= waiting.until {
        line.remove(store, ticket)?;
        return Err(full(None));
    }
    if now.0.abs_diff(waiting.seen.0) >= RENEW_MS {
        line.put(store, ticket, &Waiting { seen: now, ..waiting })?;
    }
    if is_next(store, now, payers, places, ticket)? { Ok(()) } else { Err(full(Some(ticket))) }
}

/// Whether more places are free than callers wait before `ticket`.
fn is_next(store: &dyn Store, now: Millis, payers: &Payers, places: u64, ticket: u64) -> Result<bool, StoreError> {
    let open = Meter::Places { scope: Scope::Tenant, owner: payers.tenant.id.clone() }.read(store)?;
    let free = places.saturating_sub(u64::try_from(open).unwrap_or(0));
    let line = line(&payers.tenant.id);
    let first = head(&payers.tenant.id).get(store)?.unwrap_or(1);
    let (mut gone, mut before, mut swept) = (first, 0_u64, 0_u64);
    // Bounded: nobody enters behind more than `MAX_WAITING` slots.
    for index in first..ticket {
        if before >= free {
            break;
        }
        match line.get(store, index)? {
            Slot::Entry(waiting) if waiting.is_there(now) => before = before.saturating_add(1),
            Slot::Entry(_) if swept < MAX_SWEPT => {
                line.remove(store, index)?;
                swept = swept.saturating_add(1);
            }
            Slot::Entry(_) | Slot::Hole => {}
        }
        if before == 0 && swept < MAX_SWEPT {
            gone = index.saturating_add(1);
        }
    }
    if gone > first {
        // Late, this may move the head back: some slots that are gone are looked at once more.
        head(&payers.tenant.id).set(store, &gone)?;
    }
    Ok(before < free)
}

/// Takes a slot at the end; none when too many wait already.
fn enter(store: &dyn Store, now: Millis, payers: &Payers, wait: u64) -> Result<Option<u64>, StoreError> {
    let line = line(&payers.tenant.id);
    let first = head(&payers.tenant.id).get(store)?.unwrap_or(1);
    if line.tail(store)?.saturating_add(1).saturating_sub(first) >= MAX_WAITING {
        return Ok(None);
    }
    // What if we crash here? The slot isn't renewed and counts for two seconds.
    line.append(store, &Waiting { until: now.plus(wait), seen: now }).map(Some)
}

/// The ticket for a try that found no place: the one it had, or a new one; none when its time is over.
pub(crate) fn may_wait(
    store: &dyn Store,
    now: Millis,
    payers: &Payers,
    asked: &Reservation,
    denial: &Denial,
) -> Result<Option<u64>, StoreError> {
    let Some(wait) = wait_ms(payers).filter(|_| denial.kind == DenialKind::Burst) else { return Ok(None) };
    match asked.ticket {
        None => enter(store, now, payers, wait),
        Some(ticket) => match line(&payers.tenant.id).get(store, ticket)? {
            Slot::Entry(waiting) if now < waiting.until => Ok(Some(ticket)),
            _ => Ok(None),
        },
    }
}

/// After a try: who doesn't wait on leaves the queue.
pub(crate) fn leave(
    store: &dyn Store,
    payers: &Payers,
    asked: &Reservation,
    outcome: Result<Granted, Denial>,
) -> Result<Granted, Denial> {
    let waits_on = outcome.as_ref().err().is_some_and(|denial| denial.ticket.is_some());
    if let Some(ticket) = asked.ticket.filter(|_| !waits_on) {
        // What if we crash here, or this fails? The slot isn't renewed.
        let _not_renewed = line(&payers.tenant.id).remove(store, ticket);
    }
    outcome
}

fn wait_ms(payers: &Payers) -> Option<u64> {
    payers.limits.queue_wait_ms.filter(|wait| *wait > 0)
}

fn full(ticket: Option<u64>) -> Denial {
    let message = "Too many calls are under way at once.";
    let retry_after_ms = Some(if ticket.is_some() { POLL_MS } else { 1_000 });
    Denial { retry_after_ms, ticket, ..Denial::new(DenialKind::Burst, "burst", message) }
}
