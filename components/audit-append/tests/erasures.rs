//! Erasures: who may have whose data erased, and what is answered.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod common;

use audit::{LOOK_MS, MAX_PENDING_ERASURES, Retention, Staged, append, retain, sequence};
use audit_append::{settings::Settings, signer::signer};
use common::{ADMIN, NOW, OWN, Shared, entry, get, house, post, send, settings};
use http::Method;

const PATH: &str = "/v1/audit/erasures";

fn log() -> Shared {
    let store = Shared::from(house());
    for n in 10..14 {
        let staged = Staged::new(entry(n), [[7; 16], [8; 16]], Some("ses_1".into()), "req_1".into());
        append(&store, &staged).unwrap();
    }
    store
}

fn settle(store: &Shared) {
    for look in 1..20 {
        let now = NOW.plus(look * LOOK_MS);
        sequence(store, now, 100, &signer(&settings()).unwrap()).unwrap();
        retain(store, now, &Retention::default(), 100).unwrap();
    }
}

fn sessions(store: &Shared) -> Vec<bool> {
    let entries = get(store, ADMIN, "/v1/audit/entries").json();
    let ours = entries["entries"].as_array().unwrap().iter().filter(|entry| entry["event_type"] == "TWIN_INTERACTION");
    ours.skip(4).map(|entry| entry["session_id"] == "ses_1").collect()
}

#[test]
fn each_has_its_own_erased() {
    let check = |who: &str, body: &str, left: [bool; 4], erased: u64| {
        let store = log();
        let asked = post(&store, who, PATH, body);
        assert_eq!((asked.status, asked.text()), (202, r#"{"id":"era_1","status":"pending","erased":0}"#), "{body}");
        assert_eq!(get(&store, who, "/v1/audit/erasures/era_1").text(), asked.text());
        assert_eq!(post(&store, who, PATH, body).text(), asked.text(), "idempotent");
        settle(&store);
        let done = get(&store, who, "/v1/audit/erasures/era_1");
        let text = format!(r#"{{"id":"era_1","status":"done","erased":{erased}}}"#);
        assert_eq!((done.status, done.text()), (200, text.as_str()), "{body}");
        assert_eq!(sessions(&store), left, "{body}");
        // Something of the session may be on its way to the log: it is looked for once more.
        let again = post(&store, who, PATH, body);
        assert_eq!((again.status, again.text()), (202, r#"{"id":"era_2","status":"pending","erased":0}"#), "{body}");
        let event = get(&store, ADMIN, "/v1/audit/entries/evt_era_1");
        assert_eq!(event.status, if erased > 0 { 200 } else { 404 }, "what changes nothing logs nothing");
        if erased == 0 {
            return;
        }
        let event = event.json();
        assert_eq!(
            (&event["event_type"], &event["details"]["count"]),
            (&"PERSONAL_DATA_ERASED".into(), &erased.to_string().into())
        );
        assert_eq!(event["salt"].as_str().map(str::len), Some(32));
    };
    let (a, b) = ([false, true, false, true], [true, false, true, false]);
    check(OWN, r#"{"session_id":"ses_1"}"#, a, 2);
    check(OWN, r#"{"session_id":"ses_1","tenant":"a"}"#, a, 2);
    check(ADMIN, r#"{"session_id":"ses_1","tenant":"b"}"#, b, 2);
    check(ADMIN, r#"{"session_id":"ses_1"}"#, [false; 4], 4);
    check(OWN, r#"{"session_id":"ses_of_another"}"#, [true; 4], 0);
}

#[test]
fn what_is_refused() {
    let store = log();
    let check = |who: &str, body: &str, status: u16, param: Option<&str>| {
        let answer = post(&store, who, PATH, body);
        assert_eq!((answer.status, answer.json()["error"]["param"].as_str()), (status, param), "{body}");
    };
    let good = r#"{"session_id":"ses_1"}"#;
    check("", good, 401, None);
    check("Bearer wrong", good, 401, None);
    check("Bearer tg_pk_a", good, 403, None);
    check(OWN, r#"{"session_id":"ses_1","tenant":"b"}"#, 403, Some("tenant"));
    check(OWN, r#"{}"#, 400, Some("session_id"));
    check(OWN, r#"{"session_id":""}"#, 400, Some("session_id"));
    check(OWN, r#"{"session_id":7}"#, 400, Some("session_id"));
    check(OWN, r#"{"session_id":"ses 1"}"#, 400, Some("session_id"));
    check(OWN, &format!(r#"{{"session_id":"{}"}}"#, "s".repeat(129)), 400, Some("session_id"));
    check(OWN, r#"{"session_id":"ses_1","all":true}"#, 400, Some("all"));
    check(OWN, "", 400, None);
    assert!(!store.keys().iter().any(|key| key.starts_with("eras")), "nothing was begun");

    post(&store, ADMIN, PATH, r#"{"session_id":"ses_1","tenant":"b"}"#);
    post(&store, ADMIN, PATH, good);
    for (who, id, status) in [
        (OWN, "era_1", 404),
        (OWN, "era_2", 404),
        (OWN, "era_9", 404),
        (ADMIN, "era_1", 200),
        (ADMIN, "era_2", 200),
        (ADMIN, "era_9", 404),
        (ADMIN, "lc_0", 404),
        ("Bearer wrong", "era_1", 401),
    ] {
        assert_eq!(get(&store, who, &format!("{PATH}/{id}")).status, status, "{id}");
    }
    assert_eq!(get(&store, OWN, PATH).header("allow"), Some("POST"));
    assert_eq!(post(&store, OWN, "/v1/audit/erasures/era_1", "").status, 405);
    let keyless = Settings { master_key: String::new(), ..settings() };
    let unsalted = send(&store, &keyless, Method::POST, PATH, &[("authorization", OWN)], good);
    assert_eq!(unsalted.status, 503);
}

#[test]
fn so_many_are_under_way_at_once() {
    let store = log();
    let body = |n: usize| format!(r#"{{"session_id":"ses_{n}"}}"#);
    for n in 0..MAX_PENDING_ERASURES {
        assert_eq!(post(&store, OWN, PATH, &body(n)).status, 202);
    }
    let refused = post(&store, OWN, PATH, &body(1_000));
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("60")));
    let error = &refused.json()["error"];
    assert_eq!((&error["type"], &error["code"]), (&"rate_limited".into(), &"too_many_erasures".into()), "{error}");
    assert_eq!(post(&store, OWN, PATH, &body(7)).text(), r#"{"id":"era_8","status":"pending","erased":0}"#);
    assert_eq!(post(&store, ADMIN, PATH, &body(1_000)).status, 202, "everybody's are counted apart");
    assert_eq!(post(&store, ADMIN, PATH, r#"{"session_id":"ses_1","tenant":"b"}"#).status, 202, "and another's");
}
