//! WHK-1 to WHK-3: a vendor's event is believed when its signature is good, has its effect once, and is kept.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac};
use scenarios::{Answer, Gate, Tenant, json, random, unique};
use sha2::Sha256;

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// A tenant with a webhook secret for this vendor.
fn tenant(vendor: &'static str, secret: &str) -> Tenant {
    let tenant = Tenant::new(Gate::shared(), json!({}));
    bind(&tenant, vendor, secret).expect(204);
    tenant
}

fn bind(tenant: &Tenant, vendor: &str, webhook_secret: &str) -> Answer {
    let secret = unique("sk-test-");
    let binding = json!({"mode": "live", "base_url": null, "secret": secret, "webhook_secret": webhook_secret});
    Gate::shared().admin().put(&format!("/v1/tenants/{}/vendors/{vendor}", tenant.id), &binding)
}

fn send(tenant: &Tenant, vendor: &str, headers: &[(&str, String)], body: &[u8]) -> Answer {
    let stranger = Gate::shared().stranger();
    let mut call = stranger.call("POST", &format!("/v1/webhooks/{vendor}/{}", tenant.id));
    for (name, value) in headers {
        call = call.header(name, value);
    }
    call.bytes("application/json", body).send()
}

fn generic_headers(secret: &str, id: &str, timestamp: u64, body: &[u8]) -> Vec<(&'static str, String)> {
    let message = [format!("{timestamp}.{id}.").as_bytes(), body].concat();
    vec![
        ("x-signature", random::hex(&mac(secret.as_bytes(), &message))),
        ("x-request-id", id.to_owned()),
        ("x-timestamp", timestamp.to_string()),
    ]
}

const BODY: &[u8] = br#"{"type":"job.done","id":"job-1"}"#;

#[test]
fn whk_1_the_generic_signature() {
    let secret = unique("whsec-");
    let tenant = tenant("generic", &secret);
    let send_signed = |secret: &str, id: &str, timestamp: u64, signed: &[u8], sent: &[u8]| {
        send(&tenant, "generic", &generic_headers(secret, id, timestamp, signed), sent)
    };
    let id = unique("evt-");
    assert_eq!(send_signed(&secret, &id, now(), BODY, BODY).expect(200)["status"], "accepted");
    assert_eq!(send_signed(&secret, &id, now(), BODY, BODY).expect(200)["status"], "duplicate");
    assert_eq!(send_signed(&secret, &unique("evt-"), now() - 290, BODY, BODY).expect(200)["status"], "accepted");

    let refused = |what: &str, answer: Answer| {
        assert_eq!(answer.status, 401, "{what}: {}", answer.text());
        let error = answer.refused(401, "unauthenticated");
        assert!(!error.to_string().contains(&secret));
    };
    let fresh = || unique("evt-");
    refused("another secret", send_signed("wrong", &fresh(), now(), BODY, BODY));
    refused("an altered body", send_signed(&secret, &fresh(), now(), BODY, br#"{"type":"job.done","id":"job-2"}"#));
    refused("an empty body", send_signed(&secret, &fresh(), now(), BODY, b""));
    refused("stale", send_signed(&secret, &fresh(), now() - 400, BODY, BODY));
    refused("from the future", send_signed(&secret, &fresh(), now() + 400, BODY, BODY));
    let good = generic_headers(&secret, &fresh(), now(), BODY);
    for missing in 0..good.len() {
        let rest: Vec<_> = good.iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, h)| h.clone()).collect();
        refused("a header is missing", send(&tenant, "generic", &rest, BODY));
    }
    for (at, value) in
        [(0, String::new()), (0, "00".repeat(32)), (0, "zz".repeat(32)), (2, "soon".into()), (2, "-1".into())]
    {
        let mut altered = good.clone();
        altered[at].1 = value;
        refused("a header is altered", send(&tenant, "generic", &altered, BODY));
    }
    let other = self::tenant("generic", &unique("whsec-"));
    refused("another tenant", send(&other, "generic", &good, BODY));
}

#[test]
fn whk_1_a_secret_is_changed_without_a_gap() {
    let (old, new) = (unique("whsec-"), unique("whsec-"));
    let tenant = tenant("generic", &old);
    let are_believed = |believed: [bool; 2], when: &str| {
        for (secret, is_believed) in [&old, &new].into_iter().zip(believed) {
            let answer = send(&tenant, "generic", &generic_headers(secret, &unique("evt-"), now(), BODY), BODY);
            assert_eq!(answer.status, if is_believed { 200 } else { 401 }, "{when}: {}", answer.text());
        }
    };
    are_believed([true, false], "before");
    bind(&tenant, "generic", &format!("{new}\n{old}")).expect(204);
    are_believed([true, true], "while the vendor's is being changed");
    bind(&tenant, "generic", &new).expect(204);
    are_believed([false, true], "after");
    let six = [new.as_str(); 6].join("\n");
    assert_eq!(bind(&tenant, "generic", &six).refused(400, "invalid_request")["param"], "webhook_secret");
    assert!(!Gate::shared().admin().get(&format!("/v1/tenants/{}", tenant.id)).text().contains(&new));
}

