//! ADP-3: rooms of LiveKit. The page gets a token for one room and a minute, minted by the gate; the room is paid by
//! begun minutes and closed by whatever ends it.

use std::fs;
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, Mac};
use scenarios::{Books, Gate, Mocks, Page, Tenant, Value, json};
use sha2::Sha256;

use crate::house::{self, LIVEKIT_SECOND, LIVEKIT_SECRET, assert_all_ended, live, settled};

const TOKENS: &str = "/v1/realtime/tokens";

fn tenant(patch: Value) -> Tenant {
    house::tenant(house::gate(), Mocks::shared(), "livekit", patch, json!({}))
}

#[track_caller]
fn join(page: &Page) -> Value {
    page.caller.post(TOKENS, &json!({"provider": "livekit"})).expect(201)
}

fn path(room: &Value) -> String {
    format!("/v1/video/sessions/{}", room["id"].as_str().unwrap_or_else(|| panic!("no id in {room}")))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

#[track_caller]
fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap_or_else(|| panic!("no JWT: {token}"));
    String::from_utf8(BASE64.decode(part).expect("base64")).expect("text").parse().expect("JSON")
}

/// A token that the holder of a key may make for itself.
fn token_of(key: &str, claims: Value) -> String {
    let (id, secret) = key.split_once(':').expect("id and secret");
    let mut all = json!({"iss": id, "sub": "operator", "nbf": now() - 5, "exp": now() + 60});
    scenarios::tenant::merge(&mut all, claims);
    let signed = format!("{}.{}", BASE64.encode(r#"{"alg":"HS256","typ":"JWT"}"#), BASE64.encode(all.to_string()));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", BASE64.encode(mac.finalize().into_bytes()))
}

/// A call to the vendor's room service.
fn service(method: &str, token: &str, body: &Value) -> u16 {
    let path = format!("/livekit/twirp/livekit.RoomService/{method}");
    Mocks::shared().control().with_bearer(token).post(&path, body).status
}

fn enter(token: &str) -> u16 {
    Mocks::shared().control().post("/control/livekit/join", &json!({"token": token})).status
}

#[test]
fn adp_3_a_token_lets_its_visitor_into_one_room_and_no_further() {
    let tenant = tenant(json!({}));
    let mut page = tenant.page();
    let heard = Arc::new(Mutex::new(Vec::new()));
    page.caller.transcript = Some(Arc::clone(&heard));
    let room = join(&page);

    let id = room["id"].as_str().unwrap();
    assert!(id.starts_with("vid_"), "{room}");
    assert_eq!((&room["provider"], &room["tick_seconds"]), (&json!("livekit"), &json!(15)), "{room}");
    let url = Mocks::shared().base_url("livekit").replacen("http", "ws", 1);
    assert_eq!(room["url"], url, "{room}");
    assert!(room["limit_check_id"].as_str().is_some_and(|id| id.starts_with("lc_")), "{room}");
    assert!(room["expires_at"].as_str().is_some_and(|at| at.starts_with("20") && at.ends_with('Z')), "{room}");

    let token = room["token"].as_str().unwrap();
    let claims = claims(token);
    let exp = claims["exp"].as_u64().unwrap_or_else(|| panic!("no exp in {claims}"));
    assert!((now() + 30..=now() + 61).contains(&exp), "good for a minute: {claims}");
    let rights = json!({"roomJoin": true, "room": id, "canSubscribe": true, "canPublish": true,
        "canPublishData": true, "canPublishSources": ["microphone"]});
    assert_eq!(claims["video"], rights, "these rights and no others");
    let names: Vec<&String> = claims.as_object().unwrap().keys().collect();
    assert_eq!(names, ["attributes", "exp", "iss", "nbf", "sub", "video"]);
    assert_eq!(claims["attributes"], json!({"ai_disclosure": room["disclosure"]}));
    assert_eq!(claims["iss"], house::key(&tenant).split(':').next().unwrap());

    assert_eq!(enter(token), 200);
    let (rest, _) = token.rsplit_once('.').unwrap();
    assert_eq!(enter(&format!("{rest}.AAAA")), 401, "another signature");
    for method in ["DeleteRoom", "CreateRoom", "ListRooms", "RemoveParticipant"] {
        let status = service(method, token, &json!({"room": id, "name": id, "identity": claims["sub"]}));
        assert_eq!(status, 403, "{method}");
    }
    assert_eq!(live(Mocks::shared(), &tenant), ["active"]);

    page.tick("video").expect(200);
    page.caller.delete(&path(&room)).expect(204);
    // The secret is in no answer, and neither it nor the token in anything the gate wrote.
    let heard = heard.lock().unwrap().clone();
    assert!(!heard.is_empty() && !String::from_utf8_lossy(&heard).contains(LIVEKIT_SECRET));
    for entry in fs::read_dir(house::gate().folder()).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        let written = String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned();
        assert!(!written.contains(LIVEKIT_SECRET) && !written.contains(token), "{:?}", entry.path());
    }
}

#[test]
fn adp_3_a_begun_minute_is_paid_once_however_many_ticks_are_in_it() {
    let tenant = tenant(json!({}));
    let (page, server) = (tenant.page(), tenant.server());
    let books = Books(&server);
    let room = join(&page);
    assert_eq!(books.money().held, 60 * LIVEKIT_SECOND, "a begun minute is held");
    for _ in 0..2 {
        sleep(Duration::from_millis(1_200));
        assert_eq!(page.tick("video").expect(200)["decision"], "allow");
    }
    page.caller.delete(&path(&room)).expect(204);
    // Ending what has ended is no error.
    page.caller.delete(&path(&room)).expect(204);
    assert_eq!(settled(&server), 60 * LIVEKIT_SECOND);
    let entries = books.entries();
    let units: Vec<u64> = entries.iter().map(|entry| entry["units_consumed"].as_u64().unwrap()).collect();
    assert_eq!((units.len(), units.iter().sum::<u64>()), (3, 60), "{entries:?}");
    for entry in &entries {
        let facts = (&entry["provider"], &entry["unit_type"], &entry["session_id"]);
        assert_eq!(facts, (&json!("livekit"), &json!("seconds"), &json!(page.id)), "{entry}");
    }
}

#[test]
fn adp_3_whatever_ends_it_closes_the_room() {
    let soon = Duration::from_secs(10);
    let by_route = tenant(json!({}));
    let page = by_route.page();
    page.caller.delete(&path(&join(&page))).expect(204);
    assert_all_ended(Mocks::shared(), &by_route, soon);

    let by_session = tenant(json!({}));
    let page = by_session.page();
    let room = join(&page);
    page.end().expect(204);
    assert_all_ended(Mocks::shared(), &by_session, soon);
    assert_eq!(enter(room["token"].as_str().unwrap()), 404, "the room is gone for a token that is still good");

    // A server doesn't tick: it says how long.
    let by_time = tenant(json!({}));
    let server = by_time.server();
    server.post(TOKENS, &json!({"provider": "livekit", "max_seconds": 10})).expect(201);
    assert_eq!(live(Mocks::shared(), &by_time), ["active"]);
    assert_all_ended(Mocks::shared(), &by_time, Duration::from_secs(18));
    assert_eq!(settled(&server), 60 * LIVEKIT_SECOND);
}

#[test]
fn adp_3_the_vendors_own_report_ends_it_here_too() {
    let mut tenant = tenant(json!({}));
    let (gate, mocks) = (house::gate(), Mocks::shared());
    let key = house::key(&tenant);
    let binding = json!({"secret": key, "webhook_secret": key});
    tenant.bind(gate, "livekit", mocks, binding);
    tenant.vendor_secrets.insert("livekit", key.clone());
    let url = format!("{}/v1/webhooks/livekit/{}", gate.url, tenant.id);
    let hook = json!({"vendor": "livekit", "webhook": {"key": key, "url": url}});
    mocks.control().post("/control", &hook).expect(200);
    let page = tenant.page();
    let room = join(&page);
    mocks
        .control()
        .post(&format!("/control/live/livekit/{}/end", room["id"].as_str().unwrap()), &json!({}))
        .expect(204);
    let server = tenant.server();
    assert_eq!(settled(&server), 60 * LIVEKIT_SECOND);
}

#[test]
fn adp_3_one_room_at_a_time() {
    let tenant = tenant(json!({}));
    let page = tenant.page();
    let room = join(&page);
    let refused = page.caller.post(TOKENS, &json!({"provider": "livekit"})).refused(409, "conflict");
    assert_eq!(refused["code"], "video_active", "{refused}");
    // Another page has one of its own.
    let other = tenant.page();
    let others = join(&other);
    // And can't close this one.
    other.caller.delete(&path(&room)).refused(404, "not_found");
    page.caller.delete(&path(&room)).expect(204);
    assert_eq!(live(Mocks::shared(), &tenant), ["ended", "active"]);
    let again = join(&page);
    assert_ne!(again["id"], room["id"]);
    page.caller.delete(&path(&again)).expect(204);
    other.caller.delete(&path(&others)).expect(204);
    assert_all_ended(Mocks::shared(), &tenant, Duration::from_secs(5));
}

#[test]
fn adp_3_a_bad_request_names_its_field_and_costs_nothing() {
    let mut tenant = tenant(json!({}));
    tenant.bind(house::gate(), "openai", Mocks::shared(), json!({}));
    tenant.bind(house::gate(), "tavus", Mocks::shared(), json!({}));
    let page = tenant.page();
    let check = |body: Value, param: Value| {
        let refused = page.caller.post(TOKENS, &body).refused(400, "invalid_request");
        assert_eq!(refused["param"], param, "{body}: {refused}");
    };
    check(json!({"provider": "openai"}), json!("provider"));
    check(json!({"provider": "tavus"}), json!("provider"));
    check(json!({"provider": "heygen"}), json!("provider"));
    check(json!({"provider": "nobody"}), json!("provider"));
    check(json!({"provider": 7}), json!("provider"));
    check(json!({"provider": "livekit", "max_seconds": 9}), json!("max_seconds"));
    check(json!({"provider": "livekit", "max_seconds": 3_601}), json!("max_seconds"));
    check(json!({"provider": "livekit", "max_seconds": "10"}), json!("max_seconds"));
    check(json!({"provider": "livekit", "persona": "no spaces"}), json!("persona"));
    check(json!({"provider": "livekit", "room": "mine"}), json!("room"));
    check(json!("livekit"), json!("body"));
    // Nor is a room a video.
    let refused = page.caller.post("/v1/video/sessions", &json!({"provider": "livekit"}));
    assert_eq!(refused.refused(400, "invalid_request")["param"], "provider");
    Mocks::shared().assert_not_called(&tenant);
    assert_eq!(settled(&tenant.server()), 0);
}

#[test]
fn adp_3_no_room_without_the_capability_or_the_vendor() {
    let without = tenant(json!({"capabilities": ["chat"]}));
    let body = json!({"provider": "livekit"});
    for caller in [without.page().caller, without.server()] {
        assert_eq!(caller.post(TOKENS, &body).refused(403, "forbidden")["code"], "capability_disabled");
    }
    Mocks::shared().assert_not_called(&without);

    let refusing = tenant(json!({}));
    house::fault(Mocks::shared(), &refusing, json!({"status": 500}));
    refusing.page().caller.post(TOKENS, &body).refused(502, "vendor_error");
    assert_eq!(settled(&refusing.server()), 0, "what was not made costs nothing");
}

/// A server that makes a room for whoever joins lets a visitor come back who was put out. The gate's clock is moved on
/// by its record, for it looks again after a minute.
#[test]
fn adp_3_a_room_that_was_made_again_is_closed_again() {
    let (mut gate, mocks) = (Gate::start(), Mocks::shared());
    house::price(&gate);
    let tenant = house::tenant(&gate, mocks, "livekit", json!({}), json!({}));
    let page = tenant.page();
    let room = join(&page);
    page.caller.delete(&path(&room)).expect(204);
    assert_eq!(live(mocks, &tenant), ["ended"]);
    assert_eq!(settled(&tenant.server()), 60 * LIVEKIT_SECOND);

    let create = token_of(&house::key(&tenant), json!({"video": {"roomCreate": true}}));
    assert_eq!(service("CreateRoom", &create, &json!({"name": room["id"]})), 200);
    sleep(Duration::from_millis(2_500));
    assert_eq!(live(mocks, &tenant), ["ended", "active"], "not before a minute is over");

    gate.kill9();
    house::change(&gate.data(), "live-ending/", |ending| {
        assert_eq!(ending["closed"], false, "the record stays open: {ending}");
        ending["next_try"] = json!(0);
    });
    gate.restart();
    assert_all_ended(mocks, &tenant, Duration::from_secs(8));
    assert_eq!(settled(&tenant.moved_to(&gate).server()), 60 * LIVEKIT_SECOND, "and is not paid again");
}
