//! What can be bound, for people: every vendor of the bundle with its list prices and where they were read.

use serde_json::{Value as Json, json};
use shell::{Call, Problem, Reply};

use super::name;
use crate::{
    bindings::adapter::{self, Capability, Price, Profile},
    caller::anyone,
};

/// `GET /v1/vendors`: for the operator and for tenants.
pub fn list(call: &Call) -> Result<Reply, Problem> {
    anyone(call)?;
    let vendors: Vec<Json> = adapter::vendors().into_iter().map(shown).collect();
    Ok(Reply::json(200, &json!({ "vendors": vendors })))
}

fn shown(profile: Profile) -> Json {
    let capability = |capability: &Capability| match capability {
        Capability::Realtime => "realtime",
        other => name(*other),
    };
    let capabilities: Vec<&str> = profile.capabilities.iter().map(capability).collect();
    let prices: Vec<Json> =
        adapter::prices(&profile.vendor).into_iter().map(|row| price(&profile.vendor, row)).collect();
    json!({
        "vendor": profile.vendor,
        "capabilities": capabilities,
        "base_url": profile.base_url,
        "models": profile.models,
        "list_prices": prices,
    })
}

/// A row as `PUT /v1/prices` takes it, with where and when it was read beside it.
fn price(vendor: &str, row: Price) -> Json {
    let mut price = json!({
        "vendor": vendor, "model": row.model, "unit_type": row.unit_type, "usd_per_unit": row.usd_per_unit,
    });
    if row.from_input_tokens > 0 {
        price["from_input_tokens"] = row.from_input_tokens.into();
    }
    if let Some(hours) = row.hours_utc {
        price["hours_utc"] = hours.into();
    }
    json!({ "price": price, "as_of": row.as_of, "source": row.source })
}
