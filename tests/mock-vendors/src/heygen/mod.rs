//! HeyGen LiveAvatar: a session is minted with the key, started with its own token, and stopped with either.

mod session;

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State as Shared};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::State;
use crate::gate::{Admitted, Answered, Request, Vendor, admit, admit_as, key_of};
use crate::live::LiveSession;

pub use session::Sessions;
use session::{Session, Status};

const VENDOR: Vendor = Vendor { name: "heygen", key_header: "x-api-key", key_prefix: "", bad_key: 401, error };

pub fn router() -> Router<State> {
    Router::new()
        .route("/v1/sessions/token", post(create))
        .route("/v1/sessions/start", post(start))
        .route("/v1/sessions/keep-alive", post(keep_alive))
        .route("/v1/sessions/stop", post(end))
        .route("/v1/sessions/{id}", get(read))
        .route("/v1/users/credits", get(credits))
}

/// Magic words stand in the persona's ids.
fn words(body: &Value) -> String {
    body["avatar_persona"].to_string()
}

/// Only the key mints a token.
async fn create(Shared(state): Shared<State>, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, words).await?;
    let session = match Session::from_request(&call.body, call.key.clone(), state.heygen().next_id()) {
        Ok(session) => session,
        Err(field) => {
            let detail = json!([{"loc": ["body", field], "msg": "Field required", "type": "missing"}]);
            return Ok(call.answer(422, json!({ "detail": detail })));
        }
    };
    let data = json!({"session_id": session.id, "session_token": session.token});
    state.heygen().add(session);
    Ok(call.answer(200, good(data)))
}

/// Only the session's own token starts it.
async fn start(Shared(state): Shared<State>, request: Request) -> Answered {
    let host = request.host();
    let (call, session) = by_token(&state, &request).await?;
    let started = state.heygen().start(&session.id);
    if started {
        let (task, id) = (state.clone(), session.id.clone());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(session.max_seconds)).await;
            stop(&task, &id, "MAX_DURATION_REACHED");
        });
    }
    if !started && session.status == Status::Ended {
        return Ok(over(call));
    }
    let data = json!({
        "session_id": session.id,
        "livekit_url": format!("ws://{host}/heygen/media"),
        "livekit_client_token": session.client_token(),
        "max_session_duration": session.max_seconds,
        "ws_url": session.is_lite.then(|| format!("ws://{host}/heygen/control/{}", session.id)),
    });
    Ok(call.answer(201, good(data)))
}

async fn keep_alive(Shared(state): Shared<State>, request: Request) -> Answered {
    let (call, session) = by_token(&state, &request).await?;
    let is_active = session.status == Status::Active;
    Ok(if is_active { call.answer(200, good(json!({}))) } else { over(call) })
}

/// By the key and the session's id, or by the session's token.
async fn end(Shared(state): Shared<State>, request: Request) -> Answered {
    if request.header("x-api-key").is_none() {
        let (call, session) = by_token(&state, &request).await?;
        return Ok(end_of(&state, call, Some(session)));
    }
    let call = admit(&state, &VENDOR, request, words).await?;
    let found = state.heygen().get(call.body["session_id"].as_str().unwrap_or_default(), &call.key);
    Ok(end_of(&state, call, found))
}

fn end_of(state: &State, call: Admitted, session: Option<Session>) -> Response<Body> {
    let Some(session) = session else {
        return call.refuse(404);
    };
    if session.status == Status::Ended {
        return over(call);
    }
    stop(state, &session.id, call.body["reason"].as_str().unwrap_or("UNKNOWN"));
    call.answer(200, good(Value::Null))
}

async fn read(Shared(state): Shared<State>, Path(id): Path<String>, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, words).await?;
    let found = state.heygen().get(&id, &call.key);
    Ok(match found {
        Some(session) => call.answer(200, good(session.to_json())),
        None => call.refuse(404),
    })
}

async fn credits(Shared(state): Shared<State>, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, words).await?;
    Ok(call.answer(200, good(json!({ "credits_left": 100 }))))
}

/// The call stands in the record under the key that minted the token.
async fn by_token(state: &State, request: &Request) -> Result<(Admitted, Session), Response<Body>> {
    let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let session = state.heygen().by_token(token);
    // An API key in a token's place is no token.
    let key = session.as_ref().map(|session| session.key.clone());
    let key = key.filter(|_| key_of(&VENDOR, request).is_none());
    let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let call = admit_as(state, &VENDOR, request, key, body, words).await?;
    match session {
        Some(session) => Ok((call, session)),
        None => Err(call.refuse(401)),
    }
}

/// Ends a session, once.
pub fn stop(state: &State, id: &str, reason: &str) {
    state.heygen().end(id, reason);
}

/// All sessions, in the common form.
pub fn sessions(state: &State) -> Vec<LiveSession> {
    state.heygen().all().map(Session::to_live).collect()
}

/// What the vendor says of a session that has ended.
fn over(call: Admitted) -> Response<Body> {
    call.answer(400, json!({"code": 4000, "data": null, "message": "Session is not active"}))
}

fn good(data: Value) -> Value {
    json!({"code": 1000, "data": data, "message": "Session operation successful"})
}

fn error(status: u16) -> Value {
    let message = match status {
        401 => "Invalid API key or session token",
        402 => "No credits left",
        403 => "Forbidden",
        404 => "Session not found",
        422 => return json!({"detail": [{"loc": ["body"], "msg": "Invalid", "type": "value_error"}]}),
        429 => "Concurrency limit reached",
        _ => "Something went wrong",
    };
    json!({"code": status, "data": null, "message": message})
}
