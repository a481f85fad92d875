//! Reads the vendor's events. One `upload_completed` comes for each platform, also where it failed.

use adapter::prelude::*;
use adapter::{Effect, Event, Fields, is_id};

use crate::plan::is_upload;

/// The event tells of one platform and the job may have several, so it is a hint: the gate looks at the job.
///
/// The delivery's id lies outside the signature, so it tells no events apart: whoever has seen one delivery could send it
/// again under fresh ids. What the signed body says does.
pub fn read(body: &[u8]) -> Result<Event, String> {
    let fields = Fields::parse(body).map_err(|_| "the event is not a JSON object".to_owned())?;
    let name = fields.get("event").filter(|name: &String| is_id(name, 100, "_-."));
    let name = name.ok_or_else(|| "the event has no name".to_owned())?;
    let job = fields.get("job_id").filter(|id: &String| is_upload(id));
    let part = |name: &str, extra: &str| {
        fields.get(name).filter(|text: &String| is_id(text, 100, extra)).unwrap_or_else(|| "-".to_owned())
    };
    let dedupe_id = format!(
        "{name}:{}:{}:{}:{}",
        job.as_deref().unwrap_or("-"),
        part("platform", "_-"),
        part("profile_username", "_-.@+"),
        part("created_at", "-:.+"),
    );
    let effect = match (name.as_str(), job) {
        ("upload_completed", Some(job)) => Effect::JobChanged(format!("job:{job}")),
        _ => Effect::None,
    };
    Ok(Event { dedupe_id, name, effect })
}
