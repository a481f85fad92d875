//! OpenAI: chat completions, streamed and not, and the list of models.

mod reply;
mod wire;

use axum::Router;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::State;
use crate::gate::{Request, Vendor, admit};
use crate::play::{self, play};
use reply::Reply;

const VENDOR: Vendor = Vendor { name: "openai", key_header: "authorization", key_prefix: "Bearer ", error };

pub fn router() -> Router<State> {
    Router::new().route("/v1/chat/completions", post(chat)).route("/v1/models", get(models))
}

async fn chat(Shared(state): Shared<State>, request: Request) -> Response<Body> {
    let call = match admit(&state, &VENDOR, request, reply::last_user_text).await {
        Ok(call) => call,
        Err(refusal) => return refusal,
    };
    match Reply::to(&call.body) {
        Err((status, param, message)) => {
            let body = json!({"error": {"message": message, "type": "invalid_request_error", "param": param,
                "code": if status == 404 { json!("model_not_found") } else { Value::Null }}});
            play::json(status, body, &call.fault, call.tracker)
        }
        Ok(reply) if call.body["stream"] == true => {
            play(wire::stream(&reply, &call.body, &call.fault, state.pace().token), &call.fault, call.tracker)
        }
        Ok(reply) => {
            tokio::time::sleep(state.pace().token).await;
            play::json(200, wire::whole(&reply, &call.fault), &call.fault, call.tracker)
        }
    }
}

async fn models(Shared(state): Shared<State>, request: Request) -> Response<Body> {
    match admit(&state, &VENDOR, request, |_| String::new()).await {
        Ok(call) => {
            let list = ["gpt-4.1-mini", "gpt-4.1", "gpt-5.4"]
                .map(|id| json!({"id": id, "object": "model", "created": 1_744_316_542, "owned_by": "system"}));
            play::json(200, json!({"object": "list", "data": list}), &call.fault, call.tracker)
        }
        Err(refusal) => refusal,
    }
}

fn error(status: u16) -> Value {
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
