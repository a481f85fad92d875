//! Meters a feed: it is read whole and goes on as the small object.

use adapter::prelude::*;
use adapter::{Collect, Fields, Meter, Quantity, Unit, Usage, capped};
use serde_json::json;

use crate::plan::MAX_BYTES;
use crate::{matches, standings};

/// The vendor counts requests, and this one has been answered: what the answer says makes no difference.
pub struct ContextMeter {
    body: Collect,
    usage: Usage,
}

impl ContextMeter {
    pub fn new(worst_case: &[Quantity]) -> Self {
        let usage = Usage::Counted(vec![capped(Unit::Requests, 1, worst_case)]);
        Self { body: Collect::new(MAX_BYTES), usage }
    }
}

impl Meter for ContextMeter {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>, String> {
        self.body.push(chunk)?;
        Ok(Vec::new())
    }

    fn end(&mut self) -> Result<Vec<u8>, String> {
        normalised(&self.body.take())
    }

    fn usage(&self) -> Usage {
        self.usage.clone()
    }
}

/// `{"matches": [..]}` or `{"standings": [..]}`. The shape of the feed decides, not the topic: each feed has its own.
fn normalised(body: &[u8]) -> Result<Vec<u8>, String> {
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
