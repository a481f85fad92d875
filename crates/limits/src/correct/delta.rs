//! What a correction comes to, beside all others of the same interaction.
//!
//! By cost it comes to what was asked for, as long as the interaction has cost at least nothing with it, whatever becomes
//! of others that are being made. By use it comes to the difference between what the use costs, by the prices of the
//! interaction's own permit, and what the interaction has cost so far; so there must be none whose fate is open.

use audit::Entry;
use kv_schemas::{Slot, Store, StoreError};
use money::{Nanos, Quantity};

use super::{RACED, checks::invalid, corrections};
use crate::{
    correction::{Amount, Corrected, Correction},
    error::Fault,
    permit::{Listed, Permit, State, permit},
    priced::MAX_COST,
    settle::priced,
};

/// What it comes to. Asked before `own` has its place among the corrections, and again afterwards.
pub(super) fn of(store: &dyn Store, entry: &Entry, asked: &Correction, own: &str) -> Result<Nanos, Fault> {
    match &asked.amount {
        Amount::Cost(cost) if *cost > Nanos(0) => Ok(*cost),
        Amount::Cost(cost) => {
            let least = others(store, asked, own)?.iter().fold(entry.cost_nanos, |sum, other| match other {
                Other::Counts(other) => sum.saturating_add(other.cost),
                Other::Open(other) => sum.saturating_add(other.cost.min(Nanos(0))),
            });
            if least.saturating_add(*cost) < Nanos(0) {
                return Err(invalid("cost_usd", "is more than the interaction has cost"));
            }
            Ok(*cost)
        }
        Amount::Usage(used) => {
            let original = permit(&asked.corrects).get(store)?.ok_or(Fault::NotFound)?;
            let others = others(store, asked, own)?;
            let before: Option<Vec<Corrected>> = others.into_iter().map(Other::certain).collect();
            by_use(entry, &original, &before.ok_or(RACED)?, used)
        }
    }
}

fn by_use(entry: &Entry, original: &Permit, before: &[Corrected], used: &[Quantity]) -> Result<Nanos, Fault> {
    // By itself first: a kind that makes no sense is the caller's fault, not that of those before.
    priced(original, used)?;
    let (charge, _) = original.decision().ok_or(Fault::NotFound)?;
    let (mut all, mut cost) = (charge.used.clone(), entry.cost_nanos);
    for earlier in before {
        replace(&mut all, &earlier.used);
        cost = cost.saturating_add(earlier.cost);
    }
    replace(&mut all, used);
    let target = priced(original, &all)?;
    if target > original.reserved.max(MAX_COST) {
        return Err(invalid("units", "cost more than this permit may be charged"));
    }
    Ok(Nanos(target.0.saturating_sub(cost.0)))
}

/// What is known better takes the place of what was known.
fn replace(all: &mut Vec<Quantity>, known: &[Quantity]) {
    all.retain(|quantity| !known.iter().any(|better| better.unit_type == quantity.unit_type));
    all.extend_from_slice(known);
}

/// Another correction of the same interaction.
enum Other {
    /// It is decided.
    Counts(Corrected),
    /// It is being made; it may come to this or to nothing.
    Open(Corrected),
}

impl Other {
    fn certain(self) -> Option<Corrected> {
        match self {
            Self::Counts(other) => Some(other),
            Self::Open(_) => None,
        }
    }
}

/// In the order of their places. One that isn't written yet is no matter: its writer will see this one.
fn others(store: &dyn Store, asked: &Correction, own: &str) -> Result<Vec<Other>, StoreError> {
    let log = corrections(&asked.corrects);
    let mut found = Vec::new();
    for index in 1..=log.tail(store)? {
        if let Slot::Entry(Listed { id, .. }) = log.get(store, index)?
            && id != own
        {
            found.extend(other(store, &id)?);
        }
    }
    Ok(found)
}

fn other(store: &dyn Store, id: &str) -> Result<Option<Other>, StoreError> {
    let Some(record) = permit(id).get(store)? else {
        // Its permit has been forgotten. The log hasn't, if it came to anything.
        let logged = audit::find(store, id)?.map(|item| item.entry);
        return Ok(logged.map(|entry| Other::Counts(Corrected::logged(&entry.details, entry.cost_nanos))));
    };
    Ok(match (record.state, record.correction) {
        (State::Charged(_) | State::Closed { .. }, Some(correction)) => Some(Other::Counts(correction)),
        (State::Denied(_), _) | (_, None) => None,
        (_, Some(correction)) => Some(Other::Open(correction)),
    })
}
