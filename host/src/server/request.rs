//! Makes a request fit for a component: its address, the headers that Spin sets, and a body with bounds.

use std::mem;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use wasmtime_wasi_http::{Error, WasiBody};

use super::Limits;
use super::errors::Refusal;
use super::routes::Match;

/// Set by this host alone: a client that sends them would be believed.
const SET_BY_HOST: [&str; 7] = [
    "spin-path-info",
    "spin-full-url",
    "spin-matched-route",
    "spin-base-path",
    "spin-raw-component-route",
    "spin-component-route",
    "spin-client-addr",
];
/// How long, and how much, of a refused body is still read.
const DRAIN_TIME: Duration = Duration::from_secs(2);
const DRAIN_BYTES: usize = 64 * 1024 * 1024;
const PATH_MATCH: &str = "spin-path-match-";

/// Completes the address and sets the headers.
pub fn prepare<T>(
    request: &mut Request<WasiBody>,
    found: &Match<'_, T>,
    client: Option<SocketAddr>,
) -> Result<(), Refusal> {
    strip(request.headers_mut());
    let authority = authority(request)?;
    let path = request.uri().path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    let full_url = format!("http://{authority}{path}");

    let mut set = |name: &str, value: &str| -> Result<(), Refusal> {
        let invalid = || Refusal::invalid("path", "the path can't be passed on in a header");
        let name = HeaderName::try_from(name).map_err(|_| invalid())?;
        let value = HeaderValue::try_from(value).map_err(|_| invalid())?;
        request.headers_mut().insert(name, value);
        Ok(())
    };
    set("spin-path-info", &found.path_info)?;
    set("spin-full-url", &full_url)?;
    set("spin-matched-route", &found.route.to_string())?;
    set("spin-base-path", "/")?;
    set("spin-raw-component-route", &found.route.to_string())?;
    set("spin-component-route", found.route.prefix())?;
    if let Some(client) = client {
        set("spin-client-addr", &client.to_string())?;
    }
    for (name, value) in &found.named {
        set(&format!("{PATH_MATCH}{}", name.to_ascii_lowercase()), value)?;
    }

    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(authority);
    parts.path_and_query = Some(path);
    *request.uri_mut() = Uri::from_parts(parts).map_err(|_| Refusal::invalid("path", "the address is malformed"))?;
    Ok(())
}

fn strip(headers: &mut HeaderMap) {
    for name in SET_BY_HOST {
        headers.remove(name);
    }
    let matches: Vec<HeaderName> =
        headers.keys().filter(|name| name.as_str().starts_with(PATH_MATCH)).cloned().collect();
    for name in matches {
        headers.remove(name);
    }
}

fn authority(request: &Request<WasiBody>) -> Result<Authority, Refusal> {
    if let Some(authority) = request.uri().authority() {
        return Ok(authority.clone());
    }
    match request.headers().get(header::HOST) {
        None => Ok(Authority::from_static("localhost")),
        Some(host) => {
            Authority::try_from(host.as_bytes()).map_err(|_| Refusal::invalid("host", "the Host header is malformed"))
        }
    }
}

/// What can be wrong with a body while it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFault {
    /// Larger than so many bytes.
    TooLarge(u64),
    /// Silent, or slow, for too long.
    TooSlow,
}

impl From<BodyFault> for Refusal {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::TooLarge(limit) => Self::too_large(limit),
            BodyFault::TooSlow => Self::slow_body(),
        }
    }
}

/// Sees what goes wrong with a body that the component is reading.
#[derive(Clone)]
pub struct BodyWatch {
    shared: Arc<Shared>,
    limit: u64,
}

#[derive(Default)]
struct Shared {
    state: AtomicU8,
    notify: Notify,
}

const TOO_LARGE: u8 = 1;
const TOO_SLOW: u8 = 2;

impl BodyWatch {
    /// The fault, if there has been one.
    pub fn seen(&self) -> Option<BodyFault> {
        match self.shared.state.load(Ordering::Acquire) {
            TOO_LARGE => Some(BodyFault::TooLarge(self.limit)),
            TOO_SLOW => Some(BodyFault::TooSlow),
            _ => None,
        }
    }

    /// Waits for a fault; for ever when there is none.
    pub async fn fault(&mut self) -> BodyFault {
        loop {
            let notified = self.shared.notify.notified();
            if let Some(fault) = self.seen() {
                return fault;
            }
            notified.await;
        }
    }

    fn report(&self, fault: u8) {
        self.shared.state.store(fault, Ordering::Release);
        self.shared.notify.notify_one();
    }
}

/// Puts bounds on a request's body. What announces itself as too large is refused at once.
pub fn bound_body(request: Request<WasiBody>, limits: &Limits) -> Result<(Request<WasiBody>, BodyWatch), Refusal> {
    let watch = BodyWatch { shared: Arc::default(), limit: limits.max_body_bytes };
    if request.body().size_hint().lower() > limits.max_body_bytes {
        drain(request.into_body());
        return Err(Refusal::too_large(limits.max_body_bytes));
    }
    let now = Instant::now();
    let bounded = request.map(|body| {
        if body.is_end_stream() {
            return body;
        }
        BoundedBody {
            body,
            left: limits.max_body_bytes,
            end: now + limits.body_timeout,
            idle: limits.body_idle_timeout,
            timer: Box::pin(sleep_until(now + limits.body_idle_timeout)),
            watch: watch.clone(),
        }
        .boxed_unsync()
    });
    Ok((bounded, watch))
}

/// Reads on for a while. A client that is still sending wouldn't see an answer: closing on it makes its system throw away
/// what has arrived.
pub fn drain(mut body: WasiBody) {
    tokio::spawn(timeout(DRAIN_TIME, async move {
        let mut left = DRAIN_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    }));
}

struct BoundedBody {
    body: WasiBody,
    left: u64,
    end: Instant,
    idle: Duration,
    timer: Pin<Box<Sleep>>,
    watch: BodyWatch,
}

impl Body for BoundedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => frame,
            Poll::Ready(other) => return Poll::Ready(other),
            Poll::Pending => {
                std::task::ready!(self.timer.as_mut().poll(cx));
                self.watch.report(TOO_SLOW);
                return Poll::Ready(Some(Err(Error::ConnectionReadTimeout)));
            }
        };
        let length = frame.data_ref().map_or(0, Bytes::len);
        match self.left.checked_sub(u64::try_from(length).unwrap_or(u64::MAX)) {
            Some(left) => self.left = left,
            None => {
                self.watch.report(TOO_LARGE);
                drain(mem::take(&mut self.body));
                return Poll::Ready(Some(Err(Error::HttpRequestBodySize(None))));
            }
        }
        let next = (Instant::now() + self.idle).min(self.end);
        self.timer.as_mut().reset(next);
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
