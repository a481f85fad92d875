//! Charge, close, release: a permit is resolved exactly once.
//!
//! The caller's order is `charge` (what it costs) -> log entry (durable) -> `close` (the rest is given back). Between
//! any two the process may die: the charge is recorded, the log drops a second entry with the same id, and the reaper
//! goes on from where the permit stands.

use calendar::Millis;
use kv_schemas::{Store, expiry};
use money::{Nanos, Quantity};

use crate::{
    error::Fault,
    holds::{self, Hold, Meter},
    permit::{Charge, Holder, KEPT_HOURS, Permit, Settlement, State, Used, closer, list, maker, permit, resolver},
    reserve::MAX_COST,
    units::check_units,
};

/// How long after a permit's expiry its holder may still be at work; after that the reaper decides alone.
pub(crate) const GRACE_MS: u64 = 30_000;

const IN_PROGRESS: Fault =
    Fault::Conflict { code: "in_progress", message: "The permit is being resolved by another request." };

/// Decides what the permit costs. The same usage again gives the first decision; `Unknown` accepts whatever was decided.
pub fn charge(store: &dyn Store, now: Millis, id: &str, used: &Used) -> Result<Permit, Fault> {
    let mut record = permit(id).get(store)?.ok_or(Fault::NotFound)?;
    if let Some(decided) = decided(&record, used)? {
        return Ok(decided);
    }
    let charge = decide(&record, used)?;
    if !resolver(id).win(store)? && !abandoned(&record, now) {
        // Somebody else was first: either the decision is there by now, or it will be in a moment.
        record = permit(id).get(store)?.ok_or(Fault::NotFound)?;
        return decided(&record, used)?.ok_or(IN_PROGRESS);
    }
    // What if we crash here? The token is spent and the permit still says `Held`: after its expiry and a grace period
    // it counts as abandoned and the reaper charges it in full.
    record.state = State::Charged(charge);
    permit(id).set(store, &record)?;
    Ok(record)
}

/// Whether the winner of the resolver token can't be at work any more.
fn abandoned(record: &Permit, now: Millis) -> bool {
    now > record.expires_at.plus(GRACE_MS)
}

/// The decision, if there is one already.
fn decided(record: &Permit, used: &Used) -> Result<Option<Permit>, Fault> {
    match &record.state {
        State::Held => Ok(None),
        State::Reserving => Err(IN_PROGRESS),
        State::Denied(_) => Err(Fault::Conflict { code: "denied", message: "The permit was denied." }),
        State::Released => Err(Fault::Conflict { code: "already_released", message: "The permit was released." }),
        State::Charged(charge) | State::Closed { charge, .. } => match used {
            Used::Actual(quantities) | Used::Counted(quantities) if *quantities != charge.used => {
                Err(Fault::Conflict { code: "already_settled", message: "The permit was settled with other usage." })
            }
            _ => Ok(Some(record.clone())),
        },
    }
}

fn decide(record: &Permit, used: &Used) -> Result<Charge, Fault> {
    let full = || Charge { used: record.worst_case.clone(), cost: record.reserved, settlement: Settlement::Full };
    let (quantities, within) = match used {
        Used::Actual(quantities) => (quantities, Settlement::Exact),
        Used::Counted(quantities) => (quantities, Settlement::Counted),
        Used::Unknown => return Ok(full()),
    };
    let invalid = |param, message| Fault::Invalid { param, message };
    check_units(quantities).or_else(|denial| match denial.param.as_deref() {
        // Nothing used is a fine answer here, though not a fine estimate.
        Some("estimate.units") if quantities.iter().all(|q| q.units == 0) => Ok(()),
        Some("estimate.units") => Err(invalid("units", denial.message)),
        _ => Err(invalid("unit_type", denial.message)),
    })?;
    let known = |quantity: &Quantity| record.worst_case.iter().any(|held| same_kind(held, quantity));
    if let Some(stray) = quantities.iter().find(|quantity| !known(quantity)) {
        return Err(invalid("unit_type", format!("{} was not reserved", stray.unit_type)));
    }
    let cost = record.prices.cost(quantities).map_err(|unpriced| invalid("unit_type", unpriced.to_string()))?;
    let most = if record.holder == Holder::Page { record.reserved } else { record.reserved.max(MAX_COST) };
    if cost > most {
        return Err(invalid("units", "cost more than this permit may be charged".into()));
    }
    let settlement = if cost > record.reserved { Settlement::Overrun } else { within };
    Ok(Charge { used: quantities.clone(), cost, settlement })
}

