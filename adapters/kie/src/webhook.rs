//! Reads the vendor's callbacks, which are hints only.
//!
//! The signature covers the task's id and the time, not the body. So nothing of the body is believed but that
//! something happened to the task; the gate looks at it.

use adapter::prelude::*;
use adapter::{Effect, Event, Fields};

use crate::plan::is_task;

/// The kind isn't named and shows in the shape only: a task's callback repeats its record, which has a `state`, while
/// Veo's has files or nothing at all. A shape that is neither is taken as Veo's, whose failures are that bare; should
/// that be wrong, no such job is found, and the gate's own look finds out a little later.
pub fn read(body: &[u8]) -> Result<Event, String> {
    let fields = Fields::parse(body).map_err(|_| "the event is not a JSON object".to_owned())?;
    let code: u16 = fields.get("code").ok_or_else(|| "the event has no code".to_owned())?;
    let data: Fields = fields.get("data").unwrap_or_default();
    let task = one_task(&[&data, &fields])?;
    let is_record = ["state", "resultJson", "model", "param"].iter().any(|name| data.raw(name).is_some());
    let prefix = if is_record { "job" } else { "veo" };
    Ok(Event {
        dedupe_id: format!("{task}:{code}"),
        name: format!("{prefix}.callback"),
        effect: Effect::JobChanged(format!("{prefix}:{task}")),
    })
}

/// The one task that is named, however it is spelled. With two, the signature might be for the other.
fn one_task(places: &[&Fields]) -> Result<String, String> {
    let mut ids = places.iter().flat_map(|place| ["taskId", "task_id"].map(|name| place.get::<String>(name))).flatten();
    let id = ids.next().filter(|id| is_task(id)).ok_or_else(|| "the event has no task".to_owned())?;
    if ids.all(|other| other == id) { Ok(id) } else { Err("the event has two tasks".to_owned()) }
}
