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
    meter::{Meter, Scope},
    payers::Payers,
};

/// How much a permit holds of a counter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Which counter.
    pub meter: Meter,
    /// How much of it; never negative.
    pub amount: i64,
}

/// A hold to be taken, with the cap it must keep.
pub(crate) struct Wanted {
    pub hold: Hold,
    pub cap: Option<i64>,
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
    pub cost: Option<Nanos>,
    /// Of today's seconds.
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
) -> Vec<Wanted> {
    let mut all = Vec::new();
    if takes_place {
        all.extend(places(payers));
    }
    // A lease on a place alone costs nothing.
    if worst_case.is_empty() {
        return all;
    }
    let units = daily_units(worst_case);
    for (scope, owner, limits) in payers.scopes(session) {
        let (caps, cap) = match scope {
            // Nobody reads a session's counters but to keep its caps.
            Scope::Session if limits.session_cap().is_none() && limits.session_units.is_empty() => continue,
            Scope::Session => (&limits.session_units, limits.session_cap()),
            Scope::Tenant | Scope::Company => (&limits.daily_units, limits.monthly_cap()),
        };
        for Quantity { unit_type, units } in &units {
            let cap = caps.get(unit_type).copied().map(to_i64);
            let meter = Meter::units(scope, owner, unit_type, now);
            all.push(Wanted { hold: Hold { meter, amount: to_i64(*units) }, cap });
        }
        let meter = Meter::money(scope, owner, now);
        all.push(Wanted { hold: Hold { meter, amount: cost.0 }, cap: cap.map(|cap| cap.0) });
    }
    all
}

/// A place of the tenant's; and one of the company's, where that has a cap.
fn places(payers: &Payers) -> Vec<Wanted> {
    let place = |scope, owner: &str, limits: &Limits| {
        let meter = Meter::Places { scope, owner: owner.into() };
        Wanted { hold: Hold { meter, amount: 1 }, cap: limits.burst.map(to_i64) }
    };
    let (tenant, company) = (&payers.tenant, &payers.company);
    let mut all = vec![place(Scope::Tenant, &tenant.id, &tenant.limits)];
    if company.limits.burst.is_some() {
        all.push(place(Scope::Company, &tenant.company, &company.limits));
    }
    all
}

/// What counts against daily caps: every unit by its own name, and tokens also as `tokens`.
pub(crate) fn daily_units(quantities: &[Quantity]) -> Vec<Quantity> {
    let mut units = quantities.to_vec();
    if let Some(tokens) = tokens(quantities) {
        units.push(Quantity::new("tokens", tokens));
    }
    units
}

/// All kinds of tokens together, if there are any.
pub(crate) fn tokens(quantities: &[Quantity]) -> Option<u64> {
    let mut kinds = quantities.iter().filter(|quantity| quantity.unit_type.ends_with("_tokens")).peekable();
    kinds.peek()?;
    Some(kinds.fold(0, |sum, quantity| sum.saturating_add(quantity.units)))
}

/// Takes all or none. On a denial the counters are as before.
pub(crate) fn take(store: &dyn Store, wanted: &[Wanted], now: Millis) -> Result<Vec<i64>, Denial> {
    let mut sums = Vec::new();
    for (i, want) in wanted.iter().enumerate() {
        // What if we crash here, or the reply is lost? What was raised stays raised and the intent still says
        // `Reserving`: the reaper recounts the counters it names. So nothing is undone after an error.
        let sum = want.hold.meter.add(store, want.hold.amount)?;
        if want.cap.is_some_and(|cap| sum > cap && want.hold.amount > 0) {
            give_back(store, wanted.get(..=i).unwrap_or_default())?;
            return Err(want.hold.meter.denial(now));
        }
        if sum == want.hold.amount {
            want.hold.meter.forget_later(store, now)?;
        }
        sums.push(sum);
    }
    Ok(sums)
}

/// Undoes what was taken, backwards.
pub(crate) fn give_back(store: &dyn Store, taken: &[Wanted]) -> Result<(), Denial> {
    for undo in taken.iter().rev() {
        undo.hold.meter.add(store, undo.hold.amount.saturating_neg())?;
    }
    Ok(())
}

/// Where the tenant stood on the ladder before this permit.
pub(crate) fn rung(wanted: &[Wanted], sums: &[i64], ladder: Ladder) -> Rung {
    let tenant_money =
        wanted.iter().zip(sums).find(|(want, _)| matches!(&want.hold.meter, Meter::Money { scope: Scope::Tenant, .. }));
    let Some((Wanted { hold, cap: Some(cap) }, sum)) = tenant_money else { return Rung::Full };
    rung_at(sum.saturating_sub(hold.amount), *cap, ladder)
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
    let Payers { tenant, .. } = Payers::find(store, tenant)?;
    let Some(cap) = tenant.limits.monthly_cap() else { return Ok(Rung::Full) };
    let spent = Meter::money(Scope::Tenant, &tenant.id, now).read(store)?;
    Ok(rung_at(spent, cap.0, tenant.ladder))
}

/// What is left under the caps.
pub(crate) fn remaining(wanted: &[Wanted], sums: &[i64]) -> Remaining {
    let mut left = Remaining::default();
    for (want, sum) in wanted.iter().zip(sums) {
        let Some(free) = want.cap.map(|cap| cap.saturating_sub(*sum).max(0)) else { continue };
        match &want.hold.meter {
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
