//! Deliveries from the address to the answer.

use http::Method;
use kv_schemas::families;
use shell::Problem;
use tenancy::{VendorBinding, vendor_binding};
use vault::Vault;
use webhook_ingest::routes::MAX_BODY;

use crate::house::{ADMIN, MASTER, NOW, ask, ask_at, ask_with, generic, hmac, house, noted, status_of, video, voice};

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
    let new: Vec<String> = store.keys().into_iter().filter(|key| !before.contains(key)).collect();
    assert_eq!(new, ["webhook-count/rejected"]);
    assert_eq!(families::WEBHOOK_COUNT.counter(&["rejected"]).read(&store), Ok(9));
}

#[test]
fn ops_1_a_line_of_the_log_names_the_tenant_of_what_is_proven_and_of_nothing_else() {
    let store = house();
    let check = |target: &str, headers: &[(&str, &str)], body: &[u8], expected: Option<&str>| {
        assert_eq!(noted(&store, target, headers, body).as_deref(), expected, "{target} {headers:?}");
    };
    let signed = |secret: &str| format!("t=1795165200,v0={}", hmac(secret, &[b"1795165200.", b"e1 -"]));
    let (good, forged) = (signed("s"), signed("another's"));
    check("/v1/webhooks/voice/demo", &[("elevenlabs-signature", &good)], b"e1 -", Some("demo"));
    // A repeat, and what no adapter can read, is proven as well.
    check("/v1/webhooks/voice/demo", &[("elevenlabs-signature", &good)], b"e1 -", Some("demo"));
    check("/v1/webhooks/voice/demo", &[("elevenlabs-signature", &forged)], b"e1 -", None);
    check("/v1/webhooks/voice/demo", &[("elevenlabs-signature", &good)], b"e2 -", None);
    check("/v1/webhooks/voice/demo", &[], b"e1 -", None);
    check("/v1/webhooks/voice/ghost", &[("elevenlabs-signature", &good)], b"e1 -", None);
    let token = Vault::new(MASTER).unwrap().token("callback/demo/video/lv_1");
    check(&format!("/v1/webhooks/video/demo?live=lv_1&token={token}"), &[], b"e1 c1", Some("demo"));
    check(&format!("/v1/webhooks/video/demo?live=lv_2&token={token}"), &[], b"e1 c1", None);
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
    let answer =
        ask_with(&store, NOW, broken, Method::POST, "/v1/webhooks/video/demo?live=lv_1&token=x", &[], b"e1 c1");
    assert_eq!(status_of(&answer), (503, "offline"));
    for operations in 0..14 {
        let store = house();
        store.fail_after(operations);
        assert_eq!(status_of(&video(&store, "lv_1", b"e1 c1")), (503, "offline"), "after {operations} operations");
        store.recover();
        assert_eq!(video(&store, "lv_1", b"e1 c1").0, 200);
        // What crashed in the middle of its effect is nobody's business but the gate's.
        ask_at(&store, NOW.plus(10_001), Method::POST, "/v1/maintenance/webhooks", ADMIN, b"");
        assert!(store.keys().contains(&"live-report/lv_1".to_owned()), "after {operations} operations");
    }
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
