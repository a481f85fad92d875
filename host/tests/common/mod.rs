//! Starts a host with the test components, and talks to it.
#![allow(dead_code, reason = "each test program uses its part")]

pub mod redis;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tempfile::TempDir;
use tollgate::{Options, Running, serve};

/// The folder with the compiled test components; built once for each test program.
pub fn guests() -> &'static PathBuf {
    static GUESTS: OnceLock<PathBuf> = OnceLock::new();
    GUESTS.get_or_init(|| {
        if let Ok(folder) = std::env::var("TOLLGATE_TEST_GUESTS") {
            return folder.into();
        }
        // <target>/<profile>/deps/<test program>
        let program = std::env::current_exe().unwrap();
        let target = program.ancestors().nth(3).unwrap().to_owned();
        let status = Command::new(env!("CARGO"))
            .args(["build", "--release", "--target", "wasm32-wasip2"])
            .args(["-p", "host-guest", "-p", "host-guest-dep", "--target-dir"])
            .arg(&target)
            .status()
            .unwrap();
        assert!(status.success(), "the test components don't build");
        target.join("wasm32-wasip2/release")
    })
}

/// The manifest of the test application.
pub fn manifest() -> String {
    let guests = guests().display().to_string();
    format!(
        r#"
spin_manifest_version = 2
[application]
name = "host-test"
[variables]
admin_key = {{ required = true, secret = true }}
dev_hosts = {{ default = "http://dev.invalid" }}
[[trigger.http]]
route = "/guest/..."
component = "guest"
[[trigger.http]]
route = "/v1/live"
component = "guest"
[[trigger.http]]
route = "/dep"
component = "dep"
[component.guest]
source = "{guests}/host_guest.wasm"
key_value_stores = ["default"]
allowed_outbound_hosts = ["https://*:*", "http://allowed.invalid", "{{{{ dev_hosts }}}}"]
environment = {{ MODE = "test" }}
variables = {{ greeting = "hosts: {{{{ dev_hosts }}}}" }}
[component.guest.dependencies]
"test:counting/counters@0.1.0" = {{ path = "{guests}/host_guest_dep.wasm", inherit_configuration = true }}
"test:counting/statistics@0.1.0" = {{ component = "dep", inherit_configuration = true }}
[component.dep]
source = "{guests}/host_guest_dep.wasm"
key_value_stores = ["default"]
"#
    )
}

/// A running host with a folder of its own.
pub struct Host {
    pub running: Option<Running>,
    pub addr: SocketAddr,
    pub folder: TempDir,
    pub client: Client<HttpConnector, Full<Bytes>>,
}

pub fn options(folder: &TempDir) -> Options {
    let file = folder.path().join("spin.toml");
    std::fs::write(&file, manifest()).unwrap();
    let mut options = Options::new(file, folder.path().join("data"));
    options.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    options.cache = Some(guests().join("test-cache"));
    options.variables =
        vec![("admin_key".into(), "tg_admin_of_the_tests".into()), ("dev_hosts".into(), "http://127.0.0.1:*".into())];
    // The pool of instances reserves address space for each; tests run many hosts side by side.
    options.limits.max_concurrent_requests = 64;
    options
}

impl Host {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = options(&folder);
        change(&mut options);
        let running = serve(options).await.unwrap();
        Self {
            addr: running.addr,
            running: Some(running),
            folder,
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    pub async fn send(&self, request: Request<Full<Bytes>>) -> Response<hyper::body::Incoming> {
        self.client.request(request).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> (StatusCode, String) {
        self.call(Method::GET, path, Bytes::new()).await
    }

    pub async fn call(&self, method: Method, path: &str, body: Bytes) -> (StatusCode, String) {
        let request = Request::builder().method(method).uri(self.url(path)).body(Full::new(body)).unwrap();
        let (parts, body) = self.send(request).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (parts.status, String::from_utf8_lossy(&body).into_owned())
    }

    /// The body of a 200.
    pub async fn ok(&self, path: &str) -> String {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.shutdown().await;
        }
    }
}

/// Checks the documented error shape; gives type and code.
pub fn error_of(body: &str) -> (String, String) {
    let value: serde_json::Value = serde_json::from_str(body).expect(body);
    let error = &value["error"];
    assert!(error["message"].is_string(), "{body}");
    assert!(error.get("param").is_some(), "{body}");
    assert!(error["request_id"].as_str().unwrap().starts_with("req_"), "{body}");
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    (text("type"), text("code"))
}
