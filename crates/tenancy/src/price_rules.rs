//! What price rows may be.

use calendar::Millis;
use money::{Hours, PriceRow, UNIT_TYPES};
use serde_json::Value as Json;

use crate::{Invalid, fields::Object, names};

/// The most rows of one request.
const MAX_ROWS: usize = 1_000;
/// Longer than any prompt will be.
const MAX_FROM_INPUT_TOKENS: u64 = 1_000_000_000;

/// Reads rows, as `PUT /v1/prices` takes them.
pub fn parse_prices(body: &Json) -> Result<Vec<PriceRow>, Invalid> {
    let body = Object::body(body)?;
    body.only(&["prices"])?;
    let rows = body
        .get("prices")
        .and_then(Json::as_array)
        .filter(|rows| rows.len() <= MAX_ROWS)
        .ok_or_else(|| body.fault("prices", format!("must be a list of at most {MAX_ROWS} rows")))?;
    rows.iter().enumerate().map(|(i, row)| price_row(&Object::at(&format!("prices[{i}]"), row)?)).collect()
}

fn price_row(row: &Object<'_>) -> Result<PriceRow, Invalid> {
    row.only(&["vendor", "model", "unit_type", "usd_per_unit", "valid_from", "from_input_tokens", "hours_utc"])?;
    let required = |name: &str, most: usize| row.text(name, 1, most)?.ok_or_else(|| row.fault(name, "is required"));
    let unit_type = required("unit_type", 40)?;
    if !UNIT_TYPES.contains(&unit_type) {
        return Err(row.fault("unit_type", format!("must be one of {}", UNIT_TYPES.join(", "))));
    }
    let valid_from = row.text("valid_from", 10, 10)?.unwrap_or("1970-01-01");
    let hours = row.text("hours_utc", 1, 200)?.map(Hours::parse).transpose();
    let read = PriceRow {
        vendor: names::vendor(&row.param("vendor"), required("vendor", 40)?)?,
        model: required("model", 200)?.into(),
        unit_type: unit_type.into(),
        usd_per_unit: required("usd_per_unit", 60)?.into(),
        valid_from: valid_from.into(),
        from_input_tokens: row.integer("from_input_tokens", 0, MAX_FROM_INPUT_TOKENS)?.unwrap_or(0),
        hours_utc: hours.map_err(|error| row.fault("hours_utc", error.to_string()))?,
    };
    read.attos().map_err(|error| row.fault("usd_per_unit", error.to_string()))?;
    // A day that the calendar gives back as it was written exists.
    let exists = Millis::parse(&format!("{valid_from}T00:00:00Z")).is_some_and(|at| at.day() == valid_from);
    if exists { Ok(read) } else { Err(row.fault("valid_from", "must be a day such as 2026-01-31, from 1970 on")) }
}
