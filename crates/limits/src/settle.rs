//! Charge, close, release: a permit is resolved exactly once.
//!
//! The caller's order is `charge` (what it costs) -> log entry (durable) -> `close` (the rest is given back). Between
//! any two the process may die: the charge is recorded, the log drops a second entry with the same id, and the reaper
//! goes on from where the permit stands.
//!
//! Who wins the resolver token writes the decision; who wins the closer token lowers the counters, once. A winner who
//! dies midway is found by the reaper, which counts anew what the counters should say.

use std::{collections::BTreeMap, rc::Rc};

use audit::{Entry, VERSION};
use kv_schemas::Store;
use money::{Nanos, Quantity};

use crate::{
    correction::{Correction, INTERACTION},
    error::Fault,
    holds::{self, Hold},
    meter::Meter,
    permit::{Charge, Holder, PERMITS, Permit, Settlement, State, Used, closer, permit, resolver},
    priced::MAX_COST,
    units::check_units,
};

pub(crate) const IN_PROGRESS: Fault =
    Fault::Conflict { code: "in_progress", message: "The permit is being resolved by another request." };

/// Decides what the permit costs. The same usage again gives the first decision; `Unknown` accepts whatever was decided.
///
/// # Errors
/// The permit is resolved otherwise, or the usage makes no sense for it, or the store can't be reached.
pub fn charge(store: &dyn Store, id: &str, used: &Used) -> Result<Rc<Permit>, Fault> {
    let place = permit(id);
    let mut draft = place.draft(store, &PERMITS)?.ok_or(Fault::NotFound)?;
    if is_decided(draft.record(), used)? {
        return Ok(Rc::new(draft.into_record()));
    }
    let charge = decide(draft.record(), used)?;
    if !resolver(id).win(store)? {
        // Somebody else was first: either the decision is there by now, or it will be in a moment.
        let record = place.get(store)?.ok_or(Fault::NotFound)?;
        return if is_decided(&record, used)? { Ok(Rc::new(record)) } else { Err(IN_PROGRESS) };
    }
    // What if we crash here? The token is spent and the permit still says `Held`: the reaper charges it in full.
    place.set_tail(store, &mut draft, |record| record.state = State::Charged(charge))?;
    Ok(place.keep(draft, &PERMITS))
}

/// Whether there is a decision already, and the same.
fn is_decided(record: &Permit, used: &Used) -> Result<bool, Fault> {
    match &record.state {
        State::Held => Ok(false),
        State::Reserving => Err(IN_PROGRESS),
        State::Denied(_) => Err(Fault::Conflict { code: "denied", message: "The permit was denied." }),
        State::Releasing | State::Released => {
            Err(Fault::Conflict { code: "already_released", message: "The permit was released." })
        }
        State::Charged(charge) | State::Closed { charge, .. } => match used {
            Used::Actual(quantities) | Used::Counted(quantities) if *quantities != charge.used => {
                Err(Fault::Conflict { code: "already_settled", message: "The permit was settled with other usage." })
            }
            _ => Ok(true),
        },
    }
}

fn decide(record: &Permit, used: &Used) -> Result<Charge, Fault> {
    let (quantities, within) = match used {
        Used::Actual(quantities) => (quantities, Settlement::Exact),
        Used::Counted(quantities) => (quantities, Settlement::Counted),
        Used::Unknown => return Ok(in_full(record)),
    };
    let cost = priced(record, quantities)?;
    let most = if record.holder == Holder::Page { record.reserved } else { record.reserved.max(MAX_COST) };
    if cost > most {
        return Err(invalid("units", "cost more than this permit may be charged".into()));
    }
    let settlement = if cost > record.reserved { Settlement::Overrun } else { within };
    Ok(Charge { used: quantities.clone(), cost, settlement })
}

fn invalid(param: &'static str, message: String) -> Fault {
    Fault::Invalid { param, message }
}

/// What so much costs by the permit's own prices, if it can have used that.
pub(crate) fn priced(record: &Permit, quantities: &[Quantity]) -> Result<Nanos, Fault> {
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
    record.prices.cost(quantities).map_err(|unpriced| invalid("unit_type", unpriced.to_string()))
}

/// All of it is spent, since nobody knows how much was used.
pub(crate) fn in_full(record: &Permit) -> Charge {
    Charge { used: record.worst_case.clone(), cost: record.reserved, settlement: Settlement::Full }
}

