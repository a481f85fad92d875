//! No cap was ever crossed: what was let through in a window, against the highest cap in force in it.
//!
//! Every permit was let through with the sum below the cap of that moment, so settled plus held is at most the highest of
//! them. Only a use above its reservation can pass it; that is recorded as an overrun, and explains as much.

use std::ops::Range;

use calendar::Millis;
use kv_schemas::{Store, StoreError};
use limits::{Meter, Scope};
use tenancy::{Highest, Limits, Owner, highest_cap};

use crate::{
    names::{amount, place},
    report::{Report, Severity},
    standing::{Standing, Standings},
    window,
};

pub(crate) fn check(
    store: &dyn Store,
    now: Millis,
    standings: &Standings,
    report: &mut Report,
) -> Result<(), StoreError> {
    for (meter, standing) in standings.all.iter().filter(|(_, standing)| standing.firm > 0) {
        match highest(store, now, meter, standing)? {
            Highest::Capped(cap) => compare(meter, standing, i128::from(cap), report),
            Highest::Unlimited => {}
            Highest::Unknown => report.counts.caps_unknown = report.counts.caps_unknown.saturating_add(1),
        }
    }
    Ok(())
}

fn compare(meter: &Meter, standing: &Standing, cap: i128, report: &mut Report) {
    let excess = standing.firm.saturating_sub(cap);
    if excess <= 0 {
        return;
    }
    let (place, show) = (place(meter), |n: i128| amount(meter, n));
    let compared = (format!("at most {}", show(cap)), show(standing.firm));
    let says = format!(
        "{place}: what is settled and held comes to {}, {} above the highest cap in force, {}",
        show(standing.firm),
        show(excess),
        show(cap)
    );
    if excess <= standing.overrun {
        let sentence =
            format!("{says}; uses that went above what was reserved explain it ({}).", show(standing.overrun));
        report.add(Severity::Note, "overrun", place, compared, sentence);
    } else if standing.from_entries_alone && matches!(meter, Meter::Units { .. }) {
        let sentence = format!("{says}; how much of it was reserved is not known any more.");
        report.add(Severity::Note, "overrun", place, compared, sentence);
    } else {
        let explained = match standing.overrun {
            0 => "nothing explains it".to_owned(),
            overrun => format!("uses that went above what was reserved explain only {}", show(overrun)),
        };
        report.differs("cap_crossed", place, compared, format!("{says}; {explained}."));
    }
}

fn highest(store: &dyn Store, now: Millis, meter: &Meter, standing: &Standing) -> Result<Highest, StoreError> {
    match meter {
        Meter::Money { scope: Scope::Session, .. } => {
            of_session(store, now, standing, |limits| limits.session_cap().map(|cap| cap.0))
        }
        Meter::Units { scope: Scope::Session, unit, .. } => {
            of_session(store, now, standing, |limits| limits.session_units.get(unit).copied().map(to_i64))
        }
        Meter::Money { scope, owner, window } => {
            in_window(store, *scope, owner, window::month(window), |limits| limits.monthly_cap().map(|cap| cap.0))
        }
        Meter::Units { scope, owner, unit, window } => {
            let pick = |limits: &Limits| limits.daily_units.get(unit).copied().map(to_i64);
            in_window(store, *scope, owner, window::day(window), pick)
        }
        Meter::Places { scope, owner } => {
            // Whoever has a place got it under the cap of that time.
            let since = standing.since.map(|since| since..now.max(since).plus(1));
            in_window(store, *scope, owner, since, |limits| limits.burst.map(to_i64))
        }
    }
}

fn in_window(
    store: &dyn Store,
    scope: Scope,
    owner: &str,
    window: Option<Range<Millis>>,
    pick: impl Fn(&Limits) -> Option<i64>,
) -> Result<Highest, StoreError> {
    let owner = if scope == Scope::Company { Owner::Company(owner) } else { Owner::Tenant(owner) };
    match window {
        Some(window) => highest_cap(store, owner, &window, pick),
        None => Ok(Highest::Unknown),
    }
}

/// A session has its tenant's cap; where the tenant sets none, its company's.
fn of_session(
    store: &dyn Store,
    now: Millis,
    standing: &Standing,
    pick: impl Fn(&Limits) -> Option<i64>,
) -> Result<Highest, StoreError> {
    let Some((tenant, company)) = &standing.payers else { return Ok(Highest::Unknown) };
    let whole = Millis(0)..now.plus(1);
    let own = highest_cap(store, Owner::Tenant(tenant), &whole, &pick)?;
    if own != Highest::Unlimited {
        return Ok(own);
    }
    // Sometimes it had none of its own: what it had at other times counts as well.
    let sometimes = highest_cap(store, Owner::Tenant(tenant), &whole, |limits| Some(pick(limits).unwrap_or(0)))?;
    Ok(sometimes.max(highest_cap(store, Owner::Company(company), &whole, &pick)?))
}

fn to_i64(cap: u64) -> i64 {
    i64::try_from(cap).unwrap_or(i64::MAX)
}
