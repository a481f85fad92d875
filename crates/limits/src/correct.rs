//! Corrections: what an interaction cost is put right after the fact (a vendor's credit, a wrong price).
//!
//! A correction is a permit whose charge is decided at once, so that whatever makes permits safe makes it safe too.
//!
//! ```text
//! list -> [maker token] -> intent -> its place among the interaction's corrections -> counters -> Charged
//!                                                                          \-> Denied: below zero
//! ```
//! Log entry and [`crate::close`] follow as for any permit. Upwards, the counters are raised before the log says so, and
//! no cap is asked: the log tells the truth and so does the cap. Downwards, the permit holds nothing, and `close` lowers
//! the counters after the log: never too low.

use audit::Entry;
use calendar::{Millis, SECOND};
use kv_schemas::{Log, Slot, Store, StoreError, families};
use money::{Nanos, Quantity};

use crate::{
    correction::{CORRECTS, Correction, INTERACTION, REASON},
    error::{Denial, DenialKind, Fault},
    holds::Hold,
    keyed,
    meter::{Meter, Scope},
    permit::{Charge, Listed, Permit, Settlement, State, list, maker, permit},
    priced::MAX_COST,
    settle::IN_PROGRESS,
};

/// The longest reason, in characters.
const MAX_REASON: usize = 200;
/// How often one interaction may be corrected.
const MAX_CORRECTIONS: u64 = 100;
/// So long a repeat waits for the first request to log what was decided: two that log it at once would be told two stages.
const LOGGING_MS: u64 = 10 * SECOND;

const LOST: Fault = Fault::Conflict {
    code: "attempt_lost",
    message: "The first request with this idempotency key was cut off; nothing was corrected. Use a new key.",
};
const REUSED: Fault =
    Fault::Conflict { code: "idempotency_key_reused", message: "The idempotency key was used for another correction." };
const RACED: Fault = Fault::Conflict {
    code: "concurrent_correction",
    message: "Another correction of this interaction came in between; nothing was corrected. Try again with a new key.",
};

/// Decides a correction; the caller logs and closes it. `fresh_id` names it unless the caller brought an idempotency key:
/// the same key again gives the same correction.
///
/// # Errors
/// There is no such interaction, or it would have cost less than nothing, or the store can't be reached: what was raised
/// is found by the reaper.
pub fn correct(
    store: &dyn Store,
    now: Millis,
    fresh_id: &str,
    asked: &Correction,
    request_id: &str,
    idempotency_key: Option<&str>,
) -> Result<Permit, Fault> {
    check(asked)?;
    let id = idempotency_key.map_or_else(|| fresh_id.to_owned(), keyed::correction_id);
    let keyed = idempotency_key.is_some();
    if keyed && let Some(first) = earlier(store, &id)? {
        return answer(first, asked, now);
    }
    let entry = corrected(store, asked)?;
    if !fits(store, &entry, asked, &id)? {
        return Err(invalid("cost_usd", "is more than the interaction has cost"));
    }
    list().append(store, &Listed { id: id.clone() })?;
    // What if we crash after winning? The reaper writes down that this attempt was lost.
    if keyed && !maker(&id).win(store)? {
        return Err(IN_PROGRESS);
    }
    let intent = Permit {
        request_id: request_id.to_owned(),
        holds: holds(&entry, asked.cost, now),
        keyed,
        correction: Some(asked.clone()),
        ..about(&entry, &id, now)
    };
    make(store, intent, &entry, asked)
}

fn make(store: &dyn Store, mut record: Permit, entry: &Entry, asked: &Correction) -> Result<Permit, Fault> {
    let id = record.id.clone();
    permit(&id).set(store, &record)?;
    let place = corrections(&asked.corrects).append(store, &Listed { id: id.clone() })?;
    // Asked again now that others see this one: of two that come at once, at least one sees the other.
    if !fits(store, entry, asked, &id)? {
        record.state = State::Denied(Denial::new(DenialKind::Conflict, "concurrent_correction", RACED.to_string()));
        permit(&id).set(store, &record)?;
        corrections(&asked.corrects).remove(store, place)?;
        return Err(RACED);
    }
    for hold in record.holds.iter().filter(|hold| hold.amount > 0) {
        // What if we crash in here? The intent says `Reserving`: the reaper counts anew, and nothing was corrected.
        hold.meter.add(store, hold.amount)?;
    }
    record.state = State::Charged(charge(&entry.unit_type, asked.cost));
    permit(&id).set(store, &record)?;
    Ok(record)
}

