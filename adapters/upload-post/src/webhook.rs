//! Reads the vendor's events. One `upload_completed` comes for each platform, also where it failed.

use adapter::prelude::*;
use adapter::{Effect, Event, Fields, Header, is_id};

use crate::plan::is_upload;

/// The event tells of one platform and the job may have several, so it is a hint: the gate looks at the job.
///
/// The delivery's id lies outside the signature. So what the body says is part of the id as well: a delivery that is
/// sent again under another's id is no repeat of that other.
pub fn read(headers: &[Header], body: &[u8]) -> Result<Event, String> {
    let fields = Fields::parse(body).map_err(|_| "the event is not a JSON object".to_owned())?;
    let name = fields.get("event").filter(|name: &String| is_id(name, 100, "_-."));
    let name = name.ok_or_else(|| "the event has no name".to_owned())?;
    let job = fields.get("job_id").filter(|id: &String| is_upload(id));
    let part = |name: &str, extra: &str| {
        fields.get(name).filter(|text: &String| is_id(text, 100, extra)).unwrap_or_else(|| "-".to_owned())
    };
    let delivery = headers.iter().find(|header| header.name.eq_ignore_ascii_case("x-upload-post-delivery"));
    let delivery = delivery.map(|header| header.value.trim()).filter(|id| is_id(id, 128, "_-.:"));
    let about = format!("{}:{}", job.as_deref().unwrap_or("-"), part("platform", "_-"));
    let dedupe_id = match (delivery, &job) {
        (Some(delivery), _) => format!("{name}:{about}:{delivery}"),
        (None, Some(_)) => format!("{name}:{about}"),
        // An account's event, or an upload's of before events named their job.
        (None, None) => format!("{name}:{about}:{}:{}", part("profile_username", "_-.@+"), part("created_at", "-:.+")),
    };
    let effect = match (name.as_str(), job) {
        ("upload_completed", Some(job)) => Effect::JobChanged(format!("job:{job}")),
        _ => Effect::None,
    };
    Ok(Event { dedupe_id, name, effect })
}
