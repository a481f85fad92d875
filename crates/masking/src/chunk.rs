//! A `chat.completion.chunk`: what it says of each choice, and chunks of our own that give out text held back.

use std::fmt::Write;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::json::{Step, encode};
use crate::restore::Inside;

/// What is needed of a chunk before its strings are looked at. Members we don't know are passed over.
#[derive(Debug, Deserialize)]
pub struct Chunk<'a> {
    #[serde(default)]
    pub choices: Vec<Choice>,
    pub error: Option<IgnoredAny>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    created: Option<&'a RawValue>,
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    system_fingerprint: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub struct Choice {
    #[serde(default)]
    index: u32,
    finish_reason: Option<IgnoredAny>,
    #[serde(default)]
    delta: Option<Delta>,
}

#[derive(Debug, Deserialize)]
pub struct Delta {
    #[serde(default)]
    tool_calls: Option<Vec<ToolCall>>,
}

#[derive(Debug, Deserialize)]
struct ToolCall {
    index: Option<u32>,
}

/// A text that grows over many chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    pub choice: u32,
    pub field: Field,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    ReasoningContent,
    Reasoning,
    Content,
    Refusal,
    /// The arguments of the one function of the old interface.
    FunctionCall,
    /// The arguments of a tool call.
    ToolCall(u32),
}

impl Field {
    pub const fn inside(self) -> Inside {
        match self {
            Self::FunctionCall | Self::ToolCall(_) => Inside::Json,
            _ => Inside::Text,
        }
    }
}

impl Chunk<'_> {
    /// The slot that the string at `path` belongs to.
    pub fn slot(&self, path: &[Step]) -> Option<Slot> {
        let [Step::Member(choices), Step::Element(position), Step::Member(delta), rest @ ..] = path else {
            return None;
        };
        let choice = self.choices.get(*position).filter(|_| choices == "choices" && delta == "delta")?;
        let names: Vec<&str> = rest.iter().map(|step| if let Step::Member(name) = step { name } else { "" }).collect();
        let field = match names.as_slice() {
            ["content"] | ["content", "", "text"] => Field::Content,
            ["reasoning_content"] => Field::ReasoningContent,
            ["reasoning"] => Field::Reasoning,
            ["refusal"] => Field::Refusal,
            ["function_call", "arguments"] => Field::FunctionCall,
            ["tool_calls", "", "function", "arguments"] => Field::ToolCall(choice.tool_call(rest.get(1))?),
            _ => return None,
        };
        Some(Slot { choice: choice.index, field })
    }

    /// What chunks of our own have in common with this one.
    pub fn head(&self) -> String {
        let mut head = String::from("{\"object\":\"chat.completion.chunk\"");
        let members = [
            ("id", self.id),
            ("created", self.created),
            ("model", self.model),
            ("system_fingerprint", self.system_fingerprint),
        ];
        for (name, value) in members {
            // A value longer than any real one isn't kept: the state stays small.
            if let Some(value) = value.map(RawValue::get).filter(|value| value.len() <= 256) {
                let _ = write!(head, ",\"{name}\":{value}");
            }
        }
        head
    }
}

impl Choice {
    /// The choice's index, when it ends with this chunk.
    pub fn ends(&self) -> Option<u32> {
        self.finish_reason.is_some().then_some(self.index)
    }

    /// The index that the tool call at this position gives itself; a vendor that gives none means the position.
    fn tool_call(&self, position: Option<&Step>) -> Option<u32> {
        let Some(Step::Element(position)) = position else {
            return None;
        };
        let calls = self.delta.as_ref()?.tool_calls.as_ref()?;
        calls.get(*position)?.index.or_else(|| u32::try_from(*position).ok())
    }
}

/// An event with a chunk of our own that adds `text` to a slot.
pub fn event(head: &str, slot: Slot, text: &str) -> Vec<u8> {
    let text = encode(text);
    let delta = match slot.field {
        Field::ReasoningContent => format!("{{\"reasoning_content\":{text}}}"),
        Field::Reasoning => format!("{{\"reasoning\":{text}}}"),
        Field::Content => format!("{{\"content\":{text}}}"),
        Field::Refusal => format!("{{\"refusal\":{text}}}"),
        Field::FunctionCall => format!("{{\"function_call\":{{\"arguments\":{text}}}}}"),
        Field::ToolCall(index) => {
            format!("{{\"tool_calls\":[{{\"index\":{index},\"function\":{{\"arguments\":{text}}}}}]}}")
        }
    };
    let index = slot.choice;
    let choice = format!("{{\"index\":{index},\"delta\":{delta},\"finish_reason\":null}}");
    format!("data: {head},\"choices\":[{choice}]}}\n\n").into_bytes()
}
