//! Does what the host's tests ask: one path for each thing.
#![cfg(target_family = "wasm")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use bytes::Bytes;
use futures::SinkExt;
use futures::channel::mpsc;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use spin_sdk::http::{IntoResponse, Request, Response};
use spin_sdk::{http_service, key_value, variables};

mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "guest", generate_all });
}
use bindings::test::counting::{counters, statistics};
use bindings::wasi::keyvalue::{atomics, batch, store};

type Body = UnsyncBoxBody<Bytes, anyhow::Error>;

/// Requests this instance has served.
static SERVED: AtomicU32 = AtomicU32::new(0);

#[http_service]
async fn handle(request: Request) -> Result<impl IntoResponse> {
    SERVED.fetch_add(1, Ordering::Relaxed);
    match answer(request).await {
        Ok(response) => Ok::<_, anyhow::Error>(response),
        Err(error) => Ok(http::Response::builder().status(422).body(full(format!("{error:#}")))?),
    }
}

async fn answer(request: Request) -> Result<http::Response<Body>> {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let path = request.uri().path().trim_start_matches("/guest").to_owned();
    match path.as_str() {
        "/hello" => text("hello"),
        "/headers" => {
            let mut lines: Vec<String> = request
                .headers()
                .iter()
                .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
                .collect();
            lines.sort();
            text(lines.join("\n"))
        }
        "/echo" => {
            let body = request.into_body().collect().await?.to_bytes();
            text(format!("{}", body.len()))
        }
        "/served" => text(SERVED.load(Ordering::Relaxed).to_string()),
        "/increment" => {
            let bucket = open("default")?;
            text(increment(&bucket, &query)?.to_string())
        }
        "/set-then-increment" => {
            let bucket = open("default")?;
            bucket.set(&query, b"no counter").map_err(debug)?;
            text(increment(&bucket, &query)?.to_string())
        }
        "/store" => {
            open(&query)?;
            text("opened")
        }
        "/kv" => wasi_store(),
        "/spin-kv" => spin_store().await,
        "/dependency" => {
            let value = counters::add(&query, 1).map_err(|error| anyhow!(error))?;
            text(format!("{value} {} {}", counters::calls(), statistics::calls()))
        }
        "/variable" => text(variables::get(&query).await?),
        "/print" => {
            println!("{query}");
            text("printed")
        }
        "/fetch" => {
            let response = spin_sdk::http::get(&query).await.map_err(debug)?;
            let status = response.status();
            let body = response.into_body().collect().await.map_err(debug)?.to_bytes();
            text(format!("{status} {}", String::from_utf8_lossy(&body)))
        }
        "/increment-then-fetch" => {
            let (key, url) = query.split_once(',').ok_or_else(|| anyhow!("key,url"))?;
            increment(&open("default")?, key)?;
            let response = spin_sdk::http::get(url).await.map_err(debug)?;
            text(response.status().to_string())
        }
        "/v1/maintenance/messages" => {
            increment(&open("default")?, "maintained/messages")?;
            spin_sdk::wasip3::clocks::monotonic_clock::wait_for(600_000_000_000).await;
            text("awake")
        }
        path if path.starts_with("/v1/maintenance") => {
            let key = request.headers().get("authorization").map(|value| value.as_bytes());
            if request.method() != http::Method::POST || key != Some(b"Bearer tg_admin_of_the_tests") {
                bail!("not called as agreed");
            }
            let counter = path.replace("/v1/maintenance", "maintained");
            text(increment(&open("default")?, &counter)?.to_string())
        }
        "/stream" | "/v1/live" => stream(query),
        "/spin-forever" => loop {
            std::hint::black_box(&query);
        },
        "/wait-forever" => {
            spin_sdk::wasip3::clocks::monotonic_clock::wait_for(600_000_000_000).await;
            text("awake")
        }
        "/trap" => std::process::abort(),
        "/allocate" => {
            let mebibytes: usize = query.parse()?;
            text(std::hint::black_box(vec![1u8; mebibytes << 20]).len().to_string())
        }
        other => bail!("nothing at {other}"),
    }
}

/// `count,milliseconds,key`: so many chunks, so far apart; at the end, however it comes, one increment of `key`.
fn stream(query: String) -> Result<http::Response<Body>> {
    let mut parts = query.splitn(3, ',');
    let count: u32 = parts.next().unwrap_or_default().parse()?;
    let pause = Duration::from_millis(parts.next().unwrap_or_default().parse()?);
    let key = parts.next().unwrap_or_default().to_owned();
    let (mut sender, receiver) = mpsc::channel(0);
    spin_sdk::wasip3::spawn(async move {
        for n in 0..count {
            let chunk = Bytes::from(format!("data: {n}\n\n"));
            if sender.send(Ok(http_body::Frame::data(chunk))).await.is_err() {
                break;
            }
            let nanos = u64::try_from(pause.as_nanos()).unwrap_or(u64::MAX);
            spin_sdk::wasip3::clocks::monotonic_clock::wait_for(nanos).await;
        }
        drop(sender);
        if let Ok(bucket) = open("default") {
            let _ = increment(&bucket, &key);
        }
    });
    Ok(http::Response::builder()
        .header("content-type", "text/event-stream")
        .body(StreamBody::new(receiver).boxed_unsync())?)
}

fn wasi_store() -> Result<http::Response<Body>> {
    let bucket = open("default")?;
    bucket.set("w/a", b"1").map_err(debug)?;
    batch::set_many(&bucket, &[("w/b".into(), b"2".to_vec()), ("w/c".into(), b"3".to_vec())]).map_err(debug)?;
    bucket.delete("w/c").map_err(debug)?;
    let got = bucket.get("w/a").map_err(debug)?;
    let many = batch::get_many(&bucket, &["w/b".into(), "w/c".into()]).map_err(debug)?;
    let exists = bucket.exists("w/c").map_err(debug)?;
    let mut keys = bucket.list_keys(None).map_err(debug)?.keys;
    keys.retain(|key| key.starts_with("w/"));
    let cas = atomics::Cas::new(&bucket, "w/a").is_err();
    text(format!("{got:?} {many:?} {exists} {keys:?} {cas}"))
}

async fn spin_store() -> Result<http::Response<Body>> {
    let store = key_value::Store::open_default().await?;
    store.set("s/a", b"1").await?;
    store.set("s/b", b"2").await?;
    store.delete("s/b").await?;
    let got = store.get("s/a").await?;
    let exists = store.exists("s/b").await?;
    let mut stream = store.get_keys().await;
    let mut keys = Vec::new();
    while let Some(key) = stream.next().await {
        keys.push(key);
    }
    stream.result().await?;
    keys.retain(|key| key.starts_with("s/"));
    text(format!("{got:?} {exists} {keys:?}"))
}

fn open(label: &str) -> Result<store::Bucket> {
    store::open(label).map_err(debug)
}

fn increment(bucket: &store::Bucket, key: &str) -> Result<i64> {
    atomics::increment(bucket, key, 1).map_err(debug)
}

fn debug(error: impl std::fmt::Debug) -> anyhow::Error {
    anyhow!("{error:?}")
}

fn text(text: impl Into<String>) -> Result<http::Response<Body>> {
    Ok(Response::new(full(text.into())))
}

fn full(text: String) -> Body {
    Full::from(text).map_err(|never| match never {}).boxed_unsync()
}
