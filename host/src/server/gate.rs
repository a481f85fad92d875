//! Takes requests to components: each to its own, in as many places as there are, within its time.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use http::header::ORIGIN;
use http::{Method, Request, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::handler::{ExpirationError, InstantiationError, ProxyHandler, TrapOrPanicError};

use super::arrivals::Arrivals;
use super::errors::Refusal;
use super::routes::{Match, Routes};
use super::{Limits, OutBody, cors, intake, request, response};
use crate::instance::{Factory, RequestSlot};
use crate::kv::KeyValue;
use crate::metrics::append::append;
use crate::metrics::{self, Metrics, Requests};

/// How long a request waits before another try to make an instance for it.
const RETRY: Duration = Duration::from_millis(10);

/// See the module's description.
pub struct Gate {
    routes: Routes<ProxyHandler<Factory>>,
    limits: Limits,
    request_timeout: Duration,
    kv: Arc<dyn KeyValue>,
    arrivals: Arc<Arrivals>,
    places: Arc<Semaphore>,
    waiting: Semaphore,
    requests: Requests,
    metrics: Arc<Metrics>,
}

/// Where a request comes from.
#[derive(Clone, Copy)]
enum Caller {
    Client(SocketAddr),
    /// This process: such work must go on however many requests there are, so it needs no place, and has its own time.
    Host {
        limit: Duration,
    },
}

impl Gate {
    pub fn new(
        routes: Routes<ProxyHandler<Factory>>,
        limits: Limits,
        request_timeout: Duration,
        kv: Arc<dyn KeyValue>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            requests: Requests::new(routes.patterns().collect()),
            metrics,
            routes,
            kv,
            arrivals: Arc::new(Arrivals::new(limits.max_concurrent_requests)),
            places: Arc::new(Semaphore::new(limits.max_concurrent_requests)),
            waiting: Semaphore::new(limits.max_waiting_requests),
            limits,
            request_timeout,
        }
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether there is a route for just this path: a wildcard answers paths that nobody has thought of.
    pub fn routes(&self, path: &str) -> bool {
        self.routes.find(path).is_some_and(|found| found.route.is_exact())
    }

    /// Answers a request, whatever happens.
    pub async fn handle(&self, request: Request<WasiBody>, client: SocketAddr) -> Response<OutBody> {
        self.handle_from(Caller::Client(client), request).await
    }

    /// Answers a request of this process's own, even in a full house; `limit` is what its component has for the head.
    pub async fn handle_own(&self, request: Request<WasiBody>, limit: Duration) -> Response<OutBody> {
        self.handle_from(Caller::Host { limit }, request).await
    }

    async fn handle_from(&self, caller: Caller, request: Request<WasiBody>) -> Response<OutBody> {
        let path = request.uri().path().to_owned();
        if path == "/.well-known/spin/health" {
            return response::plain("OK");
        }
        let started = Instant::now();
        let method = request.method().clone();
        let found = self.routes.find(&path);
        let place = found.as_ref().map(|found| found.place);
        let mut response = self.route(caller, request, &path, found).await;
        if let Caller::Client(_) = caller {
            self.requests.observe(&method, place, response.status(), started.elapsed());
            if path == metrics::PATH && method == Method::GET {
                response = append(response, || self.show_metrics());
            }
        }
        response
    }

    fn show_metrics(&self) -> String {
        let in_flight = self.limits.max_concurrent_requests.saturating_sub(self.places.available_permits());
        self.metrics.show(&self.requests, in_flight, &*self.kv)
    }

    async fn route(
        &self,
        caller: Caller,
        request: Request<WasiBody>,
        path: &str,
        found: Option<Match<'_, ProxyHandler<Factory>>>,
    ) -> Response<OutBody> {
        let origin = request.headers().get(ORIGIN).cloned();
        let refusal = match found {
            None => Refusal::no_route(path),
            Some(found) => match self.serve(caller, request, found).await {
                Ok(response) => return response,
                Err(refusal) => refusal,
            },
        };
        let mut response = refusal.into_response();
        cors::share(&*self.kv, origin, response.headers_mut()).await;
        response
    }

    async fn serve(
        &self,
        caller: Caller,
        mut request: Request<WasiBody>,
        found: Match<'_, ProxyHandler<Factory>>,
    ) -> Result<Response<OutBody>, Refusal> {
        let (client, limit) = match caller {
            Caller::Client(client) => (Some(client), self.request_timeout),
            Caller::Host { limit } => (None, limit),
        };
        request::prepare(&mut request, &found, client)?;
        let (request, mut watch) = request::bound_body(request, &self.limits)?;
        let request = intake::take_in(request, &watch, &self.arrivals, client.map(|client| client.ip())).await?;
        let place = match caller {
            Caller::Client(_) => Some(self.place().await?),
            Caller::Host { .. } => None,
        };

        let slot = RequestSlot::new(limit);
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
        let limit = slot.limit();
        // The instance keeps the time. This only catches a request that no instance ever took.
        let patience = limit.saturating_mul(2) + Duration::from_secs(1);
        let started = Instant::now();
        loop {
            let error = match timeout(patience, found.target.handle(slot, request)).await {
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
            let late = started.elapsed() >= limit;
            if error.is::<ExpirationError>() || (error.is::<TrapOrPanicError>() && late) {
                return Err(Refusal::request_timeout());
            }
            tracing::error!(route = %found.route, error = %format!("{error:#}"), "component failed");
            return Err(Refusal::component_failed("the component that serves this route has failed"));
        }
    }

    /// Takes a place among the requests being served, waiting a little for one.
    async fn place(&self) -> Result<OwnedSemaphorePermit, Refusal> {
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
