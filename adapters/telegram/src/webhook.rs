//! Reads the vendor's updates: what somebody has written to the bot, and much that concerns nobody.

use adapter::prelude::*;
use adapter::{Effect, Event, Fields, Incoming, is_id};

use crate::text;

/// One update has one thing to tell, under its name; its number is the same at each delivery.
pub fn read(body: &[u8]) -> Result<Event, String> {
    let update = Fields::parse(body).map_err(|_| "the update is not a JSON object".to_owned())?;
    let id: i64 = update.get("update_id").ok_or_else(|| "the update has no number".to_owned())?;
    let name = update.names().find(|name| *name != "update_id" && is_id(name, 64, "_"));
    let effect = match update.get::<Fields>("message") {
        Some(message) if name == Some("message") => said(&message)?.map_or(Effect::None, Effect::Message),
        _ => Effect::None,
    };
    Ok(Event { dedupe_id: id.to_string(), name: name.unwrap_or("update").to_owned(), effect })
}

/// What a person has written. Pictures and the like, channels, and bots (which could answer each other for ever) say
/// nothing. An edited message is an update of another name: what has been answered stays answered.
fn said(message: &Fields) -> Result<Option<Incoming>, String> {
    let text: Option<String> = message.get("text");
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    let chat: Fields = message.get("chat").ok_or_else(|| "the message has no chat".to_owned())?;
    let kind: String = chat.get("type").ok_or_else(|| "the chat has no type".to_owned())?;
    if !matches!(kind.as_str(), "private" | "group" | "supergroup") {
        return Ok(None);
    }
    let conversation: i64 = chat.get("id").ok_or_else(|| "the chat has no id".to_owned())?;
    // Who writes as a channel, or as the group itself, is nobody.
    let Some(from) = message.get::<Fields>("from") else { return Ok(None) };
    let sender: i64 = from.get("id").ok_or_else(|| "the sender has no id".to_owned())?;
    if from.get("is_bot").unwrap_or(false) || message.raw("sender_chat").is_some() {
        return Ok(None);
    }
    Ok(Some(Incoming {
        conversation: conversation.to_string(),
        sender: sender.to_string(),
        text: text::fitting(&text).to_owned(),
    }))
}
