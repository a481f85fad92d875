//! The document, of what the store says.

use calendar::Millis;
use kv_schemas::{Store, StoreError};
use money::Nanos;
use snapshot::{Circumstances, Report, Snapshot, Status, Thousandths, Usd, risks};

use super::kept;
use crate::{
    census::{self, Counted},
    checks,
    runs::{FAILED, OK, ended},
};

/// A permit whose deadline passed so long ago should be settled.
const OVERDUE_MS: u64 = 5 * calendar::MINUTE;

/// The state of the whole now. As much work for any number of tenants: of very many, what a walk found some time ago is
/// taken.
pub fn gather(store: &dyn Store, now: Millis) -> Result<Snapshot, StoreError> {
    let mut snapshot = Snapshot::unknown(now);
    (snapshot.orchestration.runs_ok, snapshot.orchestration.runs_fail) = (ended(store, OK)?, ended(store, FAILED)?);
    let counted = census::fresh(store, now)?;
    if let Some(counted) = &counted {
        take(&mut snapshot, counted);
    }
    let held = limits::held_summary(store)?;
    let (log, settled) = audit::settled(store)?;
    let own = &mut snapshot.tollgate;
    own.version = Some(env!("CARGO_PKG_VERSION").to_owned());
    (own.permits, own.held_usd) = (Some(held.open), Some(Usd(held.held)));
    own.settled_usd = Some(Usd(Nanos(settled.nanos())));
    own.denials = limits::denials(store)?.into_iter().filter(|(_, count)| *count > 0).collect();
    own.log.tree_size = Some(log.published);
    let reports = checks::all(store)?;
    reports.iter().for_each(|report| snapshot.take(report, now));

    let previous = kept::newest(store)?;
    let failing = counted.as_ref().is_some_and(|counted| counted.failing > 0);
    snapshot.risk_flags = risks(&snapshot, Circumstances { previous, routing_fails: failing }, now);
    let overdue = held.overdue_since.is_some_and(|since| now.since(since) > OVERDUE_MS);
    snapshot.risk_flags.extend(ours(counted.as_ref(), overdue, &reports));
    Ok(snapshot)
}

fn take(snapshot: &mut Snapshot, counted: &Counted) {
    snapshot.orchestration.p95_ms = counted.decision_us_p95.map(Thousandths::of_micros);
    for (name, family) in &counted.models {
        snapshot.count(name, family.calls, family.failures, family.mean_ms());
    }
    snapshot.share();
    (snapshot.tollgate.tenants, snapshot.tollgate.twins) = (Some(counted.tenants), Some(counted.twins));
}

/// What is wrong with the gate at work, beside the known risks.
fn ours(counted: Option<&Counted>, overdue: bool, reports: &[Report]) -> Vec<String> {
    let of = |is: fn(&Counted) -> bool| counted.is_some_and(is);
    let flags = [
        ("breakers_open", of(|counted| !counted.breakers.is_empty())),
        ("checks_failing", reports.iter().any(|report| report.status == Status::Fail)),
        ("dead_letters", of(|counted| counted.dead_letters > 0)),
        ("held_overdue", overdue),
    ];
    flags.iter().filter(|(_, raised)| *raised).map(|(name, _)| (*name).to_owned()).collect()
}
