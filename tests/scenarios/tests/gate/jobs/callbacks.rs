//! The vendor's own reports: believed when they are its own, and then the next question is answered at once.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, Mac};
use scenarios::{Gate, Mocks, Tenant, Value, eventually, json, unique};
use sha2::Sha256;

use super::{LIMIT, VENDORS, body, create, path, uploads};
use crate::house;

/// A tenant whose vendor reports to the gate, as an operator sets it up.
fn reporting(gate: &Gate, vendor: &'static str) -> Tenant {
    let secret = unique("whsec-");
    let tenant = house::tenant(gate, Mocks::shared(), vendor, json!({}), json!({"webhook_secret": secret}));
    let url = format!("{}/v1/webhooks/{vendor}/{}", gate.url, tenant.id);
    let hook = json!({"key": house::key(&tenant), "secret": secret, "url": url});
    if vendor != "shotstack" {
        Mocks::shared().control().post("/control", &json!({"vendor": vendor, "webhook": hook})).expect(200);
    }
    tenant
}

/// How the gate took the vendor's reports of a tenant's job, once there is one.
fn reported(tenant: &Tenant) -> Option<Value> {
    let all = Mocks::shared().control().get("/control/callbacks").expect(200);
    let own = all.as_array()?.iter().find(|one| one["url"].as_str().is_some_and(|url| url.contains(&tenant.id)))?;
    Some(own["statuses"].clone())
}

#[test]
fn prx_2_after_the_vendors_callback_the_next_question_is_answered_at_once() {
    // Nobody looks but who asks, and without a callback the first look comes after five seconds.
    let gate = Gate::start_without_maintenance();
    house::price(&gate);
    for vendor in VENDORS {
        let early = (0..4).any(|_| {
            let tenant = reporting(&gate, vendor);
            let server = tenant.server();
            let mut wanted = body(vendor, "[[after:500]]");
            if vendor == "upload-post" {
                // What is published later has the id that its events carry.
                wanted["input"]["scheduled_date"] = json!("2027-01-01T10:00:00Z");
            }
            let begun = Instant::now();
            let job = create(&server, &wanted);
            assert_eq!(server.get(&path(&job)).expect(200)["status"], "queued", "{vendor}");
            let statuses = eventually("the vendor's report", Duration::from_secs(8), || reported(&tenant));
            assert_eq!(statuses, json!([200]), "{vendor}");
            let now = server.get(&path(&job)).expect(200);
            // A busy machine may have let the five seconds pass.
            let early = begun.elapsed() < Duration::from_millis(4_500);
            assert!(!early || now["status"] == "done", "{vendor}: {now}");
            early
        });
        assert!(early, "{vendor}: the machine is too slow to tell");
    }
}

#[test]
fn prx_2_a_callback_that_is_not_the_vendors_changes_nothing() {
    let gate = house::gate();
    for vendor in ["kie", "shotstack", "upload-post"] {
        let tenant = reporting(gate, vendor);
        let job = create(&tenant.server(), &body(vendor, "[[stuck]]"));
        let route = format!("/v1/webhooks/{vendor}/{}?live={}&token=00", tenant.id, job["id"].as_str().unwrap());
        let forged = json!({"event": "upload_completed", "job_id": "x", "code": 200, "data": {"taskId": "x"},
            "id": "x", "type": "edit", "status": "done"});
        gate.stranger().post(&route, &forged).refused(401, "unauthenticated");
        assert_eq!(tenant.server().get(&path(&job)).expect(200)["status"], "queued", "{vendor}");
    }
}

/// The vendor's ids of a request and of its job differ, and events carry the job's: the gate learns it when it looks.
#[test]
fn prx_2_an_upload_whose_events_name_another_id_is_found_once_the_vendor_has_named_both() {
    let gate = Gate::start_without_maintenance();
    house::price(&gate);
    let vendor = uploads::Vendor::start();
    let secret = unique("whsec-");
    let binding = json!({"base_url": vendor.base_url(), "webhook_secret": secret});
    let tenant = house::tenant(&gate, Mocks::shared(), "upload-post", json!({}), binding);
    let server = tenant.server();
    let job = create(&server, &body("upload-post", ""));
    eventually("the first look", LIMIT, || (server.get(&path(&job)).expect(200)["status"] == "running").then_some(()));
    vendor.finish();
    assert_eq!(server.get(&path(&job)).expect(200)["status"], "running", "nobody is asked in between");
    let event = json!({"event": "upload_completed", "job_id": uploads::JOB, "platform": "tiktok",
        "result": {"success": true}});
    let route = format!("/v1/webhooks/upload-post/{}", tenant.id);
    let body = event.to_string();
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{at}.{body}").as_bytes());
    let signature = format!("sha256={}", scenarios::random::hex(&mac.finalize().into_bytes()));
    let sent = gate.stranger().call("POST", &route).header("x-upload-post-timestamp", &at);
    let sent = sent.header("x-upload-post-signature", &signature).header("x-upload-post-delivery", &unique("dlv_"));
    sent.bytes("application/json", body).send().expect(200);
    let done = server.get(&path(&job)).expect(200);
    assert_eq!(done["status"], "done", "{done}");
    let letters = gate.admin().get("/v1/webhooks/dead-letters").expect(200);
    assert_eq!(letters["dead_letters"], json!([]));
}
