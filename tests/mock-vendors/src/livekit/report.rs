//! Reports what happens in a room to the address that is set for its key, signed with the key.

use serde_json::{Value, json};

use super::SECRET;
use super::room::Room;
use crate::State;
use crate::callback;
use crate::state::now_ms;
use crate::webhook;

/// Reports `event`; `participant` may be null.
pub async fn send(state: State, room: Room, event: &str, participant: Value) {
    let hook = state.hooks().of("livekit", room.key_id());
    let Some(url) = hook.url else { return };
    let now = now_ms() / 1000;
    let at = room.ended_ms.map_or(now, |ended| ended / 1000);
    let id = state.next_event_id();
    let mut body = json!({"event": event, "room": room.to_json(), "id": format!("EV_{id:012x}"),
        "createdAt": at.to_string()});
    if !participant.is_null() {
        body["participant"] = participant;
    }
    callback::send(&state, "livekit", &url, body, |body| webhook::livekit(room.key_id(), SECRET, now, body)).await;
}

/// Somebody has left.
pub async fn left(state: State, room: Room, mut participant: Value, reason: &str) {
    participant["state"] = json!("DISCONNECTED");
    participant["disconnectReason"] = json!(reason);
    send(state, room, "participant_left", participant).await;
}

/// A room has been closed: everybody has left, and it is over.
pub async fn closed(state: State, room: Room) {
    for participant in room.participants() {
        left(state.clone(), room.clone(), participant, "ROOM_DELETED").await;
    }
    send(state, room, "room_finished", Value::Null).await;
}
