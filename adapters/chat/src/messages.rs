//! Checks the conversation, and gives it in a form that can be put into other words.

use adapter::prelude::*;
use adapter::{Fields, PlanError};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::limits;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Developer,
    System,
    User,
    Assistant,
    Tool,
    /// The answer to a `function_call`, which tools have replaced.
    Function,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub role: Role,
    /// Part `j` is the request's `content[j]`; a content that is one string is one part.
    pub parts: Vec<Part>,
    pub name: Option<String>,
    /// Calls the assistant made.
    pub tool_calls: Vec<ToolCall>,
    /// The call that a tool's message answers. Present in every one.
    pub tool_call_id: Option<String>,
    /// There is a `function_call`, the form of a call that `tool_calls` has replaced.
    pub has_function_call: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Text(String),
    /// What the assistant said in place of an answer.
    Refusal(String),
    Picture(Picture),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Picture {
    /// `https`, or `http`, which not every vendor fetches.
    Url(String),
    /// Standard base64 of a file of this media type, such as `image/png`.
    Data { media_type: String, base64: String },
}

/// A call as the assistant made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    /// As the model wrote them: JSON if it did well.
    pub arguments: String,
}

/// Reads `messages`.
pub fn read(request: &Fields) -> Result<Vec<Message>, PlanError> {
    let wrong = || PlanError::invalid("messages", "must be an array of 1 to 2048 objects");
    let messages: Vec<Fields> = request.get("messages").ok_or_else(wrong)?;
    if messages.is_empty() || messages.len() > limits::MAX_MESSAGES {
        return Err(wrong());
    }
    messages.iter().enumerate().map(|(index, message)| read_message(message, &format!("messages[{index}]"))).collect()
}

/// How many pictures there are, and the bytes they take in the request.
pub fn pictures(messages: &[Message]) -> (u64, u64) {
    let parts = messages.iter().flat_map(|message| &message.parts);
    parts.fold((0, 0), |(count, bytes): (u64, u64), part| match part {
        Part::Picture(Picture::Url(data) | Picture::Data { base64: data, .. }) => {
            (count.saturating_add(1), bytes.saturating_add(data.len() as u64))
        }
        _ => (count, bytes),
    })
}

fn read_message(message: &Fields, at: &str) -> Result<Message, PlanError> {
    let role = message.get::<Role>("role").ok_or_else(|| {
        PlanError::invalid(format!("{at}.role"), "must be developer, system, user, assistant, tool or function")
    })?;
    if message.raw("audio").is_some() {
        return Err(PlanError::invalid(format!("{at}.audio"), "is not offered here"));
    }
    let parts = read_content(message, at)?;
    let tool_calls = read_calls(message, at)?;
    let tool_call_id = message.get("tool_call_id");
    if role == Role::Tool && tool_call_id.is_none() {
        return Err(PlanError::invalid(format!("{at}.tool_call_id"), "must name the call that is answered"));
    }
    let has_function_call = message.raw("function_call").is_some();
    Ok(Message { role, parts, name: message.get("name"), tool_calls, tool_call_id, has_function_call })
}

fn read_content(message: &Fields, at: &str) -> Result<Vec<Part>, PlanError> {
    let wrong = || PlanError::invalid(format!("{at}.content"), "must be a string or an array of parts");
    let Some(raw) = message.raw("content") else {
        if let Some(refusal) = message.get::<String>("refusal") {
            return Ok(vec![Part::Refusal(refusal)]);
        }
        let calls = message.raw("tool_calls").or(message.raw("function_call"));
        return if calls.is_some() { Ok(Vec::new()) } else { Err(wrong()) };
    };
    if let Some(text) = message.get::<String>("content") {
        return Ok(vec![Part::Text(text)]);
    }
    let parts: Vec<Box<RawValue>> = serde_json::from_str(raw).map_err(|_| wrong())?;
    let read = |index: usize, part: &RawValue| {
        let at = format!("{at}.content[{index}]");
        let part = Fields::parse(part.get().as_bytes())
            .map_err(|_| PlanError::invalid(at.as_str(), "must be an object without repeated names"))?;
        read_part(&part, &at)
    };
    parts.iter().enumerate().map(|(index, part)| read(index, part)).collect()
}

fn read_part(part: &Fields, at: &str) -> Result<Part, PlanError> {
    let text = |name: &str| {
        let text: Option<String> = part.get(name);
        text.ok_or_else(|| PlanError::invalid(format!("{at}.{name}"), "must be a string"))
    };
    match part.get::<String>("type").as_deref() {
        Some("text") => text("text").map(Part::Text),
        Some("refusal") => text("refusal").map(Part::Refusal),
        Some("image_url") => {
            let image = part.get::<Fields>("image_url").unwrap_or_default();
            let picture = image.get::<String>("url").and_then(read_picture).ok_or_else(|| {
                PlanError::invalid(format!("{at}.image_url.url"), "must be an http(s) or data:image/...;base64 address")
            })?;
            let detail: Option<String> = image.get("detail");
            // Other details have no small bound: "original" bills every pixel.
            if image.raw("detail").is_some() && !matches!(detail.as_deref(), Some("low" | "high" | "auto")) {
                return Err(PlanError::invalid(format!("{at}.image_url.detail"), "must be low, high or auto"));
            }
            Ok(Part::Picture(picture))
        }
        _ => Err(PlanError::invalid(format!("{at}.type"), "must be text or image_url")),
    }
}

fn read_picture(url: String) -> Option<Picture> {
    if url.starts_with("https://") || url.starts_with("http://") {
        return Some(Picture::Url(url));
    }
    let (media_type, base64) = url.strip_prefix("data:")?.split_once(";base64,")?;
    let is_base64 = base64.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
    let kind = media_type.strip_prefix("image/")?;
    let good = adapter::is_id(kind, 32, "+.-") && is_base64 && !base64.is_empty();
    good.then(|| Picture::Data { media_type: media_type.to_owned(), base64: base64.to_owned() })
}

fn read_calls(message: &Fields, at: &str) -> Result<Vec<ToolCall>, PlanError> {
    if message.raw("tool_calls").is_none() {
        return Ok(Vec::new());
    }
    let calls: Option<Vec<Fields>> = message.get("tool_calls");
    let calls = calls
        .filter(|calls| calls.len() <= limits::MAX_TOOLS)
        .ok_or_else(|| PlanError::invalid(format!("{at}.tool_calls"), "must be an array of at most 128 objects"))?;
    calls.iter().enumerate().map(|(index, call)| read_call(call, &format!("{at}.tool_calls[{index}]"))).collect()
}

fn read_call(call: &Fields, at: &str) -> Result<ToolCall, PlanError> {
    let string = |of: &Fields, name: &str, label: &str| {
        let value: Option<String> = of.get(name);
        value.ok_or_else(|| PlanError::invalid(format!("{at}.{label}"), "must be a string"))
    };
    if call.get::<String>("type").is_some_and(|kind| kind != "function") {
        return Err(PlanError::invalid(format!("{at}.type"), "must be \"function\""));
    }
    let function = call.get::<Fields>("function").unwrap_or_default();
    Ok(ToolCall {
        id: string(call, "id", "id")?,
        name: string(&function, "name", "function.name")?,
        arguments: string(&function, "arguments", "function.arguments")?,
    })
}
