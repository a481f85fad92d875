//! What a developer's gate starts with: prices, one company, the tenant `demo`, its vendors, the demo page's key.
//!
//! Every step can be repeated, so a start that was cut off anywhere is mended by the next one.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::demo;
use crate::http::{Answer, Api};
use crate::keys::{DevKeys, TenantKeys};

const TENANT: &str = "/v1/tenants/demo";

/// Brings the gate to its starting state. `mocks` is the address of the mock vendors, if there are any.
pub fn seed(gate: &impl Api, keys: &mut DevKeys, port: u16, mocks: Option<&str>) -> Result<()> {
    let vendors = vendors(gate)?;
    put(gate, "/v1/prices", &list_prices(&vendors))?;
    put(gate, "/v1/companies/acme", &json!({"limits": {"monthly_cost_usd": "100.00"}}))?;
    let tenant_keys = ensure_tenant(gate, keys, port)?;
    if let Some(mocks) = mocks {
        for vendor in &vendors {
            let text = |name: &str| vendor[name].as_str().unwrap_or_default();
            let binding = demo::binding(text("vendor"), text("base_url"), mocks);
            put(gate, &format!("{TENANT}/vendors/{}", text("vendor")), &binding)?;
        }
    }
    put(gate, "/v1/site", &site(&tenant_keys.publishable_key, mocks))
}

/// What the gate's own pages show. With mocks, each of which can be broken, the twins talk by the route `auto`, and the pages
/// find the director there.
fn site(publishable_key: &str, mocks: Option<&str>) -> Value {
    match mocks {
        Some(mocks) => json!({"publishable_key": publishable_key, "model": "auto", "director": mocks}),
        None => json!({"publishable_key": publishable_key}),
    }
}

/// What can be bound, as the gate itself knows it.
fn vendors(gate: &impl Api) -> Result<Vec<Value>> {
    let answer = gate.call("GET", "/v1/vendors", None)?;
    expect("GET", "/v1/vendors", &answer)?;
    Ok(answer.json()?["vendors"].as_array().context("GET /v1/vendors answered without vendors")?.clone())
}

/// Their list prices, put in force. Some are placeholders: who calls live vendors puts rows of their own over them.
fn list_prices(vendors: &[Value]) -> Value {
    let rows = vendors.iter().filter_map(|vendor| vendor["list_prices"].as_array()).flatten();
    json!({"prices": rows.map(|row| row["price"].clone()).collect::<Vec<_>>()})
}

/// The tenant with this gate's own page as its origin, and its keys.
fn ensure_tenant(gate: &impl Api, keys: &mut DevKeys, port: u16) -> Result<TenantKeys> {
    let found = gate.call("GET", TENANT, None)?;
    match (found.status, &keys.demo) {
        (200, Some(known)) => {
            // The port is part of the origin and may be another one this time.
            expect("PATCH", TENANT, &gate.call("PATCH", TENANT, Some(&json!({"allowed_origins": origins(port)})))?)?;
            return Ok(known.clone());
        }
        // The gate keeps only hashes: lost keys can't be asked for, so the tenant is made anew.
        // This is also what mends a crash between the tenant's creation and the writing of its keys.
        (200, None) => expect("DELETE", TENANT, &gate.call("DELETE", TENANT, None)?)?,
        (404, _) => {}
        _ => expect("GET", TENANT, &found)?,
    }
    let answer = gate.call("POST", "/v1/tenants", Some(&demo::tenant(&origins(port))))?;
    expect("POST", "/v1/tenants", &answer)?;
    let created = answer.json()?;
    let key = |name: &str| find(&created, name).with_context(|| format!("the new tenant came without its {name}"));
    let made = TenantKeys { publishable_key: key("publishable_key")?, secret_key: key("secret_key")? };
    keys.demo = Some(made.clone());
    keys.save()?;
    Ok(made)
}

/// Of the gate's own pages.
pub fn origins(port: u16) -> [String; 2] {
    [format!("http://127.0.0.1:{port}"), format!("http://localhost:{port}")]
}

fn put(gate: &impl Api, path: &str, body: &Value) -> Result<()> {
    expect("PUT", path, &gate.call("PUT", path, Some(body))?)
}

fn expect(method: &str, path: &str, answer: &Answer) -> Result<()> {
    if !(200..300).contains(&answer.status) {
        bail!("seeding: {method} {path} answered {}: {}", answer.status, answer.body);
    }
    Ok(())
}

