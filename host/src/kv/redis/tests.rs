//! What only the networked store promises: what it does when the server, or the way to it, is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

use super::link::{BACK_OFF, OPERATION_LIMIT};
use super::server::CONNECT_LIMIT;
use super::*;
use crate::common::redis::RedisServer;
use crate::kv::conformance::{self, Layout};

const S: &str = "default";
/// How much later than it should something may happen on a machine with other things to do.
const SLACK: Duration = Duration::from_secs(1);

async fn open(url: impl Into<String>) -> RedisStore {
    RedisStore::open(&RedisUrl::new(url)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms() {
    let server = RedisServer::start();
    conformance::check(Layout::Redis, async || {
        server.cli(&["FLUSHALL"]);
        Arc::new(open(server.url()).await)
    })
    .await;
}

/// Two gates' views of one server.
#[tokio::test(flavor = "multi_thread")]
async fn increments_of_two_gates_are_one_count() {
    let server = RedisServer::start();
    let stores = [Arc::new(open(server.url()).await), Arc::new(open(server.url()).await)];
    let tasks = (0..64).map(|n| {
        let store = stores[n % 2].clone();
        tokio::spawn(async move { store.increment(S, "n", 1).await.unwrap().0 })
    });
    let mut sums: Vec<i64> = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        sums.push(task.await.unwrap());
    }
    sums.sort();
    assert_eq!(sums, (1..=64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_key_of_another_kind_is_no_counter_and_no_value() {
    let server = RedisServer::start();
    server.cli(&["RPUSH", "list", "a"]);
    let store = open(server.url()).await;
    assert_eq!(store.increment(S, "list", 1).await, Err(KvError::NotACounter));
    let error = store.get(S, "list").await.unwrap_err();
    assert!(matches!(&error, KvError::Refused(reason) if reason.contains("WRONGTYPE")), "{error}");
    assert_eq!(store.increment(S, "n", 1).await.unwrap().0, 1, "and the connection is as good as before");
}

/// The time of an operation that fails.
async fn failure(store: &RedisStore) -> (KvError, Duration) {
    let started = Instant::now();
    let error = store.increment(S, "n", 1).await.expect_err("the server is gone");
    (error, started.elapsed())
}

#[tokio::test]
async fn without_a_server_operations_fail_at_once_and_with_it_they_work_again() {
    let mut server = RedisServer::start();
    let store = open(server.url()).await;
    for round in 1..=2 {
        assert_eq!(store.increment(S, "n", 1).await.unwrap().0, round);
        server.kill();
        let (error, first) = failure(&store).await;
        // The connection's end may be seen before the increment goes out, or be what it runs into.
        assert!(matches!(error, KvError::Unreachable(_) | KvError::Unanswered(_)), "{error}");
        assert!(first < CONNECT_LIMIT + SLACK, "{first:?}");
        sleep(BACK_OFF).await;
        for _ in 0..20 {
            let (error, took) = failure(&store).await;
            assert!(matches!(error, KvError::Unreachable(_)), "{error}");
            assert!(took < Duration::from_millis(200), "{took:?}");
        }
        assert!(matches!(store.get(S, "n").await, Err(KvError::Unreachable(_))));
        assert!(matches!(store.list_keys(S, None, 1).await, Err(KvError::Unreachable(_))));
        server.restart();
        let back = Instant::now();
        while store.get(S, "n").await.is_err() {
            assert!(back.elapsed() < BACK_OFF + CONNECT_LIMIT + SLACK, "not back");
            sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(store.increment(S, "n", 0).await.unwrap().0, round, "what was acknowledged, and no more");
    }
}

#[tokio::test]
async fn a_server_that_hangs_costs_one_deadline_and_nothing_is_sent_twice() {
    let server = RedisServer::start();
    let store = open(server.url()).await;
    server.signal("STOP");
    let (error, took) = failure(&store).await;
    assert!(matches!(error, KvError::Unanswered(_)), "{error}");
    assert!(took < OPERATION_LIMIT + SLACK, "{took:?}");
    // Then the next connection has been tried as well.
    sleep(CONNECT_LIMIT + SLACK / 2).await;
    let (error, took) = failure(&store).await;
    assert!(matches!(error, KvError::Unreachable(_)) && took < Duration::from_millis(200), "{error} {took:?}");
    server.signal("CONT");
    let back = Instant::now();
    while store.get(S, "n").await.is_err() {
        assert!(back.elapsed() < BACK_OFF + CONNECT_LIMIT + SLACK, "not back");
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.cli(&["GET", "n"]), b"1", "the one that was sent, late");
}

#[tokio::test]
async fn an_idle_connection_that_breaks_is_mended_before_anybody_needs_it() {
    let server = RedisServer::start();
    let store = open(server.url()).await;
    for round in 1..=3 {
        server.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
        // A heartbeat and a little.
        sleep(Duration::from_millis(1_500)).await;
        assert_eq!(store.increment(S, "n", 1).await.map(|(value, _)| value), Ok(round));
    }
}

/// Between the store and the server: passes everything on, until it is told to lose an answer.
struct Between {
    port: u16,
    lose: Arc<AtomicBool>,
    /// Commands of the kind that is being lost.
    seen: Arc<AtomicUsize>,
}

impl Between {
    async fn start(server: u16, command: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (lose, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let between = Self { port, lose: lose.clone(), seen: seen.clone() };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, server, command, lose.clone(), seen.clone()));
            }
        });
        between
    }
}

async fn relay(client: TcpStream, server: u16, command: &str, lose: Arc<AtomicBool>, seen: Arc<AtomicUsize>) {
    let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let mut losing = false;
    let (mut request, mut answer) = ([0; 4096], [0; 4096]);
    loop {
        tokio::select! {
            Ok(length) = from_client.read(&mut request) => {
                if length == 0 {
                    return;
                }
                if String::from_utf8_lossy(&request[..length]).contains(command) {
                    seen.fetch_add(1, Ordering::SeqCst);
                    losing = lose.swap(false, Ordering::SeqCst);
                }
                to_server.write_all(&request[..length]).await.unwrap();
            }
            Ok(length) = from_server.read(&mut answer) => {
                // Both ends are dropped, and the answer with them.
                if length == 0 || losing {
                    return;
                }
                to_client.write_all(&answer[..length]).await.unwrap();
            }
            else => return,
        }
    }
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_not_repeated() {
    let server = RedisServer::start();
    let between = Between::start(server.port, "\r\nINCRBY\r\n").await;
    let store = open(format!("redis://127.0.0.1:{}", between.port)).await;
    assert_eq!(store.increment(S, "n", 1).await.unwrap().0, 1);
    between.lose.store(true, Ordering::SeqCst);
    let error = store.increment(S, "n", 1).await.unwrap_err();
    assert!(matches!(error, KvError::Unanswered(_)), "{error}");
    assert_eq!(between.seen.load(Ordering::SeqCst), 2, "sent once each");
    assert_eq!(server.cli(&["GET", "n"]), b"2", "applied all the same");
    assert_eq!(store.increment(S, "n", 1).await.unwrap().0, 3, "and the store works on");

    let between = Between::start(server.port, "\r\nSET\r\n").await;
    let store = open(format!("redis://127.0.0.1:{}", between.port)).await;
    between.lose.store(true, Ordering::SeqCst);
    let error = store.set(S, "v", Bytes::from_static(b"1")).await.unwrap_err();
    assert!(matches!(error, KvError::Unanswered(_)), "{error}");
    sleep(Duration::from_millis(300)).await;
    assert_eq!(between.seen.load(Ordering::SeqCst), 1, "another gate may have written meanwhile");
}

#[tokio::test]
async fn a_look_whose_answer_is_lost_is_repeated_once() {
    let server = RedisServer::start();
    let between = Between::start(server.port, "\r\nGET\r\n$1\r\nv\r\n").await;
    let store = open(format!("redis://127.0.0.1:{}", between.port)).await;
    store.set(S, "v", Bytes::from_static(b"1")).await.unwrap();
    between.lose.store(true, Ordering::SeqCst);
    assert_eq!(store.get(S, "v").await.unwrap().0.as_deref(), Some(&b"1"[..]));
    assert_eq!(between.seen.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_start_without_a_server_ends_within_seconds_and_says_where() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (silent, nobody) = (silent.local_addr().unwrap(), "127.0.0.1:1");
    for address in [silent.to_string(), nobody.into()] {
        let started = Instant::now();
        let url = RedisUrl::new(format!("redis://user:secret@{address}"));
        let error = format!("{:#}", RedisStore::open(&url).await.err().expect("nobody is there"));
        assert!(started.elapsed() < CONNECT_LIMIT + SLACK, "{:?}", started.elapsed());
        assert!(error.contains(&address) && !error.contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn password_database_and_socket_are_the_urls() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket").display().to_string();
    let server = RedisServer::start_with(&["--requirepass", "secret/1", "--unixsocket", &socket]);
    let at = |user: &str, db: &str| format!("redis://{user}127.0.0.1:{}{db}", server.port);
    for url in [at("", ""), at(":wrong-secret@", ""), at(":secret%2F1@", "/99"), at("nobody:secret%2F1@", "")] {
        let error = format!("{:#}", RedisStore::open(&RedisUrl::new(url)).await.err().expect("refused"));
        assert!(error.contains(&format!("127.0.0.1:{}", server.port)) && !error.contains("secret"), "{error}");
    }
    let store = open(at(":secret%2F1@", "/3")).await;
    store.set(S, "k", Bytes::from_static(b"in 3")).await.unwrap();
    let first = open(at("default:secret%2F1@", "")).await;
    assert_eq!(first.get(S, "k").await.unwrap().0, None, "databases are apart");
    let by_socket = open(format!("redis+unix://{socket}?db=3&pass=secret/1")).await;
    assert_eq!(by_socket.get(S, "k").await.unwrap().0.as_deref(), Some(&b"in 3"[..]));
}

#[tokio::test]
async fn what_a_configuration_puts_at_risk_is_told() {
    let check = async |settings: &[&str], expected: &[&str]| {
        let server = RedisServer::start_with(settings);
        let doubts = examine(&RedisUrl::new(server.url())).await.unwrap();
        assert_eq!(doubts.len(), expected.len(), "{doubts:?}");
        for (doubt, expected) in doubts.iter().zip(expected) {
            assert!(doubt.contains(expected), "{doubt}");
        }
        // None of it keeps a gate from working.
        open(server.url()).await.set(S, "k", Bytes::new()).await.unwrap();
    };
    check(&[], &[]).await;
    check(&["--appendfsync", "everysec"], &["appendfsync everysec"]).await;
    check(&["--appendonly", "no", "--maxmemory-policy", "allkeys-lru"], &["appendonly no", "allkeys-lru"]).await;
    check(&["--rename-command", "CONFIG", ""], &["doesn't tell"]).await;
}

#[tokio::test]
async fn a_full_server_refuses_and_loses_nothing() {
    let server = RedisServer::start();
    let store = open(server.url()).await;
    store.increment(S, "n", 1).await.unwrap();
    server.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    let error = store.increment(S, "n", 1).await.unwrap_err();
    assert!(matches!(&error, KvError::Refused(reason) if reason.contains("OOM")), "{error}");
    server.cli(&["CONFIG", "SET", "maxmemory", "0"]);
    assert_eq!(store.increment(S, "n", 1).await.unwrap().0, 2);
}

#[tokio::test]
async fn a_replica_refuses_writes_and_another_connection_is_sought() {
    let server = RedisServer::start();
    let store = open(server.url()).await;
    server.cli(&["REPLICAOF", "127.0.0.1", "1"]);
    let error = store.increment(S, "n", 1).await.unwrap_err();
    assert!(matches!(&error, KvError::Refused(reason) if reason.contains("read only")), "{error}");
    server.cli(&["REPLICAOF", "NO", "ONE"]);
    assert_eq!(store.increment(S, "n", 1).await.unwrap().0, 1);
}
