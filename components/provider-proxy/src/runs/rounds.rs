//! The rounds: all runs under way are looked at, several at once, within a bound of time.

use std::{cell::Cell, convert::Infallible, pin::pin, time::Duration};

use calendar::{Millis, SECOND};
use futures::{
    StreamExt,
    future::{Either, select},
    stream,
};
use runs::{
    Run,
    store::{self, Listed},
};
use serde_json::json;
use shell::{Call, KeyValue, Problem, Reply, host, offline};

use super::{drive, lease::Held};
use crate::caller::operator;

/// Runs that one round looks at.
const BATCH: usize = 500;
/// Tenants that a round looks at, whether their projects outlived them.
const OWNERS: usize = 5;
/// Runs that are driven at once.
const AT_ONCE: usize = 16;
/// No drive begins later than so long after the round: each may wait for vendors.
const BUDGET_MS: u64 = 5 * SECOND;
/// Rounds that didn't come for so long are made up for by others.
const NEGLECTED_MS: u64 = 10 * SECOND;
/// A round that takes longer, because its last drives wait for vendors, says this often that it is still at work.
const AT_WORK: Duration = Duration::from_secs(3);

/// `POST /v1/maintenance/runs`
pub async fn maintain(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    operator(call)?;
    let (looked_at, driven) = round(store, begin(store)?).await;
    Ok(Reply::json(200, &json!({ "status": "ok", "looked_at": looked_at, "driven": driven })))
}

/// The same, by itself, for a gate where nobody calls that route: nobody waits for the vendors that it waits for.
pub fn drive_neglected() -> Result<(), Problem> {
    let store = KeyValue::open().map_err(|error| offline(&error))?;
    if is_neglected(&store)? {
        let begun = begin(&store)?;
        spin_sdk::wasip3::spawn(async move {
            round(&store, begun).await;
        });
    }
    Ok(())
}

/// Drives one run that somebody has changed, where nobody makes the rounds. The change is done: failing here is for the
/// next who comes.
pub async fn drive_if_neglected(store: &KeyValue, run: &Run) {
    let driven = match is_neglected(store) {
        Ok(true) => drive::drive(run).await.map(drop),
        Ok(false) => Ok(()),
        Err(problem) => Err(problem),
    };
    if let Err(problem) = driven {
        shell::warn!("driving", about = run.id, code = problem.code, message = problem.message);
    }
}

/// Whether nobody has made the rounds for a while.
fn is_neglected(store: &KeyValue) -> Result<bool, Problem> {
    let last = store::driven().get(store).map_err(|error| offline(&error))?;
    Ok(last.is_none_or(|at| host::now().since(at) > NEGLECTED_MS))
}

/// What a round is to look at.
struct Begun {
    at: Millis,
    listed: Vec<(u64, Listed)>,
}

fn begin(store: &KeyValue) -> Result<Begun, Problem> {
    let at = host::now();
    store::driven().set(store, &at).map_err(|error| offline(&error))?;
    let listed = store::under_way(store, at, BATCH).map_err(|error| offline(&error))?;
    Ok(Begun { at, listed })
}

/// How many runs were looked at, and how many driven.
async fn round(store: &KeyValue, begun: Begun) -> (usize, usize) {
    let Begun { at, listed } = begun;
    let is_gone = |tenant: &str| tenancy::find_tenant(store, tenant).map(|found| found.is_none());
    if let Err(error) = store::delete_orphans(store, at, OWNERS, is_gone) {
        shell::warn!("projects_of_deleted_tenants", error = error);
    }
    let looked_at = listed.len();
    let driven = Cell::new(0);
    let drives = stream::iter(listed).for_each_concurrent(AT_ONCE, async |(index, listed)| {
        if host::now().since(at) > BUDGET_MS {
            return;
        }
        match one(store, index, &listed, at).await {
            Ok(true) => driven.set(driven.get() + 1),
            Ok(false) => {}
            // What fails keeps no other waiting.
            Err(problem) => shell::warn!("driving", about = listed.id, code = problem.code, message = problem.message),
        }
    });
    match select(pin!(drives), pin!(at_work(store))).await {
        Either::Left(((), _)) => (looked_at, driven.get()),
        Either::Right((never, _)) => match never {},
    }
}

/// What if we crash? Nobody says so any more, and others make up for the rounds.
async fn at_work(store: &KeyValue) -> Infallible {
    loop {
        spin_sdk::time::sleep(AT_WORK).await;
        if let Err(error) = store::driven().set(store, &host::now()) {
            shell::warn!("a_round_of_runs", error = error);
        }
    }
}

/// Whether it was driven.
async fn one(store: &KeyValue, index: u64, listed: &Listed, now: Millis) -> Result<bool, Problem> {
    let (is_due, is_stray) = standing(store, index, listed)?;
    if is_due && drive::drive_due(&listed.id).await? {
        return Ok(true);
    }
    // Nothing to be done: it may stand here for nothing.
    if is_stray {
        strike(index, listed, now)?;
    }
    Ok(false)
}

/// Whether something is due for it, and whether it may stand on the list for nothing. It is read again to be driven: what
/// is read here is dropped before anything is waited for.
fn standing(store: &KeyValue, index: u64, listed: &Listed) -> Result<(bool, bool), Problem> {
    let found = store::run(&listed.id).get(store).map_err(|error| offline(&error))?;
    let Some(run) = found else { return Ok((false, true)) };
    Ok((drive::is_due(store, &run)?, store::is_stray(&run, index)))
}

fn strike(index: u64, listed: &Listed, now: Millis) -> Result<(), Problem> {
    let Some(held) = Held::take(&listed.id)? else { return Ok(()) };
    let struck = store::run(&listed.id)
        .get(&*held.store)
        .and_then(|run| store::close(&*held.store, index, listed, run.as_ref(), now));
    held.release();
    struck.map_err(|error| offline(&error))
}
