//! What a permit takes: which counters, how much, and the caps on them.
//!
//! The order is fixed (places, then units and money of session, tenant, company), so that an undo runs exactly backwards
//! and two requests that want the same always want it in the same order.

use calendar::Millis;
use kv_schemas::Store;
use money::{Nanos, Quantity};
use serde::{Deserialize, Serialize};
use tenancy::{Ladder, Limits};

use crate::{
    error::Denial,
    meter::{Meter, Scope, Windows},
    payers::Payers,
};

/// All kinds of tokens together.
const TOKENS: &str = "tokens";

/// How much a permit holds of a counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Which counter.
    pub meter: Meter,
    /// How much of it; never negative.
    pub amount: i64,
}

/// Holds to be taken, each with the cap it must keep.
#[derive(Default)]
pub(crate) struct Wanted {
    pub holds: Vec<Hold>,
    pub caps: Vec<Option<i64>>,
}

/// The same, when the permit has the holds already.
#[derive(Clone, Copy)]
pub(crate) struct Taking<'a> {
    pub holds: &'a [Hold],
    pub caps: &'a [Option<i64>],
}

impl Wanted {
    fn push(&mut self, meter: Meter, amount: i64, cap: Option<i64>) {
        self.holds.push(Hold { meter, amount });
        self.caps.push(cap);
    }
}

impl<'a> Taking<'a> {
    fn each(self) -> impl Iterator<Item = (&'a Hold, Option<i64>)> {
        self.holds.iter().zip(self.caps.iter().copied())
    }
}

/// How near the monthly cap the tenant was before this permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// Everything.
    Full,
    /// Longer ticks, a cheaper model.
    Throttled,
    /// No speech, no video.
    TextOnly,
}

/// What is left after this permit; absent where there is no cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Remaining {
    /// The least of all money caps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Nanos>,
    /// Of today's seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
}

/// All counters for a permit, in their fixed order.
pub(crate) fn wanted(
    payers: &Payers,
    session: Option<&str>,
    worst_case: &[Quantity],
    cost: Nanos,
    now: Millis,
    takes_place: bool,
) -> Wanted {
    let mut all = Wanted::default();
    if takes_place {
        places(payers, &mut all);
    }
    // A lease on a place alone costs nothing.
    if worst_case.is_empty() {
        return all;
    }
    let (windows, tokens) = (Windows::at(now), tokens(worst_case));
    for (scope, owner, limits) in payers.scopes(session) {
        let (caps, cap) = match scope {
            // Nobody reads a session's counters but to keep its caps.
            Scope::Session if limits.session_cap().is_none() && limits.session_units.is_empty() => continue,
            Scope::Session => (&limits.session_units, limits.session_cap()),
            Scope::Tenant | Scope::Company => (&limits.daily_units, limits.monthly_cap()),
        };
        // What counts against daily caps: every unit by its own name, and tokens also as `tokens`.
        let kinds = worst_case.iter().map(|quantity| (quantity.unit_type.as_str(), quantity.units));
        for (unit, units) in kinds.chain(tokens.map(|tokens| (TOKENS, tokens))) {
            all.push(windows.units(scope, owner, unit), to_i64(units), caps.get(unit).copied().map(to_i64));
        }
        all.push(windows.money(scope, owner), cost.0, cap.map(|cap| cap.0));
    }
    all
}

/// A place of the tenant's; and one of the company's, where that has a cap.
fn places(payers: &Payers, all: &mut Wanted) {
    let mut place = |scope, owner: &str, limits: &Limits| {
        all.push(Meter::Places { scope, owner: owner.into() }, 1, limits.burst.map(to_i64));
    };
    let (tenant, company) = (&payers.tenant, &payers.company);
    place(Scope::Tenant, &tenant.id, &payers.limits);
    if company.limits.burst.is_some() {
        place(Scope::Company, &tenant.company, &company.limits);
    }
}

/// How much counts against the daily cap on `unit`.
pub(crate) fn daily_unit(quantities: &[Quantity], unit: &str) -> u64 {
    let own = quantities.iter().find(|quantity| quantity.unit_type == unit).map(|quantity| quantity.units);
    own.or_else(|| if unit == TOKENS { tokens(quantities) } else { None }).unwrap_or(0)
}

