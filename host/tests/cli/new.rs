//! `tollgate new`: a tenant, a snippet, and the same again.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::gate::{Gate, told, tollgate};

/// Makes a tenant once, and gives the same answer for the same key while it remembers.
fn gate() -> (Gate, Arc<Mutex<bool>>) {
    let remembers = Arc::new(Mutex::new(true));
    let (made, known): (Mutex<Option<Value>>, _) = (Mutex::default(), remembers.clone());
    let gate = Gate::start(move |asked| {
        let mut made = made.lock().unwrap();
        match asked.line.as_str() {
            "POST /v1/tenants" => match &*made {
                Some(_) if !*known.lock().unwrap() || asked.header("idempotency-key").is_none() => {
                    (409, json!({"error": {"code": "tenant_exists", "message": "A tenant with this id exists."}}))
                }
                Some(made) => (201, made.clone()),
                None => {
                    let mut body = asked.body.clone();
                    body["publishable_key"] = json!("tg_pk_first");
                    body["secret_key"] = json!("tg_sk_first");
                    *made = Some(body.clone());
                    (201, body)
                }
            },
            "GET /v1/tenants/shop" => made.clone().map_or((404, Value::Null), |made| (200, made)),
            _ => (404, Value::Null),
        }
    });
    (gate, remembers)
}

const NEW: &str = "new shop --origin https://shop.example.com --chat openai/m";

#[test]
fn ses_1_a_new_tenant_comes_with_what_to_paste() {
    let (gate, remembers) = gate();
    let (code, first, err) = told(gate.tollgate(NEW));
    assert_eq!(code, Some(0), "{err}");
    let element =
        format!("<twin-widget tenant-key=\"tg_pk_first\" gate=\"{}\" channel=\"widget\"></twin-widget>", gate.url);
    assert!(first.contains(&element) && first.contains("tg_sk_first"), "{first}");
    assert!(
        first.contains("tollgate tenant bind shop openai") && first.contains("tollgate price adopt openai"),
        "{first}"
    );
    let asked = gate.asked();
    assert_eq!(asked[0].header("idempotency-key"), Some("tollgate-new-shop"));
    assert_eq!(asked[0].body["limits"]["monthly_cost_usd"], "5.00");
    assert_eq!(asked[0].body["allowed_origins"], json!(["https://shop.example.com"]));

    assert_eq!(told(gate.tollgate(NEW)).1, first, "the same again");
    *remembers.lock().unwrap() = false;
    let (code, later, err) = told(gate.tollgate(NEW));
    assert_eq!(code, Some(0), "{err}");
    assert!(!later.contains("first") && later.contains("tollgate key create shop --kind publishable"), "{later}");
    let json: Value = serde_json::from_str(&told(gate.tollgate(&format!("{NEW} --json"))).1).unwrap();
    assert!(json["publishable_key"].is_null() && json["snippet"].as_str().unwrap().contains("tg_pk_..."), "{json}");
}

#[test]
fn ops_4_what_a_tenant_can_not_be_is_said_before_anybody_is_asked() {
    let (gate, _) = gate();
    for (options, named) in [
        ("new shop --origin shop.example.com", "--origin"),
        ("new shop --origin https://shop.example.com --monthly much", "--monthly"),
        ("new sh/op --origin https://shop.example.com", "the tenant's name"),
        ("new shop", "--origin"),
    ] {
        let (code, _, err) = told(gate.tollgate(options));
        assert!(code == Some(2) && err.contains(named), "{options}: {err}");
    }
    assert!(gate.asked().is_empty());
    let (code, _, err) = told(tollgate(NEW).arg("--url").arg("https://gate.example.com").output().unwrap());
    assert!(code == Some(2) && err.contains("TOLLGATE_ADMIN_KEY"), "{err}");
}
