//! Gates with a tenant whose limits are not what is measured.

use anyhow::{Context, Result};
use scenarios::{Gate, ORIGIN, Tenant, Value, json};

use super::Rig;
use super::contestant::{Contestant, Load, MODEL, RELAXED, STRICT};

/// What the store's answers survive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Durability {
    Relaxed,
    Strict,
}

impl Durability {
    pub const BOTH: [Self; 2] = [Self::Relaxed, Self::Strict];

    /// As it is called in the results.
    pub fn contestant(self) -> &'static str {
        match self {
            Self::Relaxed => RELAXED,
            Self::Strict => STRICT,
        }
    }

    fn argument(self) -> &'static str {
        match self {
            Self::Relaxed => "relaxed",
            Self::Strict => "strict",
        }
    }
}

/// A gate with an empty store, its tenant, and a page in a session.
pub struct GateRig {
    pub gate: Gate,
    pub tenant: Tenant,
    token: String,
    name: String,
}

impl GateRig {
    /// Starts one with the arguments of `tollgate up` that are not about durability.
    pub fn start(rig: &Rig, durability: Durability, extra: &[&str]) -> Result<Self> {
        let arguments = [&["--durability", durability.argument()], extra].concat();
        let gate = Gate::start_with(&arguments);
        let admin = gate.admin();
        admin.put("/v1/prices", &list_prices(&admin.get("/v1/vendors").expect(200))).done();
        admin.put("/v1/companies/bench", &json!({"limits": {"monthly_cost_usd": "9000000"}})).done();
        let tenant = Tenant::new(&gate, record());
        let base = format!("{}/v1", rig.upstream_url);
        let binding = json!({"mode": "mock", "base_url": base, "secret": "sk-bench", "options": {}});
        admin.put(&format!("/v1/tenants/{}/vendors/openai", tenant.id), &binding).done();
        let token = tenant.page().token;
        let made = Self { gate, tenant, token, name: durability.contestant().to_owned() };
        made.chat().load.try_once("chat.completion").with_context(|| format!("{} in front of openai", made.name))?;
        Ok(made)
    }

    /// A chat call from a page, with everything checked that a page's call is checked for.
    pub fn chat(&self) -> Contestant {
        let headers =
            vec![("Authorization".into(), format!("Bearer {}", self.token)), ("Origin".into(), ORIGIN.into())];
        self.contestant(Load::chat(&self.gate.url, headers))
    }

    /// A decision whether half a minute of video may be bought, asked by the tenant's server.
    pub fn preflight(&self) -> Contestant {
        let estimate = json!({"units": 30, "unit_type": "seconds"});
        let body = json!({"capability": "video", "provider": "tavus", "estimate": estimate});
        let headers = vec![
            ("Authorization".into(), format!("Bearer {}", self.tenant.secret_key)),
            ("Content-Type".into(), "application/json".into()),
        ];
        self.contestant(Load {
            base: self.gate.url.clone(),
            path: "/v1/preflight".into(),
            headers,
            body: body.to_string(),
        })
    }

    fn contestant(&self, load: Load) -> Contestant {
        Contestant { name: self.name.clone(), load, process: self.gate.process_id(), is_peer: false }
    }
}

fn record() -> Value {
    json!({
        "company": "bench",
        "limits": {
            "monthly_cost_usd": "1000000",
            "burst": 1_000_000,
            "requests_per_minute": 1_000_000,
            "request_burst": 1_000_000,
        },
        "vendors": {"chat": {"provider": "openai", "model": MODEL}},
    })
}

/// A price list as long as a real one: it is read in every call.
fn list_prices(vendors: &Value) -> Value {
    let rows = vendors["vendors"].as_array().into_iter().flatten();
    let rows = rows.flat_map(|vendor| vendor["list_prices"].as_array().into_iter().flatten());
    json!({"prices": rows.map(|row| row["price"].clone()).collect::<Vec<_>>()})
}
