//! Looks at jobs that are due.

use std::{cell::Cell, pin::pin, rc::Rc, time::Duration};

use calendar::Millis;
use futures::{
    StreamExt,
    future::{Either, select},
    stream,
};
use kv_schemas::{Store, StoreError, families, sweep};
use shell::{KeyValue, host};

use super::{
    BATCH,
    listed::{UNWRITTEN_MS, legible},
};
use crate::jobs;

/// How long one run waits for looks at jobs, and begins any: those under way then go on by themselves, since the kill
/// switch must not wait for vendors that have nothing to do with it.
const LOOKS_MS: u64 = 5_000;
/// Jobs that are looked at at once.
const LOOKS_AT_ONCE: usize = 16;

/// The slow poll: jobs whose vendor's webhook didn't come, or that nobody has asked for since it came. What if we crash
/// while some are looked at? They are due again after a while.
pub async fn look_at_jobs(store: &dyn Store) -> Result<u64, StoreError> {
    let began = host::now();
    let due = due_jobs(store, began)?;
    if due.is_empty() {
        return Ok(0);
    }
    let (store, finished) = (KeyValue::open()?, Rc::new(Cell::new(0)));
    let counted = Rc::clone(&finished);
    let looks = Box::pin(async move {
        let looks = stream::iter(due).for_each_concurrent(LOOKS_AT_ONCE, async |job| {
            if host::now().since(began) < LOOKS_MS && look_at(&store, job).await {
                counted.set(counted.get() + 1);
            }
        });
        looks.await;
    });
    let patience = spin_sdk::time::sleep(Duration::from_millis(LOOKS_MS));
    if let Either::Right((_, looks)) = select(looks, pin!(patience)).await {
        spin_sdk::wasip3::spawn(looks);
    }
    Ok(finished.get())
}

/// Whether it is over.
async fn look_at(store: &KeyValue, job: jobs::Job) -> bool {
    let id = job.id.clone();
    match jobs::look(store, job).await {
        Ok(job) => job.state.is_over(),
        Err(problem) => {
            shell::warn!("looking", about = id, code = problem.code, message = problem.message);
            false
        }
    }
}

pub fn due_jobs(store: &dyn Store, now: Millis) -> Result<Vec<jobs::Job>, StoreError> {
    let listed = sweep::pending(store, &jobs::list(), &families::JOB_HEAD.value(&[]), now.0, BATCH as usize)?;
    let mut due = Vec::new();
    for (index, listed) in listed {
        due.extend(legible(&listed.id, if_due(store, index, &listed, now))?);
    }
    Ok(due)
}

/// It asks the store whether there is something, not what it says: that fails where the store isn't there.
fn is_due(store: &dyn Store, job: &jobs::Job) -> Result<bool, StoreError> {
    jobs::is_due(store, job).map_err(|problem| StoreError::Unavailable(problem.message))
}

fn if_due(
    store: &dyn Store,
    index: u64,
    jobs::Listed { id, at }: &jobs::Listed,
    now: Millis,
) -> Result<Option<jobs::Job>, StoreError> {
    match jobs::record(id).get(store)? {
        // The process died before striking it off.
        Some(job) if job.state.is_over() => jobs::list().remove(store, index)?,
        Some(job) if is_due(store, &job)? => return Ok(Some(job)),
        Some(_) => {}
        // The process died between the list and the record: the vendor was not called. Or it is just being written.
        None if now.since(*at) > UNWRITTEN_MS => jobs::list().remove(store, index)?,
        None => {}
    }
    Ok(None)
}
