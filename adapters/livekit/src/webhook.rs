//! Reads the vendor's webhooks.

use adapter::prelude::*;
use adapter::{Effect, Ended, Event, Fields, is_id};

/// `room_finished` is the end of a room, whatever its reason. Who comes and goes is kept, and changes nothing: a visitor
/// who has left may come back, until the room itself closes. A project reports of all its rooms, also of those that others made:
/// they are passed over.
pub fn read(body: &[u8]) -> Result<Event, String> {
    let fields = Fields::parse(body).map_err(|_| "the event is not a JSON object".to_owned())?;
    let plain = |field: &str| fields.get::<String>(field).filter(|text| is_id(text, 128, "_-"));
    let name = plain("event").ok_or_else(|| "the event has no type".to_owned())?;
    let id = plain("id").ok_or_else(|| "the event has no id".to_owned())?;
    let effect = match (name.as_str(), room_of(&fields)) {
        ("room_finished", None) => return Err("the event has no room".to_owned()),
        ("room_finished", Some(room)) if is_ours(&room) => {
            Effect::LiveEnded(Ended { vendor_id: room, at_ms: created_ms(&fields) })
        }
        _ => Effect::None,
    };
    Ok(Event { dedupe_id: id, name, effect })
}

/// Whether the gate may have made it: its rooms have the names of live sessions.
fn is_ours(room: &str) -> bool {
    room.starts_with("vid_") && is_id(room, 128, "_-")
}

/// When it happened, to the second: protojson writes the number as a text, other senders as it is.
fn created_ms(fields: &Fields) -> Option<u64> {
    let seconds: u64 = fields.raw("createdAt")?.trim_matches('"').parse().ok()?;
    // Zero is protobuf's word for what isn't there.
    seconds.checked_mul(1_000).filter(|at| *at > 0)
}

fn room_of(fields: &Fields) -> Option<String> {
    fields.get::<Fields>("room")?.get("name")
}