/// All kinds of tokens together, if there are any.
pub(crate) fn tokens(quantities: &[Quantity]) -> Option<u64> {
    let mut kinds = quantities.iter().filter(|quantity| quantity.unit_type.ends_with("_tokens")).peekable();
    kinds.peek()?;
    Some(kinds.fold(0, |sum, quantity| sum.saturating_add(quantity.units)))
}

/// Takes all or none. On a denial the counters are as before.
pub(crate) fn take(store: &dyn Store, wanted: Taking<'_>, now: Millis) -> Result<Vec<i64>, Denial> {
    let mut sums = Vec::with_capacity(wanted.holds.len());
    for (i, (Hold { meter, amount }, cap)) in wanted.each().enumerate() {
        // What if we crash here, or the reply is lost? What was raised stays raised and the intent still says
        // `Reserving`: the reaper recounts the counters it names. So nothing is undone after an error.
        let sum = meter.add(store, *amount)?;
        if cap.is_some_and(|cap| sum > cap && *amount > 0) {
            give_back(store, wanted.holds.get(..=i).unwrap_or_default())?;
            return Err(meter.denial(now));
        }
        if sum == *amount {
            meter.forget_later(store, now)?;
        }
        sums.push(sum);
    }
    Ok(sums)
}

/// Undoes what was taken, backwards.
pub(crate) fn give_back(store: &dyn Store, taken: &[Hold]) -> Result<(), Denial> {
    for undo in taken.iter().rev() {
        undo.meter.add(store, undo.amount.saturating_neg())?;
    }
    Ok(())
}

/// Where the tenant stood on the ladder before this permit.
pub(crate) fn rung(wanted: Taking<'_>, sums: &[i64], ladder: Ladder) -> Rung {
    let is_tenants_money = |hold: &Hold| matches!(hold.meter, Meter::Money { scope: Scope::Tenant, .. });
    let found = wanted.each().zip(sums).find(|((hold, _), _)| is_tenants_money(hold));
    let Some(((hold, Some(cap)), sum)) = found else { return Rung::Full };
    rung_at(sum.saturating_sub(hold.amount), cap, ladder)
}

fn rung_at(spent: i64, cap: i64, ladder: Ladder) -> Rung {
    let reached = |points: Option<u32>| {
        points.is_some_and(|points| {
            i128::from(spent).saturating_mul(10_000) >= i128::from(cap).saturating_mul(i128::from(points))
        })
    };
    match () {
        () if reached(ladder.text_only_at) => Rung::TextOnly,
        () if reached(ladder.throttle_at) => Rung::Throttled,
        () => Rung::Full,
    }
}

/// Where a tenant stands on the ladder now: who can ask for less asks before it reserves.
///
/// # Errors
/// The denial that a reservation would meet: the tenant is gone, or the store can't be reached.
pub fn standing(store: &dyn Store, now: Millis, tenant: &str) -> Result<Rung, Denial> {
    let Payers { tenant, limits, .. } = Payers::find(store, tenant)?;
    let Some(cap) = limits.monthly_cap() else { return Ok(Rung::Full) };
    let spent = Meter::money(Scope::Tenant, &tenant.id, now).read(store)?;
    Ok(rung_at(spent, cap.0, tenant.ladder))
}

/// What is left under the caps.
pub(crate) fn remaining(wanted: Taking<'_>, sums: &[i64]) -> Remaining {
    let mut left = Remaining::default();
    for ((hold, cap), sum) in wanted.each().zip(sums) {
        let Some(free) = cap.map(|cap| cap.saturating_sub(*sum).max(0)) else { continue };
        match &hold.meter {
            Meter::Money { .. } => left.cost = Some(left.cost.map_or(Nanos(free), |least| least.min(Nanos(free)))),
            Meter::Units { unit, .. } if unit == "seconds" => {
                let free = free.unsigned_abs();
                left.seconds = Some(left.seconds.map_or(free, |least| least.min(free)));
            }
            _ => {}
        }
    }
    left
}

pub(crate) fn to_i64(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
