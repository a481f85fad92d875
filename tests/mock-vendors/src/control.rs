//! The control routes: set faults, the pace, how jobs go and where reports go to; look at what happened.

use std::time::Duration;

use axum::extract::{Path, Query, State as Shared};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::state::now_ms;
use crate::vendors::is_known;
use crate::{Call, Fault, Hook, Job, LiveSession, Plan, State, livekit, telegram};

pub fn router() -> Router<State> {
    Router::new()
        .route("/control", post(set))
        .route("/control/calls", get(calls).delete(clear_calls))
        .route("/control/callbacks", get(callbacks).delete(clear_callbacks))
        .route("/control/live", get(live))
        .route("/control/live/{vendor}/{id}/end", post(end_live))
        .route("/control/livekit/join", post(join))
        .route("/control/jobs", get(jobs))
        .merge(telegram::control())
        .route("/health", get(|| async { Json(json!({ "status": "ok" })) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Command {
    vendor: Option<String>,
    #[serde(default, deserialize_with = "given")]
    fault: Option<Option<Fault>>,
    pace: Option<NewPace>,
    #[serde(default, deserialize_with = "given")]
    jobs: Option<Option<Plan>>,
    webhook: Option<Hook>,
}

/// Tells `null` from what isn't there.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(input: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(input).map(Some)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPace {
    token_ms: Option<u64>,
    audio_ms: Option<u64>,
}

/// `{"vendor","fault"}` sets a fault, `"fault": null` clears it (without a vendor all of them, as does `{}`);
/// `{"pace"}` sets the pace; `{"vendor"?,"jobs"}` how new jobs go, `null` as by default; `{"vendor","webhook"}` an
/// account's settings for reports.
async fn set(Shared(state): Shared<State>, Json(command): Json<Command>) -> (StatusCode, Json<Value>) {
    let vendor = command.vendor.as_deref();
    if vendor.is_some_and(|vendor| !is_known(vendor)) {
        return wrong("there is no such vendor");
    }
    let is_all = command.pace.is_none() && command.jobs.is_none() && command.webhook.is_none();
    if let Some(new) = command.pace {
        let mut pace = state.pace();
        pace.token = new.token_ms.map_or(pace.token, Duration::from_millis);
        pace.audio = new.audio_ms.map_or(pace.audio, Duration::from_millis);
        state.set_pace(pace);
    }
    if let Some(plan) = command.jobs {
        state.jobs().set_plan(vendor, plan);
    }
    match (command.webhook, vendor) {
        (Some(hook), Some(vendor)) => state.set_hook(vendor, hook),
        (Some(_), None) => return wrong("a webhook has a vendor"),
        (None, _) => {}
    }
    match (command.fault, vendor) {
        (Some(Some(_)), None) => return wrong("a fault has a vendor"),
        (Some(fault), Some(vendor)) => state.set_fault(vendor, fault),
        (None, Some(vendor)) if is_all => state.set_fault(vendor, None),
        (Some(None), None) => state.faults().clear(),
        (None, None) if is_all => state.faults().clear(),
        (None, _) => {}
    }
    (StatusCode::OK, Json(json!({})))
}

fn wrong(message: &str) -> (StatusCode, Json<Value>) {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": message })))
}

async fn calls(Shared(state): Shared<State>) -> Json<Vec<Call>> {
    Json(state.seen())
}

async fn clear_calls(Shared(state): Shared<State>) -> StatusCode {
    state.clear_calls();
    StatusCode::NO_CONTENT
}

async fn callbacks(Shared(state): Shared<State>) -> Json<Vec<Value>> {
    Json(state.reported())
}

async fn clear_callbacks(Shared(state): Shared<State>) -> StatusCode {
    state.callbacks().clear();
    StatusCode::NO_CONTENT
}

async fn live(Shared(state): Shared<State>) -> Json<Vec<LiveSession>> {
    Json(state.live())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ending {
    ended_ms: Option<u64>,
}

/// The vendor ends it by itself, now or as long ago as `?ended_ms=` says.
async fn end_live(
    Shared(state): Shared<State>,
    Path((vendor, id)): Path<(String, String)>,
    Query(Ending { ended_ms }): Query<Ending>,
) -> StatusCode {
    let ended_ms = ended_ms.unwrap_or_else(now_ms);
    // Reports may take their time.
    tokio::spawn(async move { state.end_live(&vendor, &id, ended_ms).await });
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Entry {
    token: String,
}

/// Somebody enters a LiveKit room with this token.
async fn join(Shared(state): Shared<State>, Json(entry): Json<Entry>) -> (StatusCode, Json<Value>) {
    match livekit::join(&state, &entry.token) {
        Ok(participant) => (StatusCode::OK, Json(participant)),
        Err((status, why)) => (status, Json(json!({ "error": why }))),
    }
}

async fn jobs(Shared(state): Shared<State>) -> Json<Vec<Job>> {
    Json(state.all_jobs())
}
