//! Reads the vendor's webhooks. They tell of rendered videos, never of sessions, and are kept for the tenant.

use adapter::prelude::*;
use adapter::{AnswerHead, Effect, Event, Fields, Header, is_id};

/// The event's own id comes in a header that isn't signed: a replay could carry a fresh one. So what the body is about
/// goes first, where it happens but once.
pub fn read(headers: &[Header], body: &[u8]) -> Result<Event, String> {
    let fields = Fields::parse(body).map_err(|_| "the event is not a JSON object".to_owned())?;
    let name: Option<String> = fields.get("event_type");
    let name = name.filter(|name| is_id(name, 100, "_-.")).ok_or_else(|| "the event has no type".to_owned())?;
    let data: Fields = fields.get("event_data").ok_or_else(|| "the event has no data".to_owned())?;
    let subject = ["video_id", "video_translate_id"].into_iter().find_map(|field| data.get::<String>(field));
    let head = AnswerHead { status: 0, headers: headers.to_vec() };
    let id = subject.or_else(|| head.header("heygen-event-id").map(ToOwned::to_owned));
    let id = id.filter(|id| is_id(id, 128, "_-.:")).ok_or_else(|| "the event has no id".to_owned())?;
    Ok(Event { dedupe_id: format!("{name}:{id}"), name, effect: Effect::None })
}
