//! Which models tenants use that have no price: every call of such a model is refused.

use std::collections::BTreeSet;

use calendar::Millis;
use money::{PriceRow, PriceTable, Quantity};
use serde_json::Value;

/// A vendor's model that somebody's calls go to.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
pub struct Used {
    pub tenant: String,
    pub capability: String,
    pub vendor: String,
    pub model: String,
}

/// What the tenants' records say. `vendors` is what the gate knows of vendors: the first model is what is meant by none.
pub fn used(tenants: &[Value], vendors: &[Value]) -> BTreeSet<Used> {
    let mut all = BTreeSet::new();
    for tenant in tenants {
        let id = tenant["id"].as_str().unwrap_or_default();
        let mut add = |capability: &str, choice: &Value| {
            let Some(vendor) = choice["provider"].as_str() else { return };
            let usual = || vendors.iter().find(|one| one["vendor"] == vendor)?["models"].get(0)?.as_str();
            let model = choice["model"].as_str().or_else(usual).unwrap_or_default();
            all.insert(Used {
                tenant: id.to_owned(),
                capability: capability.to_owned(),
                vendor: vendor.to_owned(),
                model: model.to_owned(),
            });
        };
        for (capability, choice) in tenant["vendors"].as_object().into_iter().flatten() {
            add(capability, choice);
        }
        for (_, route) in tenant["routes"].as_object().into_iter().flatten() {
            route["rungs"].as_array().into_iter().flatten().for_each(|rung| add("chat", rung));
        }
    }
    all
}

/// Whether a call of it can be priced today, as the limits do it.
pub fn is_priced(used: &Used, rows: &[PriceRow], now: Millis) -> bool {
    let own: Vec<PriceRow> = rows.iter().filter(|row| row.vendor == used.vendor).cloned().collect();
    let table = PriceTable::pick(&own, &used.model, now);
    let has = |unit: &str| table.cost(&[Quantity::new(unit, 1)]).is_ok();
    match used.capability.as_str() {
        "chat" => has("input_tokens") && has("output_tokens"),
        _ => money::UNIT_TYPES.iter().any(|unit| has(unit)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lim_2_a_model_in_use_without_a_price_is_found() {
        let tenants = [
            json!({
                "id": "shop",
                "vendors": {"chat": {"provider": "openai", "model": "m-1"}, "speech": {"provider": "cartesia"}, "video": {"provider": "tavus"}},
                "routes": {"auto": {"rungs": [{"provider": "openai", "model": "m-2"}, {"provider": "anthropic", "model": "c-1"}]}},
            }),
            json!({"id": "empty"}),
        ];
        let vendors = [json!({"vendor": "cartesia", "models": ["sonic"]})];
        let used = used(&tenants, &vendors);
        let row = |vendor: &str, model: &str, unit: &str, from: &str| PriceRow {
            valid_from: from.into(),
            ..PriceRow::new(vendor, model, unit, "0.01")
        };
        let rows = [
            row("openai", "m-1", "input_tokens", "2026-01-01"),
            row("openai", "*", "output_tokens", "2026-01-01"),
            row("anthropic", "*", "input_tokens", "2026-01-01"),
            row("anthropic", "*", "output_tokens", "2099-01-01"),
            row("cartesia", "sonic", "characters", "2026-01-01"),
            row("heygen", "*", "seconds", "2026-01-01"),
        ];
        let now = Millis::parse("2026-11-21T00:00:00Z").unwrap();
        let unpriced: Vec<String> = used
            .iter()
            .filter(|used| !is_priced(used, &rows, now))
            .map(|used| format!("{} {} {}", used.capability, used.vendor, used.model))
            .collect();
        assert_eq!(unpriced, ["chat anthropic c-1", "chat openai m-2", "video tavus "]);
        assert_eq!(used.len(), 5);
    }
}
