//! Connections: HTTP/1.1, or HTTP/2 when the client begins with it. Each has bounds in time and size, and a shutdown lets what
//! is in flight finish.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use wasmtime_wasi_http::Error;

use super::{Gate, live, live_socket};

/// What a client that knows HTTP/2 begins with; no HTTP/1.1 request does.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const MAX_STREAMS: u32 = 256;

/// Accepts until `stop`, then finishes what is in flight, for `patience` at most.
pub async fn run(listener: TcpListener, gate: Arc<Gate>, stop: CancellationToken, patience: Duration) {
    let graceful = GracefulShutdown::new();
    let connections = Arc::new(Semaphore::new(gate.limits().max_connections));
    let cut = CancellationToken::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        let (stream, client, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, most likely: going round at full speed would only make it worse.
                tracing::warn!(%error, "no connection accepted");
                sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let serving = serve(stream, client, gate.clone(), graceful.watcher(), stop.clone());
        let cut = cut.clone();
        tokio::spawn(async move {
            let _place = place;
            tokio::select! {
                () = cut.cancelled() => {}
                () = serving => {}
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(patience, graceful.shutdown()).await.is_err() {
        tracing::warn!("connections are still busy: they are cut");
        // Components see their streams end and can still settle what they cost.
        cut.cancel();
    }
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = connections.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, client) = listener.accept().await?;
    // An answer in two writes would otherwise wait for the client's delayed acknowledgement, 40 ms.
    stream.set_nodelay(true)?;
    Ok((stream, client, place))
}

async fn serve(stream: TcpStream, client: SocketAddr, gate: Arc<Gate>, watcher: Watcher, stop: CancellationToken) {
    let limits = gate.limits();
    let version = tokio::select! {
        () = stop.cancelled() => return,
        version = version(&stream, Instant::now() + limits.head_timeout) => version,
    };
    let Ok(version) = version else { return };
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(limits.max_head_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.max_head_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(MAX_STREAMS)
        .keep_alive_interval(Duration::from_secs(30));
    let builder = match version {
        Version::Http1 => builder.http1_only(),
        Version::Http2 => builder.http2_only(),
    };
    let service = service_fn(move |request: Request<Incoming>| {
        let (gate, stop) = (gate.clone(), stop.clone());
        async move {
            let request = request.map(|body| body.map_err(Error::from).boxed_unsync());
            Ok::<_, Infallible>(match live_socket::is_wanted(&request) {
                true => live_socket::open(&gate, request, client, stop).await,
                false if live::tells(request.uri().path()) => live::until(gate.handle(request, client).await, &stop),
                false => gate.handle(request, client).await,
            })
        }
    });
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "connection ended");
    }
}

enum Version {
    Http1,
    Http2,
}

/// Looks at the first bytes without taking them. A client that sends none in time is gone.
async fn version(stream: &TcpStream, deadline: Instant) -> io::Result<Version> {
    let mut start = [0; PREFACE.len()];
    loop {
        let seen = timeout_at(deadline, stream.peek(&mut start)).await??;
        match &start[..seen] {
            [] => return Err(io::ErrorKind::UnexpectedEof.into()),
            seen if seen == PREFACE => return Ok(Version::Http2),
            seen if !PREFACE.starts_with(seen) => return Ok(Version::Http1),
            // A first packet of a few bytes; a look at the socket would return at once, with the same ones.
            _ if Instant::now() < deadline => sleep(Duration::from_millis(5)).await,
            _ => return Err(io::ErrorKind::TimedOut.into()),
        }
    }
}
