//! The control routes: set faults and the pace, look at what happened.

use std::time::Duration;

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Call, Fault, State};

pub fn router() -> Router<State> {
    Router::new()
        .route("/control", post(set))
        .route("/control/calls", get(calls).delete(clear_calls))
        .route("/control/callbacks", get(callbacks).delete(clear_callbacks))
        .route("/health", get(|| async { Json(json!({ "status": "ok" })) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Command {
    vendor: Option<String>,
    fault: Option<Fault>,
    pace: Option<NewPace>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPace {
    token_ms: Option<u64>,
    audio_ms: Option<u64>,
}

/// `{"vendor","fault"}` sets a fault, `"fault": null` clears it, without a vendor all of them; `{"pace"}` sets the pace.
async fn set(Shared(state): Shared<State>, Json(command): Json<Command>) -> (StatusCode, Json<Value>) {
    if let Some(new) = command.pace {
        let mut pace = state.pace();
        pace.token = new.token_ms.map_or(pace.token, Duration::from_millis);
        pace.audio = new.audio_ms.map_or(pace.audio, Duration::from_millis);
        state.set_pace(pace);
        if command.vendor.is_none() && command.fault.is_none() {
            return (StatusCode::OK, Json(json!({})));
        }
    }
    match (&command.vendor, command.fault) {
        (Some(vendor), fault) if ["openai", "elevenlabs", "tavus"].contains(&vendor.as_str()) => {
            state.set_fault(vendor, fault);
        }
        (None, None) => state.faults().clear(),
        _ => return (StatusCode::BAD_REQUEST, Json(json!({ "error": "vendor: openai, elevenlabs or tavus" }))),
    }
    (StatusCode::OK, Json(json!({})))
}

async fn calls(Shared(state): Shared<State>) -> Json<Vec<Call>> {
    Json(state.seen())
}

async fn clear_calls(Shared(state): Shared<State>) -> StatusCode {
    state.clear_calls();
    StatusCode::NO_CONTENT
}

async fn callbacks(Shared(state): Shared<State>) -> Json<Vec<Value>> {
    Json(state.callbacks().clone())
}

async fn clear_callbacks(Shared(state): Shared<State>) -> StatusCode {
    state.callbacks().clear();
    StatusCode::NO_CONTENT
}
