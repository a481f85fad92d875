//! Reads a whole feed, which goes on as the small object.

use adapter::Fields;
use adapter::prelude::*;
use serde_json::json;

use crate::{matches, standings};

/// `{"matches": [..]}` or `{"standings": [..]}`. The shape of the feed decides, not the topic: each feed has its own.
pub fn normalised(body: &[u8]) -> Result<Vec<u8>, String> {
    let feed = Fields::parse(body).map_err(|_| "the feed is not a JSON object".to_owned())?;
    let object = if feed.raw("sport_event").is_some() {
        json!({ "matches": matches::one(&feed).into_iter().collect::<Vec<_>>() })
    } else if let Some(items) = ["summaries", "schedules"].iter().find_map(|name| feed.get::<Vec<Fields>>(name)) {
        json!({ "matches": matches::list(&items) })
    } else if let Some(tables) = feed.get::<Vec<Fields>>("standings") {
        json!({ "standings": standings::rows(&tables) })
    } else {
        return Err("the answer is no feed".to_owned());
    };
    Ok(object.to_string().into_bytes())
}
