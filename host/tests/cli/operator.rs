//! Tenants, keys, usage and prices of a gate: tables for people, JSON for programs, the same rows behind both.

use std::io::Write;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use super::gate::{ADMIN_KEY, Asked, Gate, told, tollgate};

fn tenant(n: u64) -> Value {
    json!({
        "id": format!("tenant-{n}"), "company": "acme", "display_name": "A shop \u{1b}[31m", "channels": ["widget", "portal"],
        "capabilities": ["chat"], "limits": {"monthly_cost_usd": "25.00", "burst": 12_000}, "ladder": {"throttle_at": 0.8},
        "allowed_origins": ["https://shop.example.com"],
    })
}

/// Three tenants on pages of at most two, and whatever else is asked for.
fn answer(asked: &Asked) -> (u16, Value) {
    let (method, path) = asked.line.split_once(' ').unwrap();
    match (method, path.split('?').next().unwrap()) {
        ("GET", "/v1/tenants") if path.contains("cursor=2") => {
            (200, json!({"tenants": [tenant(3)], "next_cursor": null}))
        }
        ("GET", "/v1/tenants") => (200, json!({"tenants": [tenant(1), tenant(2)], "next_cursor": "2"})),
        ("GET" | "PATCH", "/v1/tenants/tenant-1") => (200, tenant(1)),
        ("GET", "/v1/tenants/tenant-1/keys") => (
            200,
            json!({"keys": [
                {"id": "key_1", "kind": "secret", "revoked": false}, {"id": "key_2", "kind": "publishable", "revoked": true},
            ]}),
        ),
        ("POST", "/v1/tenants/tenant-1/keys") => (201, json!({"id": "key_3", "kind": "publishable", "key": "tg_pk_3"})),
        ("GET", "/v1/usage") => (
            200,
            json!({
                "tenant_id": "tenant-1", "company": "acme", "at": "2026-11-21T13:00:00.000Z",
                "windows": [{"scope": "tenant", "window": "month", "period": "2026-11", "unit": "usd", "cap": "25.00",
                    "settled": "12.50", "held": "0.25", "remaining": "12.25"}],
                "open": {"cap": 50, "held": 2}, "by_capability": {"chat": {"entries": 4, "cost_usd": "12.50", "units": {}}},
            }),
        ),
        ("GET", "/v1/prices") => (
            200,
            json!({"prices": [
                {"vendor": "openai", "model": "*", "unit_type": "input_tokens", "usd_per_unit": "0.0000004", "valid_from": "2026-01-01"},
                {"vendor": "tavus", "model": "*", "unit_type": "seconds", "usd_per_unit": "0.001", "valid_from": "2026-01-01"},
            ]}),
        ),
        ("GET", "/v1/vendors") => (
            200,
            json!({"vendors": [{"vendor": "openai", "models": ["m"], "list_prices": [
                {"price": {"vendor": "openai", "model": "m", "unit_type": "input_tokens", "usd_per_unit": "0.1"}, "as_of": "2026-01-01", "source": "openai.com"},
                {"price": {"vendor": "openai", "model": "*", "unit_type": "requests", "usd_per_unit": "0.1"}, "as_of": "2026-01-01", "source": "a placeholder: set your own"},
            ]}]}),
        ),
        ("PUT", "/v1/prices") => (200, json!({"prices": []})),
        ("DELETE" | "PUT", _) => (204, Value::Null),
        _ => (404, json!({"error": {"message": "There is nothing at this path."}})),
    }
}

fn ok(gate: &Gate, arguments: &str) -> String {
    let (code, out, err) = told(gate.tollgate(arguments));
    assert_eq!(code, Some(0), "{arguments}: {err}");
    out
}

#[test]
fn ops_4_tenants_are_listed_page_by_page_for_people_and_for_programs() {
    let gate = Gate::start(answer);
    let (_, table, err) = told(gate.tollgate("tenant list --limit 2"));
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(lines[0].starts_with("TENANT    COMPANY  NAME"), "{table}");
    assert!(lines[1].contains("12,000  widget, portal  chat") && !table.contains('\x1b'), "{table}");
    assert!(err.contains("--cursor 2"), "{err}");
    let asked = gate.asked();
    assert_eq!(asked[0].line, "GET /v1/tenants?limit=2");
    assert_eq!(asked[0].header("authorization"), Some(format!("Bearer {ADMIN_KEY}").as_str()));

    let page: Value = serde_json::from_str(&ok(&gate, "tenant list --limit 2 --json")).unwrap();
    assert_eq!((&page["tenants"][0]["id"], &page["next_cursor"]), (&json!("tenant-1"), &json!("2")));
    let all: Value = serde_json::from_str(&ok(&gate, "tenant list --all --json")).unwrap();
    assert_eq!(all["tenants"].as_array().map(Vec::len), Some(3));
    assert!(all["next_cursor"].is_null());
    assert!(ok(&gate, "tenant list --cursor 2").contains("tenant-3"));
    assert_eq!(told(gate.tollgate("tenant list --limit 201")).0, Some(2));
}

#[test]
fn lim_5_a_cap_is_changed_by_its_field() {
    let gate = Gate::start(answer);
    assert!(ok(&gate, "tenant show tenant-1").contains("limits.monthly_cost_usd  25.00"));
    gate.asked();
    ok(&gate, "tenant set tenant-1 limits.monthly_cost_usd=50.00 limits.burst=");
    let asked = gate.asked();
    assert_eq!(asked[0].line, "PATCH /v1/tenants/tenant-1");
    assert_eq!(asked[0].body, json!({"limits": {"monthly_cost_usd": "50.00", "burst": null}}));
    let (code, _, err) = told(gate.tollgate("tenant delete tenant-1"));
    assert!(code == Some(2) && err.contains("--yes"), "{err}");
    assert!(gate.asked().is_empty(), "nothing is deleted by mistake");
    ok(&gate, "tenant delete tenant-1 --yes");
    assert_eq!(gate.asked()[0].line, "DELETE /v1/tenants/tenant-1");
}

