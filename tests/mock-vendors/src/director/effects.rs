//! What is broken now, and how each of it becomes whole again: by its time, by `POST /demo/mend`, or, where this program was
//! killed in between, by the next start.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use axum::http::Method;
use futures::future::join_all;
use serde_json::{Value, json};
use tokio::task::AbortHandle;

use super::gate::Gate;
use super::ledger;
use super::{Drill, Setup};
use crate::State;

/// While the gate finds it in its folder for drills, its store is out of reach.
const STORE_DOWN: &str = "store-down";
/// The cap that a drill has replaced.
const CAP_BEFORE: &str = "cap-before";
/// How often, and how many times, a cap is put back while the gate doesn't answer.
const AGAIN: Duration = Duration::from_secs(2);
const TIMES: u32 = 30;

/// What takes an effect back. Each may be done twice.
pub enum Undo {
    /// Permits that a page's session holds. Were we killed, they would expire in two minutes, and cost nothing.
    Permits { token: String, ids: Vec<String> },
    /// The cap is put back. Were we killed, the next start finds it in its file.
    Cap,
    /// The vendor is well again. Were we killed, the mock would be gone with us.
    Vendor(String),
    /// The file goes. Were we killed, `cargo xtask up` removes it before it starts the gate.
    Store,
}

struct Running {
    ends: Instant,
    undo: Undo,
    timer: AbortHandle,
}

/// At most one effect of each drill.
#[derive(Default)]
pub struct Effects(BTreeMap<Drill, Running>);

impl Effects {
    /// What is on, and for how much longer.
    pub fn list(&self) -> Vec<Value> {
        let left = |one: &Running| one.ends.saturating_duration_since(Instant::now()).as_secs_f64().ceil();
        self.0.iter().map(|(drill, one)| json!({"name": drill.name(), "ends_in_s": left(one) as u64})).collect()
    }
}

/// Notes an effect that is on from now, and has it end by itself.
pub fn begin(state: &State, drill: Drill, lasts: Duration, undo: Undo) {
    let later = state.clone();
    let timer = tokio::spawn(async move {
        tokio::time::sleep(lasts).await;
        // The store comes back without waiting for the stage: who holds it may be waiting for the store.
        let _stage = match drill {
            Drill::Store => None,
            _ => Some(later.stage().lock().await),
        };
        end(&later, drill).await;
    });
    let running = Running { ends: Instant::now() + lasts, undo, timer: timer.abort_handle() };
    state.director().effects.0.insert(drill, running);
}

/// Takes an effect back, if it is on. Whoever calls has the stage.
pub async fn end(state: &State, drill: Drill) {
    let Some(running) = state.director().effects.0.remove(&drill) else { return };
    let Some(setup) = state.director().setup.clone() else { return };
    match running.undo {
        Undo::Permits { token, ids } => release(&setup, &token, &ids).await,
        Undo::Cap => put_cap_back(&setup).await,
        Undo::Vendor(vendor) => state.set_fault(&vendor, None),
        Undo::Store => {
            store_is_back(&setup.drills);
            ledger::reachable(&Gate::of(&setup), true).await;
        }
    }
    // Last: it may be the timer that has called.
    running.timer.abort();
}

pub async fn take_back_leftovers(setup: &Setup) {
    store_is_back(&setup.drills);
    put_cap_back(setup).await;
}

async fn release(setup: &Setup, token: &str, ids: &[String]) {
    let gate = Gate::of(setup);
    let gate = &gate;
    join_all(ids.iter().map(async |id| {
        drop(gate.as_page(Method::DELETE, &format!("/v1/preflight/{id}"), token, Value::Null).await);
    }))
    .await;
}

/// Lowers the tenant's cap to what is settled, once the old one is on disk.
pub async fn lower_cap(setup: &Setup, before: &Value, to: &str) -> Result<(), String> {
    let file = setup.drills.join(CAP_BEFORE);
    fs::write(&file, before.to_string()).map_err(|error| format!("{}: {error}", file.display()))?;
    set_cap(setup, &json!(to)).await
}

async fn put_cap_back(setup: &Setup) {
    let file = setup.drills.join(CAP_BEFORE);
    let Some(before) = fs::read(&file).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok()) else {
        return;
    };
    for _ in 0..TIMES {
        if set_cap(setup, &before).await.is_ok() {
            // Killed before this, the next start sets the same cap once more.
            drop(fs::remove_file(&file));
            return;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn set_cap(setup: &Setup, cap: &Value) -> Result<(), String> {
    let path = format!("/v1/tenants/{}", setup.tenant);
    let change = json!({"limits": {"monthly_cost_usd": cap}});
    match Gate::of(setup).as_operator(Method::PATCH, &path, change).await? {
        said if said.status < 300 => Ok(()),
        said => Err(format!("the gate answered {} {}", said.status, said.word())),
    }
}

pub fn store_is_gone(drills: &Path) -> Result<(), String> {
    let file = drills.join(STORE_DOWN);
    fs::write(&file, "").map_err(|error| format!("{}: {error}", file.display()))
}

fn store_is_back(drills: &Path) {
    drop(fs::remove_file(drills.join(STORE_DOWN)));
}
