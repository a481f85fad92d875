//! Counts what an answer has delivered, for the case that its final numbers never come.

use serde_json::Value;

/// Bytes of everything the model wrote: text, refusals, thoughts, names and arguments of calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivered {
    /// A token is at least one byte, so this bounds the tokens.
    pub bytes: u64,
}

impl Delivered {
    /// Adds every text in `message`, whatever field it stands in: a field that is new to us is billed as well.
    pub fn add(&mut self, message: Option<&Value>) {
        match message {
            Some(Value::String(text)) => self.bytes = self.bytes.saturating_add(text.len() as u64),
            Some(Value::Array(items)) => items.iter().for_each(|item| self.add(Some(item))),
            Some(Value::Object(members)) => members.values().for_each(|value| self.add(Some(value))),
            _ => {}
        }
    }

    pub fn merge(&mut self, other: Delivered) {
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}
