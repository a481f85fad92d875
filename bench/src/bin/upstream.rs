//! `upstream [--listen 127.0.0.1:0]`: a vendor in OpenAI's shape that takes no time, so that what is measured is the gate.
//!
//! Head and body leave in one segment and Nagle's algorithm is off: else a delayed acknowledgement, 40 ms, hides everything.
//! What it answers is told by the request: a stream where `"stream":true` is asked for, and the text `chunks=N,every=MS`
//! anywhere in it says how long.

use std::convert::Infallible;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use futures::StreamExt;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

const WHOLE: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-5.4-mini","choices":[{"index":0,"message":{"role":"assistant","content":"Good day. How can I help you today?"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":10,"total_tokens":19}}"#;
const CHUNK: &str = "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-5.4-mini\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"word \"},\"finish_reason\":null}],\"usage\":null}\n\n";
const LAST: &str = "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-5.4-mini\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\ndata: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-5.4-mini\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":10,\"total_tokens\":19}}\n\ndata: [DONE]\n\n";

type Body = BoxBody<Bytes, Infallible>;

#[tokio::main]
async fn main() -> Result<()> {
    let listener = TcpListener::bind(bench::listen_argument()).await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        tokio::spawn(
            http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(socket), service_fn(answer)),
        );
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Body>, hyper::Error> {
    let body = request.into_body().collect().await?.to_bytes();
    let asked = std::str::from_utf8(&body).unwrap_or_default();
    let streams = asked.contains("\"stream\":true") || asked.contains("\"stream\": true");
    let (kind, body) = if streams {
        ("text/event-stream", stream(number(asked, "chunks=", 20), number(asked, "every=", 0)))
    } else {
        ("application/json", Full::new(Bytes::from_static(WHOLE.as_bytes())).boxed())
    };
    let mut response = Response::new(body);
    response.headers_mut().insert("content-type", hyper::header::HeaderValue::from_static(kind));
    Ok(response)
}

fn stream(chunks: u64, every: u64) -> Body {
    let frames = (0..=chunks).map(move |n| (n, if n == chunks { LAST } else { CHUNK }));
    let frames = futures::stream::iter(frames).then(move |(n, text)| async move {
        if every > 0 && n > 0 {
            tokio::time::sleep(Duration::from_millis(every)).await;
        }
        Ok(Frame::data(Bytes::from_static(text.as_bytes())))
    });
    BodyExt::boxed(StreamBody::new(frames))
}

/// The number after a word, or what goes without one.
fn number(text: &str, word: &str, otherwise: u64) -> u64 {
    let digits = text.split_once(word).map_or("", |(_, rest)| rest);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().unwrap_or(otherwise)
}
