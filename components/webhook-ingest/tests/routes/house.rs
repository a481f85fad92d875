//! A tenant with a vendor of each kind, and how it is asked.

use calendar::Millis;
use futures::executor::block_on;
use hmac::{Hmac, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use http_body_util::BodyExt;
use kv_schemas::{families, memory::Memory};
use serde_json::Value as Json;
use sha2::Sha256;
use shell::{Call, Problem, Reply};
use tenancy::{Tenant, VendorBinding, tenant, vendor_binding};
use vault::Vault;
use webhook_ingest::{
    house::House,
    routes::route,
    vendors::{Reading, Signing, Vendors},
};
use webhooks::{
    ingest::{Books, Effect, Ended, Event, Failure, Usage},
    signature::Scheme,
};

pub const NOW: Millis = Millis(1_795_165_200_000);
pub const MASTER: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
pub const ADMIN: &[(&str, &str)] = &[("authorization", "Bearer admin-secret")];

/// `video` uses callback tokens, `voice` signs as ElevenLabs does. The body is `<id> <ended session or ->`.
struct Fakes;

impl Vendors for Fakes {
    fn signing(&self, vendor: &str) -> Option<Signing> {
        match vendor {
            "video" => Some(Signing::CallbackToken),
            "voice" => Some(Signing::Signed(Scheme::ElevenLabs)),
            _ => None,
        }
    }

    fn read(&self, _: &str, headers: &[(String, String)], body: &[u8]) -> Result<Reading, String> {
        assert!(headers.iter().all(|(name, _)| name != "elevenlabs-signature" && name != "authorization"));
        let text = std::str::from_utf8(body).map_err(|_| "not text".to_owned())?;
        let (id, ended) = text.trim_end().split_once(' ').ok_or("two words are expected")?;
        let effect =
            if ended == "-" { Effect::None } else { Effect::LiveEnded(Ended { vendor_id: ended.into(), at: None }) };
        Ok(Reading { dedupe_id: id.into(), event: Event { name: "event".into(), effect } })
    }
}

/// Books that take everything but what is of another tenant.
pub struct NoBooks;

impl Books for NoBooks {
    fn correct(&self, tenant: &str, _: &str, used: &Usage) -> Result<(), Failure> {
        if used.limit_check_id.ends_with(tenant) { Ok(()) } else { Err(Failure::Never("of another tenant".into())) }
    }
}

pub fn house() -> Memory {
    let (store, vault) = (Memory::default(), Vault::new(MASTER).unwrap());
    let demo: Tenant = serde_json::from_str(r#"{"id":"demo","company":"acme"}"#).unwrap();
    tenant("demo").set(&store, &demo).unwrap();
    for (vendor, secret) in [("generic", Some("generic-secret")), ("voice", Some("s")), ("video", None), ("gone", None)]
    {
        let seal = |secret| vault.seal(&format!("vendor/demo/{vendor}/webhook"), [7; 24], secret).unwrap();
        let binding = VendorBinding { sealed_webhook_secret: secret.map(seal), ..VendorBinding::default() };
        vendor_binding("demo", vendor).set(&store, &binding).unwrap();
        vendor_binding("ghost", vendor).set(&store, &binding).unwrap();
    }
    families::LIVE_BY_VENDOR.value::<String>(&["demo", "video", "c1"]).set(&store, &"lv_1".into()).unwrap();
    store
}

pub fn ask(store: &Memory, method: Method, target: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, Json) {
    ask_at(store, NOW, method, target, headers, body)
}

pub fn ask_at(
    store: &Memory,
    at: Millis,
    method: Method,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> (u16, Json) {
    ask_with(store, at, Vault::new(MASTER).map_err(|_| Problem::offline()), method, target, headers, body)
}

pub fn ask_with(
    store: &Memory,
    at: Millis,
    vault: Result<Vault, Problem>,
    method: Method,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> (u16, Json) {
    let call = call_of(method, target, headers, body);
    let clock = || at;
    let house = House { store, vendors: &Fakes, books: &NoBooks, vault, admin_key: "admin-secret", clock: &clock };
    let reply = route(&call, &house).unwrap_or_else(|problem| Reply::problem(&problem, "req_1"));
    let status = reply.0.status().as_u16();
    let allow = reply.0.headers().get("allow").map(|methods| methods.to_str().unwrap());
    let expected = if target == "/v1/webhooks/dead-letters" { "GET" } else { "POST" };
    assert_eq!(allow, (status == 405).then_some(expected), "{target}");
    let body = block_on(reply.0.into_body().collect()).unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

/// Whose a delivery's log line says it is.
pub fn noted(store: &Memory, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<String> {
    let call = call_of(Method::POST, target, headers, body);
    let (vault, clock) = (Vault::new(MASTER).map_err(|_| Problem::offline()), || NOW);
    let house = House { store, vendors: &Fakes, books: &NoBooks, vault, admin_key: "admin-secret", clock: &clock };
    drop(route(&call, &house));
    call.note.tenant()
}

fn call_of(method: Method, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Call {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    }
    Call {
        method,
        path: path.into(),
        query: query.into(),
        headers: map,
        body: bytes::Bytes::copy_from_slice(body),
        request_id: "req_1".into(),
        note: shell::log::Note::default(),
    }
}

pub fn hmac(secret: &str, parts: &[&[u8]]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn generic(store: &Memory, target: &str, id: &str, body: &[u8]) -> (u16, Json) {
    let signature = hmac("generic-secret", &[b"1795165200.", id.as_bytes(), b".", body]);
    let headers = [("x-signature", signature.as_str()), ("x-request-id", id), ("x-timestamp", "1795165200")];
    ask(store, Method::POST, target, &headers, body)
}

pub fn voice(store: &Memory, body: &[u8]) -> (u16, Json) {
    let header = format!("t=1795165200,v0={}", hmac("s", &[b"1795165200.", body]));
    ask(store, Method::POST, "/v1/webhooks/voice/demo", &[("elevenlabs-signature", &header)], body)
}

pub fn video(store: &Memory, live: &str, body: &[u8]) -> (u16, Json) {
    let token = Vault::new(MASTER).unwrap().token(&format!("callback/demo/video/{live}"));
    ask(store, Method::POST, &format!("/v1/webhooks/video/demo?live={live}&token={token}"), &[], body)
}

pub fn status_of(answer: &(u16, Json)) -> (u16, &str) {
    let (status, body) = answer;
    (*status, body["status"].as_str().or(body["error"]["code"].as_str()).unwrap())
}
