//! The demo tenant's books as the pages show them: the month's cap and what of it is settled and held, and the newest
//! entries of the log. Nothing in it is secret: sums, ids, and what each call was.

use std::time::Duration;

use axum::http::Method;
use money::Nanos;
use serde_json::{Value, json};

use super::gate::{Gate, Said};

/// As many entries as a page shows.
const ENTRIES: u32 = 8;

/// The books; without a store to read them from, `{"offline": ...}` with the gate's own words.
pub async fn read(gate: &Gate<'_>) -> Value {
    let tenant = &gate.setup.tenant;
    // The operator's key: a secret key has a rate, which a page that looks twice a second would use up.
    let sums = format!("/v1/usage?tenant={tenant}");
    let usage = gate.as_operator(Method::GET, &sums, Value::Null);
    let newest = format!("/v1/audit/entries?tenant={tenant}&kind=money&order=newest&limit={ENTRIES}");
    let entries = gate.as_operator(Method::GET, &newest, Value::Null);
    match tokio::join!(usage, entries) {
        (Ok(usage), Ok(entries)) if usage.status == 200 && entries.status == 200 => {
            json!({"month": month(&usage.body), "open": usage.body["open"]["held"], "charged": charged(&usage.body),
                "entries": shown(&entries.body)})
        }
        (Ok(usage), Ok(entries)) => json!({"offline": if usage.status == 200 { entries.word() } else { usage.word() }}),
        (Err(reason), _) | (_, Err(reason)) => json!({"offline": reason}),
    }
}

/// What is settled this month; `None` while nobody can tell.
pub async fn settled(gate: &Gate<'_>) -> Option<Nanos> {
    let path = format!("/v1/usage?tenant={}", gate.setup.tenant);
    let usage: Said = gate.as_operator(Method::GET, &path, Value::Null).await.ok()?;
    Nanos::parse_usd(month(&usage.body)["settled"].as_str()?).ok()
}

/// Waits until the gate has its store, or hasn't: it looks for the file of a drill a few times a second. At most 2 s.
pub async fn reachable(gate: &Gate<'_>, wanted: bool) {
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        if settled(gate).await.is_some() == wanted {
            return;
        }
    }
}

/// The tenant's own cap in dollars, by month.
fn month(usage: &Value) -> Value {
    let is_it = |window: &&Value| window["scope"] == "tenant" && window["window"] == "month" && window["unit"] == "usd";
    let found = usage["windows"].as_array().into_iter().flatten().find(is_it);
    let pick = |name: &str| found.map_or(Value::Null, |window| window[name].clone());
    json!({"cap": pick("cap"), "settled": pick("settled"), "held": pick("held")})
}

/// How many entries this month has.
fn charged(usage: &Value) -> u64 {
    let each = usage["by_capability"].as_object().into_iter().flatten();
    each.filter_map(|(_, capability)| capability["entries"].as_u64()).sum()
}

fn shown(page: &Value) -> Vec<Value> {
    const FIELDS: [&str; 10] = [
        "limit_check_id",
        "seq",
        "at",
        "capability",
        "provider",
        "channel",
        "units_consumed",
        "unit_type",
        "cost_nanos",
        "settlement",
    ];
    let entry = |entry: &Value| FIELDS.iter().map(|name| ((*name).to_owned(), entry[*name].clone())).collect();
    page["entries"].as_array().into_iter().flatten().map(entry).collect()
}
