//! WHK-1, SES-6: LiveKit signs its reports with the pair that the gate signs with, so no webhook secret need be bound.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, Mac};
use scenarios::{Answer, Mocks, Tenant, Value, json, unique};
use sha2::{Digest, Sha256};

use crate::house::{self, LIVEKIT_SECOND, LIVEKIT_SECRET, settled};

/// A report, as the holder of `pair` signs it.
fn report(tenant: &Tenant, pair: &str, signed: &str, sent: &str) -> Answer {
    let (id, secret) = pair.split_once(':').expect("a pair");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let hash = BASE64_STANDARD.encode(Sha256::digest(signed));
    let claims = json!({"iss": id, "nbf": now - 5, "exp": now + 60, "sha256": hash});
    let token = format!("{}.{}", BASE64.encode(r#"{"alg":"HS256","typ":"JWT"}"#), BASE64.encode(claims.to_string()));
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(token.as_bytes());
    let token = format!("{token}.{}", BASE64.encode(mac.finalize().into_bytes()));
    let stranger = house::gate().stranger();
    let call = stranger.call("POST", &format!("/v1/webhooks/livekit/{}", tenant.id)).header("authorization", &token);
    call.bytes("application/webhook+json", sent).send()
}

fn finished(room: &Value) -> String {
    json!({"event": "room_finished", "id": unique("EV_"), "room": {"name": room["id"], "sid": "RM_1"}}).to_string()
}

#[test]
fn whk_1_a_room_that_is_finished_by_the_vendor_ends_without_a_webhook_secret() {
    let tenant = house::tenant(house::gate(), Mocks::shared(), "livekit", json!({}), json!({}));
    let page = tenant.page();
    let room = page.caller.post("/v1/realtime/tokens", &json!({"provider": "livekit"})).expect(201);
    let (pair, body) = (house::key(&tenant), finished(&room));

    // Nobody else can say so, and not of another body.
    let (id, _) = pair.split_once(':').unwrap();
    let other = finished(&json!({"id": "vid_other"}));
    for (pair, signed) in [
        (format!("{id}:wrong"), &body),
        (format!("{id}:"), &body),
        (format!("APIother:{LIVEKIT_SECRET}"), &body),
        (pair.clone(), &other),
    ] {
        report(&tenant, &pair, signed, &body).refused(401, "unauthenticated");
    }
    page.tick("video").expect(200);

    assert_eq!(report(&tenant, &pair, &body, &body).expect(200)["status"], "accepted");
    assert_eq!(report(&tenant, &pair, &body, &body).expect(200)["status"], "duplicate");
    assert_eq!(settled(&tenant.server()), 60 * LIVEKIT_SECOND, "a begun minute, and nothing is held");
}

/// A tenant that has bound a webhook secret of its own means that one alone.
#[test]
fn whk_1_a_bound_webhook_secret_goes_before_the_pair() {
    let own = format!("{}:{}", unique("API"), unique("hook-"));
    let tenant = house::tenant(house::gate(), Mocks::shared(), "livekit", json!({}), json!({"webhook_secret": own}));
    let body = finished(&json!({"id": "vid_unknown"}));
    report(&tenant, &house::key(&tenant), &body, &body).refused(401, "unauthenticated");
    assert_eq!(report(&tenant, &own, &body, &body).expect(200)["status"], "accepted");
}

/// Every other vendor signs with a secret of its own: without one, nobody is believed.
#[test]
fn whk_1_no_other_vendors_key_signs_its_reports() {
    for vendor in ["openai", "elevenlabs", "heygen", "kie", "upload-post"] {
        let mut tenant = Tenant::new(house::gate(), json!({}));
        tenant.bind(house::gate(), vendor, Mocks::shared(), json!({}));
        let stranger = house::gate().stranger();
        let answer = stranger.post(&format!("/v1/webhooks/{vendor}/{}", tenant.id), &json!({"id": "e"}));
        let error = answer.refused(401, "unauthenticated");
        assert_eq!(error["code"], "no_webhook_secret", "{vendor}");
    }
}
