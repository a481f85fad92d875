//! The kill switch: live sessions are ended when their money, their ticks or their session are.

use calendar::Millis;
use kv_schemas::{Store, StoreError, families, sweep};
use shell::{KeyValue, Kind, Problem, host, offline};

use super::{
    BATCH,
    listed::{UNWRITTEN_MS, legible},
};
use crate::live::{self, Listed, Live, video};

/// How long one run may go on with calls to vendors that end sessions.
const BUDGET_MS: u64 = 10_000;

/// The kill switch for live sessions whose vendor reported the end, whose tick is overdue, or whose session is over.
pub async fn end_live(store: &KeyValue) -> Result<u64, Problem> {
    let started = host::now();
    let mut ended = 0;
    // A vendor that doesn't answer must not keep the others' sessions running: it is left alone for the rest of this run.
    let mut silent: Vec<(String, String)> = Vec::new();
    for live in overdue_live(store, started).map_err(|error| offline(&error))? {
        let account = (live.tenant.clone(), live.provider.clone());
        if silent.contains(&account) {
            continue;
        }
        if host::now().since(started) > BUDGET_MS {
            break;
        }
        let outcome = match video::end_of(store, &live) {
            Ok(at) => live::end(store, &live.id, at).await,
            Err(problem) => Err(problem),
        };
        match outcome {
            Ok(()) => ended += 1,
            Err(problem) => {
                shell::warn!("ending", about = live.id, code = problem.code, message = problem.message);
                if is_vendors(&problem) {
                    silent.push(account);
                }
            }
        }
    }
    Ok(ended)
}

/// Whether the vendor failed, and would fail the next session as well.
pub fn is_vendors(problem: &Problem) -> bool {
    matches!(problem.kind, Kind::VendorError | Kind::VendorTimeout)
}

/// Those that are tried for the first time come first.
pub fn overdue_live(store: &dyn Store, now: Millis) -> Result<Vec<Live>, StoreError> {
    let listed = sweep::pending(store, &live::list(), &families::LIVE_HEAD.value(&[]), now.0, BATCH as usize)?;
    let mut overdue = Vec::new();
    for (index, listed) in listed {
        overdue.extend(legible(&listed.id, if_overdue(store, index, &listed, now))?);
    }
    overdue.sort_by_key(|(next_try, _)| *next_try);
    Ok(overdue.into_iter().map(|(_, live)| live).collect())
}

/// With the time of its next try.
fn if_overdue(
    store: &dyn Store,
    index: u64,
    Listed { id, at }: &Listed,
    now: Millis,
) -> Result<Option<(Millis, Live)>, StoreError> {
    let ending = live::ending(id).get(store)?;
    if ending.is_some_and(|ending| ending.closed) {
        // The process died before striking it off.
        live::list().remove(store, index)?;
        return Ok(None);
    }
    match live::record(id).get(store)? {
        Some(live) if is_over(store, &live, now)? => {
            Ok(Some((ending.map_or(Millis(0), |ending| ending.next_try), live)))
        }
        Some(_) => Ok(None),
        None => {
            // The process died between the list and the record: the vendor was not called. Or it is just being written.
            if now.since(*at) > UNWRITTEN_MS {
                live::list().remove(store, index)?;
            }
            Ok(None)
        }
    }
}

fn is_over(store: &dyn Store, live: &Live, now: Millis) -> Result<bool, StoreError> {
    if let Some(ending) = live::ending(&live.id).get(store)? {
        return Ok(ending.next_try <= now);
    }
    let session_over = match &live.session {
        Some(session) => families::SESSION_END.value::<()>(&[session]).exists(store)?,
        None => false,
    };
    Ok(session_over || live.due <= now || live::report(&live.id).exists(store)? || is_revoked(store, live)?)
}

/// Its tenant is gone, or the twin that it shows may not be seen any more: the tenant's own server has no session that
/// would be over.
fn is_revoked(store: &dyn Store, live: &Live) -> Result<bool, StoreError> {
    let tenant = tenancy::find_tenant(store, &live.tenant)?;
    Ok(tenant.is_none_or(|tenant| tenant.twin.is_some_and(|twin| twin.has_ended(live.started_at))))
}
