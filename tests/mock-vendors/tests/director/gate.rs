//! A small gate that keeps its promises, as far as the director asks for them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use mock_vendors::webhook;
use serde_json::{Value, json};

/// What its webhooks are signed with.
pub const SECRET: &str = "wh-secret";

/// What the small gate has seen and how it is.
#[derive(Default)]
pub struct Books {
    pub cap: Option<String>,
    pub places: usize,
    pub released: usize,
    pub caps: Vec<Value>,
    pub delivered: HashSet<Bytes>,
}

pub type Shared = Arc<Mutex<Books>>;

/// The answers of the contract, as far as the director asks.
pub async fn answers(
    State((books, drills)): State<(Shared, std::path::PathBuf)>,
    request: Request,
) -> (StatusCode, Json<Value>) {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let signed = request.headers().clone();
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.expect("a body");
    let mut books = books.lock().expect("books");
    let is_offline = drills.join("store-down").exists();
    let (status, answer) =
        if is_offline { error(503, "offline") } else { open_gate(&mut books, &method, &path, &body, &signed) };
    (StatusCode::from_u16(status).expect("a status"), Json(answer))
}

fn open_gate(books: &mut Books, method: &Method, path: &str, body: &Bytes, headers: &HeaderMap) -> (u16, Value) {
    let cap = books.cap.clone().unwrap_or_else(|| "25.00".to_owned());
    match (method.as_str(), path) {
        ("GET", "/v1/usage") => (200, usage(&cap, books.places)),
        ("GET", "/v1/audit/entries") => (200, json!({"entries": [entry()], "next_cursor": null})),
        ("GET", "/v1/tenants/demo") => (200, json!({"id": "demo", "limits": {"monthly_cost_usd": cap}})),
        ("PATCH", "/v1/tenants/demo") => {
            let change: Value = serde_json::from_slice(body).expect("JSON");
            let new = change["limits"]["monthly_cost_usd"].clone();
            books.cap = new.as_str().map(str::to_owned);
            books.caps.push(new);
            (200, json!({}))
        }
        ("POST", "/v1/sessions") => (201, json!({"token": "tgs_1"})),
        ("POST", "/v1/preflight") if books.places >= 50 => error(429, "burst"),
        ("POST", "/v1/preflight") => {
            books.places += 1;
            (200, json!({"decision": "allow", "limit_check_id": format!("lc_{}", books.places)}))
        }
        ("DELETE", _) => {
            books.released += 1;
            (204, Value::Null)
        }
        ("POST", "/v1/chat/completions") if cap == "0.012345" => error(402, "monthly_cap"),
        ("POST", "/v1/chat/completions") => error(502, "overloaded"),
        ("POST", "/v1/webhooks/openai/demo") => delivery(books, body, headers),
        _ => error(404, "not_found"),
    }
}

fn usage(cap: &str, places: usize) -> Value {
    let window = |scope: &str| json!({"scope": scope, "window": "month", "unit": "usd", "cap": cap, "settled": "0.012345", "held": "0.00"});
    json!({"windows": [window("company"), window("tenant")], "open": {"cap": 50, "held": places},
        "by_capability": {"chat": {"entries": 3}, "speech": {"entries": 1}}})
}

fn entry() -> Value {
    json!({"limit_check_id": "lc_1", "seq": 7, "at": "2026-11-21T12:00:00Z", "capability": "chat", "provider": "anthropic",
        "model": "claude-haiku-4-5", "session_id": "ses_secret", "cost_nanos": 5, "settlement": "exact", "units_consumed": 2,
        "unit_type": "tokens", "channel": "widget"})
}

fn error(status: u16, code: &str) -> (u16, Value) {
    (status, json!({"error": {"type": "some", "code": code}}))
}

fn delivery(books: &mut Books, body: &Bytes, headers: &HeaderMap) -> (u16, Value) {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let timestamp = text("webhook-timestamp").parse().expect("a time");
    let expected = webhook::standard(SECRET, &text("webhook-id"), timestamp, body);
    if !expected.contains(&("webhook-signature".to_owned(), text("webhook-signature"))) {
        return error(401, "bad_signature");
    }
    let is_new = books.delivered.insert(body.clone());
    (200, json!({"status": if is_new { "accepted" } else { "duplicate" }}))
}
