//! A reply on the wire.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::reply::Reply;
use crate::fault::Fault;
use crate::play::{Piece, Script};
use crate::state::now_ms;

/// The answer in one piece.
pub fn whole(reply: &Reply, fault: &Fault) -> Value {
    let choice = |(index, deltas): (usize, &Vec<String>)| {
        json!({"index": index, "logprobs": null, "finish_reason": reply.finish_reason,
            "message": {"role": "assistant", "content": deltas.concat(), "refusal": null, "annotations": []}})
    };
    let choices: Vec<Value> = reply.choices.iter().enumerate().map(choice).collect();
    let mut answer = json!({"id": id(), "object": "chat.completion", "created": now_ms() / 1000, "model": reply.model,
        "choices": choices, "usage": usage(reply), "service_tier": "default", "system_fingerprint": null});
    if let (true, Some(members)) = (fault.no_usage, answer.as_object_mut()) {
        members.remove("usage");
    }
    answer
}

/// The answer as server-sent events, each in one to three writes that mind neither characters nor JSON.
pub fn stream(reply: &Reply, request: &Value, fault: &Fault, pause: Duration) -> Script {
    let with_usage = request["stream_options"]["include_usage"] == true && !fault.no_usage;
    let head = json!({"id": id(), "object": "chat.completion.chunk", "created": now_ms() / 1000,
        "model": reply.model, "service_tier": "default", "system_fingerprint": null});
    let chunk = |choices: Value, usage: Option<Value>| {
        let mut chunk = head.clone();
        chunk["choices"] = choices;
        if with_usage {
            chunk["usage"] = usage.unwrap_or(Value::Null);
            chunk["obfuscation"] = json!("aG8x");
        }
        format!("data: {chunk}\n\n")
    };
    let one = |index: usize, delta: Value, finish: Option<&str>| {
        chunk(json!([{"index": index, "delta": delta, "logprobs": null, "finish_reason": finish}]), None)
    };

    let mut events = Vec::new();
    for index in 0..reply.choices.len() {
        events.push(one(index, json!({"role": "assistant", "content": "", "refusal": null}), None));
    }
    let first_word = events.len();
    let longest = reply.choices.iter().map(Vec::len).max().unwrap_or(0);
    for word in 0..longest {
        for (index, delta) in reply.choices.iter().enumerate().filter_map(|(i, deltas)| Some((i, deltas.get(word)?))) {
            events.push(one(index, json!({"content": delta}), None));
        }
    }
    if fault.error_event {
        events.truncate(first_word + longest / 2);
        events.push(format!("data: {}\n\n", super::error(500)));
    } else if fault.endless {
        // The words come round again and the end never does.
    } else {
        events.extend((0..reply.choices.len()).map(|index| one(index, json!({}), Some(reply.finish_reason))));
        if with_usage {
            events.push(chunk(json!([]), Some(usage(reply))));
        }
        events.push("data: [DONE]\n\n".to_owned());
    }

    let mut pieces = Vec::new();
    let mut repeat_from = 0;
    for (number, event) in events.into_iter().enumerate() {
        if number == first_word {
            repeat_from = pieces.len();
        }
        let pause = if number >= first_word { pause } else { Duration::ZERO };
        split(number, event.into(), pause, &mut pieces);
    }
    let headers = vec![
        ("content-type", "text/event-stream; charset=utf-8".to_owned()),
        ("cache-control", "no-cache".to_owned()),
        ("x-request-id", format!("req_{:x}", now_ms())),
        ("openai-processing-ms", "42".to_owned()),
    ];
    Script { headers, pieces, repeat_from }
}

/// One to three pieces, cut at places that wander through the event from one to the next.
fn split(number: usize, event: Bytes, pause: Duration, pieces: &mut Vec<Piece>) {
    let writes = number % 3 + 1;
    let mut rest = event;
    for write in 1..writes {
        let at = (number * 37 + write * 61) % rest.len().max(1);
        let bytes = rest.split_to(at);
        pieces.push(Piece { pause: if write == 1 { pause } else { Duration::ZERO }, bytes });
    }
    pieces.push(Piece { pause: if writes == 1 { pause } else { Duration::ZERO }, bytes: rest });
}

fn usage(reply: &Reply) -> Value {
    json!({
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "total_tokens": reply.prompt_tokens + reply.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": reply.cached_tokens, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0,
            "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0},
    })
}

fn id() -> String {
    format!("chatcmpl-{:x}", now_ms())
}