/// Tokens are reserved as input and output, and come back in finer kinds (cached input).
fn same_kind(held: &Quantity, used: &Quantity) -> bool {
    let is_token = |quantity: &Quantity| quantity.unit_type.ends_with("_tokens");
    held.unit_type == used.unit_type || (is_token(held) && is_token(used))
}

/// Gives back what was reserved but not charged, once the log entry is staged at `stage`.
///
/// # Errors
/// The permit has not been charged, or the store can't be reached.
pub fn close(store: &dyn Store, id: &str, stage: u64) -> Result<(), Fault> {
    let place = permit(id);
    let mut draft = place.draft(store, &PERMITS)?.ok_or(Fault::NotFound)?;
    let charge = match &draft.record().state {
        State::Charged(charge) => charge.clone(),
        State::Closed { .. } => return Ok(()),
        _ => return Err(Fault::Conflict { code: "not_charged", message: "The permit has not been charged." }),
    };
    // Somebody else is at it, or died at it: the reaper will see.
    if !closer(id).win(store)? {
        return Ok(());
    }
    // What if we crash in here? The record says `Charged` and the token is spent: the reaper counts what is left over.
    for hold in &draft.record().holds {
        let delta = kept(hold, &charge).saturating_sub(hold.amount);
        if delta != 0 {
            hold.meter.add(store, delta)?;
        }
    }
    Ok(place.set_tail(store, &mut draft, |record| record.state = State::Closed { charge, stage })?)
}

/// What stays of a hold after the charge. An overrun raises the counter: the log tells the truth and so does the cap.
#[must_use]
pub fn kept(hold: &Hold, charge: &Charge) -> i64 {
    match &hold.meter {
        Meter::Places { .. } => 0,
        Meter::Money { .. } => charge.cost.0,
        Meter::Units { unit, .. } => holds::to_i64(holds::daily_unit(&charge.used, unit)),
    }
}

/// Gives everything back: the vendor was not called.
///
/// # Errors
/// The permit was charged or denied, or is being resolved, or the store can't be reached.
pub fn release(store: &dyn Store, id: &str) -> Result<(), Fault> {
    let place = permit(id);
    let mut draft = place.draft(store, &PERMITS)?.ok_or(Fault::NotFound)?;
    match draft.record().state {
        State::Held => {}
        State::Releasing | State::Released => return Ok(()),
        State::Reserving => return Err(IN_PROGRESS),
        State::Denied(_) => return Err(Fault::Conflict { code: "denied", message: "The permit was denied." }),
        State::Charged(_) | State::Closed { .. } => {
            return Err(Fault::Conflict { code: "already_settled", message: "The permit was settled." });
        }
    }
    if !resolver(id).win(store)? {
        return match place.get(store)?.map(|record| record.state) {
            Some(State::Releasing | State::Released) => Ok(()),
            _ => Err(IN_PROGRESS),
        };
    }
    // The record first: what if we crash here? Nobody can charge it any more, and the reaper counts what is left over.
    place.set_tail(store, &mut draft, |record| record.state = State::Releasing)?;
    for hold in &draft.record().holds {
        hold.meter.add(store, hold.amount.saturating_neg())?;
    }
    Ok(place.set_tail(store, &mut draft, |record| record.state = State::Released)?)
}

impl Permit {
    /// The log entry of what it costs, once that is decided.
    #[must_use]
    pub fn entry(&self) -> Option<Entry> {
        let (charge, _) = self.decision()?;
        let (units_consumed, unit_type) = logged_units(charge);
        let (event_type, details) = match &self.correction {
            Some(correction) => (Correction::EVENT, correction.details()),
            None => (INTERACTION, BTreeMap::new()),
        };
        Some(Entry {
            v: VERSION,
            tenant_id: self.tenant.clone(),
            company: self.company.clone(),
            event_type: event_type.into(),
            provider: self.provider.clone(),
            model: self.model.clone(),
            units_consumed,
            unit_type,
            cost_nanos: charge.cost,
            limit_check_id: self.id.clone(),
            channel: self.channel.clone(),
            capability: self.capability.clone(),
            settlement: charge.settlement.name().into(),
            // Counter and log agree on the month.
            at_ms: self.created_at,
            details,
            ..Entry::default()
        })
    }
}

/// Units and unit type of the log entry: tokens together, otherwise the one unit there is.
fn logged_units(charge: &Charge) -> (u64, String) {
    match (holds::tokens(&charge.used), charge.used.first()) {
        (Some(tokens), _) => (tokens, "tokens".into()),
        (None, Some(quantity)) => (quantity.units, quantity.unit_type.clone()),
        (None, None) => (0, "requests".into()),
    }
}
