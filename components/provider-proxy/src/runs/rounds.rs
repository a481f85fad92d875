//! The rounds: all runs under way are looked at, several at once, within a bound of time.

use std::cell::Cell;

use calendar::{Millis, SECOND};
use futures::{StreamExt, stream};
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
/// Runs that are driven at once.
const AT_ONCE: usize = 16;
/// No drive begins later than so long after the round: each may wait for vendors.
const BUDGET_MS: u64 = 5 * SECOND;
/// Rounds that didn't come for so long are made up for by others.
const NEGLECTED_MS: u64 = 10 * SECOND;

/// `POST /v1/maintenance/runs`
pub async fn maintain(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    operator(call)?;
    let (looked_at, driven) = round(store).await?;
    Ok(Reply::json(200, &json!({ "status": "ok", "looked_at": looked_at, "driven": driven })))
}

/// The same for a gate where nobody calls that route.
pub async fn drive_neglected(store: &KeyValue) -> Result<(), Problem> {
    if is_neglected(store)? { round(store).await.map(drop) } else { Ok(()) }
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
        eprintln!("driving {}: {} {}", run.id, problem.code, problem.message);
    }
}

/// Whether nobody has made the rounds for a while.
fn is_neglected(store: &KeyValue) -> Result<bool, Problem> {
    let last = store::driven().get(store).map_err(|error| offline(&error))?;
    Ok(last.is_none_or(|at| host::now().since(at) > NEGLECTED_MS))
}

async fn round(store: &KeyValue) -> Result<(usize, usize), Problem> {
    let begun = host::now();
    store::driven().set(store, &begun).map_err(|error| offline(&error))?;
    let listed = store::under_way(store, begun, BATCH).map_err(|error| offline(&error))?;
    let looked_at = listed.len();
    let driven = Cell::new(0);
    stream::iter(listed)
        .for_each_concurrent(AT_ONCE, async |(index, listed)| {
            if host::now().since(begun) > BUDGET_MS {
                return;
            }
            match one(store, index, &listed, begun).await {
                Ok(true) => driven.set(driven.get() + 1),
                Ok(false) => {}
                // What fails keeps no other waiting.
                Err(problem) => eprintln!("driving {}: {} {}", listed.id, problem.code, problem.message),
            }
        })
        .await;
    Ok((looked_at, driven.get()))
}

/// Whether it was driven.
async fn one(store: &KeyValue, index: u64, listed: &Listed, now: Millis) -> Result<bool, Problem> {
    let found = store::run(&listed.id).get(store).map_err(|error| offline(&error))?;
    if let Some(run) = &found
        && drive::drive(run).await?.is_some()
    {
        return Ok(true);
    }
    // Nothing to be done: it may stand here for nothing.
    if found.as_ref().is_none_or(|run| store::is_stray(run, index)) {
        strike(index, listed, now)?;
    }
    Ok(false)
}

fn strike(index: u64, listed: &Listed, now: Millis) -> Result<(), Problem> {
    let Some(held) = Held::take(&listed.id)? else { return Ok(()) };
    let struck = store::run(&listed.id)
        .get(&*held.store)
        .and_then(|run| store::close(&*held.store, index, listed, run.as_ref(), now));
    held.release();
    struck.map_err(|error| offline(&error))
}
