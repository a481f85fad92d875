//! Reports what happens to a conversation.

use serde_json::{Value, json};

use super::conversation::Conversation;
use crate::State;
use crate::callback;
use crate::clock::timestamp;
use crate::state::now_ms;

/// Reports `event` to the conversation's callback address, unsigned.
pub async fn send(state: &State, conversation: &Conversation, event: &str, more: Value) {
    let Some(url) = &conversation.callback_url else { return };
    let mut properties = json!({ "replica_id": conversation.face });
    if let (Some(all), Some(more)) = (properties.as_object_mut(), more.as_object()) {
        all.extend(more.clone());
    }
    let body = json!({
        "properties": properties,
        "conversation_id": conversation.id,
        "webhook_url": url,
        "event_type": event,
        "message_type": "system",
        "timestamp": timestamp(conversation.ended_ms.unwrap_or_else(now_ms)),
    });
    callback::send(state, "tavus", url, body, |_| Vec::new()).await;
}