/// Tokens are reserved as input and output, and come back in finer kinds (cached input).
fn same_kind(held: &Quantity, used: &Quantity) -> bool {
    let is_token = |quantity: &Quantity| quantity.unit_type.ends_with("_tokens");
    held.unit_type == used.unit_type || (is_token(held) && is_token(used))
}

/// Gives back what was reserved but not charged, once the log entry is staged.
pub fn close(store: &dyn Store, id: &str, stage: u64) -> Result<(), Fault> {
    let mut record = permit(id).get(store)?.ok_or(Fault::NotFound)?;
    let charge = match record.state.clone() {
        State::Charged(charge) => charge,
        State::Closed { .. } => return Ok(()),
        _ => return Err(Fault::Conflict { code: "not_charged", message: "The permit has not been charged." }),
    };
    // Only one may lower the counters. What if we crash after winning? They stay too high, never too low.
    if closer(id).win(store)? {
        // Places first: of all counters they alone have no window that would heal what a crash leaves.
        for hold in &record.holds {
            let delta = kept(hold, &charge).saturating_sub(hold.amount);
            if delta != 0 {
                hold.meter.add(store, delta)?;
            }
        }
    }
    record.state = State::Closed { charge, stage };
    permit(id).set(store, &record)?;
    strike_off(store, &record)
}

/// What stays of a hold after the charge. An overrun raises the counter: the log tells the truth and so does the cap.
fn kept(hold: &Hold, charge: &Charge) -> i64 {
    match &hold.meter {
        Meter::Places { .. } => 0,
        Meter::Money { .. } => charge.cost.0,
        Meter::Units { unit, .. } => {
            let used = holds::daily_units(&charge.used);
            used.iter().find(|quantity| quantity.unit_type == *unit).map_or(0, |quantity| holds::to_i64(quantity.units))
        }
    }
}

/// Gives everything back: the vendor was not called.
pub fn release(store: &dyn Store, id: &str) -> Result<(), Fault> {
    let mut record = permit(id).get(store)?.ok_or(Fault::NotFound)?;
    match record.state {
        State::Held => {}
        State::Released => return Ok(()),
        State::Reserving => return Err(IN_PROGRESS),
        State::Denied(_) => return Err(Fault::Conflict { code: "denied", message: "The permit was denied." }),
        State::Charged(_) | State::Closed { .. } => {
            return Err(Fault::Conflict { code: "already_settled", message: "The permit was settled." });
        }
    }
    if !resolver(id).win(store)? {
        return match permit(id).get(store)?.map(|record| record.state) {
            Some(State::Released) => Ok(()),
            _ => Err(IN_PROGRESS),
        };
    }
    // The record first: what if we crash here? The counters stay too high, but nobody can charge it any more.
    record.state = State::Released;
    permit(id).set(store, &record)?;
    for hold in &record.holds {
        hold.meter.add(store, hold.amount.saturating_neg())?;
    }
    strike_off(store, &record)
}

/// A resolved permit leaves the reaper's list; repeats are answered from its record for a while longer.
fn strike_off(store: &dyn Store, record: &Permit) -> Result<(), Fault> {
    let id = &record.id;
    let (permit, maker, resolver, closer) = (permit(id), maker(id), resolver(id), closer(id));
    let hour = record.expires_at.hour_number().saturating_add(KEPT_HOURS);
    expiry::forget_after(store, hour, &[permit.key(), maker.key(), resolver.key(), closer.key()])?;
    Ok(list().remove(store, record.list_index)?)
}

impl Permit {
    /// The decision, once there is one.
    #[must_use]
    pub fn decision(&self) -> Option<(&Charge, Option<u64>)> {
        match &self.state {
            State::Charged(charge) => Some((charge, None)),
            State::Closed { charge, stage } => Some((charge, Some(*stage))),
            _ => None,
        }
    }

    /// Units and unit type of the log entry: tokens together, otherwise the one unit there is.
    #[must_use]
    pub fn logged_units(charge: &Charge) -> (u64, String) {
        match (holds::tokens(&charge.used), charge.used.first()) {
            (Some(tokens), _) => (tokens, "tokens".into()),
            (None, Some(quantity)) => (quantity.units, quantity.unit_type.clone()),
            (None, None) => (0, "requests".into()),
        }
    }

    /// Whether it is released rather than charged when its holder vanishes: a lease on a place costs nothing, and a page
    /// can have used nothing.
    #[must_use]
    pub fn is_free_when_abandoned(&self) -> bool {
        let lease = self.worst_case.is_empty() && self.reserved == Nanos(0);
        lease || self.holder == Holder::Page
    }
}
