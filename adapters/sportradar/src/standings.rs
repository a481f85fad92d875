//! Reads a season's table. The shape is not in the vendor's public pages that were read; so nothing of it is required.

use adapter::Fields;
use adapter::prelude::*;
use serde_json::{Map, Value};

use crate::text::{number, put, short};

/// More rows than any season's table has.
const MAX_ROWS: usize = 200;

/// The rows of the total table; those for home and away games alone are left out.
pub fn rows(tables: &[Fields]) -> Vec<Value> {
    let mut rows = Vec::new();
    for table in tables {
        if table.get::<String>("type").is_some_and(|kind| kind != "total") {
            continue;
        }
        for group in table.get::<Vec<Fields>>("groups").unwrap_or_default() {
            let name = short(&group, "name");
            let places: Vec<Fields> = group.get("standings").unwrap_or_default();
            rows.extend(places.iter().filter_map(|place| row(place, name.as_deref())));
        }
    }
    rows.truncate(MAX_ROWS);
    rows
}

fn row(place: &Fields, group: Option<&str>) -> Option<Value> {
    let competitor: Fields = place.get("competitor")?;
    let mut object = Map::new();
    put(&mut object, "group", group);
    put(&mut object, "competitor", short(&competitor, "name"));
    for name in ["rank", "played", "win", "draw", "loss", "goals_for", "goals_against", "goals_diff", "points"] {
        put(&mut object, name, number(place, name));
    }
    Some(Value::Object(object))
}
