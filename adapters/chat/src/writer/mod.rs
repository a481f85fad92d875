//! Writes answers in OpenAI's shape, for vendors that have another.
//!
//! Streamed: for each answer first its role, then what it consists of piece by piece, then why it finished; last of all
//! the usage, with no answer in it, and `[DONE]`.

mod wire;

use adapter::SseEvent;
use adapter::prelude::*;
use serde::Serialize;

use crate::ToolCall;
use wire::{Body, Call, ChoiceChunk, Message, WholeChoice, WireDelta};

/// The facts every piece of an answer repeats.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    /// The vendor's own id of the answer.
    pub id: String,
    /// The model as the vendor names it.
    pub model: String,
    /// Unix seconds; see [`crate::answered_at`].
    pub created: u64,
}

/// A piece of a streamed answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delta<'a> {
    /// The first piece: the assistant speaks.
    Role,
    Text(&'a str),
    /// What the model thinks; `reasoning_content`, as DeepSeek calls it.
    Thought(&'a str),
    /// Call `index` begins.
    Call {
        index: u64,
        id: &'a str,
        name: &'a str,
    },
    /// More of call `index`'s arguments, which together are JSON.
    Arguments {
        index: u64,
        piece: &'a str,
    },
}

/// Why an answer has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    Stop,
    Length,
    ToolCalls,
    ContentFilter,
}

/// The usage as the page sees it: plain tokens, whatever they are billed at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ShownUsage {
    /// With the cached ones.
    pub prompt: u64,
    pub cached: u64,
    /// With the thoughts.
    pub completion: u64,
    /// The thoughts, as far as the vendor tells them apart.
    pub reasoning: u64,
}

/// One answer in one piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub text: String,
    pub thought: String,
    pub calls: Vec<ToolCall>,
    pub finish: Finish,
}

impl Writer {
    /// A piece of answer `choice` (0 unless `n` asked for more).
    pub fn delta(&self, choice: u64, delta: Delta<'_>, out: &mut Vec<u8>) {
        self.chunk(&[ChoiceChunk { index: choice, delta: delta.into(), finish_reason: None }], None, out);
    }

    /// Answer `choice` has ended.
    pub fn finish(&self, choice: u64, finish: Finish, out: &mut Vec<u8>) {
        let delta = WireDelta::default();
        self.chunk(&[ChoiceChunk { index: choice, delta, finish_reason: Some(finish) }], None, out);
    }

    /// The end of the stream: the usage, and `[DONE]`.
    pub fn done(&self, usage: ShownUsage, out: &mut Vec<u8>) {
        self.chunk(&[], Some(usage), out);
        SseEvent { name: Vec::new(), data: b"[DONE]".to_vec() }.write_to(out);
    }

    /// A whole answer.
    pub fn whole(&self, choices: &[Choice], usage: ShownUsage) -> Vec<u8> {
        let choices = choices.iter().zip(0..).map(|(choice, index)| WholeChoice {
            index,
            message: Message {
                role: "assistant",
                content: (!choice.text.is_empty() || choice.calls.is_empty()).then_some(&choice.text),
                refusal: None,
                reasoning_content: (!choice.thought.is_empty()).then_some(&choice.thought),
                tool_calls: choice.calls.iter().map(Call::whole).collect(),
            },
            logprobs: None,
            finish_reason: choice.finish,
        });
        let answer = Body {
            id: &self.id,
            object: "chat.completion",
            created: self.created,
            model: &self.model,
            choices: choices.collect::<Vec<_>>(),
            usage: Some(usage),
        };
        serde_json::to_vec(&answer).unwrap_or_default()
    }

    fn chunk(&self, choices: &[ChoiceChunk<'_>], usage: Option<ShownUsage>, out: &mut Vec<u8>) {
        let object = "chat.completion.chunk";
        let chunk = Body { id: &self.id, object, created: self.created, model: &self.model, choices, usage };
        SseEvent { name: Vec::new(), data: serde_json::to_vec(&chunk).unwrap_or_default() }.write_to(out);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    fn writer() -> Writer {
        Writer { id: "a1".into(), model: "m".into(), created: 7 }
    }

    #[test]
    fn chunks() {
        let call = Delta::Call { index: 1, id: "c1", name: "weather" };
        let rows = [
            (Delta::Role, r#"{"role":"assistant","content":""}"#),
            (Delta::Text("a\n\"ü"), r#"{"content":"a\n\"ü"}"#),
            (Delta::Thought("hm"), r#"{"reasoning_content":"hm"}"#),
            (
                call,
                r#"{"tool_calls":[{"index":1,"id":"c1","type":"function","function":{"name":"weather","arguments":""}}]}"#,
            ),
            (
                Delta::Arguments { index: 1, piece: "{\"a" },
                r#"{"tool_calls":[{"index":1,"function":{"arguments":"{\"a"}}]}"#,
            ),
        ];
        for (delta, expected) in rows {
            let mut out = Vec::new();
            writer().delta(2, delta, &mut out);
            let head = r#"data: {"id":"a1","object":"chat.completion.chunk","created":7,"model":"m""#;
            let choice = format!(r#"{{"index":2,"delta":{expected},"finish_reason":null}}"#);
            assert_eq!(
                String::from_utf8(out).unwrap(),
                format!("{head},\"choices\":[{choice}],\"usage\":null}}\n\n"),
                "{delta:?}"
            );
        }
    }

    #[test]
    fn the_end_of_a_stream() {
        let mut out = Vec::new();
        writer().finish(0, Finish::ToolCalls, &mut out);
        writer().done(ShownUsage { prompt: 9, cached: 4, completion: 5, reasoning: 1 }, &mut out);
        let head = r#"data: {"id":"a1","object":"chat.completion.chunk","created":7,"model":"m""#;
        let usage = r#"{"prompt_tokens":9,"completion_tokens":5,"total_tokens":14,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":1}}"#;
        let expected = format!(
            "{head},\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"tool_calls\"}}],\"usage\":null}}\n\n\
             {head},\"choices\":[],\"usage\":{usage}}}\n\ndata: [DONE]\n\n"
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn whole_answers() {
        let call = ToolCall { id: "c1".into(), name: "weather".into(), arguments: "{}".into() };
        let rows = [
            (
                Choice { text: "Hi".into(), thought: String::new(), calls: vec![], finish: Finish::Length },
                r#"{"index":0,"message":{"role":"assistant","content":"Hi","refusal":null},"logprobs":null,"finish_reason":"length"}"#,
            ),
            (
                Choice { text: String::new(), thought: "hm".into(), calls: vec![call], finish: Finish::ToolCalls },
                r#"{"index":0,"message":{"role":"assistant","content":null,"refusal":null,"reasoning_content":"hm","tool_calls":[{"id":"c1","type":"function","function":{"name":"weather","arguments":"{}"}}]},"logprobs":null,"finish_reason":"tool_calls"}"#,
            ),
        ];
        for (choice, expected) in rows {
            let whole = writer().whole(&[choice], ShownUsage::default());
            let whole = String::from_utf8(whole).unwrap();
            let head = r#"{"id":"a1","object":"chat.completion","created":7,"model":"m","choices":["#;
            assert!(whole.starts_with(&format!("{head}{expected}],\"usage\":{{\"prompt_tokens\":0")), "{whole}");
        }
    }
}
