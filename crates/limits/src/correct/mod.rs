//! Corrections: what an interaction cost is put right after the fact (a vendor's credit, a wrong price, what the vendor says
//! it really used).
//!
//! A correction is a permit whose charge is decided at once, so that whatever makes permits safe makes it safe too.
//!
//! ```text
//! list -> [maker token] -> intent -> its place among the interaction's corrections -> counters -> Charged
//!                                                                          \-> Denied: another came in between
//! ```
//! Log entry and [`crate::close`] follow as for any permit. Upwards, the counters are raised before the log says so, and
//! no cap is asked: the log tells the truth and so does the cap. Downwards, the permit holds nothing, and `close` lowers
//! the counters after the log: never too low.

mod attempts;
mod checks;
mod delta;

use audit::Entry;
use calendar::Millis;
use kv_schemas::{Log, Store, families};
use money::{Nanos, Quantity};

use crate::{
    correction::Correction,
    error::{Denial, DenialKind, Fault},
    holds::Hold,
    meter::{Meter, Scope},
    permit::{Charge, Listed, Permit, Settlement, State, list, maker, permit},
    settle::IN_PROGRESS,
};
use attempts::Found;

const RACED: Fault = Fault::Conflict {
    code: "concurrent_correction",
    message: "Another correction of this interaction came in between; nothing was corrected. Try again in a moment.",
};

/// Decides a correction; the caller logs and closes it. `None`: there is nothing to correct, and nothing was written.
/// `fresh_id` names it unless the caller brought an idempotency key: the same key again gives the same correction.
///
/// # Errors
/// There is no such interaction, or it would have cost less than nothing, or another correction of it is under way, or the
/// store can't be reached: what was raised is found by the reaper.
pub fn correct(
    store: &dyn Store,
    now: Millis,
    fresh_id: &str,
    asked: &Correction,
    request_id: &str,
    idempotency_key: Option<&str>,
) -> Result<Option<Permit>, Fault> {
    checks::form(asked)?;
    let id = match idempotency_key {
        None => fresh_id.to_owned(),
        Some(key) => match attempts::find(store, now, key, asked)? {
            Found::Answer(first) => return Ok(Some(*first)),
            Found::Free(id) => id,
        },
    };
    let keyed = idempotency_key.is_some();
    let entry = checks::interaction(store, asked)?;
    let cost = delta::of(store, &entry, asked, &id)?;
    if cost == Nanos(0) {
        // A repeat finds the same, or has something to correct by then.
        return Ok(None);
    }
    list().append(store, &Listed { id: id.clone(), moved: false })?;
    // What if we crash after winning? The reaper writes down that this attempt was lost.
    if keyed && !maker(&id).win(store)? {
        return Err(IN_PROGRESS);
    }
    let intent = Permit {
        request_id: request_id.to_owned(),
        holds: holds(&entry, cost, now),
        keyed,
        correction: Some(asked.decided(cost)),
        ..about(&entry, &id, now)
    };
    make(store, intent, &entry, asked, cost).map(Some)
}

fn make(
    store: &dyn Store,
    mut record: Permit,
    entry: &Entry,
    asked: &Correction,
    cost: Nanos,
) -> Result<Permit, Fault> {
    let id = record.id.clone();
    permit(&id).set(store, &record)?;
    let place = corrections(&asked.corrects).append(store, &Listed { id: id.clone(), moved: false })?;
    // Asked again now that others see this one: of two that come at once, at least one sees the other.
    match delta::of(store, entry, asked, &id) {
        Ok(again) if again == cost => {}
        Err(Fault::Store(error)) => return Err(error.into()),
        Ok(_) | Err(_) => {
            record.state = State::Denied(Denial::new(DenialKind::Conflict, "concurrent_correction", RACED.to_string()));
            permit(&id).set(store, &record)?;
            corrections(&asked.corrects).remove(store, place)?;
            return Err(RACED);
        }
    }
    for hold in record.holds.iter().filter(|hold| hold.amount > 0) {
        // What if we crash in here? The intent says `Reserving`: the reaper counts anew, and nothing was corrected.
        hold.meter.add(store, hold.amount)?;
    }
    record.state = State::Charged(charge(&entry.unit_type, cost));
    permit(&id).set(store, &record)?;
    Ok(record)
}

/// Who pays for what, as the entry says: the tenant may be gone, and the permit forgotten.
fn about(entry: &Entry, id: &str, at: Millis) -> Permit {
    Permit {
        tenant: entry.tenant_id.clone(),
        company: entry.company.clone(),
        capability: entry.capability.clone(),
        provider: entry.provider.clone(),
        model: entry.model.clone(),
        channel: entry.channel.clone(),
        ..Permit::blank(id, at)
    }
}

/// This month's money of tenant and company. A month that is over stays as it was.
fn holds(entry: &Entry, cost: Nanos, now: Millis) -> Vec<Hold> {
    let scopes = [(Scope::Tenant, &entry.tenant_id), (Scope::Company, &entry.company)];
    let hold = |(scope, owner): (Scope, &String)| Hold {
        meter: Meter::money(scope, owner, now),
        amount: cost.at_least_zero().0,
    };
    scopes.map(hold).into()
}

fn charge(unit_type: &str, cost: Nanos) -> Charge {
    Charge { used: vec![Quantity::new(unit_type, 0)], cost, settlement: Settlement::Correction }
}

/// All corrections of an interaction, each with its permit's id.
fn corrections(id: &str) -> Log<Listed> {
    families::CORRECTIONS.log(&[id])
}
