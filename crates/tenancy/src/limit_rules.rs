//! What caps and rates may be, for tenants and companies alike.
//!
//! A cap may be 0 (nothing is let through) and may be below what is used already: that is how an operator stops a
//! spender. Whatever does not fit its counter, or is no whole number or decimal string, names its field.

use std::collections::BTreeMap;

use money::{Nanos, UNIT_TYPES};
use serde_json::Value as Json;

use crate::{Company, Invalid, Limits, fields::Object, names};

/// Input and output tokens together: what a chat call's log entry counts.
const TOKENS: &str = "tokens";

/// Reads a company's body, as `PUT /v1/companies/{id}` takes it.
pub fn parse_company(id: &str, body: &Json) -> Result<Company, Invalid> {
    let id = names::id("id", id)?;
    let body = Object::body(body)?;
    body.only(&["id", "limits"])?;
    if body.get("id").is_some_and(|written| written.as_str() != Some(&id)) {
        return Err(body.fault("id", "must be the id in the path"));
    }
    let limits = body.object("limits")?.map(|field| limits(&field)).transpose()?.unwrap_or_default();
    Ok(Company { id, limits })
}

pub(crate) fn limits(limits: &Object<'_>) -> Result<Limits, Invalid> {
    limits.only(&[
        "monthly_cost_usd",
        "daily_units",
        "session_cost_usd",
        "session_units",
        "burst",
        "queue_wait_ms",
        "requests_per_minute",
        "request_burst",
    ])?;
    Ok(Limits {
        monthly_cost_usd: money(limits, "monthly_cost_usd")?,
        daily_units: units(limits, "daily_units")?,
        session_cost_usd: money(limits, "session_cost_usd")?,
        session_units: units(limits, "session_units")?,
        burst: limits.integer("burst", 1, 1_000_000)?,
        queue_wait_ms: limits.integer("queue_wait_ms", 0, 30_000)?,
        requests_per_minute: limits.integer("requests_per_minute", 1, 1_000_000)?,
        request_burst: limits.integer("request_burst", 1, 1_000_000)?,
    })
}

fn money(limits: &Object<'_>, name: &str) -> Result<Option<String>, Invalid> {
    let Some(value) = limits.get(name) else {
        return Ok(None);
    };
    let text = value.as_str().ok_or_else(|| limits.fault(name, "must be a decimal string such as \"25.00\""))?;
    Nanos::parse_usd(text).map_err(|error| limits.fault(name, error.to_string()))?;
    Ok(Some(text.to_owned()))
}

fn units(limits: &Object<'_>, name: &str) -> Result<BTreeMap<String, u64>, Invalid> {
    let Some(units) = limits.object(name)? else {
        return Ok(BTreeMap::new());
    };
    let known: Vec<&str> = UNIT_TYPES.iter().copied().chain([TOKENS]).collect();
    units.only(&known)?;
    // Beyond this a counter could not hold the sum of what many callers try at once.
    let most = 1_000_000_000_000_000;
    let mut caps = BTreeMap::new();
    for unit in known {
        if let Some(cap) = units.integer(unit, 0, most)? {
            caps.insert(unit.to_owned(), cap);
        }
    }
    Ok(caps)
}
