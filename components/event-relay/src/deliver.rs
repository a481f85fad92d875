//! `POST /v1/maintenance/events`: delivers to endpoints, several at once.
//!
//! A run answers when all is delivered, or soon all the same: a server that is silent is waited for after the answer, and
//! its lease keeps the next run off it. So it keeps no other waiting.

use std::{cell::RefCell, collections::VecDeque, rc::Rc, time::Duration};

use calendar::SECOND;
use events::delivery::{Courier, Outcome, standing};
use futures::{
    StreamExt,
    channel::mpsc,
    future::{Either, select},
};
use kv_schemas::StoreError;
use serde_json::json;
use shell::{Call, KeyValue, Problem, Reply, host, offline};
use tenancy::{Endpoint, endpoint_context};
use vault::Vault;

use crate::{access, send::send};

/// Endpoints that are delivered to at once.
const WORKERS: usize = 8;
/// Of those that were silent last, so many at a time: the others' places are not theirs.
const MAX_SILENT: usize = 4;
/// After this a run takes up no further endpoint.
const TAKING_MS: u64 = 5 * SECOND;
/// After this it answers.
const ANSWER_AFTER: Duration = Duration::from_millis(1_500);
/// A store that refuses everything well before the endpoint's lease is over: a paused machine sends nothing twice.
const STORE_LIFETIME: Duration = Duration::from_secs(20);

type Queue = Rc<RefCell<VecDeque<String>>>;

#[derive(Default)]
struct Tally {
    taken: u64,
    failed: u64,
}

pub async fn run(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    access::operator(call)?;
    let now = host::now();
    events::tend(store, now).map_err(|error| offline(&error))?;
    let due = due(store).map_err(|error| offline(&error))?;
    let found = due.len();
    let vault = Rc::new(host::vault().await?);
    let queue: Queue = Rc::new(RefCell::new(due.into()));
    let (done, mut tallies) = mpsc::unbounded();
    for _ in 0..WORKERS.min(found) {
        let (queue, vault, done) = (queue.clone(), vault.clone(), done.clone());
        spin_sdk::wasip3::spawn(async move {
            while host::now().since(now) < TAKING_MS
                && let Some(tenant) = { queue.borrow_mut().pop_front() }
            {
                let tally = deliver(&tenant, &vault).await.unwrap_or_else(|error| {
                    shell::warn!("events", tenant = tenant, error = error);
                    Tally::default()
                });
                // Whether or not anybody still listens.
                drop(done.unbounded_send(tally));
            }
        });
    }
    drop(done);
    let (mut total, mut finished) = (Tally::default(), 0_usize);
    let mut patience = std::pin::pin!(spin_sdk::time::sleep(ANSWER_AFTER));
    while let Either::Left((Some(tally), _)) = select(tallies.next(), &mut patience).await {
        total.taken += tally.taken;
        total.failed += tally.failed;
        finished += 1;
    }
    Ok(Reply::json(
        200,
        &json!({
            "status": "ok",
            "endpoints": found,
            "unfinished": found - finished,
            "delivered": total.taken,
            "failed": total.failed,
        }),
    ))
}

/// Tenants to whose endpoints there is something to send; those that were silent last come last, and only a few of them.
fn due(store: &KeyValue) -> Result<Vec<String>, StoreError> {
    let now = host::now();
    let (mut due, mut silent) = (Vec::new(), Vec::new());
    for tenant in events::endpoints(store, now)? {
        match standing(store, &tenant, now)? {
            Some(0) => due.push(tenant),
            Some(_) => silent.push(tenant),
            None => {}
        }
    }
    // None of them is always first.
    let turn = usize::try_from(now.0 / SECOND).unwrap_or(0);
    for tenants in [&mut due, &mut silent] {
        let by = turn.checked_rem(tenants.len()).unwrap_or(0);
        tenants.rotate_left(by);
    }
    due.extend(silent.into_iter().take(MAX_SILENT));
    Ok(due)
}

/// All that is to be sent to one endpoint now.
async fn deliver(tenant: &str, vault: &Vault) -> Result<Tally, StoreError> {
    let store = KeyValue::open_for(STORE_LIFETIME)?;
    let mut tally = Tally::default();
    let Some(mut courier) = Courier::begin(&store, tenant, host::now())? else { return Ok(tally) };
    let secrets = open(tenant, &courier.endpoint, vault);
    let secrets: Vec<&str> = secrets.iter().map(vault::Secret::expose).collect();
    let url = courier.endpoint.url.clone();
    // Without a signature nobody could believe it.
    while !secrets.is_empty()
        && let Some(attempt) = courier.next(host::now())?
    {
        let outcome = send(&url, &secrets, &attempt.event).await;
        match outcome {
            Outcome::Taken => tally.taken += 1,
            Outcome::Gone | Outcome::Refused { .. } | Outcome::Silent { .. } => tally.failed += 1,
        }
        // What if we crash before this? It is sent again, with the same id.
        courier.done(attempt, outcome, host::now())?;
    }
    courier.end(host::now())?;
    Ok(tally)
}

fn open(tenant: &str, endpoint: &Endpoint, vault: &Vault) -> Vec<vault::Secret> {
    let context = endpoint_context(tenant);
    let opened = endpoint.sealed_secrets(host::now()).filter_map(|sealed| {
        let opened = vault.open(&context, sealed);
        opened.map_err(|error| shell::warn!("endpoint_secret", tenant = tenant, error = error)).ok()
    });
    opened.collect()
}
