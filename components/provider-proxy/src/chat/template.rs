//! The answer of the last resort: the tenant's own words, in OpenAI's shape. No vendor is called and nothing is charged.

use calendar::SECOND;
use serde_json::{Value as Json, json};
use shell::{Reply, host};

use super::routing::Routed;

/// The provider's name in the answer's headers.
pub const PROVIDER: &str = "static";

/// The whole answer, and its body.
pub fn reply(routed: &Routed, text: &str, streams: bool) -> (Reply, Vec<u8>) {
    let route = routed.name.as_str();
    let (id, created) = (host::new_id("chatcmpl-"), host::now().0 / SECOND);
    let (media_type, body) = match streams {
        true => ("text/event-stream", streamed(&id, created, route, text)),
        false => ("application/json", whole(&id, created, route, text).to_string().into_bytes()),
    };
    let reply = Reply::bytes(200, media_type, body.clone())
        .with("x-tollgate-provider", PROVIDER)
        .with("x-tollgate-mode", "text")
        .with("x-tollgate-route", route)
        .with("x-tollgate-decision-us", &routed.decision_us.to_string());
    (reply, body)
}

fn whole(id: &str, created: u64, model: &str, text: &str) -> Json {
    json!({
        "id": id, "object": "chat.completion", "created": created, "model": model,
        "choices": [{
            "index": 0, "finish_reason": "stop", "logprobs": null,
            "message": { "role": "assistant", "content": text, "refusal": null },
        }],
        "usage": usage(),
    })
}

fn streamed(id: &str, created: u64, model: &str, text: &str) -> Vec<u8> {
    let chunk = |choices: Json, usage: Json| {
        json!({
            "id": id, "object": "chat.completion.chunk", "created": created, "model": model,
            "choices": choices, "usage": usage,
        })
    };
    let said = json!([{ "index": 0, "delta": { "role": "assistant", "content": text }, "finish_reason": null }]);
    let stopped = json!([{ "index": 0, "delta": {}, "finish_reason": "stop" }]);
    let events = [chunk(said, Json::Null), chunk(stopped, Json::Null), chunk(json!([]), usage())];
    let mut body: Vec<u8> = events.iter().flat_map(|event| format!("data: {event}\n\n").into_bytes()).collect();
    body.extend_from_slice(b"data: [DONE]\n\n");
    body
}

fn usage() -> Json {
    json!({ "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0 })
}
