//! Nothing becomes visible outside whose cause could still be lost; and what a stop and a start keep.

mod common;

use std::ffi::c_int;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use common::{Host, error_of, options};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::sleep;
use tollgate::kv::durability::Durability;
use tollgate::{Options, serve};

unsafe extern "C" {
    fn dup2(from: c_int, to: c_int) -> c_int;
}

/// Makes every later commit fail: the disk under the store's log is full from here on.
fn break_store(host: &Host) {
    let data = host.folder.path().join("data").canonicalize().unwrap();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut broken = 0;
    for open in std::fs::read_dir("/proc/self/fd").unwrap().flatten() {
        let Ok(file) = std::fs::read_link(open.path()) else { continue };
        if file.starts_with(&data) && file.to_string_lossy().contains(".log-") {
            let number = open.file_name().to_str().unwrap().parse().unwrap();
            // SAFETY: both are open; whoever writes to the second one writes to the first from here on.
            assert_eq!(unsafe { dup2(full.as_raw_fd(), number) }, number);
            broken += 1;
        }
    }
    assert_eq!(broken, 2, "the log's files");
}

async fn counting_server() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = requests.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    (url, requests)
}

/// What a commit survives differs; that effects wait for it doesn't.
const BOTH: [Durability; 2] = [Durability::Strict, Durability::Relaxed];

#[tokio::test(flavor = "multi_thread")]
async fn a_response_whose_writes_are_lost_is_not_given() {
    for durability in BOTH {
        let host = Host::with(|options| options.durability = durability).await;
        assert_eq!(host.ok("/guest/increment?n").await, "1");
        break_store(&host);
        let (status, body) = host.get("/guest/increment?n").await;
        assert_eq!(status, 503, "{durability:?} {body}");
        assert_eq!(error_of(&body), ("offline".into(), "store_failed".into()));
        // From here on the store refuses by itself, and the component can say so in its own words.
        let (status, body) = host.get("/guest/increment?n").await;
        let refused = status == 503 || (status == 422 && body.contains("needs a restart"));
        assert!(refused, "{durability:?} {status} {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outbound_request_waits_for_what_it_depends_on() {
    for durability in BOTH {
        let host = Host::with(|options| options.durability = durability).await;
        let (url, requests) = counting_server().await;
        host.ok(&format!("/guest/increment-then-fetch?n,{url}")).await;
        assert_eq!(requests.load(Ordering::SeqCst), 1);
        break_store(&host);
        let (status, _) = host.get(&format!("/guest/increment-then-fetch?n,{url}")).await;
        assert_eq!(status, 503, "{durability:?}");
        assert_eq!(
            requests.load(Ordering::SeqCst),
            1,
            "{durability:?}: the vendor was called for a permit that is lost"
        );
    }
}

/// Callers increment a key each while the gate is killed again and again. A value comes twice if an answer was forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_gate_has_forgotten_no_answer() {
    const ROUNDS: u64 = 8;
    const CALLERS: usize = 8;
    for durability in ["strict", "relaxed"] {
        let folder = tempfile::tempdir().unwrap();
        let options = options(&folder);
        let answered: Vec<Arc<AtomicUsize>> = (0..CALLERS).map(|_| Arc::default()).collect();
        for round in 0..ROUNDS {
            let mut child = program("up", &options)
                .args(["--durability", durability])
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
            let address = lines.find_map(|line| Some(line.strip_prefix("listening on ")?.to_owned())).unwrap();
            let callers: Vec<_> = (0..CALLERS)
                .map(|caller| {
                    tokio::spawn(call(format!("{address}/guest/increment?c{caller}"), answered[caller].clone()))
                })
                .collect();
            sleep(Duration::from_millis(60 + 45 * round)).await;
            // SIGKILL: nothing is finished, nothing is closed.
            child.kill().unwrap();
            child.wait().unwrap();
            for caller in callers {
                let last = caller.await.unwrap();
                assert!(last.is_ok(), "{durability}, round {round}: {}", last.unwrap_err());
            }
        }
        let answered: usize = answered.iter().map(|answered| answered.load(Ordering::SeqCst)).sum();
        println!("{durability}: {answered} answers over {ROUNDS} kills");
        assert!(answered > CALLERS * 4, "{durability}: only {answered} answers");
    }
}

/// Calls until nobody answers.
async fn call(url: String, answered: Arc<AtomicUsize>) -> Result<(), String> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    loop {
        let Ok(response) = client.get(url.parse().unwrap()).await else { return Ok(()) };
        let status = response.status();
        let Ok(body) = response.into_body().collect().await else { return Ok(()) };
        let body = String::from_utf8(body.to_bytes().to_vec()).unwrap();
        let value: usize = body.parse().map_err(|_| format!("{status} {body}"))?;
        let before = answered.fetch_max(value, Ordering::SeqCst);
        if before >= value {
            return Err(format!("{before} was answered, and then {value}"));
        }
    }
}