#[test]
fn whk_2_concurrent_repeats_have_one_effect() {
    let secret = unique("whsec-");
    let tenant = tenant("generic", &secret);
    let headers = generic_headers(&secret, &unique("evt-"), now(), BODY);
    let answers = scenarios::wait::at_once(8, |_| send(&tenant, "generic", &headers, BODY).expect(200));
    let accepted = answers.iter().filter(|answer| answer["status"] == "accepted").count();
    assert_eq!(accepted, 1, "{answers:?}");
}

#[test]
fn whk_1_the_vendors_own_signatures() {
    let secret = unique("wsec_");
    let tenant = tenant("elevenlabs", &secret);
    let body = json!({"type": "post_call_transcription", "event_timestamp": now(), "data": {"conversation_id": "c1"}});
    let body = body.to_string().into_bytes();
    let signature = |secret: &str, at: u64| {
        let message = [format!("{at}.").as_bytes(), &body].concat();
        vec![("elevenlabs-signature", format!("t={at},v0={}", random::hex(&mac(secret.as_bytes(), &message))))]
    };
    assert_eq!(send(&tenant, "elevenlabs", &signature(&secret, now()), &body).expect(200)["status"], "accepted");
    assert_eq!(send(&tenant, "elevenlabs", &signature(&secret, now()), &body).expect(200)["status"], "duplicate");
    send(&tenant, "elevenlabs", &signature("wrong", now()), &body).refused(401, "unauthenticated");
    send(&tenant, "elevenlabs", &signature(&secret, now() - 7_200), &body).refused(401, "unauthenticated");
    send(&tenant, "elevenlabs", &[], &body).refused(401, "unauthenticated");

    let key = random::bytes::<24>();
    let tenant = self::tenant("openai", &format!("whsec_{}", BASE64_STANDARD.encode(key)));
    let body = json!({"id": unique("evt_"), "object": "event", "type": "response.completed", "created_at": now(), "data": {"id": "resp_1"}});
    let body = body.to_string().into_bytes();
    let id = unique("wh_");
    let signature = |key: &[u8], at: u64| {
        let message = [format!("{id}.{at}.").as_bytes(), &body].concat();
        vec![
            ("webhook-id", id.clone()),
            ("webhook-timestamp", at.to_string()),
            ("webhook-signature", format!("v1,{}", BASE64_STANDARD.encode(mac(key, &message)))),
        ]
    };
    assert_eq!(send(&tenant, "openai", &signature(&key, now()), &body).expect(200)["status"], "accepted");
    assert_eq!(send(&tenant, "openai", &signature(&key, now()), &body).expect(200)["status"], "duplicate");
    send(&tenant, "openai", &signature(b"wrong", now()), &body).refused(401, "unauthenticated");
    send(&tenant, "openai", &signature(&key, now() - 3_600), &body).refused(401, "unauthenticated");
}

#[test]
fn whk_3_over_a_megabyte_is_refused() {
    let secret = unique("whsec-");
    let tenant = tenant("generic", &secret);
    let body = vec![b'x'; 1024 * 1024 + 1];
    send(&tenant, "generic", &generic_headers(&secret, &unique("evt-"), now(), &body), &body).refused(413, "too_large");
}

#[test]
fn whk_1_unknown_vendors_and_tenants_are_told_nothing() {
    let secret = unique("whsec-");
    let tenant = tenant("generic", &secret);
    let headers = generic_headers(&secret, &unique("evt-"), now(), BODY);
    for (vendor, id) in [("nobody", tenant.id.as_str()), ("generic", "no-such-tenant"), ("tavus", "no-such-tenant")] {
        let mut call = Gate::shared().stranger().call("POST", &format!("/v1/webhooks/{vendor}/{id}"));
        for (name, value) in &headers {
            call = call.header(name, value);
        }
        let answer = call.bytes("application/json", BODY).send();
        assert!(matches!(answer.status, 401 | 404), "{vendor}/{id}: {} {}", answer.status, answer.text());
    }
}

#[test]
fn whk_3_what_fails_is_a_dead_letter_that_can_be_replayed() {
    let gate = Gate::shared();
    // Signed well, but nothing that this vendor ever sends.
    let secret = unique("wsec_");
    let tenant = tenant("elevenlabs", &secret);
    let body = b"{\"no\": \"type\"}";
    let at = now();
    let signature = random::hex(&mac(secret.as_bytes(), &[format!("{at}.").as_bytes(), body].concat()));
    send(&tenant, "elevenlabs", &[("elevenlabs-signature", format!("t={at},v0={signature}"))], body).expect(200);
    let letters = gate.admin().get("/v1/webhooks/dead-letters").expect(200);
    let text = letters.to_string();
    assert!(text.contains(&tenant.id), "{text}");
    assert!(!text.contains(&secret), "{text}");
    for caller in [gate.stranger(), tenant.server(), tenant.visitor()] {
        let answer = caller.get("/v1/webhooks/dead-letters");
        assert!(matches!(answer.status, 401 | 403), "{}", answer.text());
    }
    gate.admin().call("POST", "/v1/webhooks/events/no-such-event/replay").send().refused(404, "not_found");
}
