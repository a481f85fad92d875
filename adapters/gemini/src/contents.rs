//! Puts the conversation into the vendor's words.
//!
//! What the system says stands outside of the turns. A tool's answer names the function and not the call, as older
//! models know no ids: the name is that of the latest call with the answer's id, and answers to several calls go
//! together, in the order of the calls.

use adapter::prelude::*;
use adapter::{Fields, PlanError};
use chat::{Message, Part as Said, Picture, Role, ToolCall};
use serde_json::value::{RawValue, to_raw_value};

use crate::wire::{Content, FunctionCall, Part};

/// How the binding wants what the vendor's documentation leaves open.
#[derive(Debug, Clone)]
pub struct Manner {
    /// The vendor fetches pictures by their address.
    pub picture_urls: bool,
    /// Stands in for the model's own signature of a call; newest models refuse a call without one.
    pub signature: Option<String>,
}

/// The turns, and the system's instruction.
pub struct Conversation {
    pub contents: Vec<Content>,
    pub system: Option<Content>,
}

/// Puts `messages` into the vendor's words.
///
/// # Errors
/// The field that can't be said in them.
pub fn translate(messages: &[Message], manner: &Manner) -> Result<Conversation, PlanError> {
    let mut turns = Turns { manner, contents: Vec::new(), system: Vec::new(), calls: Vec::new(), answers: Vec::new() };
    for (index, message) in messages.iter().enumerate() {
        turns.add(message, &format!("messages[{index}]"))?;
    }
    turns.close_answers();
    if turns.contents.is_empty() {
        return Err(PlanError::invalid("messages", "must hold a message of the user"));
    }
    let system = (!turns.system.is_empty()).then_some(Content { role: None, parts: turns.system });
    Ok(Conversation { contents: turns.contents, system })
}

struct Turns<'a> {
    manner: &'a Manner,
    contents: Vec<Content>,
    system: Vec<Part>,
    /// Every call so far.
    calls: Vec<&'a ToolCall>,
    /// The answers that have come since the last turn, with the place of their call.
    answers: Vec<(usize, Part)>,
}

impl<'a> Turns<'a> {
    fn add(&mut self, message: &'a Message, at: &str) -> Result<(), PlanError> {
        if message.role != Role::Tool {
            self.close_answers();
        }
        match message.role {
            Role::System | Role::Developer => {
                let texts = texts(message, at)?;
                self.system.extend(texts.into_iter().filter(|text| !text.is_empty()).map(Part::Text));
                Ok(())
            }
            Role::User => {
                let parts = said(message, at, self.manner)?;
                self.turn("user", parts);
                Ok(())
            }
            Role::Assistant => self.add_assistant(message, at),
            Role::Tool | Role::Function => self.add_answer(message, at),
        }
    }

    fn add_assistant(&mut self, message: &'a Message, at: &str) -> Result<(), PlanError> {
        let mut parts = said(message, at, self.manner)?;
        for (index, call) in message.tool_calls.iter().enumerate() {
            let wrong = || {
                let field = format!("{at}.tool_calls[{index}].function.arguments");
                PlanError::invalid(field, "must be a JSON object without repeated names")
            };
            let arguments = if call.arguments.trim().is_empty() { "{}" } else { &call.arguments };
            let args = object(arguments).ok_or_else(wrong)?;
            // Of several calls at once, the vendor signs the first.
            let thought_signature = self.manner.signature.clone().filter(|_| index == 0);
            let function_call = FunctionCall { id: vendors_id(&call.id), name: call.name.clone(), args };
            parts.push(Part::Call { function_call, thought_signature });
        }
        self.calls.extend(&message.tool_calls);
        self.turn("model", parts);
        Ok(())
    }

    fn add_answer(&mut self, message: &Message, at: &str) -> Result<(), PlanError> {
        let unknown = || PlanError::invalid(format!("{at}.tool_call_id"), "must name a call that was made before");
        let id = message.tool_call_id.as_deref().ok_or_else(unknown)?;
        let place = self.calls.iter().rposition(|call| call.id == id).ok_or_else(unknown)?;
        let name = self.calls.get(place).map(|call| call.name.clone()).ok_or_else(unknown)?;
        let text = texts(message, at)?.join("\n");
        let wrong = || PlanError::invalid(format!("{at}.content"), "must be text");
        let response = object(&text).or_else(|| wrapped(&text)).ok_or_else(wrong)?;
        self.answers.push((place, Part::FunctionResponse { id: vendors_id(id), name, response }));
        Ok(())
    }

    /// The answers become one turn.
    fn close_answers(&mut self) {
        let mut answers = core::mem::take(&mut self.answers);
        answers.sort_by_key(|(place, _)| *place);
        self.turn("user", answers.into_iter().map(|(_, part)| part).collect());
    }

    /// A turn in which nothing is said is no turn.
    fn turn(&mut self, role: &'static str, parts: Vec<Part>) {
        if !parts.is_empty() {
            self.contents.push(Content { role: Some(role), parts });
        }
    }
}

/// The texts of a message that can't hold anything else.
fn texts(message: &Message, at: &str) -> Result<Vec<String>, PlanError> {
    let text = |(index, part): (usize, &Said)| match part {
        Said::Text(text) | Said::Refusal(text) => Ok(text.clone()),
        Said::Picture(_) => Err(PlanError::invalid(format!("{at}.content[{index}].type"), "must be text")),
    };
    message.parts.iter().enumerate().map(text).collect()
}

/// The parts of a message; empty texts, which the vendor refuses, are left out.
fn said(message: &Message, at: &str, manner: &Manner) -> Result<Vec<Part>, PlanError> {
    let mut parts = Vec::new();
    for (index, part) in message.parts.iter().enumerate() {
        match part {
            Said::Text(text) | Said::Refusal(text) if text.is_empty() => {}
            Said::Text(text) | Said::Refusal(text) => parts.push(Part::Text(text.clone())),
            Said::Picture(picture) => {
                let part = picture_part(picture, manner).ok_or_else(|| {
                    let field = format!("{at}.content[{index}].image_url.url");
                    PlanError::invalid(field, picture_expected(manner))
                })?;
                parts.push(part);
            }
        }
    }
    Ok(parts)
}

fn picture_part(picture: &Picture, manner: &Manner) -> Option<Part> {
    match picture {
        Picture::Data { media_type, base64 } => {
            Some(Part::InlineData { mime_type: media_type.clone(), data: base64.clone() })
        }
        Picture::Url(url) => {
            let good = manner.picture_urls && url.starts_with("https://") && adapter::is_plain_url(url);
            good.then(|| Part::FileData { file_uri: url.clone() })
        }
    }
}

fn picture_expected(manner: &Manner) -> &'static str {
    if manner.picture_urls {
        "must be an https or data:image/...;base64 address"
    } else {
        "must be a data:image/...;base64 address: this vendor isn't sent for pictures"
    }
}

/// The id of a call, if the vendor gave it; those of the form `call_0` are the gate's own.
fn vendors_id(id: &str) -> Option<String> {
    let number = id.strip_prefix("call_").unwrap_or_default();
    let own = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (!own).then(|| id.to_owned())
}

/// `text` as it is, if it is a JSON object.
fn object(text: &str) -> Option<Box<RawValue>> {
    Fields::parse(text.as_bytes()).ok()?;
    RawValue::from_string(text.trim().to_owned()).ok()
}

/// A text in the object that the vendor wants; `output` is its word for what a function gave.
fn wrapped(text: &str) -> Option<Box<RawValue>> {
    let mut fields = Fields::default();
    fields.set("output", &text);
    to_raw_value(&fields).ok()
}
