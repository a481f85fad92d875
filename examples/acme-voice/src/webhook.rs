//! Reads the vendor's webhooks, whose signature has been verified. None of them bears on a speech call; they are kept.

use adapter::prelude::*;
use adapter::{Effect, Event, Fields, is_id};

/// `{"id", "type", ...}`
pub fn read(body: &[u8]) -> Result<Event, String> {
    let fields = Fields::parse(body).map_err(|_| "the event is not a JSON object".to_owned())?;
    let id = |name: &str| fields.get::<String>(name).filter(|value| is_id(value, 100, "_-."));
    let dedupe_id = id("id").ok_or_else(|| "the event has no id".to_owned())?;
    let name = id("type").ok_or_else(|| "the event has no type".to_owned())?;
    Ok(Event { dedupe_id, name, effect: Effect::None })
}
