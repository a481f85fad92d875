//! How things stand: what the census counts, how old the newest snapshot is, what the checks say.

use std::fmt;

use calendar::Millis;
use kv_schemas::{Store, StoreError};

use super::{
    seconds,
    text::{Text, Type::Gauge},
};
use crate::{
    census::{Census, Counted},
    checks, snapshots,
};

/// A part of a whole, to three places.
struct Share(u64, u64);

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thousandths = u128::from(self.0) * 1_000 / u128::from(self.1.max(1));
        write!(f, "{}.{:03}", thousandths / 1_000, thousandths % 1_000)
    }
}

/// Nothing until the first census is through.
pub fn counted(text: &mut Text, census: &Census, now: Millis) {
    let Some(counted) = &census.last else { return };
    let help =
        "Since the last census of tenants, runs, breakers and dead letters; grows when the maintenance doesn't run.";
    text.one(Gauge, "tollgate_census_age_seconds", help, seconds(now.since(census.ended)));
    text.one(Gauge, "tollgate_tenants", "Tenants there are, by the last census.", counted.tenants);
    text.one(Gauge, "tollgate_twins", "Tenants that have a twin, by the last census.", counted.twins);
    let help = "Twins that pages may open sessions of, by the last census.";
    text.one(Gauge, "tollgate_twins_deployed", help, counted.twins_deployed);
    let help = "Dead letters of webhooks that wait for somebody, by the last census.";
    text.one(Gauge, "tollgate_dead_letters", help, counted.dead_letters);
    breakers(text, counted);
    routing(text, counted);
}

fn breakers(text: &mut Text, counted: &Counted) {
    let all = counted.breakers.values().fold(0_u64, |sum, open| sum.saturating_add(*open));
    let help = "Tenants' breakers that keep calls from a vendor that fails now, of the 256 that opened last; by the last census.";
    let mut family = text.family(Gauge, "tollgate_breakers_open", help);
    if all == 0 {
        // The series of a vendor comes when its breaker opens, and goes when it closes.
        family.sample(&[], 0);
    }
    for (vendor, open) in &counted.breakers {
        family.sample(&[("vendor", vendor)], open);
    }
}

fn routing(text: &mut Text, counted: &Counted) {
    let help = "Routing decisions of the last 15 minutes, at most 64 of a tenant, by the last census.";
    text.one(Gauge, "tollgate_router_decisions", help, counted.decisions);
    let help = "Tenants of whose last routing decisions none found a model that answers.";
    text.one(Gauge, "tollgate_router_failing_tenants", help, counted.failing);
    if counted.decisions == 0 {
        return;
    }
    let help = "Of those decisions, the part in which a model answered.";
    text.one(Gauge, "tollgate_router_success_ratio", help, Share(counted.succeeded, counted.decisions));
    let help = "Of those decisions, the part in which the first choice didn't answer.";
    text.one(Gauge, "tollgate_router_fallback_ratio", help, Share(counted.fell_back, counted.decisions));
    if let Some(us) = counted.decision_us_p95 {
        let help = "95 % of them were made within this time; of many tenants, the slowest one's.";
        let value = format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
        text.one(Gauge, "tollgate_router_decision_p95_seconds", help, value);
    }
}

pub fn snapshots(store: &dyn Store, text: &mut Text, now: Millis) -> Result<(), StoreError> {
    // Nothing is younger than what isn't there: an alert on a missing snapshot asks for the absence of the series.
    if let Some(taken) = snapshots::newest(store)? {
        let help = "Since the newest recorded snapshot was taken, to the minute.";
        text.one(Gauge, "tollgate_snapshot_age_seconds", help, seconds(now.since(taken)));
    }
    Ok(())
}

pub fn checks(store: &dyn Store, text: &mut Text, now: Millis) -> Result<(), StoreError> {
    let reports = checks::all(store)?;
    if reports.is_empty() {
        return Ok(());
    }
    let help = "1 where a check's last report is fresh and passes, else 0.";
    let mut family = text.family(Gauge, "tollgate_check_pass", help);
    for report in &reports {
        family.sample(&[("check", &report.name)], u8::from(report.passes(now) == Some(true)));
    }
    Ok(())
}
