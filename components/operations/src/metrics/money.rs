//! Permits, what they hold, and what was settled. Amounts are decimals made of whole nano-USD.

use std::collections::BTreeMap;

use ::money::Nanos;
use calendar::Millis;
use kv_schemas::{Store, StoreError};
use tenancy::CAPABILITIES;

use super::{
    seconds,
    text::{Text, Type::Counter, Type::Gauge},
};

pub fn permits(store: &dyn Store, text: &mut Text, now: Millis) -> Result<(), StoreError> {
    let held = limits::held_summary(store)?;
    let help = "Permits there ever were, those denied by a cap and corrections included, as the reaper has seen them.";
    text.one(Counter, "tollgate_permits_total", help, held.permits);
    text.one(Gauge, "tollgate_permits_open", "Permits that aren't over, by the reaper's last whole walk.", held.open);
    text.one(Gauge, "tollgate_held_usd", "The most that they may come to.", held.held);
    let age = if held.idle { 0 } else { now.since(held.at) };
    let help = "Since when these are so; grows when the maintenance doesn't run.";
    text.one(Gauge, "tollgate_held_age_seconds", help, seconds(age));
    let overdue = held.overdue_since.map_or(0, |since| now.since(since));
    let help = "How long the permit waits to be settled whose deadline passed first; 0 when none does.";
    text.one(Gauge, "tollgate_held_overdue_seconds", help, seconds(overdue));
    Ok(())
}

pub fn settled(store: &dyn Store, text: &mut Text) -> Result<(), StoreError> {
    let (progress, total) = audit::settled(store)?;
    let help = "What was charged, corrections upwards included, by capability.";
    let mut family = text.family(Counter, "tollgate_settled_usd_total", help);
    let mut charged: BTreeMap<&str, i64> = CAPABILITIES.iter().map(|capability| (*capability, 0)).collect();
    charged.extend(total.charged.iter().map(|(capability, nanos)| (capability.as_str(), *nanos)));
    for (capability, nanos) in charged {
        family.sample(&[("capability", capability)], Nanos(nanos));
    }
    let help = "What corrections have given back.";
    text.one(Counter, "tollgate_credited_usd_total", help, Nanos(total.credited));
    let help = "Entries of the audit log by kind.";
    let mut family = text.family(Counter, "tollgate_log_entries_total", help);
    for kind in audit::Kind::ALL {
        family.sample(&[("kind", kind.name())], total.entries.get(kind.name()).copied().unwrap_or(0));
    }
    text.one(Gauge, "tollgate_log_size", "Entries of the audit log that have their place.", progress.size);
    text.one(Gauge, "tollgate_log_signed", "Those of them under the newest checkpoint.", progress.published);
    text.one(Gauge, "tollgate_log_staged", "Entries that wait for their place.", progress.staged);
    Ok(())
}
