//! What people say to bots, sent to wherever the bot's webhook is.

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Message, VENDOR};
use crate::State;
use crate::callback;
use crate::state::now_ms;
use crate::webhook;

/// Something that somebody says to the bot `key` (the empty one stands for all), or any update as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Said {
    pub key: String,
    pub chat: i64,
    /// By default who the private chat is with.
    pub from: Option<i64>,
    pub text: String,
    /// Fields of the update besides its number, in place of a message.
    pub update: Option<Value>,
    /// The number of an earlier update: it is delivered once more.
    pub update_id: Option<u64>,
}

pub fn control() -> Router<State> {
    Router::new()
        .route("/control/telegram/updates", post(deliver))
        .route("/control/telegram/messages", get(messages).delete(clear))
}

impl State {
    /// Delivers it, again until it is taken; the update's number and how it went. `None` where the bot has no webhook.
    pub async fn hear(&self, said: Said) -> Option<(u64, Value)> {
        let hook = self.hooks().of(VENDOR.name, &said.key);
        let url = hook.url?;
        let id = said.update_id.unwrap_or_else(|| self.next_event_id());
        let from = json!({"id": said.from.unwrap_or(said.chat), "is_bot": false, "first_name": "Ada"});
        let mut update = said.update.unwrap_or_else(|| {
            json!({"message": {"message_id": id & 0xffff, "from": from, "chat": chat(said.chat),
                "date": now_ms() / 1000, "text": said.text}})
        });
        update["update_id"] = json!(id);
        let sign = |_: &[u8]| hook.secret.as_deref().map(webhook::telegram).unwrap_or_default();
        callback::send(self, VENDOR.name, &url, update, sign).await;
        let reported = self.reported();
        let mut ours = reported.into_iter().rev();
        let statuses = ours.find(|one| one["body"]["update_id"] == json!(id)).map(|one| one["statuses"].clone());
        Some((id, statuses.unwrap_or_default()))
    }
}

/// Groups have ids below zero.
pub fn chat(id: i64) -> Value {
    match id {
        0.. => json!({"id": id, "first_name": "Ada", "type": "private"}),
        _ => json!({"id": id, "title": "Mock group", "type": "supergroup"}),
    }
}

/// Answers when the gate has taken it, or doesn't take it after all attempts.
async fn deliver(Shared(state): Shared<State>, Json(said): Json<Said>) -> (StatusCode, Json<Value>) {
    match state.hear(said).await {
        Some((id, statuses)) => (StatusCode::OK, Json(json!({"update_id": id, "statuses": statuses}))),
        None => (StatusCode::CONFLICT, Json(json!({"error": "the bot has no webhook"}))),
    }
}

async fn messages(Shared(state): Shared<State>) -> Json<Vec<Message>> {
    Json(state.said())
}

async fn clear(Shared(state): Shared<State>) -> StatusCode {
    state.clear_messages();
    StatusCode::NO_CONTENT
}
