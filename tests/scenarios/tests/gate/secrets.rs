//! PRX-1, PRX-6: no secret is in a log line, an answer, or a file: not a vendor's key, nor anybody's credential.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use scenarios::tenant::{Page, chat, permit_path, seconds, speech, streamed_chat};
use scenarios::{Books, Gate, Mocks, Tenant, json, unique};

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.flat_map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { vec![entry.path()] }).collect()
}

fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

/// Uses everything once, well and badly, with vendors that are well and vendors that aren't.
fn live_a_day(gate: &Gate, tenant: &Tenant, page: &Page) {
    let server = tenant.server();
    for body in [
        chat("Hello"),
        streamed_chat("Hello"),
        chat("[[fault:401]]"),
        chat("[[fault:500]]"),
        chat("[[fault:garble]]"),
        chat("[[fault:html]]"),
        streamed_chat("[[fault:cut]]"),
        streamed_chat("[[fault:error]]"),
        json!({"model": 5}),
    ] {
        let mut stream = page.caller.call("POST", "/v1/chat/completions").json(&body).open();
        stream.read_all();
    }
    for body in [speech("Hello"), speech("[[fault:401]]"), speech("[[fault:cut]]"), json!({"text": 1})] {
        page.caller.call("POST", "/v1/speech").json(&body).open().read_all();
    }
    page.caller.post("/v1/video/sessions", &json!({"persona": "p1"})).expect(201);
    page.tick("video").expect(200);
    let permit = server.post("/v1/preflight", &seconds(3)).expect(200);
    let path = permit_path(permit["limit_check_id"].as_str().unwrap());
    server.post(&format!("{path}/settle"), &json!({"units": 3, "unit_type": "seconds"})).expect(200);
    for path in ["/v1/usage", "/v1/audit/entries", "/v1/models", "/health", "/metrics", "/v1/openapi.json", "/console"]
    {
        server.get(path);
    }
    let admin = gate.admin();
    for path in ["/v1/tenants", "/v1/prices", "/v1/webhooks/dead-letters", "/v1/snapshot", "/v1/router/health"] {
        admin.get(path);
    }
    admin.get(&format!("/v1/tenants/{}", tenant.id));
    // Credentials where they don't belong are not repeated either.
    for secret in [&tenant.secret_key, &page.token, &gate.admin_key] {
        gate.stranger().get(&format!("/v1/audit/entries/{secret}"));
        gate.stranger().with_bearer(&format!("{secret}x")).get("/v1/usage");
        gate.stranger().call("POST", "/v1/preflight").header("idempotency-key", secret).json(&seconds(1)).send();
    }
    let webhook = format!("/v1/webhooks/generic/{}", tenant.id);
    gate.stranger().post(&webhook, &json!({"type": "x"}));
    page.end().expect(204);
    Books(&server).settled_money();
    gate.maintain();
}

#[test]
fn prx_6_no_secret_is_written_or_answered() {
    let transcript = Arc::new(Mutex::new(Vec::new()));
    let mut gate = Gate::start();
    let mocks = Mocks::shared();
    // These answers show new credentials, once, as they must.
    let mut tenant = Tenant::at(&gate, mocks, json!({}));
    let webhook_secret = unique("whsec-");
    tenant.bind(&gate, "elevenlabs", mocks, json!({"webhook_secret": webhook_secret}));
    let shown_once = tenant.page();

    // From here on everything that the gate says is kept.
    gate.transcript = Some(transcript.clone());
    let tenant = tenant.moved_to(&gate);
    let page = Page { caller: tenant.visitor().with_bearer(&shown_once.token), ..shown_once };
    live_a_day(&gate, &tenant, &page);
    gate.sigterm();
    gate.wait_for_end(std::time::Duration::from_secs(12));

    let mut secrets: Vec<(&str, &str)> = vec![
        ("the admin key", &gate.admin_key),
        ("the master key", &gate.master_key),
        ("the secret key", &tenant.secret_key),
        ("the webhook secret", &webhook_secret),
        ("the session token", &page.token),
        ("the session token's secret part", page.token.rsplit_once('.').unwrap().1),
    ];
    secrets.extend(tenant.vendor_secrets.iter().map(|(vendor, secret)| (*vendor, secret.as_str())));

    // What was said by others' words is no secret of ours, but the vendor's own errors stay here as well.
    let said = transcript.lock().unwrap().clone();
    assert!(contains(&said, "chat.completion"), "the transcript has what was said");
    let mut places = vec![("an answer".to_owned(), said)];
    for file in files(gate.folder()) {
        if file.file_name().is_some_and(|name| name != "keys.json") {
            places.push((file.display().to_string(), fs::read(&file).unwrap()));
        }
    }
    assert!(places.iter().any(|(_, bytes)| contains(bytes, &tenant.id)), "the store has the tenant");
    let mut leaks = Vec::new();
    for (what, secret) in &secrets {
        let found = places.iter().filter(|(_, bytes)| contains(bytes, secret));
        leaks.extend(found.map(|(place, _)| format!("{what} is in {place}")));
    }
    assert_eq!(leaks, Vec::<String>::new());
    let logs: Vec<&Vec<u8>> =
        places.iter().filter(|(place, _)| place.ends_with(".err")).map(|(_, bytes)| bytes).collect();
    assert!(!logs.is_empty());
    for words in ["Incorrect API key", "You said", "\"Hello\""] {
        assert!(!logs.iter().any(|log| contains(log, words)), "a payload or a vendor's words are in the log: {words}");
    }
}
