//! The conversation as the vendor wants it: instructions apart, and the rest in turns of user and assistant.

use adapter::prelude::*;
use adapter::{Fields, PlanError};
use chat::{Message, Part, Picture, Role, ToolCall};
use serde::Serialize;

/// A conversation in the vendor's words.
pub struct Conversation<'a> {
    pub system: Vec<Block<'a>>,
    pub turns: Vec<Turn<'a>>,
}

#[derive(Serialize)]
pub struct Turn<'a> {
    role: &'static str,
    content: Vec<Block<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block<'a> {
    Text { text: &'a str },
    Image { source: Source<'a> },
    ToolUse { id: &'a str, name: &'a str, input: Fields },
    ToolResult { tool_use_id: &'a str, content: Vec<Block<'a>> },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Source<'a> {
    Base64 { media_type: &'a str, data: &'a str },
    Url { url: &'a str },
}

const USER: &str = "user";
const ASSISTANT: &str = "assistant";

/// Stands in for the visitor where a conversation begins with the assistant's greeting: the vendor wants the user to
/// speak first.
const OPENING: &str = "(The conversation begins.)";

/// Puts the conversation into turns. Messages of one side in a row become one turn, texts of nothing but white space none
/// at all: the vendor takes neither.
pub fn translate(messages: &[Message]) -> Result<Conversation<'_>, PlanError> {
    let mut conversation = Conversation { system: Vec::new(), turns: Vec::new() };
    for (index, message) in messages.iter().enumerate() {
        let at = format!("messages[{index}]");
        match message.role {
            Role::System | Role::Developer => conversation.system.extend(texts(message, &at)?),
            Role::User | Role::Function => conversation.add(USER, blocks(message, &at)?),
            Role::Tool => conversation.add(USER, vec![tool_result(message, &at)?]),
            Role::Assistant => {
                let mut content = texts(message, &at)?;
                for (index, call) in message.tool_calls.iter().enumerate() {
                    content.push(tool_use(call, &format!("{at}.tool_calls[{index}]"))?);
                }
                conversation.add(ASSISTANT, content);
            }
        }
    }
    match conversation.turns.first() {
        None => Err(PlanError::invalid("messages", "must hold more than instructions")),
        Some(turn) if turn.role == ASSISTANT => {
            conversation.turns.insert(0, Turn { role: USER, content: vec![Block::Text { text: OPENING }] });
            Ok(conversation)
        }
        Some(_) => Ok(conversation),
    }
}

impl<'a> Conversation<'a> {
    fn add(&mut self, role: &'static str, mut content: Vec<Block<'a>>) {
        match self.turns.last_mut() {
            _ if content.is_empty() => {}
            Some(turn) if turn.role == role => turn.content.append(&mut content),
            _ => self.turns.push(Turn { role, content }),
        }
    }
}

/// The parts of a message that may have pictures.
fn blocks<'a>(message: &'a Message, at: &str) -> Result<Vec<Block<'a>>, PlanError> {
    let mut blocks = Vec::new();
    for (index, part) in message.parts.iter().enumerate() {
        match part {
            Part::Text(text) | Part::Refusal(text) if text.trim().is_empty() => {}
            Part::Text(text) | Part::Refusal(text) => blocks.push(Block::Text { text }),
            Part::Picture(picture) => {
                let source = source(picture, &format!("{at}.content[{index}].image_url.url"))?;
                blocks.push(Block::Image { source });
            }
        }
    }
    Ok(blocks)
}

/// The parts of a message that may not.
fn texts<'a>(message: &'a Message, at: &str) -> Result<Vec<Block<'a>>, PlanError> {
    match message.parts.iter().position(|part| matches!(part, Part::Picture(_))) {
        Some(index) => Err(PlanError::invalid(format!("{at}.content[{index}].type"), "must be text")),
        None => blocks(message, at),
    }
}

fn source<'a>(picture: &'a Picture, at: &str) -> Result<Source<'a>, PlanError> {
    match picture {
        Picture::Url(url) if url.starts_with("https://") => Ok(Source::Url { url }),
        Picture::Url(_) => Err(PlanError::invalid(at, "must be an https address at this vendor")),
        Picture::Data { media_type, base64 } => match media_type.as_str() {
            "image/jpeg" | "image/png" | "image/gif" | "image/webp" => Ok(Source::Base64 { media_type, data: base64 }),
            _ => Err(PlanError::invalid(at, "must be a JPEG, PNG, GIF or WebP at this vendor")),
        },
    }
}

fn tool_use<'a>(call: &'a ToolCall, at: &str) -> Result<Block<'a>, PlanError> {
    check_id(&call.id, &format!("{at}.id"))?;
    if !adapter::is_id(&call.name, 64, "_-") {
        return Err(PlanError::invalid(format!("{at}.function.name"), "must be 1 to 64 letters, digits, _ or -"));
    }
    // A call without arguments may have been written without the braces.
    let input = match call.arguments.trim() {
        "" => Fields::default(),
        arguments => Fields::parse(arguments.as_bytes())
            .map_err(|_| PlanError::invalid(format!("{at}.function.arguments"), "must be a JSON object in a string"))?,
    };
    Ok(Block::ToolUse { id: &call.id, name: &call.name, input })
}

fn tool_result<'a>(message: &'a Message, at: &str) -> Result<Block<'a>, PlanError> {
    let id = message.tool_call_id.as_deref().unwrap_or_default();
    check_id(id, &format!("{at}.tool_call_id"))?;
    Ok(Block::ToolResult { tool_use_id: id, content: blocks(message, at)? })
}

fn check_id(id: &str, at: &str) -> Result<(), PlanError> {
    if adapter::is_id(id, 128, "_-") {
        return Ok(());
    }
    Err(PlanError::invalid(at, "must be 1 to 128 letters, digits, _ or - at this vendor"))
}
