//! More work than there are places: who gets one, who is refused and how, and what runs all the same.

mod common;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use common::{Host, error_of};
use http::header::RETRY_AFTER;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};
use tollgate::Options;
use tollgate::instance::Settings;

/// So few places that a test can take them all.
const PLACES: usize = 4;
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

fn small(options: &mut Options) {
    options.limits.max_concurrent_requests = PLACES;
    options.limits.wait = Duration::from_millis(50);
}

/// Sends the head of a request with a body of `length`, and its first byte.
async fn begin(host: &Host, from: IpAddr, length: usize) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(from, 0)).unwrap();
    let mut stream = socket.connect(host.addr).await.unwrap();
    let head =
        format!("POST /guest/echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\nx");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// Sends the rest of it; gives the answer.
async fn finish(mut stream: TcpStream, length: usize) -> String {
    let _ = stream.write_all(&vec![b'x'; length - 1]).await;
    let mut answer = String::new();
    let _ = timeout(Duration::from_secs(5), stream.read_to_string(&mut answer)).await;
    answer
}

/// Takes all places, with streams.
async fn fill(host: &Host) -> Vec<Incoming> {
    let mut streams = Vec::new();
    for _ in 0..PLACES {
        let request = Request::get(host.url("/guest/stream?1000,20,x")).body(Full::default()).unwrap();
        let mut body = host.send(request).await.into_body();
        body.frame().await.unwrap().unwrap();
        streams.push(body);
    }
    streams
}

async fn wait_for_room(host: &Host) {
    for attempt in 0.. {
        if host.get("/guest/hello").await.0 == 200 {
            break;
        }
        assert!(attempt < 60, "never recovered");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_house_is_refused_as_documented_and_recovers() {
    let host = Host::with(small).await;
    let streams = fill(&host).await;
    let request = Request::get(host.url("/guest/hello")).body(Full::default()).unwrap();
    let (head, body) = host.send(request).await.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    assert_eq!(head.status, 503, "{body}");
    assert_eq!(head.headers[RETRY_AFTER], "1");
    assert_eq!(error_of(&body), ("offline".into(), "overloaded".into()));
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["error"]["fallback"]["mode"], "offline");
    assert!(body["error"]["fallback"]["message"].is_string());
    drop(streams);
    wait_for_room(&host).await;
}

/// `length`: small bodies take no place while they arrive; large ones of one client take half of the places at most.
async fn check_slow_bodies(length: usize) {
    let host = Host::with(small).await;
    let mut slow = Vec::new();
    for _ in 0..3 * PLACES {
        slow.push(begin(&host, HERE, length).await);
    }
    sleep(Duration::from_millis(400)).await;
    for _ in 0..5 {
        assert_eq!(host.ok("/guest/hello").await, "hello", "{length}");
    }
    // A body that is there when its request is counts as no arrival, wherever it comes from.
    let (status, body) = host.call(Method::POST, "/guest/echo", Bytes::from_static(b"three")).await;
    assert_eq!((status.as_u16(), body.as_str()), (200, "5"), "{length}");
    // Another client is not held up, however slow it is.
    let other = begin(&host, ELSEWHERE, length).await;
    sleep(Duration::from_millis(400)).await;
    let answer = finish(other, length).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{length}: {answer}");

    let mut answers = Vec::new();
    for stream in slow {
        answers.push(finish(stream, length).await);
    }
    let (served, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.starts_with("HTTP/1.1 200"));
    assert_eq!(served.len(), PLACES / 2, "{length}: {refused:#?}");
    for answer in refused {
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 1"), "{length}: {answer}");
    }
    // Nothing is counted for ever.
    let again = begin(&host, HERE, length).await;
    sleep(Duration::from_millis(300)).await;
    assert!(finish(again, length).await.starts_with("HTTP/1.1 200"), "{length}");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_bodies_do_not_take_every_place() {
    check_slow_bodies(10).await;
    check_slow_bodies(64 * 1024).await;
    check_slow_bodies(64 * 1024 + 1).await;
    check_slow_bodies(200_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_in_pieces_arrive_whole() {
    let host = Host::start().await;
    for (pieces, size) in [(1, 1), (3, 5), (16, 4096), (17, 4096), (1, 65_537), (20, 50_000)] {
        let mut stream = TcpStream::connect(host.addr).await.unwrap();
        let head = b"POST /guest/echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head).await.unwrap();
        for _ in 0..pieces {
            let piece = format!("{size:x}\r\n{}\r\n", "x".repeat(size));
            stream.write_all(piece.as_bytes()).await.unwrap();
            sleep(Duration::from_millis(10)).await;
        }
        stream.write_all(b"0\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let length = answer.rsplit("\r\n\r\n").next().unwrap();
        assert_eq!(length, (pieces * size).to_string(), "{pieces} pieces of {size}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_makes_no_sense_is_refused() {
    let host = Host::start().await;
    let mut stream = TcpStream::connect(host.addr).await.unwrap();
    let request = b"POST /guest/echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    let _ = timeout(Duration::from_secs(2), stream.read_to_string(&mut answer)).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn maintenance_runs_in_a_full_house() {
    let route = "[[trigger.http]]\nroute = \"/v1/maintenance\"\ncomponent = \"guest\"\n[component.guest]\n";
    let host = Host::with(|options| {
        small(options);
        let manifest = common::manifest().replace("[component.guest]\n", route);
        std::fs::write(&options.manifest, manifest).unwrap();
    })
    .await;
    let streams = fill(&host).await;
    let (status, _) = host.get("/guest/hello").await;
    assert_eq!(status, 503, "the house is full");
    sleep(Duration::from_millis(3_200)).await;
    drop(streams);
    wait_for_room(&host).await;
    let calls: u32 = host.ok("/guest/increment?maintained").await.parse().unwrap();
    // At 0, 1, 2 and 3 seconds; this is one more. Only the first, if any, was before the house was full.
    assert!(calls >= 4, "{calls}");
}

#[test]
fn a_component_has_longer_than_its_own_vendors() {
    // 45 s for the vendor after up to 30 s in a queue: the component answers 504 before the host gives it up.
    assert!(Settings::default().request_timeout >= Duration::from_secs(90));
}