/// The gate as a process of its own.
fn program(command: &str, options: &Options) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    program
        .args([command, "--listen", "127.0.0.1:0", "--max-concurrent-requests", "16"])
        .arg("--manifest")
        .arg(&options.manifest)
        .arg("--data")
        .arg(&options.data)
        .arg("--cache")
        .arg(options.cache.as_ref().unwrap());
    if command == "up" {
        program.env("SPIN_VARIABLE_DEV_HOSTS", "http://127.0.0.1:*");
    }
    program
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_finishes_what_is_in_flight_and_a_start_finds_it() {
    let mut host = Host::start().await;
    let request = Request::get(host.url("/guest/stream?10,50,s")).body(Full::default()).unwrap();
    let mut body = host.send(request).await.into_body();
    body.frame().await.unwrap().unwrap();
    let reading = tokio::spawn(async move { body.collect().await.unwrap().to_bytes() });
    host.stop().await;
    assert!(reading.await.unwrap().ends_with(b"data: 9\n\n"));

    let running = serve(options(&host.folder)).await.unwrap();
    host.addr = running.addr;
    assert_eq!(host.ok("/guest/increment?s").await, "2", "settled before the store was closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_route_of_the_maintenance_is_called_every_second_with_the_admin_key() {
    // One of them hangs; one is only answered by a wildcard; one isn't there.
    let routes =
        ["/v1/maintenance", "/v1/maintenance/webhooks", "/v1/maintenance/messages", "/v1/maintenance/events/..."];
    let routes = routes.map(|route| format!("[[trigger.http]]\nroute = \"{route}\"\ncomponent = \"guest\"\n"));
    let host = Host::with(|options| {
        let manifest = common::manifest().replace("[component.guest]\n", &(routes.concat() + "[component.guest]\n"));
        std::fs::write(&options.manifest, manifest).unwrap();
    })
    .await;
    sleep(Duration::from_millis(2_700)).await;
    let calls = async |counter: &str| -> u32 {
        let calls: u32 = host.ok(&format!("/guest/increment?maintained{counter}")).await.parse().unwrap();
        calls - 1
    };
    // At 0, 1 and 2 seconds.
    for (counter, least, most) in
        [("", 2, 3), ("/webhooks", 2, 3), ("/messages", 1, 1), ("/events", 0, 0), ("/runs", 0, 0)]
    {
        let calls = calls(counter).await;
        assert!((least..=most).contains(&calls), "{counter}: {calls}");
    }
}

#[test]
fn the_doctor_finds_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder);
    let doctor = || {
        let output = program("doctor", &options).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, findings) = doctor();
    assert_eq!(code, Some(0), "{findings}");
    assert!(!options.data.join("keys.json").exists(), "it only looks");
    let broken = common::manifest().replace("host_guest_dep.wasm", "nothing.wasm");
    std::fs::write(&options.manifest, broken).unwrap();
    let (code, findings) = doctor();
    assert_eq!(code, Some(1), "{findings}");
    for id in ["guest", "dep"] {
        assert!(findings.contains(&format!("problem  component `{id}`")), "{findings}");
    }
}

#[test]
fn the_program_says_where_it_listens_and_ends_on_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder);
    let start = || program("up", &options).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut keys = Vec::new();
    for first in [true, false] {
        let mut child = start();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut line = lines.next().unwrap().unwrap();
        if first {
            assert!(line.contains("keys.json"), "{line}");
            line = lines.next().unwrap().unwrap();
        }
        let address = line.strip_prefix("listening on http://").expect(&line);
        std::net::TcpStream::connect(address).unwrap();
        let signalled = Command::new("kill").arg(child.id().to_string()).status().unwrap();
        assert!(signalled.success());
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert!(lines.next().is_none(), "nothing else on stdout");
        keys.push(std::fs::read(options.data.join("keys.json")).unwrap());
    }
    assert_eq!(keys[0], keys[1], "kept for the second start");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_it_from_starting_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&str, &str, &[&str]); 6] = [
        ("host_guest.wasm", "nothing.wasm", &["component `guest`", "nothing.wasm"]),
        (
            "\"test:counting/counters@0.1.0\" = { path",
            "\"test:counting/adders@0.1.0\" = { path",
            &["component `guest`", "test:counting/adders@0.1.0", "it imports:", "test:counting/counters@0.1.0"],
        ),
        (
            "\"test:counting/counters@0.1.0\"",
            "# \"test:counting/counters@0.1.0\"",
            &["component `guest`", "test:counting/counters@0.1.0"],
        ),
        (
            "dep.wasm\", inherit_configuration = true",
            "dep.wasm\", inherit_configuration = false",
            &["component `guest`", "wasi:keyvalue", "inherit_configuration"],
        ),
        ("{ default = \"http://dev.invalid\" }", "{ required = true }", &["dev_hosts", "SPIN_VARIABLE_DEV_HOSTS"]),
        ("[variables]", "[variables]\nother = { required = true }", &["`other` is required"]),
    ];
    for (part, replacement, expected) in cases {
        let mut options = options(&folder);
        options.variables.retain(|(name, _)| name != "dev_hosts");
        let manifest = common::manifest();
        assert!(manifest.contains(part), "{part}");
        std::fs::write(&options.manifest, manifest.replace(part, replacement)).unwrap();
        let error = match serve(options).await {
            Ok(_) => panic!("started with {replacement}"),
            Err(error) => format!("{error:#}"),
        };
        for expected in expected {
            assert!(error.contains(expected), "{replacement}: `{expected}` is not in: {error}");
        }
    }
}
