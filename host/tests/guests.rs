//! What components get from the host: stores, variables, dependencies, headers, limits.

mod common;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bytes::Bytes;
use common::{Host, error_of};
use futures::future::join_all;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};

#[tokio::test(flavor = "multi_thread")]
async fn interfaces_answer_as_documented() {
    let host = Host::start().await;
    let checks = [
        ("/guest/hello", "hello"),
        ("/guest/increment?x", "1"),
        ("/guest/increment?x", "2"),
        ("/guest/store?default", "opened"),
        ("/guest/kv", r#"Some([49]) [("w/b", Some([50])), ("w/c", None)] false ["w/a", "w/b"] true"#),
        ("/guest/spin-kv", r#"Some([49]) false ["s/a"]"#),
        ("/guest/variable?greeting", "hosts: http://127.0.0.1:*"),
        ("/guest/print?a%20line", "printed"),
        ("/dep", "dependency at /dep"),
    ];
    for (path, expected) in checks {
        assert_eq!(host.ok(path).await, expected, "{path}");
    }
    for (path, expected) in [
        ("/guest/store?other", "AccessDenied"),
        ("/guest/variable?admin_key", "Undefined"),
        ("/guest/set-then-increment?v", "the value is not a counter"),
    ] {
        let (status, body) = host.get(path).await;
        assert!(status == 422 && body.contains(expected), "{path}: {status} {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_dependency_is_one_instance() {
    let host = Host::start().await;
    for _ in 0..3 {
        // The value in the store, and the calls that both interfaces of the dependency have counted.
        let body = host.ok("/guest/dependency?c").await;
        let numbers: Vec<&str> = body.split(' ').collect();
        assert_eq!(numbers[1], numbers[2], "{body}");
        assert_ne!(numbers[1], "0", "{body}");
    }
    assert_eq!(host.ok("/guest/increment?c").await, "4");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_alone_sets_its_headers() {
    let host = Host::start().await;
    let request = Request::builder()
        .uri(host.url("/guest/headers?q=1"))
        .header("spin-client-addr", "10.0.0.1:1")
        .header("spin-path-info", "/forged")
        .header("spin-path-match-id", "forged")
        .header("x-own", "kept")
        .body(Full::default())
        .unwrap();
    let body = host.send(request).await.into_body();
    let body = body.collect().await.unwrap().to_bytes();
    let lines: BTreeSet<&str> = std::str::from_utf8(&body).unwrap().lines().collect();
    let url = format!("spin-full-url: {}", host.url("/guest/headers?q=1"));
    for expected in [
        "spin-base-path: /",
        "spin-component-route: /guest",
        "spin-matched-route: /guest/...",
        "spin-path-info: /headers",
        "spin-raw-component-route: /guest/...",
        "x-own: kept",
        url.as_str(),
    ] {
        assert!(lines.contains(expected), "{expected} is not in {lines:#?}");
    }
    assert!(lines.iter().any(|line| line.starts_with("spin-client-addr: 127.0.0.1:")));
    assert!(!lines.iter().any(|line| line.contains("forged") || line.contains("10.0.0.1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn increments_of_many_requests_add_up() {
    let host = Host::start().await;
    let values = join_all((0..300).map(|_| host.ok("/guest/increment?n"))).await;
    let distinct: BTreeSet<u32> = values.iter().map(|value| value.parse().unwrap()).collect();
    assert_eq!(distinct, (1..=300).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_are_reused_up_to_their_count() {
    let host = Host::with(|options| options.settings.max_instance_reuse_count = 5).await;
    let mut highest = 0;
    for _ in 0..50 {
        highest = highest.max(host.ok("/guest/served").await.parse().unwrap());
    }
    assert!((2..=5).contains(&highest), "{highest} requests in one instance");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_component_is_an_error_and_nothing_more() {
    let host = Host::with(|options| {
        options.settings.request_timeout = Duration::from_secs(1);
    })
    .await;
    let cases = [
        ("/guest/trap", "component_failed"),
        ("/guest/allocate?90", "component_failed"),
        ("/guest/spin-forever", "request_timeout"),
        ("/guest/wait-forever", "request_timeout"),
    ];
    for (path, code) in cases {
        let started = Instant::now();
        let (status, body) = host.get(path).await;
        assert_eq!(status, 500, "{path}: {body}");
        assert_eq!(error_of(&body), ("internal".into(), code.into()), "{path}");
        assert!(started.elapsed() < Duration::from_secs(5), "{path} took {:?}", started.elapsed());
        assert_eq!(host.ok("/guest/hello").await, "hello", "after {path}");
    }
    assert_eq!(host.ok("/guest/allocate?30").await, (30 << 20).to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computing_component_does_not_hold_up_others() {
    let host = Host::with(|options| {
        options.settings.request_timeout = Duration::from_secs(2);
    })
    .await;
    host.ok("/guest/hello").await;
    let computing = join_all((0..4).map(|_| host.get("/guest/spin-forever")));
    let others = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let started = Instant::now();
        host.ok("/guest/hello").await;
        started.elapsed()
    };
    let (_, waited) = tokio::join!(computing, others);
    // They compute until 1.7 s from then on.
    assert!(waited < Duration::from_millis(1_500), "{waited:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unrouted_paths_have_the_documented_shape() {
    let host = Host::start().await;
    for path in ["/", "/gues", "/guests", "/dep/below", "/v1/chat/completions"] {
        let (status, body) = host.get(path).await;
        assert_eq!(status, 404, "{path}");
        assert_eq!(error_of(&body), ("not_found".into(), "no_route".into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_are_refused_and_others_pass() {
    let host = Host::with(|options| options.limits.max_body_bytes = 100_000).await;
    for (size, status) in [(0, 200), (1, 200), (100_000, 200), (100_001, 413), (1_000_000, 413)] {
        let body = Bytes::from(vec![0; size]);
        let (got, body) = host.call(Method::POST, "/guest/echo", body).await;
        assert_eq!(got, status, "{size} bytes: {body}");
        if status == 200 {
            assert_eq!(body, size.to_string());
        } else {
            assert_eq!(error_of(&body).0, "too_large");
        }
    }
}
