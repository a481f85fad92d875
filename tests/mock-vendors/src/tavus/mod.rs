//! Tavus: conversations, their rooms and their callbacks.

mod callback;
mod conversation;
mod room;

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State as Shared};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::State;
use crate::gate::{Admitted, Answered, Request, Vendor, admit};
use crate::live::LiveSession;
use crate::state::now_ms;

pub use conversation::Conversations;
use conversation::{Conversation, Status};

const VENDOR: Vendor = Vendor { name: "tavus", key_header: "x-api-key", key_prefix: "", bad_key: 401, error };

pub fn router() -> Router<State> {
    Router::new()
        .route("/v2/conversations", post(create).get(list))
        .route("/v2/conversations/{id}", get(read).delete(remove))
        .route("/v2/conversations/{id}/end", post(end))
        .merge(room::router())
}

/// Magic words stand in the context or the greeting.
fn words(body: &Value) -> String {
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    text("conversational_context") + &text("custom_greeting")
}

async fn create(Shared(state): Shared<State>, request: Request) -> Answered {
    let host = request.host();
    let call = admit(&state, &VENDOR, request, words).await?;
    let created = Conversation::from_request(&call.body, call.key.clone(), &host, state.conversations().next_id());
    let conversation = match created {
        Ok(conversation) => conversation,
        Err(message) => return Ok(call.answer(400, json!({ "error": message }))),
    };
    let mut answer = conversation.to_json();
    if let Some(token) = &conversation.meeting_token {
        answer["meeting_token"] = json!(token);
    }
    state.conversations().add(conversation.clone());
    if conversation.status == Status::Active {
        tokio::spawn(live(state, conversation));
    }
    Ok(call.answer(200, answer))
}

/// The life of a conversation that nobody ends: the replica comes, waits for a participant, and time runs out.
async fn live(state: State, conversation: Conversation) {
    let id = conversation.id.clone();
    let started = tokio::time::Instant::now();
    tokio::time::sleep(Duration::from_millis(100)).await;
    callback::send(&state, &conversation, "system.replica_joined", json!({})).await;
    loop {
        let (active, visited) =
            state.conversations().get(&id).map_or((false, false), |now| (now.is_active(), now.visited));
        let reason = if !active {
            return;
        } else if started.elapsed() >= conversation.max_duration {
            "max_call_duration reached"
        } else if !visited && started.elapsed() >= conversation.absent_timeout {
            "participant_absent_timeout reached"
        } else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        return shut_down(&state, &id, reason, now_ms()).await;
    }
}

/// All conversations, in the common form.
pub fn sessions(state: &State) -> Vec<LiveSession> {
    let session = |one: Conversation| LiveSession {
        vendor: "tavus",
        status: if one.is_active() { "active" } else { "ended" },
        id: one.id,
        key: one.key,
        started_ms: Some(one.created_ms),
        ended_ms: one.ended_ms,
        reason: one.shutdown_reason,
    };
    state.conversations().all().into_iter().map(session).collect()
}

/// Ends a conversation once, and reports it.
pub async fn shut_down(state: &State, id: &str, reason: &str, at_ms: u64) {
    let ended = state.conversations().end(id, reason, at_ms);
    if let Some(conversation) = ended {
        callback::send(state, &conversation, "system.shutdown", json!({ "shutdown_reason": reason })).await;
    }
}

async fn end(Shared(state): Shared<State>, Path(id): Path<String>, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, words).await?;
    let active = state.conversations().get(&id).is_some_and(|conversation| conversation.is_active());
    if !active {
        return Ok(unknown(call));
    }
    let task = state.clone();
    tokio::spawn(async move { shut_down(&task, &id, "end_conversation_endpoint_hit", now_ms()).await });
    Ok(call.answer(200, json!({})))
}

async fn read(Shared(state): Shared<State>, Path(id): Path<String>, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, words).await?;
    let found = state.conversations().get(&id).map(|conversation| conversation.to_json());
    Ok(match found {
        Some(conversation) => call.answer(200, conversation),
        None => unknown(call),
    })
}

async fn list(Shared(state): Shared<State>, request: Request) -> Answered {
    let wanted = request.parameter("status").map(ToOwned::to_owned);
    let call = admit(&state, &VENDOR, request, words).await?;
    let all = state.conversations().all();
    let fits = |one: &Value| wanted.as_deref().is_none_or(|wanted| one["status"] == wanted);
    let data: Vec<Value> = all.iter().map(Conversation::to_json).filter(fits).collect();
    Ok(call.answer(200, json!({ "total_count": data.len(), "data": data })))
}

async fn remove(Shared(state): Shared<State>, Path(id): Path<String>, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, words).await?;
    shut_down(&state, &id, "daily_room_has_been_deleted", now_ms()).await;
    state.conversations().remove(&id);
    call.tracker.status(204);
    call.tracker.finish();
    let mut response = Response::new(Body::empty());
    *response.status_mut() = axum::http::StatusCode::NO_CONTENT;
    Ok(response)
}

/// The vendor's word for a conversation that it doesn't know, or that has ended.
fn unknown(call: Admitted) -> Response<Body> {
    call.answer(400, json!({ "error": "Invalid conversation_id" }))
}

fn error(status: u16) -> Value {
    match status {
        401 => json!({ "message": "Invalid access token" }),
        402 => json!({ "message": "The user is out of conversational credits." }),
        429 => json!({ "message": "User has reached maximum concurrent conversations" }),
        _ => json!({ "error": "Something went wrong." }),
    }
}
