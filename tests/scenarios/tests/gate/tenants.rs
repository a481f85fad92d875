//! The operator's interface: tenants, companies, bindings, prices.

use scenarios::tenant::{chat, seconds};
use scenarios::{Caller, Gate, Mocks, Tenant, Value, json, unique};

fn record(patch: Value) -> Value {
    let mut record = json!({"id": unique("tenant-"), "company": unique("company-")});
    scenarios::tenant::merge(&mut record, patch);
    record
}

/// The ids of all tenants, page by page.
fn all_ids(admin: &Caller) -> Vec<Value> {
    let mut ids = Vec::new();
    let mut path = "/v1/tenants".to_owned();
    loop {
        let page = admin.get(&path).expect(200);
        let tenants = page["tenants"].as_array().unwrap_or_else(|| panic!("{page}"));
        ids.extend(tenants.iter().map(|tenant| tenant["id"].clone()));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/tenants?cursor={cursor}"),
            None => return ids,
        }
    }
}

/// The field that an error names.
fn param(error: &Value) -> String {
    error["param"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn tenants_are_made_read_changed_and_deleted() {
    let admin = Gate::shared().admin();
    let wanted = record(json!({"display_name": "Ada", "limits": {"monthly_cost_usd": "12.50", "burst": 7}}));
    let made = admin.post("/v1/tenants", &wanted).expect(201);
    let path = format!("/v1/tenants/{}", wanted["id"].as_str().unwrap());
    let seen = admin.get(&path).expect(200);
    for field in ["id", "company", "display_name"] {
        assert_eq!(seen[field], wanted[field], "{seen}");
    }
    assert_eq!(seen["limits"]["monthly_cost_usd"], "12.50", "{seen}");
    assert_eq!(seen["fallback_message"], "I am sleeping now", "{seen}");
    assert_eq!(seen["consent_required"], true, "{seen}");
    for key in ["publishable_key", "secret_key"] {
        assert!(made.to_string().contains(&format!("\"{key}\"")), "{made}");
        assert!(!seen.to_string().contains(key), "a key is shown once: {seen}");
    }

    // PATCH merges field by field.
    let patch = json!({"limits": {"burst": 9}, "ladder": {"throttle_at": 0.5}, "minimum_age": 21});
    admin.patch(&path, &patch).expect(200);
    admin.patch(&path, &json!({"ladder": {"text_only_at": 0.75}})).expect(200);
    let seen = admin.get(&path).expect(200);
    assert_eq!(seen["limits"]["burst"], 9, "{seen}");
    assert_eq!(seen["limits"]["monthly_cost_usd"], "12.50", "{seen}");
    assert_eq!((&seen["ladder"]["throttle_at"], &seen["ladder"]["text_only_at"]), (&json!(0.5), &json!(0.75)));
    assert_eq!(seen["minimum_age"], 21);
    admin.patch(&path, &json!({"minimum_age": null})).expect(200);
    assert_eq!(admin.get(&path).expect(200)["minimum_age"], Value::Null);

    assert!(all_ids(&admin).contains(&wanted["id"]));
    admin.post("/v1/tenants", &wanted).refused(409, "conflict");

    admin.delete(&path).expect(204);
    admin.get(&path).refused(404, "not_found");
    admin.patch(&path, &json!({})).refused(404, "not_found");
    assert!(!all_ids(&admin).contains(&wanted["id"]));
}

#[test]
fn tenants_bad_records_name_the_field() {
    let admin = Gate::shared().admin();
    let check = |patch: Value, field: &str| {
        let body = record(patch);
        let error = admin.post("/v1/tenants", &body).refused(400, "invalid_request");
        assert_eq!(param(&error), field, "{body} -> {error}");
        if let Some(id) = body["id"].as_str().filter(|id| id.starts_with("tenant-")) {
            admin.get(&format!("/v1/tenants/{id}")).refused(404, "not_found");
        }
    };
    check(json!({"id": null}), "id");
    check(json!({"id": ""}), "id");
    check(json!({"id": "a/b"}), "id");
    check(json!({"id": "../x"}), "id");
    check(json!({"id": "x".repeat(65)}), "id");
    check(json!({"id": 7}), "id");
    check(json!({"company": null}), "company");
    check(json!({"company": "a b"}), "company");
    check(json!({"unknown_field": 1}), "unknown_field");
    check(json!({"limits": {"montly_cost_usd": "1"}}), "limits.montly_cost_usd");
    check(json!({"limits": {"monthly_cost_usd": 25.0}}), "limits.monthly_cost_usd");
    check(json!({"limits": {"monthly_cost_usd": "-1"}}), "limits.monthly_cost_usd");
    check(json!({"limits": {"monthly_cost_usd": "a lot"}}), "limits.monthly_cost_usd");
    check(json!({"limits": {"monthly_cost_usd": "0.0000000001"}}), "limits.monthly_cost_usd");
    check(json!({"limits": {"burst": -1}}), "limits.burst");
    check(json!({"limits": {"daily_units": {"parsecs": 1}}}), "limits.daily_units.parsecs");
    check(json!({"ladder": {"throttle_at": 2}}), "ladder.throttle_at");
    check(json!({"channels": ["billboard"]}), "channels[0]");
    check(json!({"capabilities": ["chat", "telepathy"]}), "capabilities[1]");
    check(json!({"allowed_origins": ["*"]}), "allowed_origins[0]");
    check(json!({"allowed_origins": ["https://a.example", "https://b.example/path"]}), "allowed_origins[1]");
    check(json!({"allowed_origins": ["https://*.example"]}), "allowed_origins[0]");
    check(json!({"allowed_origins": ["null"]}), "allowed_origins[0]");
    check(json!({"allowed_origins": "https://a.example"}), "allowed_origins");
    check(json!({"consent_required": "yes"}), "consent_required");
    check(json!({"minimum_age": -1}), "minimum_age");
    for body in ["", "{", "[]", "null"] {
        admin.call("POST", "/v1/tenants").bytes("application/json", body).send().refused(400, "invalid_request");
    }
}

#[test]
fn tenants_a_deleted_tenants_keys_and_sessions_are_dead() {
    let gate = Gate::shared();
    let tenant = Tenant::at(gate, Mocks::shared(), json!({}));
    let page = tenant.page();
    gate.admin().delete(&format!("/v1/tenants/{}", tenant.id)).expect(204);
    tenant.server().post("/v1/preflight", &seconds(1)).refused(401, "unauthenticated");
    tenant.server().get("/v1/usage").refused(401, "unauthenticated");
    tenant.open_session(&json!({"channel": "widget", "consent": true})).refused(401, "unauthenticated");
    page.caller.post("/v1/chat/completions", &chat("Hello")).refused(401, "unauthenticated");
    Mocks::shared().assert_not_called(&tenant);
}

#[test]
fn tenants_bindings_are_written_and_never_read_back() {
    let gate = Gate::shared();
    let tenant = Tenant::at(gate, Mocks::shared(), json!({}));
    let seen = gate.admin().get(&format!("/v1/tenants/{}", tenant.id)).expect(200).to_string();
    tenant.vendor_secrets.values().for_each(|secret| assert!(!seen.contains(secret), "{seen}"));
    let put = |vendor: &str, binding: Value| {
        gate.admin().put(&format!("/v1/tenants/{}/vendors/{vendor}", tenant.id), &binding)
    };
    for (binding, param) in [
        (json!({"mode": "pretend", "secret": "x"}), "mode"),
        (json!({"mode": "live", "secret": 7}), "secret"),
        (json!({"mode": "live", "secret": "x", "base_url": 7}), "base_url"),
        (json!({"mode": "live", "secret": "x", "surprise": 1}), "surprise"),
        (json!({"mode": "live", "secret": "two\r\nlines"}), "secret"),
    ] {
        let answer = put("openai", binding.clone());
        let error = answer.refused(400, "invalid_request");
        assert_eq!(error["param"], param, "{binding} -> {error}");
    }
    let nowhere =
        gate.admin().put("/v1/tenants/no-such-tenant/vendors/openai", &json!({"mode": "live", "secret": "x"}));
    nowhere.refused(404, "not_found");
}

#[test]
fn tenants_prices_are_added_and_replaced_row_by_row() {
    // A vendor of its own in the list, so that nobody else's prices move.
    let admin = Gate::shared().admin();
    let row = |model: &str, usd: &str| json!({"vendor": "cartesia", "model": model, "unit_type": "characters", "usd_per_unit": usd, "valid_from": "2026-01-01"});
    admin.put("/v1/prices", &json!({"prices": [row("a", "0.1"), row("b", "0.2")]})).done();
    admin.put("/v1/prices", &json!({"prices": [row("b", "0.3"), row("c", "0.000000000000000001")]})).done();
    let listed = admin.get("/v1/prices").expect(200);
    let of = |model: &str| {
        let rows = listed["prices"].as_array().unwrap_or_else(|| panic!("{listed}"));
        let found: Vec<_> = rows.iter().filter(|row| row["vendor"] == "cartesia" && row["model"] == model).collect();
        assert_eq!(found.len(), 1, "{model}: {listed}");
        found[0]["usd_per_unit"].as_str().unwrap().to_owned()
    };
    assert_eq!([of("a"), of("b"), of("c")], ["0.1", "0.3", "0.000000000000000001"]);
    for (field, value) in [
        ("usd_per_unit", json!("-1")),
        ("usd_per_unit", json!(0.1)),
        ("usd_per_unit", json!("0.0000000000000000001")),
        ("unit_type", json!("parsecs")),
        ("valid_from", json!("soon")),
        ("vendor", json!("")),
        ("colour", json!("red")),
    ] {
        let mut bad = row("a", "9");
        bad[field] = value;
        let error = admin.put("/v1/prices", &json!({"prices": [row("a", "8"), bad]})).refused(400, "invalid_request");
        assert_eq!(param(&error), format!("prices[1].{field}"), "{bad} -> {error}");
    }
    assert_eq!(admin.get("/v1/prices").expect(200), listed, "a bad list changes nothing");
}
