//! OpenAI's JSON, field by field.

use adapter::prelude::*;
use serde::{Serialize, Serializer};

use super::{Delta, Finish, ShownUsage};
use crate::ToolCall;

#[derive(Serialize)]
pub struct Body<'a, C> {
    pub id: &'a str,
    pub object: &'static str,
    pub created: u64,
    pub model: &'a str,
    pub choices: C,
    pub usage: Option<ShownUsage>,
}

#[derive(Serialize)]
pub struct ChoiceChunk<'a> {
    pub index: u64,
    pub delta: WireDelta<'a>,
    pub finish_reason: Option<Finish>,
}

#[derive(Default, Serialize)]
pub struct WireDelta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<[Call<'a>; 1]>,
}

impl<'a> From<Delta<'a>> for WireDelta<'a> {
    fn from(delta: Delta<'a>) -> Self {
        match delta {
            Delta::Role => Self { role: Some("assistant"), content: Some(""), ..Self::default() },
            Delta::Text(text) => Self { content: Some(text), ..Self::default() },
            Delta::Thought(text) => Self { reasoning_content: Some(text), ..Self::default() },
            Delta::Call { index, id, name } => {
                let function = Function { name: Some(name), arguments: "" };
                let call = Call { index: Some(index), id: Some(id), kind: Some("function"), function };
                Self { tool_calls: Some([call]), ..Self::default() }
            }
            Delta::Arguments { index, piece } => {
                let function = Function { name: None, arguments: piece };
                let call = Call { index: Some(index), id: None, kind: None, function };
                Self { tool_calls: Some([call]), ..Self::default() }
            }
        }
    }
}

#[derive(Serialize)]
pub struct Call<'a> {
    /// Which of the answer's calls a piece belongs to; a whole answer has them in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    function: Function<'a>,
}

impl<'a> Call<'a> {
    pub fn whole(call: &'a ToolCall) -> Self {
        let function = Function { name: Some(&call.name), arguments: &call.arguments };
        Self { index: None, id: Some(&call.id), kind: Some("function"), function }
    }
}

#[derive(Serialize)]
struct Function<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arguments: &'a str,
}

#[derive(Serialize)]
pub struct WholeChoice<'a> {
    pub index: u64,
    pub message: Message<'a>,
    pub logprobs: Option<()>,
    pub finish_reason: Finish,
}

#[derive(Serialize)]
pub struct Message<'a> {
    pub role: &'static str,
    pub content: Option<&'a String>,
    pub refusal: Option<()>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<&'a String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<Call<'a>>,
}

impl Serialize for ShownUsage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Wire {
            prompt_tokens: u64,
            completion_tokens: u64,
            total_tokens: u64,
            prompt_tokens_details: Prompt,
            completion_tokens_details: Completion,
        }
        #[derive(Serialize)]
        struct Prompt {
            cached_tokens: u64,
        }
        #[derive(Serialize)]
        struct Completion {
            reasoning_tokens: u64,
        }
        let wire = Wire {
            prompt_tokens: self.prompt,
            completion_tokens: self.completion,
            total_tokens: self.prompt.saturating_add(self.completion),
            prompt_tokens_details: Prompt { cached_tokens: self.cached },
            completion_tokens_details: Completion { reasoning_tokens: self.reasoning },
        };
        wire.serialize(serializer)
    }
}
