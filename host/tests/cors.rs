//! Pages can read the host's own refusals, if some tenant allows their origin.

mod common;

use std::time::Duration;

use common::Host;
use http::Request;
use http_body_util::{BodyExt, Full};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const KNOWN: &str = "https://page.example";

/// One request as it is on the wire; the answer, in lower case.
async fn exchange(host: &Host, method_and_path: &str, origin: Option<&str>, rest: &str) -> String {
    let mut stream = TcpStream::connect(host.addr).await.unwrap();
    let origin = origin.map(|origin| format!("origin: {origin}\r\n")).unwrap_or_default();
    let request = format!("{method_and_path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{origin}{rest}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = timeout(Duration::from_secs(5), stream.read_to_string(&mut answer)).await;
    answer.to_lowercase()
}

async fn check(host: &Host, status: u16, method_and_path: &str, rest: &str) {
    for origin in [Some(KNOWN), Some("https://other.example"), Some("https://page.example/"), Some("null"), None] {
        let answer = exchange(host, method_and_path, origin, rest).await;
        let what = format!("{method_and_path} from {origin:?}: {answer}");
        assert!(answer.starts_with(&format!("http/1.1 {status}")), "{what}");
        let allowed = answer.contains(&format!("\r\naccess-control-allow-origin: {KNOWN}\r\n"));
        let varies = answer.contains("\r\nvary: origin\r\n");
        let exposes = answer.contains("\r\naccess-control-expose-headers: x-request-id, retry-after\r\n");
        assert_eq!((allowed, varies, exposes), (origin == Some(KNOWN), allowed, allowed), "{what}");
        assert_eq!(answer.matches("access-control").count(), if allowed { 2 } else { 0 }, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_can_be_read_by_pages_that_some_tenant_allows() {
    let host = Host::with(|options| {
        options.limits.max_concurrent_requests = 1;
        options.limits.wait = Duration::from_millis(50);
        options.limits.max_body_bytes = 100;
        options.limits.body_idle_timeout = Duration::from_millis(200);
        options.settings.request_timeout = Duration::from_millis(500);
    })
    .await;
    // What the registry writes when a tenant allows an origin; here only whether it is there counts.
    host.ok("/guest/increment?origin/https:%2F%2Fpage.example").await;

    check(&host, 404, "GET /nowhere", "\r\n").await;
    let large = "x".repeat(101);
    check(&host, 413, "POST /guest/echo", &format!("content-length: 101\r\n\r\n{large}")).await;
    let chunked = format!("transfer-encoding: chunked\r\n\r\n65\r\n{large}\r\n0\r\n\r\n");
    check(&host, 413, "POST /guest/echo", &chunked).await;
    check(&host, 408, "POST /guest/echo", "content-length: 10\r\n\r\nabc").await;
    check(&host, 500, "GET /guest/trap", "\r\n").await;
    check(&host, 500, "GET /guest/wait-forever", "\r\n").await;

    let request = Request::get(host.url("/guest/stream?1000,20,x")).body(Full::default()).unwrap();
    let mut stream = host.send(request).await.into_body();
    stream.frame().await.unwrap().unwrap();
    check(&host, 503, "GET /guest/hello", "\r\n").await;
}
