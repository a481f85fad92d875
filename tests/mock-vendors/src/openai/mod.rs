//! OpenAI: chat completions, streamed and not, and the list of models.

mod prompt;
mod wire;

use axum::Router;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::State;
use crate::chat::Reply;
use crate::gate::{Admitted, Answered, Request, Vendor, admit};
use crate::state::Pace;

pub use prompt::last_user_text;
pub use wire::Accent;

const VENDOR: Vendor =
    Vendor { name: "openai", key_header: "authorization", key_prefix: "Bearer ", bad_key: 401, error };

const ACCENT: Accent = Accent { usage, error, is_deepseek: false };

pub fn router() -> Router<State> {
    Router::new().route("/v1/chat/completions", post(chat)).route("/v1/models", get(models))
}

async fn chat(Shared(state): Shared<State>, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, last_user_text).await?;
    Ok(answer(call, state.pace(), &ACCENT).await)
}

/// What a vendor of this shape answers.
pub async fn answer(call: Admitted, pace: Pace, accent: &Accent) -> Response<Body> {
    let reply = match prompt::read(&call.body) {
        Ok(prompt) => Reply::to(&prompt),
        Err((status, param, message)) => {
            let code = if status == 404 { json!("model_not_found") } else { Value::Null };
            let error = json!({"message": message, "type": "invalid_request_error", "param": param, "code": code});
            return call.answer(status, json!({ "error": error }));
        }
    };
    if call.body["stream"] == true {
        let script = wire::stream(&reply, &call.body, &call.fault, pace.token, accent);
        return call.play(script);
    }
    tokio::time::sleep(pace.token).await;
    let body = wire::whole(&reply, &call.fault, accent);
    call.answer(200, body)
}

async fn models(Shared(state): Shared<State>, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, |_| String::new()).await?;
    let list = ["gpt-4.1-mini", "gpt-4.1", "gpt-5.4"]
        .map(|id| json!({"id": id, "object": "model", "created": 1_744_316_542, "owned_by": "system"}));
    Ok(call.answer(200, json!({"object": "list", "data": list})))
}

fn usage(reply: &Reply) -> Value {
    json!({
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "total_tokens": reply.prompt_tokens + reply.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": reply.cached_tokens, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": reply.thoughts.len(), "audio_tokens": 0,
            "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0},
    })
}

/// Errors in this shape, which other vendors have taken over.
pub fn error(status: u16) -> Value {
    let (kind, code, message) = match status {
        401 => ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
        402 => ("insufficient_quota", "insufficient_quota", "You exceeded your current quota."),
        404 => ("invalid_request_error", "model_not_found", "The model does not exist."),
        429 => ("requests", "rate_limit_exceeded", "Rate limit reached for requests."),
        500.. => ("server_error", "server_error", "The server had an error while processing your request."),
        _ => ("invalid_request_error", "invalid_value", "Invalid request."),
    };
    json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
}
