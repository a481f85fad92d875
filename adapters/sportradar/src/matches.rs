//! Reads matches out of a feed. Every field is optional: before the start there is neither score nor clock.

use adapter::Fields;
use adapter::prelude::*;
use serde_json::{Map, Value};

use crate::text::{number, put, short};

/// More than a day of a sport has on one page.
const MAX_MATCHES: usize = 200;

/// All matches of a list.
pub fn list(items: &[Fields]) -> Vec<Value> {
    items.iter().take(MAX_MATCHES).filter_map(one).collect()
}

/// The match that `item` tells of; `None` if it tells of none.
pub fn one(item: &Fields) -> Option<Value> {
    let event: Fields = item.get("sport_event")?;
    let status: Fields = item.get("sport_event_status").unwrap_or_default();
    let context: Fields = event.get("sport_event_context").unwrap_or_default();
    let competition: Fields = context.get("competition").unwrap_or_default();
    let clock: Fields = status.get("clock").unwrap_or_default();
    let competitors: Vec<Fields> = event.get("competitors").unwrap_or_default();
    let side = |wanted: &str| {
        let found = competitors.iter().find(|one| one.get::<String>("qualifier").as_deref() == Some(wanted));
        found.and_then(|one| short(one, "name"))
    };

    let mut object = Map::new();
    put(&mut object, "id", short(&event, "id"));
    put(&mut object, "competition", short(&competition, "name"));
    put(&mut object, "home", side("home"));
    put(&mut object, "away", side("away"));
    put(&mut object, "home_score", number(&status, "home_score"));
    put(&mut object, "away_score", number(&status, "away_score"));
    put(&mut object, "status", short(&status, "status"));
    put(&mut object, "phase", short(&status, "match_status"));
    put(&mut object, "clock", short(&clock, "played"));
    put(&mut object, "start_time", short(&event, "start_time"));
    (!object.is_empty()).then_some(Value::Object(object))
}
