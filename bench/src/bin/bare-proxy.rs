//! `bare-proxy --listen ADDR --upstream HOST:PORT`: a reverse proxy of hyper alone, the floor under every gate.

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::Full;
use http_body_util::combinators::BoxBody;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpListener;

type Upstream = Client<HttpConnector, Incoming>;
type Body = BoxBody<Bytes, hyper::Error>;

#[tokio::main]
async fn main() -> Result<()> {
    let upstream: &'static str = bench::argument("--upstream").context("--upstream HOST:PORT is missing")?.leak();
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Upstream = Client::builder(TokioExecutor::new()).build(connector);
    let listener = TcpListener::bind(bench::listen_argument()).await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let client = client.clone();
        let service = service_fn(move |request| pass(client.clone(), upstream, request));
        tokio::spawn(http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(socket), service));
    }
}

async fn pass(
    client: Upstream,
    upstream: &str,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, hyper::Error> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let there = format!("http://{upstream}{path}").parse::<Uri>();
    let answered = match there {
        Ok(uri) => {
            *request.uri_mut() = uri;
            client.request(request).await.map(|response| response.map(BodyExt::boxed)).ok()
        }
        Err(_) => None,
    };
    Ok(answered.unwrap_or_else(|| {
        let mut refusal = Response::new(Full::new(Bytes::new()).map_err(|never| match never {}).boxed());
        *refusal.status_mut() = hyper::StatusCode::BAD_GATEWAY;
        refusal
    }))
}
