//! One call of each vendor of the bundle: what the scenarios about the wire share, with a gate that knows the list prices.

use std::sync::OnceLock;

use scenarios::tenant::merge;
use scenarios::{Answer, Books, Caller, Gate, Tenant, Value, eventually, json, random, unique};

/// Those that a page's request calls.
pub const VENDORS: [&str; 14] = [
    "openai",
    "anthropic",
    "gemini",
    "deepseek",
    "elevenlabs",
    "cartesia",
    "tavus",
    "heygen",
    "livekit",
    "sportradar",
    "newsapi",
    "kie",
    "shotstack",
    "upload-post",
];

/// Those that are called when somebody has written to them: no request of a page does.
pub const MESSENGERS: [&str; 1] = ["telegram"];

/// A gate with the prices that it knows itself.
pub fn gate() -> &'static Gate {
    static PRICED: OnceLock<Gate> = OnceLock::new();
    PRICED.get_or_init(|| {
        let gate = Gate::start();
        price(&gate);
        gate
    })
}

/// Puts the list prices of every vendor.
#[track_caller]
pub fn price(gate: &Gate) {
    let listed = listed(gate);
    let rows = listed.iter().flat_map(|vendor| vendor["list_prices"].as_array().cloned().unwrap_or_default());
    let rows: Vec<Value> = rows.map(|row| row["price"].clone()).collect();
    gate.admin().put("/v1/prices", &json!({ "prices": rows })).done();
}

/// What `GET /v1/vendors` lists.
#[track_caller]
pub fn listed(gate: &Gate) -> Vec<Value> {
    gate.admin().get("/v1/vendors").expect(200)["vendors"].as_array().expect("a list").clone()
}

/// A tenant that has this vendor alone, at `base_url`, without repeats and with a patient breaker; `binding` changes that.
#[track_caller]
pub fn tenant(gate: &Gate, vendor: &'static str, base_url: &str, binding: Value) -> Tenant {
    let mut record = json!({"limits": {"monthly_cost_usd": "1000.00"}});
    if let Some(capability) = capability(vendor) {
        record["vendors"][capability] = json!({"provider": vendor, "model": model(vendor)});
    }
    let mut tenant = Tenant::new(gate, record);
    let mut bound = json!({
        "mode": "mock", "base_url": base_url, "secret": secret(vendor), "options": options(vendor),
    });
    merge(&mut bound["options"], json!({"retries": 0, "breaker_failures": 1_000}));
    merge(&mut bound, binding);
    gate.admin().put(&format!("/v1/tenants/{}/vendors/{vendor}", tenant.id), &bound).expect(204);
    tenant.vendor_secrets.insert(vendor, bound["secret"].as_str().expect("a secret").to_owned());
    tenant
}

/// Who may write to a messenger.
pub const CHAT: &str = "1111111";

/// A fresh key. LiveKit's is a pair, whose second part the mock has to know.
pub fn secret(vendor: &str) -> String {
    match vendor {
        "livekit" => format!("{}:mock-secret-of-livekit", unique("API")),
        _ => unique(&format!("sk-test-{vendor}-")),
    }
}

/// What a vendor can't do without.
pub fn options(vendor: &str) -> Value {
    match vendor {
        "tavus" => json!({"persona": "p1", "replica": "r1"}),
        "heygen" => json!({"avatar_id": "avatar-1", "context_id": "context-1"}),
        "upload-post" => json!({"user": "scenario"}),
        "telegram" => json!({"chats": [CHAT]}),
        _ => json!({}),
    }
}

pub fn model(vendor: &str) -> Value {
    match vendor {
        "openai" => json!("gpt-4.1-mini"),
        "anthropic" => json!("claude-haiku-4-5"),
        "gemini" => json!("gemini-2.5-flash"),
        "deepseek" => json!("deepseek-flash"),
        _ => Value::Null,
    }
}

/// A room is asked for by its own route.
pub fn capability(vendor: &str) -> Option<&'static str> {
    match vendor {
        "openai" | "anthropic" | "gemini" | "deepseek" => Some("chat"),
        "elevenlabs" | "cartesia" => Some("speech"),
        "tavus" | "heygen" => Some("video"),
        "sportradar" | "newsapi" => Some("context"),
        "kie" | "shotstack" | "upload-post" => Some("jobs"),
        _ => None,
    }
}

/// One good request to a vendor, with `text` in it wherever the vendor takes text.
pub fn request(vendor: &str, text: &str) -> (&'static str, String, Value) {
    let post = |path: &str, body: Value| ("POST", path.to_owned(), body);
    let job = |kind: &str, input: Value| post("/v1/jobs", json!({"provider": vendor, "kind": kind, "input": input}));
    match vendor {
        "openai" | "anthropic" | "gemini" | "deepseek" => post(
            "/v1/chat/completions",
            json!({"model": model(vendor), "messages": [{"role": "user", "content": text}], "max_tokens": 64}),
        ),
        "elevenlabs" | "cartesia" => post("/v1/speech", json!({"text": text, "format": "mp3"})),
        "tavus" => post("/v1/video/sessions", json!({"provider": vendor, "persona": "p1"})),
        "heygen" => post("/v1/video/sessions", json!({"provider": vendor})),
        "livekit" => post("/v1/realtime/tokens", json!({"provider": vendor})),
        // Another topic each time: who asks for one that somebody is fetching waits.
        "sportradar" => ("GET", format!("/v1/context/schedule/{}", some_day()), Value::Null),
        "newsapi" => ("GET", format!("/v1/context/search/{}", unique("word")), Value::Null),
        "kie" => job("video", json!({"prompt": text})),
        "shotstack" => job(
            "render",
            json!({
                "timeline": {"tracks": [{"clips": [
                    {"asset": {"type": "video", "src": "https://files.example/a.mp4"}, "start": 0, "length": 5},
                ]}]},
                "output": {"format": "mp4", "resolution": "sd"},
            }),
        ),
        "upload-post" => job(
            "publish_video",
            json!({"platforms": ["tiktok"], "title": text, "video": "https://files.example/a.mp4"}),
        ),
        other => panic!("no call of {other} is known"),
    }
}

fn some_day() -> String {
    let [year, month, day] = random::bytes::<3>();
    format!("20{:02}-{:02}-{:02}", year % 100, month % 12 + 1, day % 28 + 1)
}

/// Makes that request, with more headers.
pub fn ask(caller: &Caller, vendor: &str, text: &str, headers: &[(&str, &str)]) -> Answer {
    let (method, path, body) = request(vendor, text);
    let mut call = caller.call(method, &path);
    for (name, value) in headers {
        call = call.header(name, value);
    }
    if body.is_null() { call.send() } else { call.json(&body).send() }
}

/// This month's settled money, once nothing is held and no permit is open.
#[track_caller]
pub fn settled(tenant: &Tenant) -> i64 {
    let server = tenant.server();
    let done = eventually("everything to be settled", std::time::Duration::from_secs(15), || {
        Some(Books(&server).usage()).filter(|usage| usage.tenant.held == 0 && usage.open == 0)
    });
    done.tenant.settled
}

#[test]
fn every_vendor_of_the_bundle_is_known_here() {
    let names: Vec<String> =
        listed(gate()).iter().map(|vendor| vendor["vendor"].as_str().expect("a name").to_owned()).collect();
    let mut known: Vec<String> = VENDORS.iter().chain(&MESSENGERS).map(|name| (*name).to_owned()).collect();
    known.sort();
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(sorted, known, "add the new one above");
}
