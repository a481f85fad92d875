//! The HTTP side: connections ([`listener`]), what a request must be like to reach a component ([`request`]), which one it
//! reaches ([`routes`]), and how the answer leaves ([`response`]).

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};
use wasmtime_wasi_http::handler::{ExpirationError, InstantiationError, ProxyHandler, TrapOrPanicError};
use wasmtime_wasi_http::{Error, WasiBody};

use self::errors::Refusal;
use self::request::BodyFault;
use self::routes::{Match, Routes};
use crate::instance::{Factory, RequestSlot};

pub mod body;
pub mod errors;
pub mod listener;
pub mod request;
pub mod response;
pub mod routes;

/// A body on its way to the client.
pub type OutBody = UnsyncBoxBody<Bytes, Error>;

/// How long a request waits before another try to make an instance for it.
const RETRY: Duration = Duration::from_millis(10);

/// Bounds of the server.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Requests served at the same time, streams included.
    pub max_concurrent_requests: usize,
    /// Requests that wait for a place beyond that.
    pub max_waiting_requests: usize,
    /// How long one waits.
    pub wait: Duration,
    /// Largest request body, in bytes.
    pub max_body_bytes: u64,
    /// Longest silence while a request body arrives.
    pub body_idle_timeout: Duration,
    /// Longest time for all of it.
    pub body_timeout: Duration,
    /// Largest request head, in bytes.
    pub max_head_bytes: usize,
    /// Longest time for a request head.
    pub head_timeout: Duration,
    /// Open connections.
    pub max_connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_concurrent_requests: 1024,
            max_waiting_requests: 1024,
            wait: Duration::from_secs(2),
            max_body_bytes: 10 * 1024 * 1024,
            body_idle_timeout: Duration::from_secs(15),
            body_timeout: Duration::from_secs(60),
            max_head_bytes: 16 * 1024,
            head_timeout: Duration::from_secs(30),
            max_connections: 16 * 1024,
        }
    }
}

/// Takes requests to components.
pub struct Gate {
    routes: Routes<ProxyHandler<Factory>>,
    limits: Limits,
    request_timeout: Duration,
    places: Arc<Semaphore>,
    waiting: Semaphore,
}

impl Gate {
    pub fn new(routes: Routes<ProxyHandler<Factory>>, limits: Limits, request_timeout: Duration) -> Self {
        Self {
            routes,
            places: Arc::new(Semaphore::new(limits.max_concurrent_requests)),
            waiting: Semaphore::new(limits.max_waiting_requests),
            limits,
            request_timeout,
        }
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether some component answers a path.
    pub fn routes(&self, path: &str) -> bool {
        self.routes.find(path).is_some()
    }

    /// Answers a request, whatever happens.
    pub async fn handle(&self, request: Request<WasiBody>, client: Option<SocketAddr>) -> Response<OutBody> {
        let path = request.uri().path().to_owned();
        if path == "/.well-known/spin/health" {
            return response::plain("OK");
        }
        let Some(found) = self.routes.find(&path) else {
            return Refusal::no_route(&path).into_response();
        };
        match self.serve(request, client, found).await {
            Ok(response) => response,
            Err(refusal) => refusal.into_response(),
        }
    }

    async fn serve(
        &self,
        mut request: Request<WasiBody>,
        client: Option<SocketAddr>,
        found: Match<'_, ProxyHandler<Factory>>,
    ) -> Result<Response<OutBody>, Refusal> {
        let place = self.place().await?;
        request::prepare(&mut request, &found, client)?;
        let (request, mut watch) = request::bound_body(request, &self.limits)?;

        let slot = RequestSlot::default();
        let answer = self.answer(&found, slot.clone(), request);
        let answer = tokio::select! {
            biased;
            fault = watch.fault() => return Err(fault.into()),
            answer = answer => answer?,
        };
        // The component may have turned the fault into an answer of its own before it was seen here.
        if let Some(fault) = watch.seen() {
            return Err(fault.into());
        }
        let Some(link) = slot.take() else {
            return Err(Refusal::component_failed("the response belongs to no instance"));
        };
        // What the response tells must be on disk before it is told. A crash right here: the client has no answer and asks
        // again, with the same idempotency key.
        if let Err(error) = link.effects.settled().await {
            return Err(Refusal::offline("store_failed", &error.to_string()));
        }
        Ok(response::guarded(answer, link, place).await)
    }

    async fn answer(
        &self,
        found: &Match<'_, ProxyHandler<Factory>>,
        mut slot: RequestSlot,
        mut request: Request<WasiBody>,
    ) -> Result<Response<WasiBody>, Refusal> {
        // The instance keeps the time. This only catches a request that no instance ever took.
        let limit = self.request_timeout.saturating_mul(2) + Duration::from_secs(1);
        let started = Instant::now();
        loop {
            let error = match timeout(limit, found.target.handle(slot, request)).await {
                Ok(Ok(response)) => return Ok(response),
                Ok(Err(error)) => error,
                Err(_) => return Err(Refusal::request_timeout()),
            };
            let error = match error.downcast::<InstantiationError<RequestSlot>>() {
                Ok(error) if started.elapsed() < self.limits.wait => {
                    // The pool is empty for a moment: idle instances go soon. The component hasn't seen the request yet.
                    tokio::time::sleep(RETRY).await;
                    slot = error.request_data;
                    request = error.request.into_inner().unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
                Ok(error) => {
                    tracing::error!(error = %format!("{:#}", error.error), "no instance could be made");
                    return Err(Refusal::overloaded("no instance could be made"));
                }
                Err(error) => error,
            };
            let late = started.elapsed() >= self.request_timeout;
            if error.is::<ExpirationError>() || (error.is::<TrapOrPanicError>() && late) {
                return Err(Refusal::request_timeout());
            }
            tracing::error!(route = %found.route, error = %format!("{error:#}"), "component failed");
            return Err(Refusal::component_failed("the component that serves this route has failed"));
        }
    }

    /// Takes a place among the requests being served, waiting a little for one.
    async fn place(&self) -> Result<tokio::sync::OwnedSemaphorePermit, Refusal> {
        if let Ok(place) = self.places.clone().try_acquire_owned() {
            return Ok(place);
        }
        let full = || Refusal::overloaded("too many requests are being served");
        let _waiting = self.waiting.try_acquire().map_err(|_| full())?;
        match timeout(self.limits.wait, self.places.clone().acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(full()),
        }
    }
}

impl From<BodyFault> for Refusal {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::TooLarge(limit) => Self::too_large(limit),
            BodyFault::TooSlow => Self::slow_body(),
        }
    }
}
