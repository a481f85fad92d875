//! Sends callbacks, and again until they are taken.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use super::conversation::{Conversation, timestamp};
use crate::State;
use crate::client;
use crate::state::now_ms;

const ATTEMPTS: u32 = 5;

/// Reports `event` to the conversation's callback address, the same body at every attempt.
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
        "timestamp": timestamp(now_ms()),
    });
    let headers = [("content-type".to_owned(), "application/json".to_owned())];
    let mut statuses = Vec::new();
    for attempt in 0..ATTEMPTS {
        let sent = client::send(Method::POST, url, &headers, body.to_string());
        let status = match tokio::time::timeout(Duration::from_secs(10), sent).await {
            Ok(Ok(answer)) => answer.status,
            _ => 0,
        };
        statuses.push(status);
        if (200..300).contains(&status) {
            break;
        }
        if attempt + 1 < ATTEMPTS {
            tokio::time::sleep(Duration::from_millis(200 << attempt)).await;
        }
    }
    state.callbacks().push(json!({ "body": body, "statuses": statuses }));
}
