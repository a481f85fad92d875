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
use crate::fault::Fault;
use crate::gate::{Admitted, Request, Vendor, admit};
use crate::play;

pub use conversation::Conversations;
use conversation::{Conversation, Status};

const VENDOR: Vendor = Vendor { name: "tavus", key_header: "x-api-key", key_prefix: "", error };

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

async fn create(Shared(state): Shared<State>, request: Request) -> Response<Body> {
    let host = request.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1").to_owned();
    let Admitted { body, fault, tracker } = match admit(&state, &VENDOR, request, words).await {
        Ok(call) => call,
        Err(refusal) => return refusal,
    };
    let created = Conversation::from_request(&body, &host, state.conversations().next_id());
    let conversation = match created {
        Ok(conversation) => conversation,
        Err(message) => return play::json(400, json!({ "error": message }), &fault, tracker),
    };
    let mut answer = conversation.to_json();
    if let Some(token) = &conversation.meeting_token {
        answer["meeting_token"] = json!(token);
    }
    state.conversations().add(conversation.clone());
    if conversation.status == Status::Active {
        tokio::spawn(live(state, conversation));
    }
    play::json(200, answer, &fault, tracker)
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
        return shut_down(&state, &id, reason).await;
    }
}

/// Ends a conversation once, and reports it.
async fn shut_down(state: &State, id: &str, reason: &str) {
    let ended = state.conversations().end(id, reason);
    if let Some(conversation) = ended {
        callback::send(state, &conversation, "system.shutdown", json!({ "shutdown_reason": reason })).await;
    }
}

async fn end(Shared(state): Shared<State>, Path(id): Path<String>, request: Request) -> Response<Body> {
    let call = match admit(&state, &VENDOR, request, words).await {
        Ok(call) => call,
        Err(refusal) => return refusal,
    };
    let active = state.conversations().get(&id).is_some_and(|conversation| conversation.is_active());
    if !active {
        return unknown(call);
    }
    let task = state.clone();
    tokio::spawn(async move { shut_down(&task, &id, "end_conversation_endpoint_hit").await });
    play::json(200, json!({}), &call.fault, call.tracker)
}

async fn read(Shared(state): Shared<State>, Path(id): Path<String>, request: Request) -> Response<Body> {
    let call = match admit(&state, &VENDOR, request, words).await {
        Ok(call) => call,
        Err(refusal) => return refusal,
    };
    let found = state.conversations().get(&id).map(|conversation| conversation.to_json());
    match found {
        Some(conversation) => play::json(200, conversation, &call.fault, call.tracker),
        None => unknown(call),
    }
}

async fn list(Shared(state): Shared<State>, request: Request) -> Response<Body> {
    let wanted = request.uri.query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("status="));
    let wanted = wanted.map(ToOwned::to_owned);
    let call = match admit(&state, &VENDOR, request, words).await {
        Ok(call) => call,
        Err(refusal) => return refusal,
    };
    let all = state.conversations().all();
    let fits = |one: &Value| wanted.as_deref().is_none_or(|wanted| one["status"] == wanted);
    let data: Vec<Value> = all.iter().map(Conversation::to_json).filter(fits).collect();
    play::json(200, json!({ "total_count": data.len(), "data": data }), &call.fault, call.tracker)
}

async fn remove(Shared(state): Shared<State>, Path(id): Path<String>, request: Request) -> Response<Body> {
    let call = match admit(&state, &VENDOR, request, words).await {
        Ok(call) => call,
        Err(refusal) => return refusal,
    };
    shut_down(&state, &id, "daily_room_has_been_deleted").await;
    state.conversations().remove(&id);
    call.tracker.status(204);
    call.tracker.finish();
    let mut response = Response::new(Body::empty());
    *response.status_mut() = axum::http::StatusCode::NO_CONTENT;
    response
}

/// The vendor's word for a conversation that it doesn't know, or that has ended.
fn unknown(call: Admitted) -> Response<Body> {
    play::json(400, json!({ "error": "Invalid conversation_id" }), &Fault::default(), call.tracker)
}

fn error(status: u16) -> Value {
    match status {
        401 => json!({ "message": "Invalid access token" }),
        402 => json!({ "message": "The user is out of conversational credits." }),
        429 => json!({ "message": "User has reached maximum concurrent conversations" }),
        _ => json!({ "error": "Something went wrong." }),
    }
}
