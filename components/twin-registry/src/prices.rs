//! Prices: rows per vendor, model, unit and day.

use serde_json::json;
use shell::{Call, KeyValue, Problem, Reply, offline};
use tenancy::{all_prices, parse_prices, put_prices};

use crate::{journal::Log, refuse};

/// `PUT /v1/prices`: adds or replaces those rows, and shows all.
pub fn put(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let rows = parse_prices(&call.json()?).map_err(refuse::invalid)?;
    put_prices(store, rows, &Log(call)).map_err(refuse::write)?;
    get(store)
}

/// `GET /v1/prices`
pub fn get(store: &KeyValue) -> Result<Reply, Problem> {
    let rows = all_prices(store).map_err(|error| offline(&error))?;
    Ok(Reply::json(200, &json!({ "prices": rows })))
}
