//! AUD-2, AUD-4: the log as strangers check it: what was signed stays true, every entry is in it, and it says nothing
//! to whom it doesn't concern.

use std::collections::BTreeMap;

use scenarios::amounts::MODEL;
use scenarios::tenant::{chat, permit_path, seconds};
use scenarios::tree::{Log, leaf};
use scenarios::wait::at_once;
use scenarios::{Books, Caller, Gate, Mocks, Tenant, Value, eventually, json};
use tlog::{Checkpoint, Signer, empty_root};

use std::time::Duration;

const THREADS: usize = 6;
const FOR_GOOD: &str = "private, max-age=31536000, immutable";

/// Settles `count` permits of a tenant from several threads; their ids.
fn settle(server: &Caller, count: usize) -> Vec<String> {
    let ids = at_once(THREADS, |thread| {
        let mine = (thread..count).step_by(THREADS);
        mine.map(|_| {
            let permit = server.post("/v1/preflight", &seconds(9)).expect(200);
            let id = permit["limit_check_id"].as_str().expect("a permit").to_owned();
            let used = json!({"units": 7, "unit_type": "seconds"});
            server.post(&format!("{}/settle", permit_path(&id)), &used).expect(200);
            id
        })
        .collect::<Vec<_>>()
    });
    ids.concat()
}

/// Every entry there is, once the sequencer has come to all of them; by place.
#[track_caller]
fn whole(gate: &Gate, log: &Log) -> (Checkpoint, Vec<Value>) {
    eventually("all entries to be under a checkpoint", Duration::from_secs(20), || {
        gate.maintain();
        let entries = Books(&gate.admin()).entries();
        let newest = log.checkpoint();
        let in_order = (0..).zip(&entries).all(|(seq, entry)| entry["seq"] == seq);
        (in_order && newest.size == entries.len() as u64).then_some((newest, entries))
    })
}

fn tenants(gate: &Gate) -> [Tenant; 2] {
    [(); 2].map(|()| Tenant::at(gate, Mocks::shared(), json!({})))
}

#[test]
fn aud_2_the_tree_only_grows_and_has_every_entry() {
    let mut gate = Gate::start();
    let tenants = tenants(&gate);
    let servers = tenants.each_ref().map(Tenant::server);
    let log = Log::of(servers[0].clone());
    let other = Log::of(gate.admin());
    assert_eq!(log.key, other.key, "one log for all");
    assert_eq!(log.key.name().split('/').next(), Some("tollgate.localhost"));

    // More than a tile holds, with checkpoints taken on the way.
    let mut seen = vec![log.checkpoint()];
    let mut settled = [Vec::new(), Vec::new()];
    for round in 0..6 {
        settled[round % 2].extend(settle(&servers[round % 2], 45));
        servers[round % 2].post("/v1/chat/completions", &chat("How are you?")).expect(200);
        gate.maintain();
        seen.push(log.checkpoint());
    }
    let (newest, entries) = whole(&gate, &log);
    assert!(newest.size > 270, "{newest:?}");
    seen.push(newest.clone());
    for (old, new) in seen.iter().zip(&seen[1..]) {
        log.assert_extends(old, new);
        log.assert_extends(old, &newest);
    }

    // Every entry has its leaf, and every leaf its entry.
    let leaves = log.leaves(&newest);
    for (entry, there) in entries.iter().zip(&leaves) {
        assert_eq!(&leaf(entry), there, "{entry}");
    }
    let mut count = BTreeMap::<&str, usize>::new();
    for entry in &entries {
        *count.entry(entry["limit_check_id"].as_str().unwrap()).or_default() += 1;
    }
    for id in settled.iter().flatten() {
        assert_eq!(count.get(id.as_str()), Some(&1), "{id}");
    }

    // A tenant proves its own entries with what it is given, and no others.
    for (server, settled) in servers.iter().zip(&settled) {
        let log = Log::of(server.clone());
        let own = Books(server).entries();
        assert!(own.len() > settled.len());
        for entry in own.iter().step_by(9) {
            assert_eq!(log.assert_proven(entry), newest);
        }
    }

    // The log goes on where it was, under the same key.
    gate.kill9();
    gate.restart();
    let after = Log::of(tenants[1].moved_to(&gate).server());
    assert_eq!(after.key, log.key);
    assert!(after.checkpoint().size >= newest.size);
    settle(&tenants[1].moved_to(&gate).server(), 5);
    let (later, _) = whole(&gate, &after);
    assert!(later.size >= newest.size + 5);
    for old in &seen {
        after.assert_extends(old, &later);
    }
    assert_eq!(after.leaves(&later)[..leaves.len()], leaves);
}

