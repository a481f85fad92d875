//! Reads the vendor's webhooks. None of them bears on messages; they are kept for the tenant.

use adapter::prelude::*;
use adapter::{Effect, Event, Fields, Header, is_id};

/// `webhook-id` names the delivery for good (Standard Webhooks); the body's `id` stands in where a relay dropped it.
/// What has happened is said in `data`.
pub fn read(headers: &[Header], body: &[u8]) -> Result<Event, String> {
    let fields = Fields::parse(body).map_err(|_| "the event is not a JSON object".to_owned())?;
    let sent = headers.iter().find(|header| header.name.eq_ignore_ascii_case("webhook-id"));
    let id = sent.map(|header| header.value.clone()).or_else(|| fields.get("id"));
    let id = id.filter(|id| is_id(id, 200, "_-.")).ok_or_else(|| "the event has no id".to_owned())?;
    let name: Option<String> = fields.get::<Fields>("data").and_then(|data| data.get("type"));
    let name = name.filter(|name| is_id(name, 100, "_-.")).ok_or_else(|| "the event has no type".to_owned())?;
    Ok(Event { dedupe_id: id, name, effect: Effect::None })
}