fn check(asked: &Correction) -> Result<(), Fault> {
    let length = asked.reason.chars().count();
    match () {
        () if asked.cost == Nanos(0) => Err(invalid("cost_usd", "must not be zero")),
        () if asked.cost > MAX_COST || asked.cost < Nanos(MAX_COST.0.saturating_neg()) => {
            Err(invalid("cost_usd", "must be at most 10,000 USD"))
        }
        () if !(1..=MAX_REASON).contains(&length) => Err(invalid("reason", "must have 1 to 200 characters")),
        () if asked.reason.chars().any(char::is_control) => Err(invalid("reason", "must be plain text in one line")),
        () => Ok(()),
    }
}

fn invalid(param: &'static str, message: &str) -> Fault {
    Fault::Invalid { param, message: message.to_owned() }
}

/// The entry that is to be corrected.
fn corrected(store: &dyn Store, asked: &Correction) -> Result<Entry, Fault> {
    let not_one = || invalid("limit_check_id", "is no interaction: only what was charged can be corrected");
    if asked.corrects.starts_with("evt_") {
        return Err(not_one());
    }
    let entry = audit::find(store, &asked.corrects)?.ok_or(Fault::NotFound)?.entry;
    if entry.event_type != INTERACTION {
        return Err(not_one());
    }
    if corrections(&asked.corrects).tail(store)? >= MAX_CORRECTIONS {
        return Err(invalid("limit_check_id", "has been corrected too often"));
    }
    Ok(entry)
}

/// Whether the interaction has cost at least nothing with this correction, whatever becomes of others that are being made.
fn fits(store: &dyn Store, entry: &Entry, asked: &Correction, own: &str) -> Result<bool, StoreError> {
    if asked.cost > Nanos(0) {
        return Ok(true);
    }
    let others = corrections(&asked.corrects);
    let mut cost = entry.cost_nanos.saturating_add(asked.cost);
    for index in 1..=others.tail(store)? {
        // A place that isn't written yet is no matter: its writer will see this one.
        if let Slot::Entry(Listed { id }) = others.get(store, index)?
            && id != own
        {
            cost = cost.saturating_add(least(store, &id)?);
        }
    }
    Ok(cost >= Nanos(0))
}

/// The least that another correction may come to.
fn least(store: &dyn Store, id: &str) -> Result<Nanos, StoreError> {
    let Some(record) = permit(id).get(store)? else {
        // Its permit has been forgotten. The log hasn't, if it came to anything.
        return Ok(audit::find(store, id)?.map_or(Nanos(0), |item| item.entry.cost_nanos));
    };
    let cost = record.correction.map_or(Nanos(0), |correction| correction.cost);
    Ok(match record.state {
        State::Charged(_) | State::Closed { .. } => cost,
        State::Denied(_) => Nanos(0),
        _ => cost.min(Nanos(0)),
    })
}

/// What an earlier request with the same key made.
fn earlier(store: &dyn Store, id: &str) -> Result<Option<Permit>, StoreError> {
    if let Some(record) = permit(id).get(store)? {
        return Ok(Some(record));
    }
    // Permits are forgotten after a while; a second one under this id would never get into the log.
    let (Some(item), Some(stage)) = (audit::find(store, id)?, audit::stage_of(store, id)?) else { return Ok(None) };
    let entry = item.entry;
    let detail = |name: &str| entry.details.get(name).cloned().unwrap_or_default();
    Ok(Some(Permit {
        correction: Some(Correction { corrects: detail(CORRECTS), cost: entry.cost_nanos, reason: detail(REASON) }),
        state: State::Closed { charge: charge(&entry.unit_type, entry.cost_nanos), stage },
        ..about(&entry, id, entry.at_ms)
    }))
}

fn answer(first: Permit, asked: &Correction, now: Millis) -> Result<Permit, Fault> {
    // Nothing is known of what a lost attempt asked for.
    if first.correction.as_ref().is_some_and(|correction| correction != asked) {
        return Err(REUSED);
    }
    match &first.state {
        State::Closed { .. } => Ok(first),
        State::Charged(_) if now.since(first.created_at) < LOGGING_MS => Err(IN_PROGRESS),
        // What if the first request crashed before the log? This one goes on with it.
        State::Charged(_) => Ok(first),
        State::Denied(denial) if denial.code == "concurrent_correction" => Err(RACED),
        State::Denied(_) => Err(LOST),
        _ => Err(IN_PROGRESS),
    }
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
