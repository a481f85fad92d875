//! TWN-1: a twin's voice is trained by the vendor, under a permit, and is its voice from then on.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use scenarios::{Books, Gate, Mocks, Tenant, Value, eventually, json};

use crate::persona::{path, with_twin};

/// A sample that would be seen wherever it were kept.
fn sample() -> String {
    BASE64_STANDARD.encode(b"ID3 a voice that nobody may keep")
}

fn body(more: Value) -> Value {
    let mut body = json!({"voice_sample": sample()});
    scenarios::tenant::merge(&mut body, more);
    body
}

/// What making a voice costs at the vendor.
fn priced(gate: &Gate) -> &Gate {
    let row = json!({"vendor": "elevenlabs", "model": "*", "unit_type": "requests", "usd_per_unit": "0.25"});
    gate.admin().put("/v1/prices", &json!({"prices": [row]})).done();
    gate
}

fn training(tenant: &Tenant, id: &str) -> Value {
    tenant.server().get(&path(id, "")).expect(200)["training"].clone()
}

/// The calls for which voices are made.
fn clones(tenant: &Tenant) -> Vec<Value> {
    let calls = Mocks::shared().calls_of(tenant);
    calls.into_iter().filter(|call| call["path"] == "/elevenlabs/v1/voices/add").collect()
}

#[test]
fn twn_1_training_is_a_metered_call_and_ends_ready() {
    let gate = Gate::start();
    priced(&gate);
    let (tenant, id) = with_twin(&gate, json!({}));
    assert_eq!(training(&tenant, &id)["status"], "pending");

    let answer = tenant.server().post(&path(&id, "/train"), &body(json!({"behavior_preset": "host"})));
    let begun = answer.expect(202);
    assert_eq!(
        (begun["id"].as_str(), begun["limit_check_id"].as_str()),
        (Some(&*id), answer.header("x-limit-check-id"))
    );
    eventually("the voice", Duration::from_secs(20), || (training(&tenant, &id)["status"] == "ready").then_some(()));
    let ready = training(&tenant, &id);
    let voice = ready["voice_id"].as_str().unwrap().to_owned();
    assert_eq!(clones(&tenant).len(), 1);
    let form = clones(&tenant)[0]["body"].clone();
    assert_eq!((&form["name"], &form["files"]["bytes"]), (&json!("Meta Travis"), &json!(32)), "{form}");

    // It is what the twin speaks with.
    let page = tenant.page();
    page.caller.call("POST", "/v1/speech").json(&json!({"text": "Hello"})).open().read_all();
    let calls = Mocks::shared().calls_of(&tenant);
    assert!(calls.iter().any(|call| call["path"].as_str().unwrap().contains(&format!("/{voice}/"))), "{calls:?}");

    // It is paid for, and in the log.
    let server = tenant.server();
    Books(&server).settled_money();
    let entries = Books(&server).entries();
    let entry = entries.iter().find(|entry| entry["limit_check_id"] == begun["limit_check_id"]).expect("an entry");
    assert_eq!((&entry["capability"], &entry["unit_type"]), (&json!("speech"), &json!("requests")), "{entry}");
    assert_eq!(scenarios::nanos(&entry["cost_amount"]), 250_000_000, "{entry}");
    let events = server.get("/v1/events").expect(200);
    let kinds: Vec<&str> =
        events["events"].as_array().unwrap().iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "twin.trained").count(), 1, "{kinds:?}");

    // The sample is nowhere: neither in a log nor in the store, in none of its forms.
    let mut files = vec![gate.folder().to_owned()];
    while let Some(place) = files.pop() {
        if place.is_dir() {
            files.extend(std::fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let bytes = std::fs::read(&place).unwrap();
        for secret in [sample().as_bytes(), b"a voice that nobody may keep"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "the sample is in {place:?}");
        }
    }
}

#[test]
fn twn_1_a_cap_that_is_reached_calls_no_vendor() {
    let gate = Gate::start();
    priced(&gate);
    let (tenant, id) = with_twin(&gate, json!({}));
    let limits = json!({"limits": {"monthly_cost_usd": "0.20"}});
    gate.admin().patch(&format!("/v1/tenants/{}", tenant.id), &limits).expect(200);
    tenant.server().post(&path(&id, "/train"), &body(json!({}))).refused(402, "hard_cap");
    assert_eq!(clones(&tenant), Vec::<Value>::new());
    assert_eq!(training(&tenant, &id)["status"], "pending");
}

#[test]
fn twn_1_a_key_repeats_the_answer_and_not_the_call() {
    let (tenant, id) = with_twin(priced(Gate::shared()), json!({}));
    let train = |key: &str| {
        let call = tenant.server();
        call.call("POST", &path(&id, "/train")).header("idempotency-key", key).json(&body(json!({}))).send()
    };
    let first = train("one").expect(202);
    assert_eq!(train("one").expect(202), first);
    assert_eq!(clones(&tenant).len(), 1);
}

#[test]
fn twn_1_what_the_vendor_refuses_fails_and_can_be_tried_again() {
    let (tenant, id) = with_twin(priced(Gate::shared()), json!({}));
    let fault = json!({"status": 401, "key": tenant.vendor_secrets["elevenlabs"], "times": 1});
    Mocks::shared().fault("elevenlabs", fault);
    tenant.server().post(&path(&id, "/train"), &body(json!({}))).refused(502, "vendor_error");
    let failed = training(&tenant, &id);
    assert_eq!((&failed["status"], failed["error"].is_string()), (&json!("failed"), true), "{failed}");
    tenant.server().post(&path(&id, "/train"), &body(json!({}))).expect(202);
    eventually("the voice", Duration::from_secs(20), || (training(&tenant, &id)["status"] == "ready").then_some(()));
}

#[test]
fn twn_1_the_older_interface_trains_as_well() {
    let (tenant, id) = with_twin(priced(Gate::shared()), json!({}));
    let asked = json!({"mtid": id, "voiceSample": sample(), "behaviorPreset": "host"});
    let begun = tenant.server().post("/api/metatwin/train", &asked).expect(200);
    assert_eq!((&begun["success"], &begun["data"]["mtid"]), (&json!(true), &json!(id)), "{begun}");
    assert!(begun["message"].is_string());
    eventually("the voice", Duration::from_secs(20), || (training(&tenant, &id)["status"] == "ready").then_some(()));
}

#[test]
fn twn_5_nobody_trains_without_consent_or_another_tenants_twin() {
    let gate = priced(Gate::shared());
    let (tenant, id) = with_twin(gate, json!({}));
    let (other, _) = with_twin(gate, json!({}));
    let train = path(&id, "/train");
    other.server().post(&train, &body(json!({}))).refused(403, "forbidden");
    tenant.page().caller.post(&train, &body(json!({}))).refused(403, "forbidden");
    tenant.server().post(&train, &body(json!({"media_type": "video/mp4"}))).refused(400, "invalid_request");
    let error = tenant.server().post(&train, &json!({"voice_sample": "?"})).refused(400, "invalid_request");
    assert_eq!(error["param"], "voice_sample", "{error}");
    let consents = tenant.server().get(&path(&id, "/consents")).expect(200);
    let consent = consents["consents"][0]["id"].as_str().unwrap().to_owned();
    tenant.server().delete(&path(&id, &format!("/consents/{consent}"))).expect(204);
    let error = tenant.server().post(&train, &body(json!({}))).refused(403, "forbidden");
    assert_eq!(error["code"], "consent_required", "{error}");
    assert_eq!(clones(&tenant), Vec::<Value>::new());
}
