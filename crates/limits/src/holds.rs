//! The counters a permit stands in: which, how much, and the caps on them.
//!
//! The order is fixed (places, then units, then money; tenant before company), so that two requests never wait for
//! each other in a circle and an undo runs exactly backwards.

use calendar::Millis;
use kv_schemas::{Counter, Store, StoreError, expiry, families};
use money::{Nanos, Quantity};
use serde::{Deserialize, Serialize};
use tenancy::{Company, Ladder, Tenant};

use crate::error::{Denial, DenialKind};

/// How long a day's counters are kept: 40 days.
const UNITS_KEPT_HOURS: u64 = 40 * 24;

/// Which counter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Meter {
    /// Open permits of a tenant.
    Places {
        /// The tenant.
        tenant: String,
    },
    /// Units of a scope and UTC day.
    Units {
        /// `tenant` or `company`.
        scope: String,
        /// Whose.
        owner: String,
        /// Which units.
        unit: String,
        /// `2026-11-20`
        day: String,
    },
    /// Money of a scope and UTC month.
    Money {
        /// `tenant` or `company`.
        scope: String,
        /// Whose.
        owner: String,
        /// `2026-11`
        month: String,
    },
}

impl Meter {
    fn counter(&self) -> Counter {
        match self {
            Self::Places { tenant } => families::OPEN.counter(&[tenant]),
            Self::Units { scope, owner, unit, day } => families::UNITS.counter(&[scope, owner, unit, day]),
            Self::Money { scope, owner, month } => families::MONEY.counter(&[scope, owner, month]),
        }
    }

    /// Raises or lowers it.
    pub(crate) fn add(&self, store: &dyn Store, delta: i64) -> Result<i64, StoreError> {
        self.counter().add(store, delta)
    }

    /// A day's counter, newly made, is forgotten when nobody can settle into that day any more.
    fn forget_later(&self, store: &dyn Store, now: Millis) -> Result<(), StoreError> {
        match self {
            Self::Units { .. } => {
                let hour = now.hour_number().saturating_add(UNITS_KEPT_HOURS);
                expiry::forget_after(store, hour, &[self.counter().key()])
            }
            Self::Places { .. } | Self::Money { .. } => Ok(()),
        }
    }

    fn denial(&self, now: Millis) -> Denial {
        match self {
            Self::Places { .. } => Denial {
                retry_after_ms: Some(1_000),
                ..Denial::new(DenialKind::Burst, "burst", "Too many calls are under way at once.")
            },
            Self::Units { scope, unit, .. } => Denial {
                retry_after_ms: Some(now.next_day().since(now)),
                ..Denial::new(
                    DenialKind::HardCap,
                    &format!("{}daily_{unit}", prefix(scope)),
                    format!("Today's cap on {unit} is reached."),
                )
            },
            Self::Money { scope, .. } => Denial::new(
                DenialKind::HardCap,
                &format!("{}monthly_cap", prefix(scope)),
                "This month's cap is reached.",
            ),
        }
    }
}

fn prefix(scope: &str) -> &'static str {
    if scope == "company" { "company_" } else { "" }
}

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
    /// Longer ticks.
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

/// All counters for a permit of this tenant, in their fixed order.
pub(crate) fn wanted(
    tenant: &Tenant,
    company: &Company,
    worst_case: &[Quantity],
    cost: Nanos,
    now: Millis,
    takes_place: bool,
) -> Vec<Wanted> {
    let mut all = Vec::new();
    if takes_place {
        let meter = Meter::Places { tenant: tenant.id.clone() };
        all.push(Wanted { hold: Hold { meter, amount: 1 }, cap: tenant.limits.burst.map(to_i64) });
    }
    for (scope, owner, limits) in
        [("tenant", &tenant.id, &tenant.limits), ("company", &tenant.company, &company.limits)]
    {
        for Quantity { unit_type, units } in daily_units(worst_case) {
            let cap = limits.daily_units.get(&unit_type).copied().map(to_i64);
            let meter = Meter::Units { scope: scope.into(), owner: owner.clone(), unit: unit_type, day: now.day() };
            all.push(Wanted { hold: Hold { meter, amount: to_i64(units) }, cap });
        }
        let meter = Meter::Money { scope: scope.into(), owner: owner.clone(), month: now.month() };
        if !worst_case.is_empty() {
            all.push(Wanted { hold: Hold { meter, amount: cost.0 }, cap: limits.monthly_cap().map(|cap| cap.0) });
        }
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
    for (taken, want) in wanted.iter().enumerate() {
        // What if we crash here? The counters raised so far stay raised: over-reserved until the reaper squares them.
        // A lost reply counts as raised for the same reason, so it isn't undone either.
        let sum = want.hold.meter.add(store, want.hold.amount)?;
        if want.cap.is_some_and(|cap| sum > cap && want.hold.amount > 0) {
            for undo in wanted.iter().take(taken.saturating_add(1)).rev() {
                undo.hold.meter.add(store, undo.hold.amount.saturating_neg())?;
            }
            return Err(want.hold.meter.denial(now));
        }
        if sum == want.hold.amount {
            want.hold.meter.forget_later(store, now)?;
        }
        sums.push(sum);
    }
    Ok(sums)
}

/// Where the tenant stood on the ladder before this permit.
pub(crate) fn rung(wanted: &[Wanted], sums: &[i64], ladder: Ladder) -> Rung {
    let tenant_money = wanted
        .iter()
        .zip(sums)
        .find(|(want, _)| matches!(&want.hold.meter, Meter::Money { scope, .. } if scope == "tenant"));
    let Some((Wanted { hold, cap: Some(cap) }, sum)) = tenant_money else { return Rung::Full };
    let spent = i128::from(sum.saturating_sub(hold.amount));
    let reached = |points: Option<u32>| {
        points.is_some_and(|points| spent.saturating_mul(10_000) >= i128::from(*cap).saturating_mul(i128::from(points)))
    };
    match () {
        () if reached(ladder.text_only_at) => Rung::TextOnly,
        () if reached(ladder.throttle_at) => Rung::Throttled,
        () => Rung::Full,
    }
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
