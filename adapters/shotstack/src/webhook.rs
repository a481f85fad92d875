//! Reads the vendor's callbacks: one when a render has ended (`edit`), one when its file is on the CDN (`serve`).

use adapter::prelude::*;
use adapter::{Effect, Event, Fields};

use crate::plan::is_render;

/// Nothing is signed, so nothing is believed but that something happened to the render; the gate looks at it.
pub fn read(body: &[u8]) -> Result<Event, String> {
    let fields = Fields::parse(body).map_err(|_| "the event is not a JSON object".to_owned())?;
    let id = |name: &str| fields.get::<String>(name).filter(|id| is_render(id));
    let own = id("id").ok_or_else(|| "the event has no id".to_owned())?;
    let kind = id("type").ok_or_else(|| "the event has no type".to_owned())?;
    let status = id("status").ok_or_else(|| "the event has no status".to_owned())?;
    let effect = match kind.as_str() {
        "edit" => Effect::JobChanged(own.clone()),
        // The event is about a file; the render is what the gate knows.
        "serve" => id("render").map_or(Effect::None, Effect::JobChanged),
        _ => Effect::None,
    };
    Ok(Event { dedupe_id: format!("{kind}:{own}:{status}"), name: format!("{kind}.{status}"), effect })
}
