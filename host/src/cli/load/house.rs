//! Caps to be tried, over those that are there.

use anyhow::{Result, bail};
use clap::Args;
use serde_json::{Value, json};
use tenancy::Tenant;

#[derive(Args, Default)]
pub struct Caps {
    /// What a month may cost, in USD.
    #[arg(long, value_name = "USD")]
    pub monthly: Option<String>,
    /// What one visitor's session may cost, in USD.
    #[arg(long, value_name = "USD")]
    pub session: Option<String>,
    /// Units a day, such as seconds=3600 or tokens=1000000. May be given again.
    #[arg(long, value_name = "UNIT=N", value_parser = daily)]
    pub daily: Vec<(String, u64)>,
    /// Calls under way at once.
    #[arg(long, value_name = "N")]
    pub burst: Option<u64>,
    /// How long a call waits for a place, in milliseconds.
    #[arg(long, value_name = "MS")]
    pub queue_wait_ms: Option<u64>,
    /// Calls of one visitor a minute.
    #[arg(long, value_name = "N")]
    pub requests_per_minute: Option<u64>,
    /// The part of the monthly cap from which on it goes slower, such as 0.8.
    #[arg(long, value_name = "PART")]
    pub throttle_at: Option<f64>,
    /// The part of the monthly cap from which on there is only text, such as 0.95.
    #[arg(long, value_name = "PART")]
    pub text_only_at: Option<f64>,
}

fn daily(text: &str) -> Result<(String, u64), String> {
    let (unit, units) = text.split_once('=').ok_or("expected UNIT=N, such as seconds=3600")?;
    let units = units.parse().map_err(|_| format!("`{units}` is no number of {unit}"))?;
    Ok((unit.to_owned(), units))
}

/// A unit's price.
pub fn price(text: &str) -> Result<(String, String), String> {
    let (unit, usd) = text.split_once('=').ok_or("expected UNIT=USD, such as input_tokens=0.0000004")?;
    if !money::UNIT_TYPES.contains(&unit) {
        return Err(format!("`{unit}` is no unit: {} are", money::UNIT_TYPES.join(", ")));
    }
    let row = money::PriceRow::new("v", "*", unit, usd);
    row.attos().map_err(|error| format!("`{usd}` is no price in USD: {error}"))?;
    Ok((unit.to_owned(), usd.to_owned()))
}

impl Caps {
    /// The tenant of a record with these caps, by the gate's own rules for both.
    pub fn over(&self, record: &Value) -> Result<Tenant> {
        let mut limits = json!({});
        let mut cap = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                limits[name] = value;
            }
        };
        cap("monthly_cost_usd", self.monthly.as_ref().map(|usd| json!(usd)));
        cap("session_cost_usd", self.session.as_ref().map(|usd| json!(usd)));
        cap("burst", self.burst.map(|n| json!(n)));
        cap("queue_wait_ms", self.queue_wait_ms.map(|ms| json!(ms)));
        cap("requests_per_minute", self.requests_per_minute.map(|n| json!(n)));
        for (unit, units) in &self.daily {
            limits["daily_units"][unit] = json!(units);
        }
        let mut patch = json!({"limits": limits, "ladder": {}});
        for (name, part) in [("throttle_at", self.throttle_at), ("text_only_at", self.text_only_at)] {
            if let Some(part) = part {
                patch["ladder"][name] = json!(part);
            }
        }
        let mut whole = record.clone();
        tenancy::merge_patch(&mut whole, &patch);
        // What the gate adds to a record, and takes from nobody.
        if let Some(fields) = whole.as_object_mut() {
            fields.remove("twin");
        }
        match tenancy::parse_tenant(&whole) {
            Ok(tenant) => Ok(tenant),
            Err(wrong) => bail!("{}: {}", wrong.param, wrong.message),
        }
    }
}
