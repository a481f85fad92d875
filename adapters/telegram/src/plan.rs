//! Plans what is said in a chat.

use adapter::{Call, Outgoing, PlanError};
use serde_json::json;

use crate::{ids, text};

/// An answer repeats the message, and says who is in the chat.
pub const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// The upstream request. It has no price, so nothing is reserved; and no way to tell the vendor of a repeat, so who
/// repeats a call that got lost may say the same thing twice.
pub fn send(message: &Outgoing) -> Result<Call, PlanError> {
    let Some(chat) = ids::parse(&message.conversation) else {
        return Err(PlanError::invalid("conversation", "must be the id of a chat, a whole number"));
    };
    if message.text.trim().is_empty() {
        return Err(PlanError::invalid("text", "must not be blank"));
    }
    // Without a `parse_mode`, the vendor takes no character of it for markup.
    let body = json!({ "chat_id": chat, "text": text::shortened(&message.text) });
    Ok(Call::post_json("/bot{key}/sendMessage", &body))
}
