//! A reply on the wire.

use std::time::Duration;

use serde_json::{Value, json};

use crate::chat::{End, Events, Reply};
use crate::fault::Fault;
use crate::play::Script;
use crate::state::now_ms;

/// The answer in one piece.
pub fn whole(reply: &Reply, fault: &Fault) -> Value {
    let mut content = Vec::new();
    if !reply.thoughts.is_empty() {
        content.push(json!({"type": "thinking", "thinking": reply.thoughts.concat(), "signature": "c2ln"}));
    }
    content.push(match &reply.tool {
        Some(tool) => json!({"type": "tool_use", "id": "toolu_1", "name": tool, "input": reply.arguments()}),
        None => json!({"type": "text", "text": reply.text()}),
    });
    let mut usage = start_usage(reply);
    usage["output_tokens"] = json!(reply.completion_tokens);
    let mut answer = message(reply, usage);
    answer["content"] = json!(content);
    answer["stop_reason"] = json!(stop_reason(reply));
    if let (true, Some(members)) = (fault.no_usage, answer.as_object_mut()) {
        members.remove("usage");
    }
    answer
}

/// The answer as server-sent events.
pub fn stream(reply: &Reply, fault: &Fault, pause: Duration) -> Script {
    let mut events = Events { error: event(super::error(529)), ..Events::default() };
    events.head.push(event(json!({"type": "message_start", "message": message(reply, start_usage(reply))})));
    let mut index = 0;
    let delta =
        |index: u64, delta: Value| event(json!({"type": "content_block_delta", "index": index, "delta": delta}));
    if !reply.thoughts.is_empty() {
        let block = json!({"type": "thinking", "thinking": ""});
        events.words.push(event(json!({"type": "content_block_start", "index": 0, "content_block": block})));
        let think = |thought| delta(0, json!({"type": "thinking_delta", "thinking": thought}));
        events.words.extend(reply.thoughts.iter().map(think));
        events.words.push(delta(0, json!({"type": "signature_delta", "signature": "c2ln"})));
        events.words.push(event(json!({"type": "content_block_stop", "index": 0})));
        index = 1;
    }
    let block = match &reply.tool {
        Some(tool) => json!({"type": "tool_use", "id": "toolu_1", "name": tool, "input": {}}),
        None => json!({"type": "text", "text": ""}),
    };
    let start = event(json!({"type": "content_block_start", "index": index, "content_block": block}));
    let ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n".to_owned();
    let before = if index == 0 { &mut events.head } else { &mut events.words };
    before.extend([start, ping]);
    let word = |text: &String| match &reply.tool {
        Some(_) => delta(index, json!({"type": "input_json_delta", "partial_json": text})),
        None => delta(index, json!({"type": "text_delta", "text": text})),
    };
    events.words.extend(reply.choices.iter().flatten().map(word));

    let mut end = json!({"type": "message_delta", "delta": {"stop_reason": stop_reason(reply), "stop_sequence": null}});
    if !fault.no_usage {
        end["usage"] = json!({"output_tokens": reply.completion_tokens});
    }
    events.tail =
        [json!({"type": "content_block_stop", "index": index}), end, json!({"type": "message_stop"})].map(event).into();
    events.script(fault, pause, vec![("request-id", format!("req_{:x}", now_ms()))])
}

fn message(reply: &Reply, usage: Value) -> Value {
    json!({"id": format!("msg_{:x}", now_ms()), "type": "message", "role": "assistant", "model": reply.model,
        "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage})
}

/// The input without what the cache had.
fn start_usage(reply: &Reply) -> Value {
    json!({"input_tokens": reply.prompt_tokens - reply.cached_tokens, "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": reply.cached_tokens, "output_tokens": 1, "service_tier": "standard"})
}

fn stop_reason(reply: &Reply) -> &'static str {
    match reply.end {
        End::Said => "end_turn",
        End::TooLong => "max_tokens",
        End::Tool => "tool_use",
    }
}

fn event(data: Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap_or_default())
}
