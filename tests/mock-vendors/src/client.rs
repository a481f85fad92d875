//! A small HTTP client: sends the vendors' callbacks, and lets tests talk to the mock.

use axum::http::{HeaderMap, Method, Request};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The connection broke before the body's end.
    pub cut: bool,
}

/// Sends a request over plain HTTP, one connection each, and reads the answer as far as it comes.
pub async fn send(
    method: Method,
    url: &str,
    headers: &[(String, String)],
    body: impl Into<Bytes>,
) -> Result<Answer, String> {
    // A client for each request: a pooled connection would outlive a stopped server.
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = request.body(Full::new(body.into())).map_err(|error| error.to_string())?;
    let mut response = client.request(request).await.map_err(|error| error.to_string())?;
    let mut body = Vec::new();
    let mut cut = false;
    while let Some(frame) = response.frame().await {
        match frame.map(|frame| frame.into_data()) {
            Ok(Ok(bytes)) => body.extend_from_slice(&bytes),
            Ok(Err(_)) => {}
            Err(_) => cut = true,
        }
        if cut {
            break;
        }
    }
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Answer { status, headers, body: body.into(), cut })
}
