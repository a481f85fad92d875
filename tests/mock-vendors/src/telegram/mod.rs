//! Telegram's Bot API: the token stands in the path. What bots say is kept; what people say to them is sent by
//! [`updates`].

mod updates;

use axum::Router;
use axum::extract::{Path, State as Shared};
use axum::routing::post;
use serde::Serialize;
use serde_json::{Value, json};

use crate::State;
use crate::callback::Hook;
use crate::gate::{Admitted, Answered, Request, Vendor, admit_as};
use crate::state::now_ms;

pub use updates::{Said, control};

/// The key isn't in a header; nobody looks for it there.
const VENDOR: Vendor = Vendor { name: "telegram", key_header: "", key_prefix: "", bad_key: 401, error };

/// As the vendor bounds it, in units of UTF-16.
const MAX_TEXT: usize = 4096;
/// Nobody ever wrote to the bot from here.
const NO_CHAT: i64 = 404;

/// What a bot has said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    pub id: u64,
    /// The bot's token.
    pub key: String,
    pub chat_id: i64,
    pub text: String,
}

pub fn router() -> Router<State> {
    Router::new().route("/{bot}/{method}", post(call))
}

async fn call(Shared(state): Shared<State>, Path((bot, method)): Path<(String, String)>, request: Request) -> Answered {
    let key = bot.strip_prefix("bot").map(ToOwned::to_owned);
    let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let text = |body: &Value| body["text"].as_str().unwrap_or_default().to_owned();
    let call = admit_as(&state, &VENDOR, &request, key, body, text).await?;
    Ok(match method.as_str() {
        "getMe" => {
            let me = json!({"id": 99_887_766, "is_bot": true, "first_name": "Mock", "username": "mock_bot"});
            call.answer(200, good(me))
        }
        "sendMessage" => send(&state, call),
        "setWebhook" => set_webhook(&state, call),
        "deleteWebhook" => {
            state.set_hook(VENDOR.name, Hook { key: call.key.clone(), ..Hook::default() });
            call.answer(200, good(json!(true)))
        }
        _ => call.refuse(404),
    })
}

fn send(state: &State, call: Admitted) -> axum::response::Response {
    let text = call.body["text"].as_str().unwrap_or_default().to_owned();
    let wrong = match call.body["chat_id"].as_i64() {
        None => Some("chat_id is empty"),
        Some(NO_CHAT) => Some("chat not found"),
        Some(_) if text.trim().is_empty() => Some("message text is empty"),
        Some(_) if text.encode_utf16().count() > MAX_TEXT => Some("message is too long"),
        Some(_) => None,
    };
    if let Some(wrong) = wrong {
        return call.answer(400, refusal(400, &format!("Bad Request: {wrong}")));
    }
    let chat_id = call.body["chat_id"].as_i64().unwrap_or_default();
    let id = state.say(|id| Message { id, key: call.key.clone(), chat_id, text: text.clone() });
    let result = json!({
        "message_id": id,
        "from": {"id": 99_887_766, "is_bot": true, "first_name": "Mock", "username": "mock_bot"},
        "chat": updates::chat(chat_id),
        "date": now_ms() / 1000,
        "text": text,
    });
    call.answer(200, good(result))
}

/// Where this bot's updates go from now on, and with which secret.
fn set_webhook(state: &State, call: Admitted) -> axum::response::Response {
    let field = |name: &str| call.body[name].as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    let (url, secret) = (field("url"), field("secret_token"));
    let plain = |secret: &String| {
        secret.len() <= 256 && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    };
    if !secret.as_ref().is_none_or(plain) {
        return call.answer(400, refusal(400, "Bad Request: secret token contains unallowed characters"));
    }
    state.set_hook(VENDOR.name, Hook { key: call.key.clone(), url, secret });
    call.answer(200, json!({"ok": true, "result": true, "description": "Webhook was set"}))
}

fn good(result: Value) -> Value {
    json!({"ok": true, "result": result})
}

fn refusal(status: u16, description: &str) -> Value {
    json!({"ok": false, "error_code": status, "description": description})
}

fn error(status: u16) -> Value {
    match status {
        401 => refusal(401, "Unauthorized"),
        403 => refusal(403, "Forbidden: bot was blocked by the user"),
        404 => refusal(404, "Not Found"),
        429 => {
            let mut body = refusal(429, "Too Many Requests: retry later");
            body["parameters"] = json!({"retry_after": 5});
            body
        }
        500.. => refusal(status, "Internal Server Error"),
        _ => refusal(status, "Bad Request"),
    }
}
