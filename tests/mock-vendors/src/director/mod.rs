//! The demo's director: shows the demo pages the gate's books, and breaks things on demand, for development only.
//!
//! It holds the demo tenant's secret key and the operator's, so that no page has to. Therefore it listens on loopback alone,
//! answers the gate's own pages alone ([`guard`]), and everything it breaks is whole again by itself ([`effects`]).
//! Without a [`Setup`], which `cargo xtask up` sends once the gate is seeded, there is none: nobody is answered.

mod drills;
mod effects;
mod gate;
mod guard;
mod ledger;

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use serde::Deserialize;
use serde_json::json;

use crate::State;
pub use drills::Drill;
pub use effects::Effects;
use gate::Gate;

/// What the director has to know of the gate, in the body of `POST /control/director`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// The gate's address, such as `http://127.0.0.1:3000`.
    pub gate: String,
    /// The origins whose pages may ask: the gate's own.
    pub origins: Vec<String>,
    /// The demo tenant.
    pub tenant: String,
    pub secret_key: String,
    pub admin_key: String,
    /// What the tenant's binding of `openai` verifies webhooks with.
    pub webhook_secret: String,
    /// The folder that the gate was started with as `--drills`; what must outlive a crash is noted there, too.
    pub drills: PathBuf,
}

/// The director's part of the state.
#[derive(Default)]
pub struct Director {
    setup: Option<Arc<Setup>>,
    effects: Effects,
}

pub fn router(state: &State) -> Router<State> {
    let pages = Router::new()
        .route("/demo/ledger", get(show))
        .route("/demo/break/{drill}", post(start))
        .route("/demo/mend", post(mend))
        .layer(middleware::from_fn_with_state(state.clone(), guard::pages_of_the_gate));
    let control = Router::new().route("/control/director", post(set_up)).layer(middleware::from_fn(guard::no_page));
    pages.merge(control)
}

/// Takes the setup, and takes back what a director that was killed has left behind.
async fn set_up(Shared(state): Shared<State>, Json(setup): Json<Setup>) -> StatusCode {
    let setup = Arc::new(setup);
    state.director().setup = Some(setup.clone());
    let _stage = state.stage().lock().await;
    effects::take_back_leftovers(&setup).await;
    StatusCode::NO_CONTENT
}

async fn show(Shared(state): Shared<State>) -> Response {
    let Some(setup) = state.director().setup.clone() else { return nobody() };
    let running = state.director().effects.list();
    let mut books = ledger::read(&Gate::of(&setup)).await;
    books["running"] = json!(running);
    Json(books).into_response()
}

async fn start(Shared(state): Shared<State>, Path(drill): Path<String>) -> Response {
    let Some(setup) = state.director().setup.clone() else { return nobody() };
    let Some(drill) = Drill::named(&drill) else { return nobody() };
    // One at a time, and from a gate that is whole: what is seen then comes of this drill.
    let _stage = state.stage().lock().await;
    end_all(&state).await;
    match drills::perform(&state, &setup, drill).await {
        Ok(report) => Json(report).into_response(),
        Err(reason) => (StatusCode::BAD_GATEWAY, Json(json!({ "error": reason }))).into_response(),
    }
}

/// Ends whatever is broken, now.
async fn mend(Shared(state): Shared<State>) -> Response {
    let _stage = state.stage().lock().await;
    end_all(&state).await;
    StatusCode::NO_CONTENT.into_response()
}

async fn end_all(state: &State) {
    for drill in Drill::ALL {
        effects::end(state, drill).await;
    }
}

fn nobody() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "error": "there is nothing here" }))).into_response()
}