#[test]
fn aud_4_the_tree_shows_nothing_of_what_entries_say() {
    let gate = Gate::shared();
    let tenant = Tenant::at(gate, Mocks::shared(), json!({}));
    let page = tenant.page();
    let answer = page.caller.post("/v1/chat/completions", &chat("Hello"));
    answer.expect(200);
    let server = tenant.server();
    let entry = Books(&server).entry(&answer.limit_check_id());
    let log = Log::of(server.clone());
    let under = log.assert_proven(&entry);
    let leaves = log.leaves(&under);
    assert!(leaves.contains(&leaf(&entry)));
    assert!(leaves.iter().all(|leaf| leaf.len() == 33 && leaf[0] == 1), "a version and a digest each");
    let files: Vec<u8> = leaves.concat();
    let cost = entry["cost_nanos"].to_string();
    let secrets = [&*tenant.id, &*tenant.company, MODEL, "openai", &*cost, &*page.id, &*answer.limit_check_id()];
    for secret in secrets {
        let found = files.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{secret}");
    }
    // The receipt shows its owner all of the entry, and of others hashes alone.
    let receipt = server.get(&format!("/v1/audit/entries/{}/proof", answer.limit_check_id())).text();
    assert!(!receipt.contains(&tenant.id) && !receipt.contains(&page.id), "{receipt}");
}

#[test]
fn aud_2_files_have_their_types_and_times() {
    let gate = Gate::shared();
    let tenant = Tenant::at(gate, Mocks::shared(), json!({}));
    let server = tenant.server();
    let id = settle(&server, 1).remove(0);
    gate.maintain();
    let proof = format!("/v1/audit/entries/{id}/proof");
    eventually("the proof", Duration::from_secs(10), || (server.get(&proof).status == 200).then_some(()));
    const TEXT: &str = "text/plain; charset=utf-8";
    const BYTES: &str = "application/octet-stream";
    for (path, kind, caching) in [
        ("/v1/audit/log/checkpoint", TEXT, "no-cache"),
        ("/v1/audit/log/key", TEXT, "no-cache"),
        (&*proof, TEXT, "no-store"),
        ("/v1/audit/log/tile/0/000.p/1", BYTES, FOR_GOOD),
        ("/v1/audit/log/tile/entries/000.p/1", BYTES, FOR_GOOD),
    ] {
        for method in ["GET", "HEAD"] {
            let answer = server.call(method, path).send();
            assert_eq!(answer.status, 200, "{method} {path}");
            assert_eq!(answer.header("content-type"), Some(kind), "{method} {path}");
            assert_eq!(answer.header("cache-control"), Some(caching), "{method} {path}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{method} {path}");
            assert_eq!(answer.header("access-control-allow-origin"), None, "{method} {path}");
            assert_eq!(answer.body.is_empty(), method == "HEAD", "{method} {path}");
        }
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let answer = server.call(method, path).send();
            assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")), "{method} {path}");
        }
    }
    let list = |method: &str, path: &str| server.call(method, path).header("accept", "application/x-ndjson").send();
    let [head, whole] = [list("HEAD", "/v1/audit/entries"), list("GET", "/v1/audit/entries?kind=all")];
    assert_eq!((head.status, head.body.len()), (200, 0));
    // Positions, of whatever kind: the tenant was made, and its vendors bound.
    let positions = whole.text().lines().count().to_string();
    assert_eq!(head.header("x-total-count"), Some(&*positions));
    assert_eq!(whole.header("x-total-count"), Some(&*positions));
}