/// The program with a vendor's key on its standard input.
fn bind(gate: &Gate, vendor: &str) -> Output {
    let mut child = tollgate(&format!("tenant bind tenant-1 {vendor}"))
        .env("TOLLGATE_URL", &gate.url)
        .env("TOLLGATE_ADMIN_KEY", ADMIN_KEY)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"hush-hush-hush\n").unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn prx_1_a_vendors_key_comes_by_standard_input_and_is_not_shown() {
    let gate = Gate::start(answer);
    let (code, out, err) = told(bind(&gate, "openai"));
    assert_eq!(code, Some(0), "{err}");
    assert!(!format!("{out}{err}").contains("hush"), "{out}{err}");
    let asked = gate.asked();
    assert_eq!(asked[1].line, "PUT /v1/tenants/tenant-1/vendors/openai");
    assert_eq!(asked[1].body, json!({"mode": "live", "base_url": null, "secret": "hush-hush-hush"}));
    let (code, _, err) = told(bind(&gate, "opneai"));
    assert!(code == Some(2) && err.contains("no vendor opneai; it knows openai"), "{err}");
    assert!(gate.asked().iter().all(|asked| asked.line.starts_with("GET ")), "no key goes where nobody calls");
    let nothing = tollgate("tenant bind tenant-1 openai --admin-key x").stdin(Stdio::null()).output().unwrap();
    let (code, _, err) = told(nothing);
    assert!(code == Some(2) && err.contains("standard input has no key"), "{err}");
}

#[test]
fn ses_7_keys_are_listed_made_and_revoked() {
    let gate = Gate::start(answer);
    assert_eq!(
        ok(&gate, "key list tenant-1"),
        "KEY ID  KIND         REVOKED\nkey_1   secret       no\nkey_2   publishable  yes\n"
    );
    gate.asked();
    let made: Value = serde_json::from_str(&ok(&gate, "key create tenant-1 --kind publishable --json")).unwrap();
    assert_eq!(made["key"], "tg_pk_3");
    assert_eq!(gate.asked()[0].body, json!({"kind": "publishable"}));
    ok(&gate, "key revoke tenant-1 key_1");
    assert_eq!(gate.asked()[0].line, "DELETE /v1/tenants/tenant-1/keys/key_1");
    let (code, _, err) = told(gate.tollgate("key create tenant-1 --kind admin"));
    assert!(code == Some(2) && err.contains("publishable, secret"), "{err}");
}

#[test]
fn lim_5_usage_shows_how_near_the_cap_it_is() {
    let gate = Gate::start(answer);
    let table = ok(&gate, "usage tenant-1");
    assert!(
        table.starts_with("tenant-1 (company acme) at 2026-11-21T13:00:00.000Z; 2 calls under way, of 50\n"),
        "{table}"
    );
    assert!(table.contains("tenant  2026-11  usd   25.00    12.50  0.25      12.25  51 %"), "{table}");
    let usage: Value = serde_json::from_str(&ok(&gate, "usage tenant-1 --json")).unwrap();
    assert_eq!((&usage["windows"][0]["used"], &usage["open"]["held"]), (&json!("51 %"), &json!(2)));
    assert_eq!(usage["by_capability"]["chat"]["entries"], 4);
    assert_eq!(gate.asked()[0].line, "GET /v1/usage?tenant=tenant-1");
}

#[test]
fn lim_2_list_prices_are_put_in_force_but_for_placeholders() {
    let gate = Gate::start(answer);
    let listed = ok(&gate, "price list --vendor tavus");
    assert!(listed.contains("0.001") && !listed.contains("openai"), "{listed}");
    gate.asked();
    let (code, _, err) = told(gate.tollgate("price adopt openai"));
    assert!(code == Some(0) && err.contains("placeholders"), "{err}");
    let put = gate.asked().into_iter().find(|asked| asked.line == "PUT /v1/prices").unwrap();
    assert_eq!(put.body["prices"].as_array().map(Vec::len), Some(1));
    ok(&gate, "price adopt openai --placeholders");
    let put = gate.asked().into_iter().find(|asked| asked.line == "PUT /v1/prices").unwrap();
    assert_eq!(put.body["prices"].as_array().map(Vec::len), Some(2));
    let (code, _, err) = told(gate.tollgate("price adopt nobody"));
    assert!(code == Some(2) && err.contains("it knows openai"), "{err}");
}

#[test]
fn lim_5_a_month_is_played_without_a_gate_and_by_a_tenants_caps() {
    let prices = "--price input_tokens=0.000001 --price output_tokens=0.000002";
    let play = |options: &str| told(tollgate(&format!("load {prices} --days 2 {options}")).output().unwrap());
    let (code, table, err) = play("");
    assert_eq!(code, Some(0), "{err}");
    assert!(table.contains("nobody was refused anything"), "{table}");
    let (code, first, _) = play("--monthly 1.00 --throttle-at 0.5 --json");
    assert_eq!(code, Some(1));
    assert_eq!(play("--monthly 1.00 --throttle-at 0.5 --json").1, first, "the same seed");
    let month: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(month["turns"][0]["what"], "throttled", "{first}");

    let gate = Gate::start(answer);
    let (code, table, err) = told(gate.tollgate(&format!("load {prices} --tenant tenant-1 --days 2")));
    assert_eq!(code, Some(0), "{table}{err}");
    assert!(gate.asked().iter().all(|asked| asked.line.starts_with("GET ")), "nothing is changed there");
}
