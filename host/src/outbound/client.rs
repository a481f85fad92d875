//! The pooled client of one component: judges the destination, waits for what the request depends on, sends, and keeps time.

use std::cell::Cell;
use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Request, Response, Uri};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::{Instant, Sleep, sleep, timeout};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::connector::{CONNECT_TIMEOUT, ConnectError, Connector, TIMEOUT};
use super::policy::Policy;
use crate::effects::Effects;
use crate::metrics::{Metrics, Tool};
use crate::server::body::DurableBody;
use crate::server::continued::Continued;
use crate::server::first::{First, first_frames};

const FIRST_BYTE_TIMEOUT: Duration = Duration::from_secs(60);
const BETWEEN_BYTES_TIMEOUT: Duration = Duration::from_secs(60);
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(30);
const POOL_IDLE_PER_HOST: usize = 64;

/// See the module's description. Cheap to clone.
#[derive(Clone)]
pub struct OutboundClient {
    client: Client<HttpsConnector<Connector>, WasiBody>,
    policy: Arc<Policy>,
    /// For each pattern of the policy the counts of its host.
    tools: Arc<[Arc<Tool>]>,
    /// Where traces go: what the gate tells of itself is no call to a vendor.
    collector: Arc<Policy>,
    component: Arc<str>,
}

impl OutboundClient {
    /// A client with its own pool. Calls to the `collector` are allowed as the policy says, and are counted nowhere.
    ///
    /// # Errors
    /// The TLS library refuses its own defaults.
    pub fn new(component: &str, policy: Policy, collector: Policy, metrics: &Metrics) -> anyhow::Result<Self> {
        let tools = policy.hosts().map(|host| metrics.tool(&host)).collect();
        let policy = Arc::new(policy);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())?
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(Connector { policy: policy.clone() });
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .pool_max_idle_per_host(POOL_IDLE_PER_HOST)
            .build(connector);
        Ok(Self { client, policy, tools, collector: collector.into(), component: component.into() })
    }

    /// Where a call that the policy allows by the pattern at this place is counted, if it is.
    fn counts(&self, uri: &Uri, place: usize) -> Option<Arc<Tool>> {
        self.collector.find(uri).is_none().then(|| self.tools[place].clone())
    }

    async fn send(
        self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        effects: Arc<Effects>,
    ) -> Result<Response<WasiBody>, Error> {
        // Judged here as well as when connecting: a pooled connection is never asked for without it.
        let Some((_, place)) = self.policy.find(request.uri()) else {
            tracing::warn!(
                component = &*self.component,
                destination = destination(request.uri()),
                "outbound request denied: not in allowed_outbound_hosts"
            );
            return Err(Error::HttpRequestDenied);
        };
        // What the request depends on (a permit, an intent) is on disk before the vendor can see it.
        effects.settled().await.map_err(|error| Error::InternalError(Some(error.to_string())))?;
        let request = with_first_frames(request, effects).await;

        let connect_limit = options.and_then(|options| options.connect_timeout).unwrap_or(CONNECT_TIMEOUT);
        let first_byte_limit = options.and_then(|options| options.first_byte_timeout).unwrap_or(FIRST_BYTE_TIMEOUT);
        let between_bytes = options.and_then(|options| options.between_bytes_timeout).unwrap_or(BETWEEN_BYTES_TIMEOUT);
        let component = self.component.clone();
        let destination = destination(request.uri());
        let counts = self.counts(request.uri(), place);
        let sending = TIMEOUT.scope(Cell::new(connect_limit), self.client.request(request));
        let started = Instant::now().into_std();
        let response = timeout(connect_limit.saturating_add(first_byte_limit), sending).await;
        let status = response.as_ref().ok().and_then(|response| Some(response.as_ref().ok()?.status()));
        if let Some(counts) = counts {
            counts.observe(status, started.elapsed());
        }
        let response = response.map_err(|_| Error::ConnectionReadTimeout)?.map_err(|error| {
            let reported = explain(&error);
            tracing::warn!(
                component = &*component,
                destination,
                error = %reported,
                "outbound request failed"
            );
            reported
        })?;
        Ok(response.map(|body| TimedBody::new(body, between_bytes).boxed_unsync()))
    }
}

