//! Events of the tenant's own systems: their schemes, and what they mean.

use base64::{Engine, prelude::BASE64_STANDARD};
use http::Method;
use kv_schemas::memory::Memory;
use serde_json::{Value as Json, json};
use tenancy::{VendorBinding, vendor_binding};

use crate::house::{ADMIN, ask, generic, hmac, house, status_of};

const TARGET: &str = "/v1/webhooks/generic/demo";

fn with_scheme(scheme: Json) -> Memory {
    let store = house();
    let place = vendor_binding("demo", "generic");
    let binding: VendorBinding = place.get(&store).unwrap().unwrap();
    let options = json!({ "scheme": scheme }).as_object().unwrap().clone();
    place.set(&store, &VendorBinding { options, ..binding }).unwrap();
    store
}

fn events(store: &Memory) -> usize {
    store.keys().iter().filter(|key| key.starts_with("webhook/")).count()
}

/// A delivery as each scheme signs it; `at` is when, where that is signed.
fn signed(scheme: &str, id: &str, body: &str) -> Vec<(&'static str, String)> {
    let at = "1795165200";
    match scheme {
        "generic" => vec![
            ("x-signature", hmac("generic-secret", &[at.as_bytes(), b".", id.as_bytes(), b".", body.as_bytes()])),
            ("x-request-id", id.into()),
            ("x-timestamp", at.into()),
        ],
        "standard-webhooks" => {
            let hex = hmac("generic-secret", &[id.as_bytes(), b".", at.as_bytes(), b".", body.as_bytes()]);
            let mac: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect();
            vec![
                ("webhook-id", id.into()),
                ("webhook-timestamp", at.into()),
                ("webhook-signature", format!("v1,{}", BASE64_STANDARD.encode(mac))),
            ]
        }
        "stripe" => {
            let mac = hmac("generic-secret", &[at.as_bytes(), b".", body.as_bytes()]);
            vec![("stripe-signature", format!("t={at},v1={mac}"))]
        }
        _ => vec![("x-hub-signature-256", format!("sha256={}", hmac("generic-secret", &[body.as_bytes()])))],
    }
}

fn send(store: &Memory, scheme: &str, id: &str, body: &str) -> (u16, Json) {
    let headers = signed(scheme, id, body);
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    ask(store, Method::POST, TARGET, &headers, body.as_bytes())
}

#[test]
fn a_binding_chooses_its_scheme_and_is_held_to_it() {
    let all = ["generic", "standard-webhooks", "stripe", "github"];
    for scheme in all {
        let store = with_scheme(json!(scheme));
        for other in all {
            let expected = if other == scheme { (200, "accepted") } else { (401, "missing_signature") };
            assert_eq!(status_of(&send(&store, other, "e1", r#"{"id":"b1"}"#)), expected, "{other} at {scheme}");
        }
        assert_eq!(status_of(&send(&store, scheme, "e1", r#"{"id":"b1"}"#)), (200, "duplicate"), "{scheme}");
        assert_eq!(events(&store), 1);
    }
    for unknown in [json!("kie"), json!(1), json!(null)] {
        let store = with_scheme(unknown);
        assert_eq!(status_of(&send(&store, "generic", "e1", "{}")), (401, "unknown_scheme"));
    }
}

#[test]
fn events_are_told_apart_by_what_is_signed() {
    let check = |scheme: &str, first: (&str, &str), second: (&str, &str), same: bool| {
        let store = with_scheme(json!(scheme));
        assert_eq!(status_of(&send(&store, scheme, first.0, first.1)), (200, "accepted"));
        let expected = if same { "duplicate" } else { "accepted" };
        assert_eq!(
            status_of(&send(&store, scheme, second.0, second.1)),
            (200, expected),
            "{scheme} {first:?} {second:?}"
        );
        assert_eq!(events(&store), if same { 1 } else { 2 });
    };
    for scheme in ["generic", "standard-webhooks"] {
        check(scheme, ("e1", r#"{"id":"b1"}"#), ("e1", r#"{"id":"b2"}"#), true);
        check(scheme, ("e1", r#"{"id":"b1"}"#), ("e2", r#"{"id":"b1"}"#), false);
    }
    for scheme in ["stripe", "github"] {
        check(scheme, ("", r#"{"id":"b1"}"#), ("", r#"{"id":"b1","more":1}"#), true);
        check(scheme, ("", r#"{"id":"b1"}"#), ("", r#"{"id":"b2"}"#), false);
        check(scheme, ("", "no id"), ("", "no id"), true);
        check(scheme, ("", "no id"), ("", "no id either"), false);
    }
}

#[test]
fn what_is_unknown_is_kept_and_what_corrects_is_applied_or_listed() {
    let store = house();
    let used = |id: &str| {
        json!({"type": "usage.corrected", "data": {"limit_check_id": id, "units": 1, "unit_type": "seconds"}})
            .to_string()
    };
    for (n, body) in ["", "{}", r#"{"type":"ping"}"#, "\u{fe}", &used("lc_demo")].into_iter().enumerate() {
        assert_eq!(
            status_of(&generic(&store, TARGET, &format!("good{n}"), body.as_bytes())),
            (200, "accepted"),
            "{body}"
        );
    }
    let letters = || ask(&store, Method::GET, "/v1/webhooks/dead-letters", ADMIN, b"").1["dead_letters"].clone();
    assert_eq!((events(&store), letters()), (5, json!([])));
    let reasons = [
        (used("lc_of_another"), "of another tenant"),
        (r#"{"type":"usage.corrected"}"#.into(), "missing field `data`"),
    ];
    for (n, (body, _)) in reasons.iter().enumerate() {
        assert_eq!(
            status_of(&generic(&store, TARGET, &format!("bad{n}"), body.as_bytes())),
            (200, "accepted"),
            "{body}"
        );
    }
    let letters = letters();
    for (letter, (_, reason)) in letters.as_array().unwrap().iter().rev().zip(&reasons) {
        assert!(letter["reason"].as_str().unwrap().contains(reason), "{letter}");
    }
    assert_eq!((events(&store), letters.as_array().unwrap().len()), (7, 2));
}
