//! A reply on the wire.

use std::time::Duration;

use serde_json::{Value, json};

use crate::chat::{End, Events, Reply};
use crate::fault::Fault;
use crate::play::Script;
use crate::state::now_ms;

/// The answer in one piece.
pub fn whole(reply: &Reply, fault: &Fault) -> Value {
    let mut parts: Vec<Value> = Vec::new();
    if !reply.thoughts.is_empty() {
        parts.push(json!({"text": reply.thoughts.concat(), "thought": true}));
    }
    parts.push(match &reply.tool {
        Some(tool) => json!({"functionCall": {"name": tool, "args": reply.arguments()}}),
        None => json!({"text": reply.text()}),
    });
    let candidates: Vec<Value> =
        (0..reply.choices.len()).map(|index| candidate(index, json!(parts), Some(finish_reason(reply)))).collect();
    let usage = (!fault.no_usage).then(|| usage(reply, reply.completion_tokens));
    response(reply, json!(candidates), usage)
}

/// The answer as server-sent events; the numbers grow from one to the next, and some events have none. No event says
/// that it is the last: the connection just ends.
pub fn stream(reply: &Reply, fault: &Fault, pause: Duration) -> Script {
    let mut events = Events { error: data(&super::error(503)), ..Events::default() };
    let mut spoken = 0;
    let mut say = |parts: Value, tokens: u64| {
        spoken += tokens;
        let usage = (!fault.no_usage && spoken % 3 != 0).then(|| usage(reply, spoken));
        data(&response(reply, json!([candidate(0, parts, None)]), usage))
    };
    events.words.extend(reply.thoughts.iter().map(|thought| say(json!([{"text": thought, "thought": true}]), 1)));
    match &reply.tool {
        Some(tool) => {
            let tokens = reply.choices.first().map_or(0, Vec::len) as u64;
            events.words.push(say(json!([{"functionCall": {"name": tool, "args": reply.arguments()}}]), tokens));
        }
        None => {
            let deltas = reply.choices.iter().take(1).flatten();
            events.words.extend(deltas.map(|text| say(json!([{ "text": text }]), 1)));
        }
    }
    let usage = (!fault.no_usage).then(|| usage(reply, reply.completion_tokens));
    let end = json!([{"finishReason": finish_reason(reply), "index": 0}]);
    events.tail.push(data(&response(reply, end, usage)));
    events.script(fault, pause, Vec::new())
}

/// The prompt was refused: no candidates.
pub fn blocked(reply: &Reply) -> Value {
    json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "modelVersion": reply.model,
        "usageMetadata": {"promptTokenCount": reply.prompt_tokens, "totalTokenCount": reply.prompt_tokens}})
}

pub fn one_event(body: &Value) -> Script {
    let events = Events { tail: vec![data(body)], ..Events::default() };
    events.script(&Fault::default(), Duration::ZERO, Vec::new())
}

fn response(reply: &Reply, candidates: Value, usage: Option<Value>) -> Value {
    let mut response = json!({"candidates": candidates, "modelVersion": reply.model,
        "responseId": format!("{:x}", now_ms())});
    if let Some(usage) = usage {
        response["usageMetadata"] = usage;
    }
    response
}

fn candidate(index: usize, parts: Value, finish: Option<&str>) -> Value {
    let mut candidate = json!({"content": {"role": "model", "parts": parts}, "index": index});
    if let Some(finish) = finish {
        candidate["finishReason"] = json!(finish);
    }
    candidate
}

/// As many thoughts and words as were `spoken` so far; fields that are zero are left out.
fn usage(reply: &Reply, spoken: u64) -> Value {
    let all_thoughts = reply.thoughts.len() as u64 * reply.choices.len().max(1) as u64;
    let thoughts = spoken.min(all_thoughts);
    let mut usage = json!({"promptTokenCount": reply.prompt_tokens, "totalTokenCount": reply.prompt_tokens + spoken,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": reply.prompt_tokens}]});
    for (name, count) in [
        ("candidatesTokenCount", spoken - thoughts),
        ("thoughtsTokenCount", thoughts),
        ("cachedContentTokenCount", reply.cached_tokens),
    ] {
        if count > 0 {
            usage[name] = json!(count);
        }
    }
    usage
}

fn finish_reason(reply: &Reply) -> &'static str {
    match reply.end {
        End::TooLong => "MAX_TOKENS",
        End::Said | End::Tool => "STOP",
    }
}

/// Lines end with CR LF here.
fn data(body: &Value) -> String {
    format!("data: {body}\r\n\r\n")
}
