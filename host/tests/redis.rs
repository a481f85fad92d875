//! A host whose store is a Redis server: what stands in it, and what happens without it.

mod common;

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use bytes::Bytes;
use common::redis::RedisServer;
use common::{Host, options};
use http::StatusCode;
use tempfile::TempDir;
use tokio::time::sleep;
use tollgate::kv::redis::{RedisStore, RedisUrl};
use tollgate::kv::{Backend, KeyValue};

async fn store(server: &RedisServer) -> RedisStore {
    RedisStore::open(&RedisUrl::new(server.url())).await.unwrap()
}

async fn host(server: &RedisServer) -> Host {
    Host::with(|options| options.kv = Backend::Redis(RedisUrl::new(server.url()))).await
}

/// Byte for byte what Spin's Redis store writes and reads: the key alone names the entry, a value is its bytes, a counter
/// is what INCRBY leaves.
#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_redis_is_as_spin_writes_it() {
    let server = RedisServer::start();
    let ours = store(&server).await;
    let bytes: Vec<u8> = (0..=255).collect();
    ours.set("default", "permit/lc_1", Bytes::from(bytes.clone())).await.unwrap();
    ours.set("other", "schlüssel/*", Bytes::new()).await.unwrap();
    ours.increment("default", "money/tenant/t/2026-11", -41).await.unwrap();
    assert_eq!(server.cli(&["GET", "permit/lc_1"]), bytes);
    assert_eq!(server.cli(&["STRLEN", "schlüssel/*"]), b"0");
    assert_eq!(server.cli(&["GET", "money/tenant/t/2026-11"]), b"-41");
    for key in ["permit/lc_1", "schlüssel/*", "money/tenant/t/2026-11"] {
        assert_eq!(server.cli(&["TYPE", key]), b"string");
        assert_eq!(server.cli(&["TTL", key]), b"-1", "nothing expires by itself");
    }
    assert_eq!(server.cli(&["DBSIZE"]), b"3", "and nothing else");

    // The commands that a host of Spin sends.
    server.cli(&["SET", "spin/value", "a value"]);
    server.cli(&["INCRBY", "spin/counter", "41"]);
    assert_eq!(ours.get("default", "spin/value").await.unwrap().0.as_deref(), Some(&b"a value"[..]));
    assert_eq!(ours.increment("default", "spin/counter", 1).await.unwrap().0, 42);
    assert_eq!(server.cli(&["INCRBY", "spin/counter", "1"]), b"43");
    assert!(ours.exists("default", "spin/value").await.unwrap().0);
    ours.delete("default", "spin/value").await.unwrap();
    assert_eq!(server.cli(&["EXISTS", "spin/value"]), b"0");
}

#[tokio::test(flavor = "multi_thread")]
async fn components_of_two_hosts_share_it() {
    let server = RedisServer::start();
    let (first, second) = (host(&server).await, host(&server).await);
    assert_eq!(first.ok("/guest/increment?n").await, "1");
    assert_eq!(second.ok("/guest/increment?n").await, "2");
    assert_eq!(first.ok("/guest/increment?n").await, "3");
    assert_eq!(server.cli(&["GET", "n"]), b"3");
    // Both interfaces, with everything they offer.
    for (path, part) in [("/guest/kv", r#"["w/a", "w/b"]"#), ("/guest/spin-kv", r#"["s/a"]"#)] {
        let body = first.ok(path).await;
        assert!(body.contains(part), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_mixes_counters_and_values_is_told_and_goes_on() {
    let server = RedisServer::start();
    let host = host(&server).await;
    let (status, body) = host.get("/guest/set-then-increment?k").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    assert!(body.contains("not a counter"), "{body}");
    host.ok("/guest/increment?n").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn components_learn_at_once_that_it_is_gone_and_work_when_it_is_back() {
    let mut server = RedisServer::start();
    let host = host(&server).await;
    host.ok("/guest/increment?n").await;
    server.kill();
    sleep(Duration::from_millis(500)).await;
    for _ in 0..5 {
        let started = Instant::now();
        let (status, body) = host.get("/guest/increment?n").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        // The first write may be what finds out.
        let said = body.contains("out of reach") || body.contains("did not answer");
        assert!(said && started.elapsed() < Duration::from_secs(1), "{body}");
    }
    server.restart();
    let back = Instant::now();
    while host.get("/guest/increment?m").await.0 != StatusCode::OK {
        assert!(back.elapsed() < Duration::from_secs(5), "not back");
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(host.ok("/guest/increment?n").await, "2");
}

/// The program with the test application.
fn tollgate(folder: &TempDir, command: &str, kv: &str) -> (Output, Duration) {
    let options = options(folder);
    let started = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_tollgate"))
        .args([command, "--listen", "127.0.0.1:0", "--max-concurrent-requests", "16", "--manifest"])
        .arg(&options.manifest)
        .arg("--data")
        .arg(&options.data)
        .arg("--cache")
        .arg(options.cache.as_ref().unwrap())
        .args(["--variable", "dev_hosts=http://127.0.0.1:*"])
        // Where a URL with a password belongs.
        .env("TOLLGATE_KV", kv)
        .output()
        .unwrap();
    (output, started.elapsed())
}

#[test]
fn a_start_without_it_ends_within_seconds_and_shows_no_password() {
    let folder = tempfile::tempdir().unwrap();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (kv, named) in [
        (format!("redis://user:hush-hush@127.0.0.1:{silent}/2"), format!("127.0.0.1:{silent}")),
        ("redis://:hush-hush@host/two".into(), "--kv".into()),
        ("redi://:hush-hush@host".into(), "redis://".into()),
    ] {
        let (output, took) = tollgate(&folder, "up", &kv);
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!output.status.success() && took < Duration::from_secs(8), "{took:?} {said}");
        assert!(said.contains(&named) && !said.contains("hush-hush"), "{said}");
    }
}

#[test]
fn the_doctor_says_what_it_may_lose() {
    let folder = tempfile::tempdir().unwrap();
    let check = |kv: &str, code: i32, expected: &[&str]| {
        let (output, _) = tollgate(&folder, "doctor", kv);
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        for expected in expected {
            assert!(said.contains(expected), "`{expected}` is not in: {said}");
        }
        assert!(!said.contains("hush-hush"), "{said}");
    };
    let safe = RedisServer::start_with(&["--requirepass", "hush-hush"]);
    let url = |server: &RedisServer| format!("redis://:hush-hush@127.0.0.1:{}", server.port);
    check(&url(&safe), 0, &[&format!("ok       store redis at 127.0.0.1:{}", safe.port)]);
    let settings = ["--requirepass", "hush-hush", "--appendonly", "no", "--maxmemory-policy", "allkeys-lru"];
    let lossy = RedisServer::start_with(&settings);
    check(&url(&lossy), 0, &["warning  store redis at", "appendonly no", "maxmemory-policy allkeys-lru"]);
    drop(lossy);
    check("redis://:hush-hush@127.0.0.1:1", 1, &["problem  store redis at 127.0.0.1:1"]);
}
