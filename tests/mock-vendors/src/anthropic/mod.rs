//! Anthropic: messages, streamed and not.

mod wire;

use axum::Router;
use axum::extract::State as Shared;
use axum::routing::post;
use serde_json::{Value, json};

use crate::State;
use crate::chat::{Message, Prompt, Reply, text_of};
use crate::gate::{Answered, Request, Vendor, admit};

const VENDOR: Vendor = Vendor { name: "anthropic", key_header: "x-api-key", key_prefix: "", bad_key: 401, error };

pub fn router() -> Router<State> {
    Router::new().route("/v1/messages", post(messages)).route("/v1/messages/count_tokens", post(count))
}

async fn messages(Shared(state): Shared<State>, request: Request) -> Answered {
    let has_version = request.header("anthropic-version").is_some();
    let call = admit(&state, &VENDOR, request, magic).await?;
    let prompt = match read(&call.body) {
        _ if !has_version => return Ok(call.answer(400, invalid("anthropic-version: header is required"))),
        Err(message) => return Ok(call.answer(400, invalid(message))),
        Ok(prompt) if prompt.model.starts_with("no-such") => return Ok(call.refuse(404)),
        Ok(prompt) => prompt,
    };
    let (reply, pace) = (Reply::to(&prompt), state.pace());
    if call.body["stream"] == true {
        let script = wire::stream(&reply, &call.fault, pace.token);
        return Ok(call.play(script));
    }
    tokio::time::sleep(pace.token).await;
    let body = wire::whole(&reply, &call.fault);
    Ok(call.answer(200, body))
}

async fn count(Shared(state): Shared<State>, request: Request) -> Answered {
    let call = admit(&state, &VENDOR, request, magic).await?;
    let reply = Reply::to(&prompt_of(&call.body));
    Ok(call.answer(200, json!({ "input_tokens": reply.prompt_tokens })))
}

fn magic(request: &Value) -> String {
    prompt_of(request).last_user_text().to_owned()
}

fn read(request: &Value) -> Result<Prompt, &'static str> {
    let messages = request["messages"].as_array().ok_or("messages: Field required")?;
    if !request["model"].is_string() {
        return Err("model: Field required");
    }
    if request["max_tokens"].as_u64().is_none_or(|most| most == 0) {
        return Err("max_tokens: Field required");
    }
    if messages.is_empty() {
        return Err("messages: at least one message is required");
    }
    if messages.iter().any(|message| message["role"] != "user" && message["role"] != "assistant") {
        return Err("messages.0.role: Input should be 'user' or 'assistant'");
    }
    let is_empty = |message: &Value| message["content"].is_null() || message["content"] == "";
    if messages.iter().any(is_empty) {
        return Err("messages: text content blocks must be non-empty");
    }
    Ok(prompt_of(request))
}

fn prompt_of(request: &Value) -> Prompt {
    let read = |message: &Value| Message {
        role: message["role"].as_str().unwrap_or_default().to_owned(),
        text: text_of(&message["content"]),
    };
    let system = Message { role: "system".to_owned(), text: text_of(&request["system"]) };
    let messages = request["messages"].as_array().into_iter().flatten().map(read);
    Prompt {
        model: request["model"].as_str().unwrap_or_default().to_owned(),
        messages: std::iter::once(system).chain(messages).collect(),
        limit: request["max_tokens"].as_u64(),
        answers: 1,
        tool: request["tools"][0]["name"].as_str().map(ToOwned::to_owned),
    }
}

fn invalid(message: &str) -> Value {
    json!({"type": "error", "error": {"type": "invalid_request_error", "message": message}, "request_id": "req_mock"})
}

fn error(status: u16) -> Value {
    let (kind, message) = match status {
        401 => ("authentication_error", "invalid x-api-key"),
        402 => ("billing_error", "Your credit balance is too low."),
        403 => ("permission_error", "Your API key does not have permission."),
        404 => ("not_found_error", "model: no such model"),
        413 => ("request_too_large", "Request exceeds the maximum size."),
        429 => ("rate_limit_error", "This request would exceed your rate limit."),
        504 => ("timeout_error", "The request timed out."),
        503 | 529 => ("overloaded_error", "Overloaded"),
        500.. => ("api_error", "Internal server error"),
        _ => ("invalid_request_error", "Invalid request."),
    };
    json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_mock"})
}
