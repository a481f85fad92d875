//! OPS-4: `tollgate up --watch` serves what was changed, from the store that was there before.

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use common::guests;
use http::StatusCode;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(60);
/// What the dependency says of itself; the build puts another word of the same length there.
const WORD: &str = "dependency at";

/// An application of which one component is built by a shell: from a component that says something, one that says a word.
fn write_application(folder: &Path) {
    let guests = guests().display();
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("src/word"), WORD).unwrap();
    let build = format!(
        "set -e; if grep -q broken src/word; then echo no such word >&2; exit 1; fi\n\
         sed \"s/{WORD}/$(cat src/word)/\" {guests}/host_guest_dep.wasm > new.wasm; mkdir -p out; mv new.wasm out/dep.wasm\n\
         echo built >> builds\n"
    );
    fs::write(folder.join("build.sh"), build).unwrap();
    write_manifest(folder, "/dep");
}

fn write_manifest(folder: &Path, route: &str) {
    let guests = guests().display();
    let manifest = format!(
        r#"
spin_manifest_version = 2
[application]
name = "watched"
[[trigger.http]]
route = "/guest/..."
component = "guest"
[[trigger.http]]
route = "{route}"
component = "dep"
[component.guest]
source = "{guests}/host_guest.wasm"
key_value_stores = ["default"]
[component.guest.dependencies]
"test:counting/counters@0.1.0" = {{ component = "dep", inherit_configuration = true }}
"test:counting/statistics@0.1.0" = {{ component = "dep", inherit_configuration = true }}
[component.dep]
source = "out/dep.wasm"
key_value_stores = ["default"]
[component.dep.build]
command = "sh build.sh"
watch = ["src/*"]
"#
    );
    fs::write(folder.join("spin.toml"), manifest).unwrap();
}

/// The program at work.
struct Watched {
    child: Child,
    listening: Receiver<String>,
    told: Arc<Mutex<String>>,
    url: String,
}

impl Watched {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tollgate"))
            .args(["up", "--watch", "--listen", "127.0.0.1:0", "--max-concurrent-requests", "64", "--cache"])
            .arg(guests().join("test-cache"))
            .current_dir(folder)
            .env_remove("TOLLGATE_KV")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, listening) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if let Some(url) = line.strip_prefix("listening on ") {
                    let _ = tell.send(url.to_owned());
                }
            }
        });
        let told = Arc::new(Mutex::new(String::new()));
        let (mut err, all) = (BufReader::new(child.stderr.take().unwrap()), told.clone());
        thread::spawn(move || {
            let mut line = String::new();
            while err.read_line(&mut line).is_ok_and(|read| read > 0) {
                all.lock().unwrap().push_str(&line);
                line.clear();
            }
        });
        let mut watched = Self { child, listening, told, url: String::new() };
        watched.url = watched.started();
        watched
    }

    /// The address of the next gate that listens.
    fn started(&self) -> String {
        self.listening.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("no gate started: {}", self.told.lock().unwrap()))
    }

    fn is_told(&self, what: &str) {
        let since = Instant::now();
        while !self.told.lock().unwrap().contains(what) {
            assert!(since.elapsed() < LIMIT, "`{what}` isn't told: {}", self.told.lock().unwrap());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// No gate is started within some time.
    fn goes_on(&self) {
        assert!(self.listening.recv_timeout(Duration::from_secs(2)).is_err(), "{}", self.told.lock().unwrap());
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        let response = client.get(format!("{}{path}", self.url).parse().unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        (head.status, String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap())
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    fn end(mut self) -> ExitStatus {
        self.signal("-INT");
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(since.elapsed() < LIMIT, "it doesn't stop");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn builds(folder: &Path) -> usize {
    fs::read_to_string(folder.join("builds")).unwrap_or_default().lines().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_4_watch_builds_what_changed_and_restarts_with_the_state_kept() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    write_application(folder);
    // What isn't built is built before the start.
    let watched = Watched::start(folder);
    assert_eq!(builds(folder), 1);
    assert_eq!(watched.get("/dep").await.1, "dependency at /dep");
    assert_eq!(watched.get("/guest/increment?n").await.1, "1");

    fs::write(folder.join("src/word"), "another word:").unwrap();
    assert_eq!(watched.started(), watched.url, "the address stays");
    assert_eq!(watched.get("/dep").await.1, "another word: /dep");
    assert_eq!(watched.get("/guest/increment?n").await.1, "2", "the store stays");
    assert_eq!(builds(folder), 2);

    // A build that fails changes nothing, and is tried again.
    fs::write(folder.join("src/word"), "broken").unwrap();
    watched.is_told("no such word");
    watched.is_told("the gate goes on as it was");
    watched.goes_on();
    assert_eq!(watched.get("/dep").await.1, "another word: /dep");
    fs::write(folder.join("src/word"), "the third one").unwrap();
    watched.started();
    assert_eq!(watched.get("/dep").await.1, "the third one /dep");

    // So does a manifest that can't be used; one that can restarts without a build.
    fs::write(folder.join("spin.toml"), "= broken").unwrap();
    watched.is_told("is not a valid manifest");
    watched.goes_on();
    assert_eq!(watched.get("/dep").await.0, 200);
    write_manifest(folder, "/moved");
    watched.started();
    assert_eq!((watched.get("/dep").await.0.as_u16(), watched.get("/moved").await.0.as_u16()), (404, 200));
    assert_eq!(watched.get("/guest/increment?n").await.1, "3");
    assert_eq!(builds(folder), 3);

    // A component that somebody else has built.
    let dep = fs::read(guests().join("host_guest_dep.wasm")).unwrap();
    fs::write(folder.join("out/dep.wasm"), dep).unwrap();
    watched.started();
    assert_eq!(watched.get("/moved").await.1, "dependency at /moved");
    assert_eq!(builds(folder), 3);
    watched.goes_on();
    let address = watched.url.trim_start_matches("http://").to_owned();
    assert!(watched.end().success());
    assert!(std::net::TcpStream::connect(address).is_err(), "the gate stops with it");
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_4_a_gate_that_ends_is_told_and_started_after_the_next_change_alone() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    write_application(folder);
    let watched = Watched::start(folder);
    assert_eq!(watched.get("/guest/increment?n").await.1, "1");
    let gates = Command::new("pgrep").args(["-P", &watched.child.id().to_string()]).output().unwrap();
    let gate = String::from_utf8(gates.stdout).unwrap();
    assert!(Command::new("kill").args(["-KILL", gate.trim()]).status().unwrap().success());
    watched.is_told("the gate has ended");
    watched.goes_on();
    fs::write(folder.join("src/word"), "another word:").unwrap();
    assert_eq!(watched.started(), watched.url);
    assert_eq!(watched.get("/guest/increment?n").await.1, "2");

    // One that can't be started isn't tried in a loop.
    fs::write(folder.join("out/dep.wasm"), "no component").unwrap();
    watched.is_told("the gate has ended (exit status: 1)");
    watched.goes_on();
    fs::write(folder.join("src/word"), "the third one").unwrap();
    watched.started();
    assert_eq!(watched.get("/dep").await.1, "the third one /dep");
    assert!(watched.end().success());
}
