//! OPS-5: a stop lets finish what has an end, and doesn't wait for what has none.

mod common;

use std::time::{Duration, Instant};

use common::Host;
use futures::StreamExt;
use http::Request;
use http_body_util::{BodyExt, Full};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// Longer than any of this takes.
const PATIENCE: Duration = Duration::from_secs(20);
/// One event at once, and the next when a component would say that it still lives.
const SILENT: &str = "1000,15000,live";

async fn open(host: &Host, path: &str) -> hyper::body::Incoming {
    let request = Request::builder().uri(host.url(path)).header("accept", "text/event-stream");
    let response = host.send(request.body(Full::default()).unwrap()).await;
    assert_eq!(response.status(), 200, "{path}");
    let mut body = response.into_body();
    assert!(body.frame().await.unwrap().unwrap().is_data(), "{path}");
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_5_a_stop_waits_for_no_live_stream_and_no_live_socket() {
    let mut host = Host::start().await;
    let live = open(&host, &format!("/v1/live?{SILENT}")).await;
    let address = format!("ws://{}/api/metatwin/live?{SILENT}", host.addr);
    let (mut socket, _) = client_async(address, TcpStream::connect(host.addr).await.unwrap()).await.unwrap();
    assert!(matches!(socket.next().await, Some(Ok(Message::Text(_)))));
    let begun = Instant::now();
    let client = tokio::spawn(async move {
        let live = timeout(PATIENCE, live.collect()).await.expect("an end");
        let close = timeout(PATIENCE, socket.next()).await.expect("an end");
        while let Some(Ok(_)) = socket.next().await {}
        (live.map(drop).map_err(|error| error.to_string()), close)
    });
    host.stop().await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    let (live, close) = client.await.unwrap();
    assert_eq!(live, Ok(()), "the stream ends well, and isn't cut");
    let Some(Ok(Message::Close(Some(frame)))) = close else { panic!("{close:?}") };
    assert_eq!(frame.code, CloseCode::Away);
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_5_a_stop_waits_for_no_live_stream_that_its_client_has_left() {
    let mut host = Host::start().await;
    drop(open(&host, &format!("/v1/live?{SILENT}")).await);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let begun = Instant::now();
    host.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_5_a_stop_lets_other_streams_finish_beside_a_live_one() {
    let mut host = Host::start().await;
    let (live, answer) =
        (open(&host, &format!("/v1/live?{SILENT}")).await, open(&host, "/guest/stream?20,100,x").await);
    let answer = tokio::spawn(answer.collect());
    host.stop().await;
    let told = answer.await.unwrap().expect("it wasn't cut").to_bytes();
    assert!(told.ends_with(b"data: 19\n\n"), "{told:?}");
    drop(live);
}
