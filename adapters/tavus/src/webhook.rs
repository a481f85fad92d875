//! Reads the vendor's callbacks.

use adapter::prelude::*;
use adapter::{Effect, Ended, Event, Fields, is_id};

use crate::time::millis;

/// `system.shutdown` is the end of a conversation, whatever its reason. An event has no id of its own: the
/// conversation, the kind and the time stand for it.
pub fn read(body: &[u8]) -> Result<Event, String> {
    let fields = Fields::parse(body).map_err(|_| "the event is not a JSON object".to_owned())?;
    let conversation: Option<String> = fields.get("conversation_id");
    let conversation =
        conversation.filter(|id| is_id(id, 128, "_-")).ok_or_else(|| "the event has no conversation".to_owned())?;
    let name: Option<String> = fields.get("event_type");
    let name = name.filter(|name| is_id(name, 100, "_-.")).ok_or_else(|| "the event has no type".to_owned())?;
    // A string or a number, and left out by some events.
    let at = fields.raw("timestamp").unwrap_or_default().trim_matches('"');
    if !at.is_empty() && !is_id(at, 64, ":.+-_ ") {
        return Err("the event's time is garbled".to_owned());
    }
    let effect = match name.as_str() {
        "system.shutdown" => Effect::LiveEnded(Ended { vendor_id: conversation.clone(), at_ms: millis(at) }),
        _ => Effect::None,
    };
    Ok(Event { dedupe_id: format!("{conversation}:{name}:{at}"), name, effect })
}
