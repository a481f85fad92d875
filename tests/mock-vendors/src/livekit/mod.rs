//! LiveKit: rooms over Twirp, for tokens that allow it, and signed reports of what happens in them.
//!
//! A key is `<id>:mock-secret-of-livekit` with any id that doesn't begin with `bad`; each id has rooms of its own.

mod report;
mod room;

use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::{Value, json};

use crate::State;
use crate::gate::{Admitted, Answered, Request, Vendor, admit_as};
use crate::jwt;
use crate::live::LiveSession;
use crate::state::now_ms;

pub use room::Rooms;
use room::{Room, member};

const VENDOR: Vendor =
    Vendor { name: "livekit", key_header: "authorization", key_prefix: "Bearer ", bad_key: 401, error };

/// The secret of every key.
pub const SECRET: &str = "mock-secret-of-livekit";

pub fn router() -> Router<State> {
    Router::new().route("/twirp/livekit.RoomService/{method}", post(call))
}

async fn call(Shared(state): Shared<State>, Path(method): Path<String>, request: Request) -> Answered {
    let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let claims = verified(token).unwrap_or(Value::Null);
    let key = claims["iss"].as_str().map(pair);
    let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let magic = |body: &Value| body["metadata"].as_str().unwrap_or_default().to_owned();
    let call = admit_as(&state, &VENDOR, &request, key, body, magic).await?;
    if !call.body.is_object() {
        return Ok(call.answer(400, twirp("malformed", "the json request could not be decoded")));
    }
    let name = call.body["room"].as_str().or(call.body["name"].as_str()).unwrap_or_default().to_owned();
    let video = &claims["video"];
    let is_admin = video["roomAdmin"] == true && video["room"] == name.as_str();
    let allowed = match method.as_str() {
        // Who may create a room may also delete it.
        "CreateRoom" | "DeleteRoom" => video["roomCreate"] == true,
        "ListRooms" => video["roomList"] == true,
        "ListParticipants" | "RemoveParticipant" => is_admin,
        _ => return Ok(call.answer(404, twirp("bad_route", "no handler for this path"))),
    };
    if !allowed {
        return Ok(call.answer(403, twirp("permission_denied", "permissions denied")));
    }
    match method.as_str() {
        "CreateRoom" => create(&state, call, &name),
        "ListRooms" => {
            let names = call.body["names"].as_array().cloned().unwrap_or_default();
            let wanted = |room: &Room| names.is_empty() || names.contains(&json!(room.name));
            let rooms: Vec<Value> =
                state.rooms().open_of(&call.key).filter(|room| wanted(room)).map(Room::to_json).collect();
            Ok(call.answer(200, json!({ "rooms": rooms })))
        }
        "DeleteRoom" => {
            let closed = state.rooms().close(&call.key, &name, "ROOM_DELETED", now_ms());
            let Some(room) = closed else { return Ok(call.refuse(404)) };
            tokio::spawn(report::closed(state, room));
            Ok(call.answer(200, json!({})))
        }
        "ListParticipants" => {
            let found = state.rooms().open(&call.key, &name).map(|room| room.participants());
            Ok(match found {
                Some(list) => call.answer(200, json!({ "participants": list })),
                None => call.refuse(404),
            })
        }
        _ => {
            let identity = call.body["identity"].as_str().unwrap_or_default();
            let left = state.rooms().open(&call.key, &name).and_then(|room| room.leave(identity));
            let Some((room, participant)) = left else { return Ok(call.refuse(404)) };
            tokio::spawn(removed(state, room, participant));
            Ok(call.answer(200, json!({})))
        }
    }
}

/// A room of this name that is there already is given back as it is.
fn create(state: &State, call: Admitted, name: &str) -> Answered {
    if name.is_empty() {
        return Ok(call.answer(400, twirp("invalid_argument", "name is required")));
    }
    let there = state.rooms().open(&call.key, name).map(|room| room.to_json());
    if let Some(room) = there {
        return Ok(call.answer(200, room));
    }
    let room = Room::from_request(&call.body, &call.key, name);
    let answer = room.to_json();
    state.rooms().add(room.clone());
    tokio::spawn(report::send(state.clone(), room.clone(), "room_started", Value::Null));
    tokio::spawn(wait_for_somebody(state.clone(), room));
    Ok(call.answer(200, answer))
}

/// A room that nobody enters is closed.
async fn wait_for_somebody(state: State, room: Room) {
    tokio::time::sleep(Duration::from_secs(room.empty_timeout)).await;
    let closed = state.rooms().close_if_empty(&room);
    if let Some(room) = closed {
        report::closed(state, room).await;
    }
}

/// A room that is empty for a while after the last has left is closed.
async fn removed(state: State, room: Room, participant: Value) {
    report::left(state.clone(), room.clone(), participant, "PARTICIPANT_REMOVED").await;
    tokio::time::sleep(Duration::from_secs(room.departure_timeout)).await;
    let closed = state.rooms().close_if_empty(&room);
    if let Some(room) = closed {
        report::closed(state, room).await;
    }
}

/// Closes a room by itself, as when all have left.
pub async fn close(state: &State, name: &str, at_ms: u64) {
    let closed = state.rooms().close_by_name(name, "everybody left", at_ms);
    if let Some(room) = closed {
        report::closed(state.clone(), room).await;
    }
}

/// Somebody enters a room with a token that a gate has signed; gives the participant, or why not.
pub fn join(state: &State, token: &str) -> Result<Value, (StatusCode, &'static str)> {
    let claims = verified(token).map_err(|why| (StatusCode::UNAUTHORIZED, why))?;
    let (video, identity) = (&claims["video"], claims["sub"].as_str().unwrap_or_default());
    let name = video["room"].as_str().unwrap_or_default();
    if video["roomJoin"] != true || identity.is_empty() || name.is_empty() {
        return Err((StatusCode::FORBIDDEN, "the token doesn't let anybody into a room"));
    }
    let key = pair(claims["iss"].as_str().unwrap_or_default());
    let joined = state.rooms().open(&key, name).map(|room| room.join(identity, &claims));
    match joined {
        None => Err((StatusCode::NOT_FOUND, "there is no such room")),
        Some(None) => Err((StatusCode::CONFLICT, "the room is full")),
        Some(Some((room, participant))) => {
            tokio::spawn(report::send(state.clone(), room, "participant_joined", participant.clone()));
            Ok(participant)
        }
    }
}

/// All rooms, in the common form.
pub fn sessions(state: &State) -> Vec<LiveSession> {
    state.rooms().all().map(Room::to_live).collect()
}

/// The claims of a good token.
fn verified(token: &str) -> Result<Value, &'static str> {
    jwt::verify(token, SECRET, now_ms() / 1000)
}

/// The key as a binding has it.
fn pair(id: &str) -> String {
    format!("{id}:{SECRET}")
}

fn twirp(code: &str, message: &str) -> Value {
    json!({"code": code, "msg": message})
}

fn error(status: u16) -> Value {
    match status {
        401 => twirp("unauthenticated", "invalid token"),
        403 => twirp("permission_denied", "permissions denied"),
        404 => twirp("not_found", "requested room does not exist"),
        408 => twirp("deadline_exceeded", "timeout"),
        402 | 429 => twirp("resource_exhausted", "limit exceeded"),
        503 => twirp("unavailable", "unavailable"),
        500.. => twirp("internal", "internal error"),
        _ => twirp("invalid_argument", "invalid argument"),
    }
}

/// Whole numbers come in either spelling of their name.
fn number(body: &Value, snake: &str, camel: &str, default: u64) -> u64 {
    member(body, snake, camel).as_u64().unwrap_or(default)
}
