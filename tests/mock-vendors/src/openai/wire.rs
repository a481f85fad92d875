//! A reply on the wire, in OpenAI's shape; other vendors speak it with an accent of their own.

use std::time::Duration;

use serde_json::{Value, json};

use crate::chat::{End, Events, Reply};
use crate::fault::Fault;
use crate::play::Script;
use crate::state::now_ms;

/// What differs between vendors of this shape.
pub struct Accent {
    pub usage: fn(&Reply) -> Value,
    /// The body of an error event.
    pub error: fn(u16) -> Value,
    /// Comments while the request waits; the final usage comes with the last choice.
    pub is_deepseek: bool,
}

/// The answer in one piece.
pub fn whole(reply: &Reply, fault: &Fault, accent: &Accent) -> Value {
    let choice = |(index, deltas): (usize, &Vec<String>)| {
        json!({"index": index, "logprobs": null, "finish_reason": finish_reason(reply),
            "message": message(reply, deltas.concat(), accent)})
    };
    let choices: Vec<Value> = reply.choices.iter().enumerate().map(choice).collect();
    let mut answer = json!({"id": id(), "object": "chat.completion", "created": now_ms() / 1000, "model": reply.model,
        "choices": choices, "usage": (accent.usage)(reply), "system_fingerprint": null});
    if let (true, Some(members)) = (fault.no_usage, answer.as_object_mut()) {
        members.remove("usage");
    }
    answer
}

fn message(reply: &Reply, text: String, accent: &Accent) -> Value {
    let mut message = match &reply.tool {
        Some(tool) => json!({"role": "assistant", "content": null, "tool_calls": [{"id": "call_1", "type": "function",
            "function": {"name": tool, "arguments": text}}]}),
        None => json!({"role": "assistant", "content": text}),
    };
    if !accent.is_deepseek {
        message["refusal"] = Value::Null;
    } else if !reply.thoughts.is_empty() {
        message["reasoning_content"] = json!(reply.thoughts.concat());
    }
    message
}

/// The answer as server-sent events.
pub fn stream(reply: &Reply, request: &Value, fault: &Fault, pause: Duration, accent: &Accent) -> Script {
    let with_usage = request["stream_options"]["include_usage"] == true && !fault.no_usage;
    let head = json!({"id": id(), "object": "chat.completion.chunk", "created": now_ms() / 1000,
        "model": reply.model, "system_fingerprint": null});
    let chunk = |choices: Value, usage: Option<Value>| {
        let mut chunk = head.clone();
        chunk["choices"] = choices;
        if with_usage {
            chunk["usage"] = usage.unwrap_or(Value::Null);
        }
        format!("data: {chunk}\n\n")
    };
    let choice = |index: usize, delta: Value, finish: Option<&str>| json!([{"index": index, "delta": delta, "logprobs": null, "finish_reason": finish}]);

    let mut events = Events { error: format!("data: {}\n\n", (accent.error)(500)), ..Events::default() };
    if accent.is_deepseek {
        events.head.extend([": keep-alive\n\n".to_owned(), ": keep-alive\n\n".to_owned()]);
    }
    let choices = 0..reply.choices.len();
    events.head.extend(choices.clone().map(|index| chunk(choice(index, opening(reply), None), None)));
    if accent.is_deepseek {
        let think = |thought| chunk(choice(0, json!({"content": null, "reasoning_content": thought}), None), None);
        events.words.extend(reply.thoughts.iter().map(think));
    }
    let longest = reply.choices.iter().map(Vec::len).max().unwrap_or(0);
    for word in 0..longest {
        for (index, text) in reply.choices.iter().enumerate().filter_map(|(i, deltas)| Some((i, deltas.get(word)?))) {
            let delta = match &reply.tool {
                Some(_) => json!({"tool_calls": [{"index": 0, "function": {"arguments": text}}]}),
                None => json!({"content": text}),
            };
            events.words.push(chunk(choice(index, delta, None), None));
        }
    }
    let last = choices.end.saturating_sub(1);
    events.tail.extend(choices.map(|index| {
        let usage = (accent.is_deepseek && index == last).then(|| (accent.usage)(reply));
        let delta = if accent.is_deepseek { json!({"content": ""}) } else { json!({}) };
        chunk(choice(index, delta, Some(finish_reason(reply))), usage)
    }));
    if with_usage && !accent.is_deepseek {
        events.tail.push(chunk(json!([]), Some((accent.usage)(reply))));
    }
    events.tail.push("data: [DONE]\n\n".to_owned());
    events.script(fault, pause, vec![("x-request-id", format!("req_{:x}", now_ms()))])
}

fn opening(reply: &Reply) -> Value {
    match &reply.tool {
        Some(tool) => json!({"role": "assistant", "content": null, "tool_calls": [{"index": 0, "id": "call_1",
            "type": "function", "function": {"name": tool, "arguments": ""}}]}),
        None => json!({"role": "assistant", "content": ""}),
    }
}

fn finish_reason(reply: &Reply) -> &'static str {
    match reply.end {
        End::Said => "stop",
        End::TooLong => "length",
        End::Tool => "tool_calls",
    }
}

fn id() -> String {
    format!("chatcmpl-{:x}", now_ms())
}