/// The request with as much of its body as comes at once: head and body of a short one leave in one packet.
async fn with_first_frames(request: Request<WasiBody>, effects: Arc<Effects>) -> Request<WasiBody> {
    let (head, body) = request.into_parts();
    let length = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let mut body = DurableBody::new(body, effects);
    let body = match length {
        // Its end is not known beforehand: who sends in pieces may want to hear the answer in between.
        None => body.boxed_unsync(),
        Some(_) => match first_frames(&mut body, false, length).await {
            First::Whole(bytes) => Full::from(bytes).map_err(|never| match never {}).boxed_unsync(),
            First::Part(frames) => Continued::new(frames, body, None::<()>).boxed_unsync(),
        },
    };
    Request::from_parts(head, body)
}

/// Scheme and host only: a path or a query may hold secrets, and this goes to the log.
fn destination(uri: &Uri) -> String {
    let host = uri.authority().map_or("", |authority| authority.host());
    format!("{}://{host}", uri.scheme_str().unwrap_or("?"))
}

/// Finds what went wrong in the chain of causes.
fn explain(error: &hyper_util::client::legacy::Error) -> Error {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<ConnectError>() {
            return match error {
                ConnectError::Denied => Error::HttpRequestDenied,
                ConnectError::Prohibited => Error::DestinationIpProhibited,
                ConnectError::Dns(_) => Error::DnsError { rcode: None, info_code: None },
                ConnectError::Timeout(_) => Error::ConnectionTimeout,
                ConnectError::Io(_) => Error::ConnectionRefused,
            };
        }
        if error.downcast_ref::<rustls::Error>().is_some() {
            return Error::TlsProtocolError;
        }
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
                return Error::ConnectionTerminated;
            }
            if error.is_timeout() {
                return Error::HttpResponseTimeout;
            }
        }
        // An I/O error hides its inner error from `source`, and the one from TLS is inside.
        cause = match error.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref()) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    if error.is_connect() { Error::ConnectionRefused } else { Error::HttpProtocolError }
}

/// A response body that ends with an error when the vendor falls silent.
struct TimedBody {
    body: Incoming,
    limit: Duration,
    deadline: Pin<Box<Sleep>>,
}

impl TimedBody {
    fn new(body: Incoming, limit: Duration) -> Self {
        Self { body, limit, deadline: Box::pin(sleep(limit)) }
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(frame) => {
                let next = Instant::now() + self.limit;
                self.deadline.as_mut().reset(next);
                Poll::Ready(frame.map(|frame| frame.map_err(Error::from)))
            }
            Poll::Pending => {
                ready!(self.deadline.as_mut().poll(cx));
                Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// What an instance is given to send requests with.
pub struct Hooks {
    pub client: OutboundClient,
    pub effects: Arc<Effects>,
}

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _response_processed: Io,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Io), Error>> + Send> {
        let sending = self.client.clone().send(request, options, self.effects.clone());
        Box::new(async move {
            let response = sending.await?;
            // The client drives the connection in a task of its own, so there is nothing left for the guest to wait for.
            Ok((response, Box::new(std::future::ready(Ok(()))) as Io))
        })
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn ops_1_what_goes_to_the_collector_is_no_call_to_a_vendor() {
        let metrics = Metrics::default();
        // A pattern for vendors that the collector's address fits as well, as in development.
        let policy = ["http://127.0.0.1:*", "https://api.example.com", "http://127.0.0.1:4318"];
        let client = |collector: Option<&str>| {
            let (policy, collector) = (Policy::parse(policy).unwrap(), Policy::parse(collector).unwrap());
            OutboundClient::new("proxy", policy, collector, &metrics).unwrap()
        };
        let (with, without) = (client(Some("http://127.0.0.1:4318")), client(None));
        let check = |client: &OutboundClient, uri: &str, tool: Option<&str>| {
            let uri: Uri = uri.parse().unwrap();
            let (_, place) = client.policy.find(&uri).unwrap();
            let counts = client.counts(&uri, place);
            assert_eq!(counts.is_some(), tool.is_some(), "{uri}");
            if let (Some(counts), Some(tool)) = (counts, tool) {
                assert!(Arc::ptr_eq(&counts, &metrics.tool(tool)), "{uri}");
                counts.observe(Some(StatusCode::OK), Duration::ZERO);
            }
        };
        check(&with, "http://127.0.0.1:4318/v1/traces", None);
        check(&with, "http://127.0.0.1:4319/v1/traces", Some("127.0.0.1"));
        check(&with, "https://api.example.com/v1/chat", Some("api.example.com"));
        check(&without, "http://127.0.0.1:4318/v1/traces", Some("127.0.0.1"));
    }
}