/// The text under `name`, at whatever depth the answer has it.
pub fn find(value: &Value, name: &str) -> Option<String> {
    let fields = value.as_object()?;
    fields
        .get(name)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .or_else(|| fields.values().find_map(|inner| find(inner, name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    /// A gate that knows one tenant, numbers its keys and remembers what it was asked.
    #[derive(Default)]
    struct FakeGate {
        tenant: RefCell<Option<Value>>,
        calls: RefCell<Vec<(String, Option<Value>)>>,
        created: RefCell<u32>,
        broken_path: Option<&'static str>,
    }

    impl Api for FakeGate {
        fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer> {
            self.calls.borrow_mut().push((format!("{method} {path}"), body.cloned()));
            let mut tenant = self.tenant.borrow_mut();
            let answer = |status, body: Value| Ok(Answer { status, body: body.to_string() });
            if self.broken_path == Some(path) {
                return answer(503, json!({"error": {"type": "offline"}}));
            }
            match (method, path, tenant.is_some()) {
                ("GET", "/v1/vendors", _) => answer(200, offered()),
                ("GET" | "PATCH", TENANT, true) => answer(200, json!({"id": "demo"})),
                ("DELETE", TENANT, true) => {
                    *tenant = None;
                    answer(204, Value::Null)
                }
                ("POST", "/v1/tenants", false) => {
                    *tenant = body.cloned();
                    *self.created.borrow_mut() += 1;
                    let n = *self.created.borrow();
                    answer(
                        201,
                        json!({"id": "demo", "keys": {"publishable_key": format!("tg_pk_{n}"), "secret_key": format!("tg_sk_{n}")}}),
                    )
                }
                ("PUT", _, _) => answer(204, Value::Null),
                _ => answer(404, json!({"error": {"type": "not_found"}})),
            }
        }
    }

    fn offered() -> Value {
        let row = |model: &str| json!({"price": {"vendor": "v", "model": model}, "as_of": "2026-01-01", "source": "s"});
        json!({"vendors": [
            {"vendor": "openai", "base_url": "https://api.openai.com/v1", "list_prices": [row("a"), row("b")]},
            {"vendor": "tavus", "base_url": "https://tavusapi.com", "list_prices": [row("*")]},
        ]})
    }

    impl FakeGate {
        fn last(&self, call: &str) -> Option<Value> {
            self.calls.borrow().iter().rev().find(|(name, _)| name == call).and_then(|(_, body)| body.clone())
        }

        fn count(&self, prefix: &str) -> usize {
            self.calls.borrow().iter().filter(|(name, _)| name.starts_with(prefix)).count()
        }
    }

    #[test]
    fn seeding_twice_keeps_the_tenant_and_follows_the_ports() {
        let folder = tempfile::tempdir().unwrap();
        let gate = FakeGate::default();
        let mut keys = DevKeys::load_or_make(folder.path()).unwrap();
        seed(&gate, &mut keys, 3000, Some("http://127.0.0.1:1")).unwrap();
        let mut again = DevKeys::load_or_make(folder.path()).unwrap();
        assert_eq!(again.demo.as_ref().unwrap().secret_key, "tg_sk_1");
        seed(&gate, &mut again, 4000, Some("http://127.0.0.1:2")).unwrap();

        assert_eq!((gate.count("POST"), gate.count("DELETE")), (1, 0));
        let origins = gate.last("PATCH /v1/tenants/demo").unwrap();
        assert_eq!(origins, json!({"allowed_origins": ["http://127.0.0.1:4000", "http://localhost:4000"]}));
        let binding = gate.last("PUT /v1/tenants/demo/vendors/openai").unwrap();
        assert_eq!(binding["base_url"], "http://127.0.0.1:2/openai/v1");
        let binding = gate.last("PUT /v1/tenants/demo/vendors/tavus").unwrap();
        assert_eq!(binding["options"], json!({"persona": "pal-demo"}));
        let prices = gate.last("PUT /v1/prices").unwrap();
        let price = |model: &str| json!({"vendor": "v", "model": model});
        assert_eq!(prices, json!({"prices": [price("a"), price("b"), price("*")]}));
        assert_eq!(binding["webhook_secret"], Value::Null, "that one's reports have a token");
        let openai = gate.last("PUT /v1/tenants/demo/vendors/openai").unwrap();
        assert_eq!(openai["webhook_secret"], "wh-mock-openai");
        let site = gate.last("PUT /v1/site").unwrap();
        assert_eq!(site, json!({"publishable_key": "tg_pk_1", "model": "auto", "director": "http://127.0.0.1:2"}));
    }

    #[test]
    fn lost_keys_make_a_new_tenant() {
        let folder = tempfile::tempdir().unwrap();
        let gate = FakeGate::default();
        let mut keys = DevKeys::load_or_make(folder.path()).unwrap();
        seed(&gate, &mut keys, 3000, None).unwrap();
        keys.demo = None;
        seed(&gate, &mut keys, 3000, None).unwrap();
        assert_eq!((gate.count("POST"), gate.count("DELETE")), (2, 1));
        assert_eq!(keys.demo.unwrap().publishable_key, "tg_pk_2");
        assert_eq!(gate.count("PUT /v1/tenants/demo/vendors"), 0, "a live gate is bound to no mock");
        assert_eq!(gate.last("PUT /v1/site").unwrap(), json!({"publishable_key": "tg_pk_2"}), "and has no director");
    }

    #[test]
    fn a_refusal_is_told_with_its_path() {
        for path in ["/v1/vendors", "/v1/prices", TENANT, "/v1/tenants", "/v1/site"] {
            let folder = tempfile::tempdir().unwrap();
            let gate = FakeGate { broken_path: Some(path), ..FakeGate::default() };
            let error =
                seed(&gate, &mut DevKeys::load_or_make(folder.path()).unwrap(), 1, None).unwrap_err().to_string();
            assert!(error.contains(path) && error.contains("503"), "{error}");
        }
    }
}
