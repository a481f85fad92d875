//! Live sessions at vendors, videos and rooms, that go on now: counted from the newest back, within bounds.

use kv_schemas::{Slot, Store, StoreError, families, sweep};
use serde::Deserialize;
use tenancy::find_tenant;

/// What of the list's entries and of the records is needed here; `provider-proxy` writes them.
#[derive(Deserialize)]
struct Listed {
    id: String,
}

#[derive(Deserialize)]
struct Live {
    tenant: String,
}

/// How many of a company's, or of everybody's, are on the list; and whether there may be more than were looked at.
pub fn count(store: &dyn Store, company: Option<&str>, most: u64) -> Result<(u64, bool), StoreError> {
    let log = families::LIVE_LIST.log::<Listed>(&[]);
    let head = families::LIVE_HEAD.value::<sweep::Head>(&[]).get(store)?.unwrap_or_default();
    let tail = log.tail(store)?;
    let first = tail.saturating_sub(most).saturating_add(1).max(head.first().max(1));
    let mut found = 0_u64;
    for index in (first..=tail).rev() {
        let Slot::Entry(listed) = log.get(store, index)? else { continue };
        let Some(company) = company else {
            found += 1;
            continue;
        };
        let live = families::LIVE.value::<Live>(&[&listed.id]).get(store)?;
        let tenant = live.map(|live| find_tenant(store, &live.tenant)).transpose()?.flatten();
        found += u64::from(tenant.is_some_and(|tenant| tenant.company == company));
    }
    Ok((found, first > head.first().max(1)))
}
