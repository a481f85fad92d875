//! Stored counts by tenant, and how far stored counts and sums say that they have come: each names the position after
//! the last entry it counts. One that names a later position would have entries passed over.

use audit::Totals;
use kv_schemas::{Store, StoreError, families};
use serde::Deserialize;

use crate::{
    keys::Keys,
    lists::{listed, title},
    log::Log,
    reading::readable,
    report::Report,
};

/// How many entries a tenant has, right up to a position.
#[derive(Debug, Deserialize)]
struct Count {
    count: u64,
    next: u64,
}

pub(crate) fn check(store: &dyn Store, keys: &Keys, log: &Log, report: &mut Report) -> Result<(), StoreError> {
    let (by_tenant, by_sums) = listed(log);
    for tenant in &keys.tenant_counts {
        let value = families::TENANT_ENTRIES.value::<Count>(&[tenant]);
        let Some(stored) = readable(value.get(store), report)?.flatten() else { continue };
        let positions = by_tenant.get(tenant).map_or(&[][..], Vec::as_slice);
        if !ends_at(positions, stored.count, stored.next) {
            let sentence = format!(
                "The stored count of tenant {tenant}'s entries is {} up to number {} of the log, which it is not.",
                stored.count, stored.next
            );
            report.differs("tenant_count", format!("count of tenant {tenant}'s entries"), (), sentence);
        }
    }
    for sums in &keys.totals {
        let [scope, owner, window] = sums;
        let value = families::TOTALS.value::<Totals>(&[scope, owner, window]);
        // What can't be read has been named by whoever compared the sums.
        let Ok(Some(stored)) = value.get(store) else { continue };
        let positions = by_sums.get(sums).map_or(&[][..], Vec::as_slice);
        let name = format!("sums of {}", title(sums));
        // Sums that are wrong have been named.
        if !ends_at(positions, stored.entries, stored.next) && !report.names(&name) {
            let sentence = format!(
                "The stored {name} count {} entries up to number {} of the log, where they can't end.",
                stored.entries, stored.next
            );
            report.differs("sums_end", name, (), sentence);
        }
    }
    Ok(())
}

/// Whether `next` is the position after the entry that is number `count`, from 1.
fn ends_at(positions: &[u64], count: u64, next: u64) -> bool {
    let last = count.checked_sub(1).and_then(|last| usize::try_from(last).ok());
    match last.and_then(|last| positions.get(last)) {
        Some(last) => last.saturating_add(1) == next,
        None => count == 0 && next == 0,
    }
}
