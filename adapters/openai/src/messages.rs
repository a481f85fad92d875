//! Checks the conversation, and finds what in it isn't billed by its text.

use adapter::prelude::*;
use adapter::{Fields, PlanError};
use serde_json::value::RawValue;

use crate::limits;

/// What the conversation adds to the worst case beside the bytes of the request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Input {
    pub messages: u64,
    /// Bytes of the request that are a picture and not text.
    pub picture_bytes: u64,
    pub picture_tokens: u64,
}

/// Checks `messages`; a picture counts `picture_tokens`.
pub fn check(request: &Fields, picture_tokens: u64) -> Result<Input, PlanError> {
    let wrong = || PlanError::invalid("messages", "must be an array of 1 to 2048 objects");
    let messages: Vec<Fields> = request.get("messages").ok_or_else(wrong)?;
    if messages.is_empty() || messages.len() > limits::MAX_MESSAGES {
        return Err(wrong());
    }
    let mut input = Input { messages: messages.len() as u64, ..Input::default() };
    for (index, message) in messages.iter().enumerate() {
        let at = format!("messages[{index}]");
        check_role(message, &at)?;
        if message.raw("audio").is_some() {
            return Err(PlanError::invalid(format!("{at}.audio"), "is not offered here"));
        }
        check_content(message, &at, picture_tokens, &mut input)?;
    }
    Ok(input)
}

fn check_role(message: &Fields, at: &str) -> Result<(), PlanError> {
    let role: Option<String> = message.get("role");
    match role.as_deref() {
        Some("developer" | "system" | "user" | "assistant" | "tool" | "function") => Ok(()),
        _ => Err(PlanError::invalid(
            format!("{at}.role"),
            "must be developer, system, user, assistant, tool or function",
        )),
    }
}

fn check_content(message: &Fields, at: &str, picture_tokens: u64, input: &mut Input) -> Result<(), PlanError> {
    let Some(raw) = message.raw("content") else {
        let calls = message.raw("tool_calls").or(message.raw("function_call")).or(message.raw("refusal"));
        return if calls.is_some() {
            Ok(())
        } else {
            Err(PlanError::invalid(format!("{at}.content"), "must be a string or an array of parts"))
        };
    };
    if message.get::<String>("content").is_some() {
        return Ok(());
    }
    let parts: Vec<Box<RawValue>> = serde_json::from_str(raw)
        .map_err(|_| PlanError::invalid(format!("{at}.content"), "must be a string or an array of parts"))?;
    for (index, part) in parts.iter().enumerate() {
        let at = format!("{at}.content[{index}]");
        let part = Fields::parse(part.get().as_bytes())
            .map_err(|_| PlanError::invalid(at.as_str(), "must be an object without repeated names"))?;
        check_part(&part, &at, picture_tokens, input)?;
    }
    Ok(())
}

fn check_part(part: &Fields, at: &str, picture_tokens: u64, input: &mut Input) -> Result<(), PlanError> {
    let kind: Option<String> = part.get("type");
    match kind.as_deref() {
        Some(kind @ ("text" | "refusal")) => match part.get::<String>(kind) {
            Some(_) => Ok(()),
            None => Err(PlanError::invalid(format!("{at}.{kind}"), "must be a string")),
        },
        Some("image_url") => {
            let picture = part.get::<Fields>("image_url").unwrap_or_default();
            let url = picture.get::<String>("url").filter(|url| is_picture(url)).ok_or_else(|| {
                PlanError::invalid(format!("{at}.image_url.url"), "must be an http(s) or data:image/ address")
            })?;
            let detail: Option<String> = picture.get("detail");
            // Other details have no small bound: "original" bills every pixel.
            if picture.raw("detail").is_some() && !matches!(detail.as_deref(), Some("low" | "high" | "auto")) {
                return Err(PlanError::invalid(format!("{at}.image_url.detail"), "must be low, high or auto"));
            }
            input.picture_bytes = input.picture_bytes.saturating_add(url.len() as u64);
            input.picture_tokens = input.picture_tokens.saturating_add(picture_tokens);
            Ok(())
        }
        _ => Err(PlanError::invalid(format!("{at}.type"), "must be text or image_url")),
    }
}

fn is_picture(url: &str) -> bool {
    ["https://", "http://", "data:image/"].iter().any(|scheme| url.starts_with(scheme))
}
