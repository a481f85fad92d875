//! DeepSeek: OpenAI's shape with keep-alive comments, thoughts, and a usage split into cache hits and misses.

use axum::Router;
use axum::extract::State as Shared;
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::State;
use crate::chat::Reply;
use crate::gate::{Answered, Request, Vendor, admit};
use crate::openai::{self, Accent};

const VENDOR: Vendor =
    Vendor { name: "deepseek", key_header: "authorization", key_prefix: "Bearer ", bad_key: 401, error };

const ACCENT: Accent = Accent { usage, error, is_deepseek: true };

pub fn router() -> Router<State> {
    Router::new()
        .route("/chat/completions", post(chat))
        .route("/v1/chat/completions", post(chat))
        .route("/models", get(models))
        .route("/user/balance", get(balance))
}

async fn chat(Shared(state): Shared<State>, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, openai::last_user_text).await?;
    Ok(openai::answer(call, state.pace(), &ACCENT).await)
}

async fn models(Shared(state): Shared<State>, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, |_| String::new()).await?;
    let list =
        ["deepseek-flash", "deepseek-v4-pro"].map(|id| json!({"id": id, "object": "model", "owned_by": "deepseek"}));
    Ok(call.answer(200, json!({"object": "list", "data": list})))
}

async fn balance(Shared(state): Shared<State>, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, |_| String::new()).await?;
    let info = json!({"currency": "USD", "total_balance": "110.00", "granted_balance": "10.00",
        "topped_up_balance": "100.00"});
    Ok(call.answer(200, json!({"is_available": true, "balance_infos": [info]})))
}

fn usage(reply: &Reply) -> Value {
    json!({
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "total_tokens": reply.prompt_tokens + reply.completion_tokens,
        "prompt_cache_hit_tokens": reply.cached_tokens,
        "prompt_cache_miss_tokens": reply.prompt_tokens - reply.cached_tokens,
        "prompt_tokens_details": {"cached_tokens": reply.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": reply.thoughts.len()},
    })
}

fn error(status: u16) -> Value {
    let (kind, message) = match status {
        401 => ("authentication_error", "Authentication Fails"),
        402 => ("insufficient_balance_error", "Insufficient Balance"),
        422 => ("invalid_request_error", "Invalid parameters"),
        429 => ("rate_limit_error", "Rate limit reached"),
        503 => ("service_unavailable_error", "Server is overloaded"),
        _ => return openai::error(status),
    };
    json!({"error": {"message": message, "type": kind, "param": null, "code": "invalid_request_error"}})
}
