//! What the scenarios of many chat vendors share: a gate with prices for all of them, and tenants bound to all of them.

use std::sync::OnceLock;

use scenarios::tenant::merge;
use scenarios::{Gate, Mocks, Tenant, Value, json, usd};

/// A chat vendor as a scenario sees it.
#[derive(Debug, Clone, Copy)]
pub struct Vendor {
    pub name: &'static str,
    /// One that it offers by name.
    pub model: &'static str,
    /// The one header that carries its key.
    pub key_header: &'static str,
    /// Nano-USD of an input token, a cached one and an output token: odd, so that what is added up wrongly shows.
    pub prices: [i64; 3],
}

pub const OPENAI: Vendor =
    Vendor { name: "openai", model: "gpt-4.1-mini", key_header: "authorization", prices: [403, 101, 1_609] };
pub const ANTHROPIC: Vendor =
    Vendor { name: "anthropic", model: "claude-haiku-4-5", key_header: "x-api-key", prices: [1_009, 107, 5_003] };
pub const GEMINI: Vendor =
    Vendor { name: "gemini", model: "gemini-2.5-flash", key_header: "x-goog-api-key", prices: [307, 31, 2_503] };
pub const DEEPSEEK: Vendor =
    Vendor { name: "deepseek", model: "deepseek-flash", key_header: "authorization", prices: [151, 3, 601] };
pub const VENDORS: [Vendor; 4] = [OPENAI, ANTHROPIC, GEMINI, DEEPSEEK];

impl Vendor {
    /// What so many tokens cost, in nano-USD.
    pub fn cost(&self, [input, cached, output]: [i64; 3]) -> i64 {
        input * self.prices[0] + cached * self.prices[1] + output * self.prices[2]
    }

    /// What the page's `usage` costs.
    #[track_caller]
    pub fn cost_of(&self, usage: &Value) -> i64 {
        self.cost(tokens(usage))
    }
}

/// Input without the cached tokens, the cached ones, output.
#[track_caller]
pub fn tokens(usage: &Value) -> [i64; 3] {
    let count = |value: &Value| value.as_i64().unwrap_or_else(|| panic!("no number in {usage}"));
    let cached = usage["prompt_tokens_details"]["cached_tokens"].as_i64().unwrap_or(0);
    [count(&usage["prompt_tokens"]) - cached, cached, count(&usage["completion_tokens"])]
}

/// The gate of these scenarios.
pub fn gate() -> &'static Gate {
    static GATE: OnceLock<Gate> = OnceLock::new();
    GATE.get_or_init(|| {
        let gate = Gate::start();
        let units = ["input_tokens", "cached_input_tokens", "output_tokens"];
        let rows = VENDORS.iter().flat_map(|vendor| {
            units.iter().zip(vendor.prices).map(|(unit, price)| price_row(vendor.name, vendor.model, unit, price))
        });
        put_prices(&gate, rows.collect());
        gate
    })
}

pub fn price_row(vendor: &str, model: &str, unit: &str, nanos: i64) -> Value {
    json!({"vendor": vendor, "model": model, "unit_type": unit, "usd_per_unit": usd(nanos), "valid_from": "2026-01-01"})
}

#[track_caller]
pub fn put_prices(gate: &Gate, rows: Vec<Value>) {
    gate.admin().put("/v1/prices", &json!({"prices": rows})).done();
}

/// A tenant with all four vendors at the shared mocks, and none of them chosen.
#[track_caller]
pub fn tenant(patch: Value) -> Tenant {
    let mut tenant = Tenant::new(gate(), patch);
    for vendor in VENDORS {
        tenant.bind(gate(), vendor.name, Mocks::shared(), json!({}));
    }
    let no_choice = json!({"vendors": {"chat": null}});
    gate().admin().patch(&format!("/v1/tenants/{}", tenant.id), &no_choice).expect(200);
    tenant
}

/// A tenant with one vendor of these, bound with more options.
#[track_caller]
pub fn tenant_of(vendor: Vendor, options: Value) -> Tenant {
    let mut tenant = tenant(json!({}));
    tenant.bind(gate(), vendor.name, Mocks::shared(), json!({"options": options}));
    tenant
}

/// What goes wrong with the next calls of this tenant to a vendor, and with nobody else's.
#[track_caller]
pub fn fault(tenant: &Tenant, vendor: Vendor, fault: Value) {
    let mut keyed = json!({"key": tenant.vendor_secrets[vendor.name]});
    merge(&mut keyed, fault);
    Mocks::shared().fault(vendor.name, keyed);
}

/// The tenant's calls to one vendor, oldest first.
#[track_caller]
pub fn calls_to(tenant: &Tenant, vendor: Vendor) -> Vec<Value> {
    Mocks::shared().calls_of(tenant).into_iter().filter(|call| call["vendor"] == vendor.name).collect()
}

/// A chat request to a model or a route.
pub fn ask(model: &str, content: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": content}], "max_tokens": 64})
}

/// The same, streamed.
pub fn ask_streamed(model: &str, content: &str) -> Value {
    let mut body = ask(model, content);
    body["stream"] = json!(true);
    body
}
