//! The wire: streams, slow and oversized requests, protocols, and calls to the outside.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use common::{Host, error_of};
use http::{Request, Version};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// Sends bytes as they are and reads until the server closes, or for two seconds.
async fn raw(host: &Host, parts: &[&[u8]], pause: Duration) -> String {
    let mut stream = TcpStream::connect(host.addr).await.unwrap();
    for part in parts {
        if stream.write_all(part).await.is_err() {
            break;
        }
        sleep(pause).await;
    }
    let mut answer = Vec::new();
    let _ = timeout(Duration::from_secs(2), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_that_grows_too_large_is_refused() {
    let host = Host::with(|options| options.limits.max_body_bytes = 50_000).await;
    let head = b"POST /guest/echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = [b"2710\r\n".to_vec(), vec![b'x'; 10_000], b"\r\n".to_vec()].concat();
    let mut parts: Vec<&[u8]> = vec![head];
    parts.extend(std::iter::repeat_n(&chunk[..], 8));
    let answer = raw(&host, &parts, Duration::from_millis(5)).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let body = answer.split("\r\n\r\n").nth(1).unwrap();
    assert_eq!(error_of(body), ("too_large".into(), "body_too_large".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_never_comes_is_given_up() {
    let host = Host::with(|options| {
        options.limits.body_idle_timeout = Duration::from_millis(300);
    })
    .await;
    let head = b"POST /guest/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc";
    let answer = raw(&host, &[head], Duration::ZERO).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_have_bounds() {
    let host = Host::with(|options| {
        options.limits.head_timeout = Duration::from_millis(300);
    })
    .await;
    let long = format!("GET /guest/hello HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(20_000));
    let answer = raw(&host, &[long.as_bytes()], Duration::ZERO).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    for start in [&b""[..], b"P", b"PRI * HT", b"GET /guest/hello HTTP/1.1\r\nhost:"] {
        let started = Instant::now();
        raw(&host, &[start], Duration::ZERO).await;
        assert!(started.elapsed() < Duration::from_millis(1_500), "{start:?}: still open");
    }
    // In pieces, but in time.
    let answer = raw(
        &host,
        &[b"G", b"ET /guest/hello HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"],
        Duration::from_millis(50),
    )
    .await;
    assert!(answer.ends_with("hello"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_answer_is_one_packet() {
    let host = Host::start().await;
    host.ok("/guest/hello").await;
    let mut stream = TcpStream::connect(host.addr).await.unwrap();
    stream.write_all(b"GET /guest/hello HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut buffer = [0; 4096];
    let read = stream.read(&mut buffer).await.unwrap();
    let answer = String::from_utf8_lossy(&buffer[..read]);
    assert!(answer.contains("content-length: 5"), "{answer}");
    assert!(answer.ends_with("hello"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_works_without_an_upgrade() {
    let host = Host::start().await;
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let response = client.get(host.url("/guest/hello").parse().unwrap()).await.unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_arrives_as_it_is_made_and_is_settled_at_its_end() {
    let host = Host::start().await;
    let started = Instant::now();
    let request = Request::get(host.url("/guest/stream?5,100,s")).body(Full::default()).unwrap();
    let mut body = host.send(request).await.into_body();
    let mut chunks = Vec::new();
    while let Some(frame) = body.frame().await {
        let data = frame.unwrap().into_data().unwrap();
        chunks.push((data, started.elapsed()));
    }
    assert_eq!(chunks.len(), 5);
    assert!(chunks[0].1 < Duration::from_millis(90), "{chunks:?}");
    assert!(chunks[4].1 - chunks[0].1 > Duration::from_millis(350), "{chunks:?}");
    assert_eq!(host.ok("/guest/increment?s").await, "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_whose_reader_leaves_is_settled() {
    let host = Host::start().await;
    let request = Request::get(host.url("/guest/stream?1000,20,left")).body(Full::default()).unwrap();
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let mut body = client.request(request).await.unwrap().into_body();
    body.frame().await.unwrap().unwrap();
    drop((body, client));
    for attempt in 0.. {
        sleep(Duration::from_millis(50)).await;
        // Reads the counter; the stream's own increment makes it more than what was read so far.
        if host.ok("/guest/increment?left").await.parse::<i32>().unwrap() > attempt + 1 {
            break;
        }
        assert!(attempt < 60, "never settled");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_do_not_share_their_instance() {
    let host = Host::start().await;
    let request = Request::get(host.url("/guest/stream?20,50,x")).body(Full::default()).unwrap();
    let mut body = host.send(request).await.into_body();
    body.frame().await.unwrap().unwrap();
    // The streaming instance has served one request; another one answers, and it counts from one.
    assert_eq!(host.ok("/guest/served").await, "1");
}

/// A server on this machine; answers every request with `answer` and counts them.
async fn server(answer: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = requests.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let counter = counter.clone();
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                    counter.fetch_add(1, Ordering::SeqCst);
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    (url, requests)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_allowed_destinations_are_called() {
    let host = Host::start().await;
    let (url, requests) = server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await;
    assert_eq!(host.ok(&format!("/guest/fetch?{url}/x")).await, "200 OK hi");
    assert_eq!(host.ok(&format!("/guest/fetch?{url}/x")).await, "200 OK hi");
    assert_eq!(requests.load(Ordering::SeqCst), 2);

    let port = url.rsplit(':').next().unwrap();
    for (target, expected) in [
        (format!("http://localhost:{port}/"), "HttpRequestDenied"),
        (format!("http://2130706433:{port}/"), "HttpRequestDenied"),
        (format!("http://0x7f.1:{port}/"), "HttpRequestDenied"),
        (format!("http://0177.0.0.1:{port}/"), "HttpRequestDenied"),
        (format!("http://127.1:{port}/"), "HttpRequestDenied"),
        (format!("http://127.0.0.1.:{port}/"), "HttpRequestDenied"),
        (format!("http://0.0.0.0:{port}/"), "HttpRequestDenied"),
        (format!("http://[::1]:{port}/"), "HttpRequestDenied"),
        (format!("http://[::ffff:127.0.0.1]:{port}/"), "HttpRequestDenied"),
        (format!("http://x@127.0.0.1:{port}/"), "HttpRequestDenied"),
        (format!("http://127.0.0.1:{port}@allowed.invalid/"), "HttpRequestUriInvalid"),
        ("http://169.254.169.254/".into(), "HttpRequestDenied"),
        // Allowed by `https://*:*`, which names nobody in particular.
        (format!("https://127.0.0.1:{port}/"), "DestinationIpProhibited"),
        (format!("https://localhost:{port}/"), "DestinationIpProhibited"),
        (format!("https://[::1]:{port}/"), "DestinationIpProhibited"),
        (format!("https://[::ffff:127.0.0.1]:{port}/"), "DestinationIpProhibited"),
        (format!("https://[64:ff9b::7f00:1]:{port}/"), "DestinationIpProhibited"),
        (format!("https://0.0.0.0:{port}/"), "DestinationIpProhibited"),
        ("https://10.0.0.1/".into(), "DestinationIpProhibited"),
        ("https://169.254.169.254/".into(), "DestinationIpProhibited"),
        ("https://[fd00::1]/".into(), "DestinationIpProhibited"),
        ("https://[fe80::1]/".into(), "DestinationIpProhibited"),
        (format!("https://2130706433:{port}/"), "HttpRequestDenied"),
        (format!("https://localhost.:{port}/"), "HttpRequestDenied"),
    ] {
        let (status, body) = host.get(&format!("/guest/fetch?{target}")).await;
        assert!(status == 422 && body.contains(expected), "{target}: {status} {body}");
    }
    assert_eq!(requests.load(Ordering::SeqCst), 2, "nothing else arrived");
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_not_followed() {
    let host = Host::start().await;
    let (target, arrived) = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    for status in [301, 302, 303, 307, 308] {
        for to in [target.as_str(), "file:///etc/passwd", "http://169.254.169.254", "//127.0.0.1:9"] {
            let answer = format!("HTTP/1.1 {status} Moved\r\nlocation: {to}/\r\ncontent-length: 0\r\n\r\n");
            let (url, asked) = server(answer.leak()).await;
            let told = host.ok(&format!("/guest/fetch?{url}/")).await;
            assert!(told.starts_with(&status.to_string()), "{status} {to}: {told}");
            assert_eq!(asked.load(Ordering::SeqCst), 1, "{status} {to}: asked once");
        }
    }
    assert_eq!(arrived.load(Ordering::SeqCst), 0);
}
