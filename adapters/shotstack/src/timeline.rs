//! How long an edit becomes, which is what it costs.

use adapter::PlanError;
use adapter::prelude::*;
use serde_json::{Map, Value};

use crate::decimal::millis_up;

/// The vendor's own longest render: 3 hours.
pub const MAX_SECONDS: u64 = 10_800;

/// The end of the last clip in seconds, rounded up; one more for the frame by which encoders overrun.
///
/// Every clip has to say how long it is. Where the vendor would find that out from the asset (`auto`), nothing could be
/// reserved before the call.
pub fn seconds(timeline: &Map<String, Value>) -> Result<u64, PlanError> {
    let tracks = list(timeline.get("tracks")).ok_or_else(|| wrong("must have a list of tracks"))?;
    let mut longest = 0;
    for track in tracks {
        let clips = list(track.get("clips")).ok_or_else(|| wrong("must have a list of clips in every track"))?;
        let mut end = 0;
        for clip in clips {
            end = end_of(clip, end).ok_or_else(|| {
                wrong("must have clips with start (seconds or auto) and length (seconds, or end) within 3 hours")
            })?;
            longest = longest.max(end);
        }
    }
    if longest == 0 {
        return Err(wrong("must be longer than nothing"));
    }
    Ok(longest.div_ceil(1000).saturating_add(1).min(MAX_SECONDS))
}

/// The clip's end in milliseconds; `auto` starts it where the one before it in its track has ended.
fn end_of(clip: &Value, before: u64) -> Option<u64> {
    let start = match clip.get("start")? {
        Value::String(text) if text == "auto" => before,
        Value::Number(number) => millis_up(&number.to_string())?,
        _ => return None,
    };
    let length = match clip.get("length")? {
        // As long as the rest of the edit, so it makes nothing longer.
        Value::String(text) if text == "end" => 0,
        Value::Number(number) => millis_up(&number.to_string())?,
        _ => return None,
    };
    start.checked_add(length).filter(|end| *end <= MAX_SECONDS.saturating_mul(1000))
}

fn list(value: Option<&Value>) -> Option<&Vec<Value>> {
    value?.as_array().filter(|items| !items.is_empty())
}

fn wrong(expected: &str) -> PlanError {
    PlanError::invalid("input.timeline", expected)
}
