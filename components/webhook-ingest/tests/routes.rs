//! Deliveries from the address to the answer, with a vendor of each kind.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

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
    routes::{MAX_BODY, route},
    vendors::{Reading, Signing, Vendors},
};
use webhooks::{
    ingest::{Effect, Ended, Event},
    signature::Scheme,
};

const NOW: Millis = Millis(1_795_165_200_000);
const MASTER: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const ADMIN: &[(&str, &str)] = &[("authorization", "Bearer admin-secret")];

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

fn house() -> Memory {
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

fn ask(store: &Memory, method: Method, target: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, Json) {
    ask_with(store, Vault::new(MASTER).map_err(|_| Problem::offline()), method, target, headers, body)
}

fn ask_with(
    store: &Memory,
    vault: Result<Vault, Problem>,
    method: Method,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> (u16, Json) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    }
    let call = Call {
        method,
        path: path.into(),
        query: query.into(),
        headers: map,
        body: bytes::Bytes::copy_from_slice(body),
        request_id: "req_1".into(),
    };
    let house = House { store, vendors: &Fakes, vault, admin_key: "admin-secret", now: NOW };
    let reply = route(&call, &house).unwrap_or_else(|problem| Reply::problem(&problem, "req_1"));
    let status = reply.0.status().as_u16();
    let allow = reply.0.headers().get("allow").map(|methods| methods.to_str().unwrap());
    let expected = if target == "/v1/webhooks/dead-letters" { "GET" } else { "POST" };
    assert_eq!(allow, (status == 405).then_some(expected), "{target}");
    let body = block_on(reply.0.into_body().collect()).unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

fn hmac(secret: &str, parts: &[&[u8]]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn generic(store: &Memory, target: &str, id: &str, body: &[u8]) -> (u16, Json) {
    let signature = hmac("generic-secret", &[b"1795165200.", id.as_bytes(), b".", body]);
    let headers = [("x-signature", signature.as_str()), ("x-request-id", id), ("x-timestamp", "1795165200")];
    ask(store, Method::POST, target, &headers, body)
}

fn voice(store: &Memory, body: &[u8]) -> (u16, Json) {
    let header = format!("t=1795165200,v0={}", hmac("s", &[b"1795165200.", body]));
    ask(store, Method::POST, "/v1/webhooks/voice/demo", &[("elevenlabs-signature", &header)], body)
}

fn video(store: &Memory, live: &str, body: &[u8]) -> (u16, Json) {
    let token = Vault::new(MASTER).unwrap().token(&format!("callback/demo/video/{live}"));
    ask(store, Method::POST, &format!("/v1/webhooks/video/demo?live={live}&token={token}"), &[], body)
}

fn status_of(answer: &(u16, Json)) -> (u16, &str) {
    let (status, body) = answer;
    (*status, body["status"].as_str().or(body["error"]["code"].as_str()).unwrap())
}

#[test]
fn each_scheme_is_accepted_once() {
    let store = house();
    for expected in ["accepted", "duplicate", "duplicate"] {
        let address = "/v1/webhooks/generic/demo";
        assert_eq!(status_of(&generic(&store, address, "req-1", b"{}")), (200, expected));
        assert_eq!(status_of(&voice(&store, b"e1 -")), (200, expected));
        assert_eq!(status_of(&video(&store, "lv_1", b"e1 c1")), (200, expected));
    }
    assert!(store.keys().contains(&"live-report/lv_1".to_owned()));
    // The same vendor event in other bytes is the same event.
    assert_eq!(status_of(&voice(&store, b"e1 -\n")), (200, "duplicate"));
}

#[test]
fn what_is_not_believed_leaves_nothing_behind() {
    let store = house();
    let before = store.keys();
    let check = |target: &str, headers: &[(&str, &str)], expected: (u16, &str)| {
        let answer = ask(&store, Method::POST, target, headers, b"e1 c1");
        assert_eq!(status_of(&answer), expected, "{target} {headers:?}");
    };
    let zeros = "0".repeat(64);
    let signed = [("x-signature", zeros.as_str()), ("x-request-id", "r"), ("x-timestamp", "1795165200")];
    check("/v1/webhooks/generic/demo", &[], (401, "missing_signature"));
    check("/v1/webhooks/generic/demo", &signed, (401, "bad_signature"));
    check("/v1/webhooks/generic/demo", &[signed.as_slice(), &signed[..1]].concat(), (401, "malformed_signature"));
    check("/v1/webhooks/generic/demo", &[signed[0], signed[1], ("x-timestamp", "17")], (401, "stale_signature"));
    check("/v1/webhooks/voice/demo", &[], (401, "missing_signature"));
    check("/v1/webhooks/voice/demo", &[("elevenlabs-signature", "v0=00")], (401, "malformed_signature"));
    check("/v1/webhooks/video/demo", &[], (401, "missing_signature"));
    check(&format!("/v1/webhooks/video/demo?live=lv_1&token={zeros}"), &[], (401, "bad_signature"));
    check("/v1/webhooks/video/demo?live=lv_1&token=x", &[], (401, "malformed_signature"));
    // Unknown addresses, and a vendor without an adapter or a tenant without a record.
    for target in ["video/nobody", "nothing/demo", "gone/demo", "video/ghost", "generic/ghost", "generic/", "/demo"] {
        check(&format!("/v1/webhooks/{target}"), &signed, (404, "not_found"));
    }
    check("/v1/webhooks", &signed, (404, "not_found"));
    check("/v1/webhooks/generic/demo/more", &signed, (404, "not_found"));
    assert_eq!(store.keys(), before);
}

#[test]
fn a_vendor_without_a_secret_believes_nobody() {
    let store = house();
    vendor_binding("demo", "generic").set(&store, &VendorBinding::default()).unwrap();
    assert_eq!(status_of(&generic(&store, "/v1/webhooks/generic/demo", "r", b"")), (401, "no_webhook_secret"));
}

#[test]
fn without_the_store_or_the_vault_the_vendor_is_asked_to_try_again() {
    let store = house();
    let broken = Err(Problem::offline());
    let answer = ask_with(&store, broken, Method::POST, "/v1/webhooks/video/demo?live=lv_1&token=x", &[], b"e1 c1");
    assert_eq!(status_of(&answer), (503, "offline"));
    for operations in 0..10 {
        let store = house();
        store.fail_after(operations);
        assert_eq!(status_of(&video(&store, "lv_1", b"e1 c1")), (503, "offline"), "after {operations} operations");
        store.recover();
        assert_eq!(video(&store, "lv_1", b"e1 c1").0, 200);
        assert!(store.keys().contains(&"live-report/lv_1".to_owned()));
    }
}

#[test]
fn dead_letters_are_listed_and_replayed_by_the_operator() {
    let store = house();
    assert_eq!(status_of(&video(&store, "lv_1", b"e1 c2")), (200, "accepted"), "the vendor need not send it again");
    families::LIVE_BY_VENDOR.value::<String>(&["demo", "video", "c2"]).set(&store, &"lv_2".into()).unwrap();
    assert_eq!(status_of(&video(&store, "lv_1", b"e2 c2")), (200, "accepted"));
    assert_eq!(status_of(&voice(&store, b"unreadable")), (200, "accepted"));
    assert_eq!(status_of(&voice(&store, b"unreadable")), (200, "duplicate"));
    let list = |headers: &[(&str, &str)], query: &str| {
        ask(&store, Method::GET, &format!("/v1/webhooks/dead-letters{query}"), headers, b"")
    };
    let letters = list(ADMIN, "").1["dead_letters"].clone();
    let reasons: Vec<&str> = letters.as_array().unwrap().iter().map(|l| l["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["two words are expected", "the callback token is of another live session"]);
    assert_eq!(list(ADMIN, "?limit=1").1["dead_letters"].as_array().unwrap().len(), 1);
    assert_eq!(status_of(&list(ADMIN, "?limit=0")), (400, "invalid_request"));
    assert_eq!(status_of(&list(&[], "")), (401, "unauthenticated"));
    assert_eq!(status_of(&list(&[("authorization", "Bearer wrong")], "")), (401, "unauthenticated"));
    assert_eq!(status_of(&list(&[("authorization", "Bearer tg_sk_1")], "")), (403, "admin_key_needed"));

    let replay = |headers: &[(&str, &str)], id: &str| {
        ask(&store, Method::POST, &format!("/v1/webhooks/events/{id}/replay"), headers, b"")
    };
    let id = letters[1]["id"].as_str().unwrap();
    assert_eq!(status_of(&replay(&[], id)), (401, "unauthenticated"));
    assert_eq!(status_of(&replay(ADMIN, "evt_unknown")), (404, "not_found"));
    assert_eq!(status_of(&replay(ADMIN, id)), (200, "failed"));
    families::LIVE_BY_VENDOR.value::<String>(&["demo", "video", "c2"]).set(&store, &"lv_1".into()).unwrap();
    assert_eq!(status_of(&replay(ADMIN, id)), (200, "done"));
    assert_eq!(list(ADMIN, "").1["dead_letters"].as_array().unwrap().len(), 1);
}

#[test]
fn a_route_takes_only_its_method() {
    let store = house();
    let check = |method: Method, target: &str| assert_eq!(ask(&store, method, target, ADMIN, b"").0, 405, "{target}");
    check(Method::GET, "/v1/webhooks/generic/demo");
    check(Method::POST, "/v1/webhooks/dead-letters");
    check(Method::GET, "/v1/webhooks/events/evt_1/replay");
}

#[test]
fn the_limit_is_a_million_bytes_and_such_a_body_is_kept_whole() {
    assert_eq!(MAX_BODY, 1_000_000);
    let store = house();
    let body = vec![0xff; MAX_BODY];
    assert_eq!(status_of(&generic(&store, "/v1/webhooks/generic/demo", "big", &body)), (200, "accepted"));
    let more = vec![0xff; MAX_BODY + 1];
    assert_eq!(status_of(&generic(&store, "/v1/webhooks/generic/demo", "bigger", &more)), (413, "too_large"));
    let id = store.keys().into_iter().find_map(|key| key.strip_prefix("webhook/").map(str::to_owned)).unwrap();
    assert_eq!(webhooks::ingest::stored(&store, &id).unwrap().unwrap().raw_body().unwrap(), body);
}