#[test]
fn aud_2_who_may_read_what() {
    let gate = Gate::shared();
    let [own, foreign] = tenants(gate);
    let id = settle(&own.server(), 1).remove(0);
    let proof = format!("/v1/audit/entries/{id}/proof");
    eventually("the proof", Duration::from_secs(10), || (own.server().get(&proof).status == 200).then_some(()));
    let files =
        ["checkpoint", "key", "tile/0/000.p/1", "tile/entries/000.p/1"].map(|file| format!("/v1/audit/log/{file}"));
    for path in files.iter().chain([&proof]) {
        for (caller, status, kind) in [
            (gate.stranger(), 401, "unauthenticated"),
            (gate.stranger().with_bearer("tg_sk_unknown"), 401, "unauthenticated"),
            (own.visitor(), 403, "forbidden"),
            (own.page().caller, 403, "forbidden"),
        ] {
            caller.get(path).refused(status, kind);
        }
        assert_eq!(gate.admin().get(path).status, 200, "{path}");
        let seen = foreign.server().get(path);
        assert_eq!(seen.status, if *path == proof { 404 } else { 200 }, "{path}");
    }
    // Another tenant's entry is answered as one that never was.
    let said = |id: &str| {
        let mut error = foreign.server().get(&format!("/v1/audit/entries/{id}/proof")).refused(404, "not_found");
        error["request_id"] = Value::Null;
        error
    };
    assert_eq!(said(&id), said("lc_01ARZ3NDEKTSV4RRFFQ69G5FAV"));

    let size = Log::of(own.server()).checkpoint().size;
    let beyond = [
        format!("0/x001/000.p/{}", size % 250 + 1),
        "1/x900/000".into(),
        "9/000.p/1".into(),
        "63/000".into(),
        "entries/x001/000".into(),
    ];
    let malformed = [
        "",
        "0",
        "0/",
        "0/0",
        "0/000/",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/01",
        "00/000.p/1",
        "-1/000.p/1",
        "64/000",
        "0/x000/001",
        "0/x001",
        "0/000.p1",
        "0//000.p/1",
        "0/%30%30%30.p/1",
        "entries",
        "entries/0",
        "entries/000.p/0",
        "data/000.p/1",
        "0/999999999999999999999",
    ]
    .map(str::to_owned);
    for path in beyond.iter().chain(&malformed) {
        let answer = own.server().get(&format!("/v1/audit/log/tile/{path}"));
        answer.refused(404, "not_found");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
    for path in ["", "checkpoint/", "keys", "tiles/0/000"] {
        own.server().get(&format!("/v1/audit/log/{path}")).refused(404, "not_found");
    }
}

#[test]
fn aud_2_who_asks_for_a_proof_does_not_wait_for_maintenance() {
    let gate = Gate::start_without_maintenance();
    let [own, foreign] = tenants(&gate);
    let log = Log::of(own.server());
    let name = log.key.name().to_owned();
    assert_eq!(log.checkpoint(), Checkpoint { origin: name, size: 0, root: empty_root() }, "of an empty log");
    let id = settle(&own.server(), 1).remove(0);
    let entry = own.server().get(&format!("/v1/audit/entries/{id}")).expect(200);
    assert_eq!(entry["seq"], Value::Null, "staged");
    // Whom it doesn't concern has no part in when it gets there.
    foreign.server().get(&format!("/v1/audit/entries/{id}/proof")).refused(404, "not_found");
    assert_eq!(log.checkpoint().size, 0);
    let under = log.assert_proven(&entry);
    assert_eq!(log.checkpoint(), under);
    assert_eq!(own.server().get(&format!("/v1/audit/entries/{id}")).expect(200)["seq"], under.size - 1);
}

#[test]
fn aud_2_an_operator_names_the_log_and_opens_it_to_all() {
    const SEED: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let key = format!("log_key={SEED}");
    let origin = "log_origin=gate.example.com/log";
    let gate = Gate::start_with(&["--variable", &key, "--variable", origin, "--variable", "log_access=public"]);
    let log = Log::of(gate.stranger());
    let seed = std::array::from_fn(|at| at as u8);
    assert_eq!(log.key, Signer::new("gate.example.com/log", seed).unwrap().verifier());

    let tenant = Tenant::at(&gate, Mocks::shared(), json!({}));
    settle(&tenant.server(), 3);
    let (newest, entries) = whole(&gate, &log);
    assert_eq!(log.leaves(&newest).len(), entries.len());
    for file in ["checkpoint", "key", "tile/0/000.p/1", "tile/entries/000.p/1"] {
        let path = format!("/v1/audit/log/{file}");
        let anywhere = gate.stranger().with_origin("https://anywhere.example");
        for caller in [gate.stranger(), anywhere, tenant.visitor(), tenant.server()] {
            let answer = caller.get(&path);
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
            let caching = answer.header("cache-control").unwrap();
            assert_eq!(
                caching,
                if file.starts_with("tile") { "public, max-age=31536000, immutable" } else { "no-cache" }
            );
        }
    }
    // Entries and receipts say what the tree doesn't: they stay their tenant's.
    let id = entries.last().unwrap()["limit_check_id"].as_str().unwrap();
    for path in ["/v1/audit/entries".into(), format!("/v1/audit/entries/{id}"), format!("/v1/audit/entries/{id}/proof")]
    {
        gate.stranger().get(&path).refused(401, "unauthenticated");
    }
}

#[test]
fn aud_2_another_key_signs_once_the_one_before_is_named() {
    let mut gate = Gate::start();
    let tenant = Tenant::at(&gate, Mocks::shared(), json!({}));
    settle(&tenant.server(), 2);
    let before = Log::of(gate.admin());
    let (under, _) = whole(&gate, &before);
    let key = format!("log_key={}", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    // Unnamed, it might be anybody's history that we are to go on from.
    gate.restart_with(&["--variable", &key]);
    let server = tenant.moved_to(&gate).server();
    let id = settle(&server, 1).remove(0);
    eventually("the maintenance to name the checkpoint", Duration::from_secs(10), || {
        let answer = gate.admin().call("POST", "/v1/maintenance").send();
        (answer.status == 503 && answer.text().contains("checkpoint/")).then_some(())
    });
    let entry = server.get(&format!("/v1/audit/entries/{id}")).expect(200);
    assert!(entry["seq"].is_u64(), "in the log all the same: {entry}");

    let named = format!("log_previous_key={}", before.key);
    gate.restart_with(&["--variable", &key, "--variable", &named]);
    let log = Log::of(gate.admin());
    assert_ne!(log.key, before.key);
    let (newest, entries) = whole(&gate, &log);
    assert!(newest.size > under.size);
    assert_eq!(entries.iter().filter(|entry| entry["event_type"] == "LOG_KEY_CHANGED").count(), 1);
    log.assert_proven(&tenant.moved_to(&gate).server().get(&format!("/v1/audit/entries/{id}")).expect(200));
}

#[test]
fn aud_1_a_list_is_of_the_kinds_that_are_asked_for() {
    let gate = Gate::shared();
    let tenant = Tenant::at(gate, Mocks::shared(), json!({}));
    settle(&tenant.server(), 3);
    let ids = |caller: &Caller, query: &str| -> Vec<Value> {
        let page = caller.get(&format!("/v1/audit/entries?limit=1000&{query}")).expect(200);
        page["entries"].as_array().unwrap().iter().map(|entry| entry["limit_check_id"].clone()).collect()
    };
    let (own, named) = (tenant.server(), format!("tenant={}", tenant.id));
    let money = ids(&own, "");
    assert_eq!(money.len(), 3);
    assert_eq!(ids(&own, "kind=money"), money);
    assert_eq!(ids(&gate.admin(), &named), money);
    let all = ids(&own, "kind=all");
    assert_eq!(ids(&gate.admin(), &format!("{named}&kind=all")).len(), all.len());
    let others = ["session", "admin"].map(|kind| ids(&own, &format!("kind={kind}")).len());
    assert_eq!(all.len(), money.len() + others.iter().sum::<usize>());
    own.get("/v1/audit/entries?kind=everything").refused(400, "invalid_request");
}
