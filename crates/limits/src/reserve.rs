//! Reserve: the worst case in every scope, or nothing.
//!
//! ```text
//! list -> [maker token] -> intent -> counters -> Held     a permit
//!                             \-> counters, undone -> Denied
//! ```
//! The list comes first: whatever a crash leaves behind, the reaper finds it there.

use calendar::Millis;
use kv_schemas::Store;

use crate::{
    error::{Denial, DenialKind},
    holds::{self, Rung, Taking, Wanted},
    intent::{self, intent},
    keyed::Key,
    payers::Payers,
    permit::{PERMITS, Permit, State, extension, permit},
    priced::{self, Priced},
    queue, rate,
    reservation::{Granted, Reservation},
};

/// The longest a permit may be held.
const MAX_TTL_MS: u64 = calendar::DAY;

/// Reserves, or denies with nothing held. `fresh_id` names the permit unless the caller brought an idempotency key.
///
/// A denial with a ticket isn't the last word: the caller comes again in a moment with that ticket.
///
/// # Errors
/// The denial. `Offline` when the store can't be reached: no permit, and what was raised is found by the reaper.
pub fn reserve(store: &dyn Store, now: Millis, fresh_id: &str, asked: &Reservation) -> Result<Granted, Denial> {
    let key = match Key::of(store, fresh_id, asked)? {
        Ok(key) => key,
        Err(first_answer) => return first_answer,
    };
    let ready = match prepare(store, now, asked) {
        Ok(ready) => ready,
        Err(denial) => return Err(intent::remember(store, now, &key, asked, denial)?),
    };
    let Ready { payers, priced, wanted } = ready;
    let outcome = make(store, now, &key, asked, &payers, priced, wanted);
    queue::leave(store, &payers, asked, outcome)
}

/// All that is known before anything is held.
struct Ready {
    payers: Payers,
    priced: Priced,
    wanted: Wanted,
}

fn prepare(store: &dyn Store, now: Millis, asked: &Reservation) -> Result<Ready, Denial> {
    let payers = Payers::find(store, &asked.tenant)?;
    // Before anything else that costs work: a flood of senseless requests is a flood all the same.
    if !asked.counted && asked.ticket.is_none() {
        rate::count(store, &payers.limits, asked.server, &asked.credential, now)?;
    }
    payers.check_twin()?;
    payers.check_capability(&asked.capability)?;
    let priced = priced::price(store, asked, now)?;
    let takes_place = asked.continues.is_none();
    match &asked.continues {
        Some(lease) => extend(store, lease, asked, now)?,
        None => queue::wait_for_turn(store, now, &payers, asked.ticket)?,
    }
    let session = asked.session.as_deref();
    let wanted = holds::wanted(&payers, session, &asked.worst_case, priced.cost, now, takes_place);
    Ok(Ready { payers, priced, wanted })
}

fn make(
    store: &dyn Store,
    now: Millis,
    key: &Key,
    asked: &Reservation,
    payers: &Payers,
    priced: Priced,
    wanted: Wanted,
) -> Result<Granted, Denial> {
    intent::claim(store, key)?;
    let record = Permit {
        company: payers.tenant.company.clone(),
        prices: priced.table,
        reserved: priced.cost,
        holds: wanted.holds,
        expires_at: now.plus(asked.ttl_ms.min(MAX_TTL_MS)),
        ..intent(key, asked, now)
    };
    let place = permit(&key.id);
    let mut draft = place.begin(record)?;
    place.set_draft(store, &draft)?;

    let taking = Taking { holds: &draft.record().holds, caps: &wanted.caps };
    match take(store, now, asked, payers, taking) {
        Ok((sums, rung)) => {
            let remaining = holds::remaining(taking, &sums);
            // What if we crash here? All counters are raised and the intent says `Reserving`: nobody has a permit,
            // nothing is called, and the reaper takes back what was raised.
            place.set_tail(store, &mut draft, |record| {
                (record.rung, record.remaining, record.state) = (rung, remaining, State::Held);
            })?;
            Ok(Granted::of(&place.keep(draft, &PERMITS), false))
        }
        Err(mut denial) => {
            // Whether the counters are as they were is not known: the intent stays for the reaper.
            if denial.kind == DenialKind::Offline {
                return Err(denial);
            }
            denial.ticket = queue::may_wait(store, now, payers, asked, &denial)?;
            // What if we crash here? Nothing is held any more, and the reaper finds that out by counting.
            let state = State::Denied(denial.clone());
            place.set_tail(store, &mut draft, |record| record.state = state)?;
            Err(denial)
        }
    }
}

/// Raises all counters, or none.
fn take(
    store: &dyn Store,
    now: Millis,
    asked: &Reservation,
    payers: &Payers,
    wanted: Taking<'_>,
) -> Result<(Vec<i64>, Rung), Denial> {
    let sums = holds::take(store, wanted, now)?;
    let rung = holds::rung(wanted, &sums, payers.tenant.ladder);
    if rung == Rung::TextOnly && ["speech", "video"].contains(&asked.capability.as_str()) {
        holds::give_back(store, wanted.holds)?;
        return Err(Denial::new(DenialKind::HardCap, "text_only", "Near the monthly cap there is only text."));
    }
    Ok((sums, rung))
}

/// The lease a live session holds on its place lives as long as its ticks come.
fn extend(store: &dyn Store, lease: &str, asked: &Reservation, now: Millis) -> Result<(), Denial> {
    let ended = || Denial::new(DenialKind::Conflict, "lease_ended", "The live session has ended.");
    let record = permit(lease).get(store)?.ok_or_else(ended)?;
    if record.state != State::Held || record.tenant != asked.tenant {
        return Err(ended());
    }
    // Beside the record, since only who resolves the lease may write that. Released between the two? Then this says
    // something of a lease that is over, and is forgotten with it.
    let until = record.deadline(store)?.max(now.plus(asked.ttl_ms.min(MAX_TTL_MS)));
    Ok(extension(lease).set(store, &until)?)
}
