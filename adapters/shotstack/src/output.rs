//! What is made of an edit: the format, not the place.

use adapter::PlanError;
use adapter::prelude::*;
use serde_json::{Map, Value};

/// Billed by the minute; pictures are billed by the piece and therefore left out.
const FORMATS: [&str; 3] = ["mp4", "gif", "mp3"];

const RESOLUTIONS: [&str; 5] = ["preview", "mobile", "sd", "hd", "1080"];

/// What changes neither the price nor where the result goes.
const OTHERS: [&str; 10] =
    ["aspectRatio", "size", "fps", "scaleTo", "quality", "repeat", "mute", "range", "poster", "thumbnail"];

/// `output` may set these and nothing else; above all no `destinations`, which would send the result elsewhere.
pub fn check(output: &Map<String, Value>) -> Result<(), PlanError> {
    for (name, value) in output {
        let one_of = |known: &[&str]| {
            if value.as_str().is_some_and(|value| known.contains(&value)) {
                return Ok(());
            }
            Err(PlanError::invalid(format!("input.output.{name}"), format!("must be one of {}", known.join(", "))))
        };
        match name.as_str() {
            "format" => one_of(&FORMATS)?,
            "resolution" => one_of(&RESOLUTIONS)?,
            "destinations" => return Err(PlanError::invalid("input.output.destinations", "is not the page's to set")),
            other if OTHERS.contains(&other) => {}
            _ => {
                let expected = format!("must have no other fields than format, resolution, {}", OTHERS.join(", "));
                return Err(PlanError::invalid("input.output", expected));
            }
        }
    }
    if output.contains_key("format") {
        return Ok(());
    }
    Err(PlanError::invalid("input.output.format", format!("must be one of {}", FORMATS.join(", "))))
}
