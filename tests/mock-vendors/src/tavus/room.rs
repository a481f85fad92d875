//! The room a page joins: a drawn twin that blinks and breathes until the conversation ends.

use axum::extract::{Path, Query, State as Shared};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::State;
use crate::state::now_ms;

pub fn router() -> Router<State> {
    Router::new().route("/room/{id}", get(page)).route("/room/{id}/state", get(state_of))
}

#[derive(Deserialize)]
struct Parameters {
    t: Option<String>,
}

async fn page(
    Shared(state): Shared<State>,
    Path(id): Path<String>,
    Query(parameters): Query<Parameters>,
) -> (StatusCode, Html<String>) {
    let greeting = {
        let mut conversations = state.conversations();
        let Some(conversation) = conversations.get(&id) else {
            return (StatusCode::NOT_FOUND, Html("<p>There is no such room.</p>".to_owned()));
        };
        if conversation.meeting_token.is_some() && conversation.meeting_token != parameters.t {
            return (StatusCode::FORBIDDEN, Html("<p>This room asks for a token.</p>".to_owned()));
        }
        conversation.visited = true;
        conversation.greeting.clone().unwrap_or_else(|| "Hi! I am a stand-in for your twin.".to_owned())
    };
    (StatusCode::OK, Html(include_str!("room.html").replace("{{greeting}}", &escaped(&greeting))))
}

async fn state_of(Shared(state): Shared<State>, Path(id): Path<String>) -> (StatusCode, Json<Value>) {
    let mut conversations = state.conversations();
    match conversations.get(&id) {
        None => (StatusCode::NOT_FOUND, Json(json!({}))),
        Some(conversation) => {
            let until = conversation.ended_ms.unwrap_or_else(now_ms);
            let seconds = until.saturating_sub(conversation.created_ms) / 1000;
            let status = if conversation.is_active() { "active" } else { "ended" };
            (StatusCode::OK, Json(json!({ "status": status, "seconds": seconds })))
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
