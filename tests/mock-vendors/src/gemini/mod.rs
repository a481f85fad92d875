//! Gemini: contents, generated at once or as server-sent events.

mod wire;

use axum::Router;
use axum::extract::{Path, State as Shared};
use axum::routing::post;
use serde_json::{Value, json};

use crate::State;
use crate::chat::{Message, Prompt, Reply, text_of};
use crate::fault::words;
use crate::gate::{Answered, Request, Vendor, admit};

/// A wrong key is a bad request here.
const VENDOR: Vendor = Vendor { name: "gemini", key_header: "x-goog-api-key", key_prefix: "", bad_key: 400, error };

const METHODS: [&str; 3] = ["generateContent", "streamGenerateContent", "countTokens"];

pub fn router() -> Router<State> {
    Router::new().route("/v1beta/models/{call}", post(generate))
}

/// `call` is `<model>:<method>`.
async fn generate(Shared(state): Shared<State>, Path(name): Path<String>, request: Request) -> Answered {
    let as_events = request.parameter("alt") == Some("sse");
    let call = admit(&state, &VENDOR, request, |body| prompt_of(body, "").last_user_text().to_owned()).await?;
    let known =
        name.split_once(':').filter(|(model, method)| METHODS.contains(method) && !model.starts_with("no-such"));
    let Some((model, method)) = known else {
        return Ok(call.refuse(404));
    };
    let prompt = prompt_of(&call.body, model);
    if prompt.last_user_text().is_empty() {
        return Ok(call.refuse(400));
    }
    let (reply, pace) = (Reply::to(&prompt), state.pace());
    if words(prompt.last_user_text()).any(|word| word == "block") {
        let body = wire::blocked(&reply);
        return Ok(if as_events { call.play(wire::one_event(&body)) } else { call.answer(200, body) });
    }
    match method {
        "generateContent" => {
            tokio::time::sleep(pace.token).await;
            let body = wire::whole(&reply, &call.fault);
            Ok(call.answer(200, body))
        }
        "streamGenerateContent" if as_events => {
            let script = wire::stream(&reply, &call.fault, pace.token);
            Ok(call.play(script))
        }
        "streamGenerateContent" => {
            let body = json!([wire::whole(&reply, &call.fault)]);
            Ok(call.answer(200, body))
        }
        _ => Ok(call.answer(200, json!({ "totalTokens": reply.prompt_tokens }))),
    }
}

fn prompt_of(request: &Value, model: &str) -> Prompt {
    let read = |content: &Value| Message {
        role: content["role"].as_str().unwrap_or("user").to_owned(),
        text: text_of(&content["parts"]),
    };
    let system = Message { role: "system".to_owned(), text: text_of(&request["systemInstruction"]["parts"]) };
    let contents = request["contents"].as_array().into_iter().flatten().map(read);
    let config = &request["generationConfig"];
    let tool = &request["tools"][0]["functionDeclarations"][0]["name"];
    Prompt {
        model: model.to_owned(),
        messages: std::iter::once(system).chain(contents).collect(),
        limit: config["maxOutputTokens"].as_u64(),
        answers: config["candidateCount"].as_u64().unwrap_or(1),
        tool: tool.as_str().map(ToOwned::to_owned),
    }
}

fn error(status: u16) -> Value {
    let info = |reason: &str| json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]);
    let retry = json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "27s"}]);
    let (code, name, message, details) = match status {
        401 => (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", info("API_KEY_INVALID")),
        403 => (403, "PERMISSION_DENIED", "Permission denied.", json!([])),
        404 => (404, "NOT_FOUND", "The model is not found.", json!([])),
        429 => (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", retry),
        503 => (503, "UNAVAILABLE", "The model is overloaded.", json!([])),
        500.. => (status, "INTERNAL", "An internal error has occurred.", json!([])),
        _ => (status, "INVALID_ARGUMENT", "Request contains an invalid argument.", json!([])),
    };
    json!({"error": {"code": code, "message": message, "status": name, "details": details}})
}
