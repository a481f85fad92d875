//! Reads the vendor's webhooks. None of them bears on a speech call; they are kept for the tenant.

use adapter::prelude::*;
use adapter::{Effect, Event, Fields, is_id};

/// An event has no id of its own: its kind, what it is about and when stand for it.
pub fn read(body: &[u8]) -> Result<Event, String> {
    let fields = Fields::parse(body).map_err(|_| "the event is not a JSON object".to_owned())?;
    let name: Option<String> = fields.get("type");
    let name = name.filter(|name| is_id(name, 100, "_-.")).ok_or_else(|| "the event has no type".to_owned())?;
    let at: u64 = fields.get("event_timestamp").ok_or_else(|| "the event has no time".to_owned())?;
    let data: Fields = fields.get("data").ok_or_else(|| "the event has no data".to_owned())?;
    let subject = ["conversation_id", "request_id", "voice_id", "agent_id"]
        .into_iter()
        .find_map(|field| data.get::<String>(field))
        .filter(|id| is_id(id, 128, "_-"))
        .unwrap_or_else(|| "-".to_owned());
    Ok(Event { dedupe_id: format!("{name}:{subject}:{at}"), name, effect: Effect::None })
}
