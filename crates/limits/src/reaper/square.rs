//! Counting anew: a crash in the middle of raising or lowering counters leaves them too high by nobody knows how much.
//!
//! A counter should say what is settled (the log knows) and what is held (every permit that isn't final). What it says
//! beyond that belongs to the permits in limbo, whose holders are dead, and is taken off:
//!
//! ```text
//! first look at all listed permits -> the log's sum -> the counter -> second look -> lease -> correct
//! ```
//! A permit that isn't in limbo may move meanwhile, so it counts with the most that it may have stood for at any moment
//! between the looks; one that was final at the first look is in the log's sum already, for the log comes before the
//! end. So what is taken off is never more than what was left behind. If nothing moved, it is exactly that, and the
//! permits in limbo are over; otherwise a later run goes on.

use std::collections::{BTreeMap, BTreeSet};

use kv_schemas::{Lease, Store, StoreError};

use super::{
    head::Head,
    listed::{Looked, Seen, listed, record},
};
use crate::{
    keyed,
    meter::Meter,
    permit::{Charge, Permit, State, list, permit},
    settle::kept,
};

/// On a longer list nothing is counted: it couldn't be read in time.
const MAX_LISTED: u64 = 20_000;

pub(super) fn run(store: &dyn Store, lease: &Lease, head: &Head, limbo: &[String]) -> Result<(), StoreError> {
    let tail = list().tail(store)?;
    if limbo.is_empty() || tail.saturating_sub(head.first) > MAX_LISTED {
        return Ok(());
    }
    let first = listed(store, head.slots(tail))?;
    let left = left_behind(store, &first, limbo)?;
    let meters: BTreeSet<&Meter> = left.values().flat_map(|found| &found.holds).map(|hold| &hold.meter).collect();

    // The log before the counter: what is settled in between stands in the second look.
    let mut sums = Vec::new();
    for meter in meters {
        // What the log can't tell stays too high until its window ends.
        if let Some(settled) = meter.settled(store)? {
            sums.push((meter, settled, meter.read(store)?));
        }
    }
    let second = again(store, &first, &left, tail)?;
    let others = Others { first: &first, second: &second };

    let mut exact = true;
    for (meter, settled, counter) in sums {
        let surplus = counter.saturating_sub(settled).saturating_sub(others.most(meter));
        let stood_still = others.stood_still(meter);
        exact = exact && stood_still;
        // Too low is a counter whose raising for an overrun was cut off. (Where something moved, `most` may be too much.)
        // What if we crash after this? The next count finds nothing left over.
        if surplus > 0 || (surplus < 0 && stood_still) {
            if !lease.holds(store)? {
                return Ok(());
            }
            meter.add(store, surplus.saturating_neg())?;
        }
    }
    if exact {
        left.values().try_for_each(|found| conclude(store, found))?;
    }
    Ok(())
}

/// The permits that are in limbo indeed.
fn left_behind(store: &dyn Store, first: &Looked, limbo: &[String]) -> Result<BTreeMap<String, Permit>, StoreError> {
    let mut left = BTreeMap::new();
    for id in limbo {
        let Some(found) = first.permits.get(id).and_then(|seen| seen.record.as_ref()) else { continue };
        let is_left = match &found.state {
            State::Reserving | State::Releasing => true,
            // The rest is given back only after its entry is in the log, so that the log's sum has it.
            State::Charged(_) => audit::stage_of(store, id)?.is_some(),
            State::Held | State::Denied(_) | State::Closed { .. } | State::Released => false,
        };
        if is_left {
            left.insert(id.clone(), found.clone());
        }
    }
    Ok(left)
}

/// The second look: at what wasn't final, at what has come since, and at slots that were about to be written.
/// Those in limbo don't move.
fn again(store: &dyn Store, first: &Looked, left: &BTreeMap<String, Permit>, tail: u64) -> Result<Looked, StoreError> {
    let since = tail.saturating_add(1)..=list().tail(store)?;
    let mut second = listed(store, first.holes.iter().copied().chain(since))?;
    second.permits.retain(|id, _| !left.contains_key(id));
    for (id, seen) in &first.permits {
        if !is_final(seen.record.as_ref()) && !left.contains_key(id) {
            second.permits.insert(id.clone(), Seen { slots: Vec::new(), record: record(store, id)? });
        }
    }
    Ok(second)
}

fn is_final(record: Option<&Permit>) -> bool {
    record.is_some_and(|record| record.state.is_final())
}

/// The permits that aren't in limbo.
struct Others<'a> {
    first: &'a Looked,
    second: &'a Looked,
}

impl Others<'_> {
    fn records(&self) -> impl Iterator<Item = (&String, &Permit)> {
        self.second.permits.iter().filter_map(|(id, seen)| Some((id, seen.record.as_ref()?)))
    }

    /// The most that they may have stood for, beyond what the log had at the first look.
    fn most(&self, meter: &Meter) -> i64 {
        self.records().fold(0, |sum, (_, record)| sum.saturating_add(most(record, meter)))
    }

    /// Whether each of them stood for one and the same amount all the time, and not in the log's sum.
    fn stood_still(&self, meter: &Meter) -> bool {
        self.records().filter(|(_, record)| record.holds.iter().any(|hold| hold.meter == *meter)).all(|(id, record)| {
            let before = self.first.permits.get(id).and_then(|seen| seen.record.as_ref());
            record.state == State::Held && before.is_some_and(|before| before.state == State::Held)
        })
    }
}

fn most(record: &Permit, meter: &Meter) -> i64 {
    let held = record.holds.iter().filter(|hold| hold.meter == *meter);
    held.fold(0, |sum, hold| {
        let charged = record.decision().map_or(0, |(charge, _)| kept(hold, charge));
        // Of a correction downwards, the log's sum may already be lower, and the counter not yet.
        let logged = charged.min(0);
        sum.saturating_add(hold.amount.max(charged).saturating_sub(logged))
    })
}

/// Its counters say what they should: it is over.
fn conclude(store: &dyn Store, left: &Permit) -> Result<(), StoreError> {
    let state = match &left.state {
        State::Charged(charge) => {
            let Some(stage) = audit::stage_of(store, &left.id)? else { return Ok(()) };
            raise_unlogged(store, left, charge)?;
            State::Closed { charge: charge.clone(), stage }
        }
        State::Releasing => State::Released,
        _ => State::Denied(keyed::lost()),
    };
    permit(&left.id).set(store, &Permit { state, ..left.clone() })
}

/// An overrun on a counter that the log has no sum for: raised here, perhaps a second time. Too high, never too low.
fn raise_unlogged(store: &dyn Store, left: &Permit, charge: &Charge) -> Result<(), StoreError> {
    for hold in &left.holds {
        let over = kept(hold, charge).saturating_sub(hold.amount);
        if over > 0 && hold.meter.settled(store)?.is_none() {
            hold.meter.add(store, over)?;
        }
    }
    Ok(())
}
