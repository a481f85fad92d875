//! Changing a twin: which one, and one change at a time.

use std::{rc::Rc, time::Duration};

use shell::{Call, KeyValue, Problem, host, offline};
use tenancy::{TWIN_CHANGE_MS, WriteError};
use twins::{Place, Refusal, Twin};

use crate::{access::Who, journal::Log, refuse};

/// How often, and how far apart, a change is tried while somebody else changes the same twin.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// The twin of this id, code or tenant, if the caller may see it.
pub fn found(store: &KeyValue, who: &Who, name: &str) -> Result<Rc<Twin>, Problem> {
    let twin = twins::named(store, name).map_err(|error| offline(&error))?;
    let twin = twin.ok_or_else(|| refuse::twin(Refusal::NotFound("twin")))?;
    who.may(&twin.tenant)?;
    Ok(twin)
}

/// Makes a change of a twin. Waits a little for who is at it.
pub async fn changing<T>(call: &Call, change: impl Fn(Place<'_>) -> Result<T, Refusal>) -> Result<T, Problem> {
    let change = |store: &KeyValue| change(Place { store, now: host::now(), journal: &Log(call) });
    patiently(change, |refusal| *refusal == Refusal::Busy).await?.map_err(refuse::twin)
}

/// Makes a change of a tenant, who may have a twin. Waits a little for who is at it.
pub async fn changing_tenant<T>(change: impl Fn(&KeyValue) -> Result<T, WriteError>) -> Result<T, Problem> {
    patiently(change, |refusal| *refusal == WriteError::Busy).await?.map_err(refuse::write)
}

/// Each try has a store of its own that refuses what comes too late.
async fn patiently<T, E>(
    change: impl Fn(&KeyValue) -> Result<T, E>,
    is_busy: impl Fn(&E) -> bool,
) -> Result<Result<T, E>, Problem> {
    let mut tries = 1;
    loop {
        let store = KeyValue::open_for(Duration::from_millis(TWIN_CHANGE_MS)).map_err(|error| offline(&error))?;
        match change(&store) {
            Err(refusal) if is_busy(&refusal) && tries < TRIES => {
                tries += 1;
                spin_sdk::time::sleep(PAUSE).await;
            }
            done => return Ok(done),
        }
    }
}
