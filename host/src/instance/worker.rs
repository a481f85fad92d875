//! How long an instance lives, and how many requests it takes.
//!
//! ```text
//! Requests --head of the response--> PostReturn --all work done--> Idle --next request--> Requests
//!    | request timeout                  | stream timeout             | idle timeout
//!    +----------------------------------+----------------------------+--> dropped
//! ```

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::task::AtomicWaker;
use tokio::time::{Sleep, sleep};
use wasmtime::component::GuestTaskId;
use wasmtime::{Store, StoreContextMut};
use wasmtime_wasi_http::handler::{ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus};

use super::{GuestData, Settings};
use crate::effects::Effects;

/// A request that waits inside its instance is expired there, which leaves other work of the instance alone. Only a guest
/// that doesn't give way is still there after this much more, and then the instance goes.
const GRACE: Duration = Duration::from_millis(500);

/// How many instances there are, and how many are at work. A shutdown waits until none is.
#[derive(Default)]
pub struct Gauge {
    alive: AtomicUsize,
    busy: AtomicUsize,
}

impl Gauge {
    pub fn alive(&self) -> usize {
        self.alive.load(Ordering::Acquire)
    }

    pub fn busy(&self) -> usize {
        self.busy.load(Ordering::Acquire)
    }
}

/// What goes with a request: how long its component has for the head of the response, and what the instance tells whoever
/// sent the request, as soon as it takes it.
#[derive(Clone)]
pub struct RequestSlot {
    limit: Duration,
    link: Arc<Mutex<Option<RequestLink>>>,
}

impl RequestSlot {
    pub fn new(limit: Duration) -> Self {
        Self { limit, link: Arc::default() }
    }

    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// Takes the link. `None`: no instance has taken the request.
    pub fn take(&self) -> Option<RequestLink> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, link: RequestLink) {
        *self.link.lock().unwrap_or_else(PoisonError::into_inner) = Some(link);
    }
}

/// Ties a response to the instance it comes from. As long as it lives the request counts as being served.
pub struct RequestLink {
    pub effects: Arc<Effects>,
    worker: Arc<WorkerShared>,
}

/// The instance that a response comes from.
#[derive(Clone)]
pub struct Instance(Arc<WorkerShared>);

impl Instance {
    /// What it still does for the response, which is at its end, may be lost: a shutdown doesn't wait for it. Where it serves
    /// other requests beside, it goes on to be waited for.
    pub fn leave(&self) {
        if self.0.open.load(Ordering::Acquire) <= 1 {
            self.0.left.store(true, Ordering::Release);
            self.0.set_busy(false);
        }
    }
}

impl RequestLink {
    pub fn instance(&self) -> Instance {
        Instance(self.worker.clone())
    }
}

impl Drop for RequestLink {
    fn drop(&mut self) {
        self.worker.open.fetch_sub(1, Ordering::AcqRel);
        // The instance may have been waiting for exactly this to take its next request.
        self.worker.waker.wake();
    }
}

/// Shared between an instance and the requests it serves.
pub struct WorkerShared {
    /// Requests whose response hasn't been read to its end.
    open: AtomicUsize,
    /// The longest limit of any request so far, in milliseconds.
    limit: AtomicU64,
    waker: AtomicWaker,
    busy: AtomicBool,
    /// Nobody waits for it, until its next request.
    left: AtomicBool,
    /// The guest still works for a request whose response it has given.
    settling: AtomicBool,
    gauge: Arc<Gauge>,
}

impl WorkerShared {
    pub fn new(gauge: Arc<Gauge>) -> Self {
        gauge.alive.fetch_add(1, Ordering::AcqRel);
        Self {
            open: AtomicUsize::new(0),
            limit: AtomicU64::new(0),
            waker: AtomicWaker::new(),
            busy: AtomicBool::new(false),
            left: AtomicBool::new(false),
            settling: AtomicBool::new(false),
            gauge,
        }
    }

    /// A request has come.
    fn open(&self, limit: Duration) {
        let limit = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        self.open.fetch_add(1, Ordering::AcqRel);
        self.limit.fetch_max(limit, Ordering::AcqRel);
        self.left.store(false, Ordering::Release);
        self.set_busy(true);
    }

    fn set_busy(&self, busy: bool) {
        let busy = busy && !self.left.load(Ordering::Acquire);
        match (self.busy.swap(busy, Ordering::AcqRel), busy) {
            (false, true) => self.gauge.busy.fetch_add(1, Ordering::AcqRel),
            (true, false) => self.gauge.busy.fetch_sub(1, Ordering::AcqRel),
            _ => return,
        };
    }
}

impl Drop for WorkerShared {
    fn drop(&mut self) {
        self.set_busy(false);
        self.gauge.alive.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Decides which requests an instance takes.
pub struct Worker {
    component: Arc<str>,
    settings: Settings,
    shared: Arc<WorkerShared>,
}

impl Worker {
    pub fn new(component: Arc<str>, settings: Settings, shared: Arc<WorkerShared>) -> Self {
        Self { component, settings, shared }
    }
}

impl WorkerState for Worker {
    type StoreData = GuestData;
    type RequestData = RequestSlot;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        // `concurrent` ends with the head of a response, `open` with its last byte, `settling` with the last work for it: by
        // default a request has its instance to itself until then, so that no other can take it down.
        let open = self.shared.open.load(Ordering::Acquire);
        let settling = usize::from(self.shared.settling.load(Ordering::Acquire));
        let serving = concurrent.max(open).max(settling);
        if total >= self.settings.max_instance_reuse_count {
            ShouldAccept::Never
        } else if serving >= self.settings.max_instance_concurrent_reuse_count {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        store: StoreContextMut<'_, GuestData>,
        slot: RequestSlot,
        _task: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + 'static + Send + Sync>> {
        let limit = slot.limit();
        self.shared.open(limit);
        slot.put(RequestLink { effects: store.data().effects.clone(), worker: self.shared.clone() });
        Box::pin(sleep(limit))
    }

    fn drop(&self, store: Store<GuestData>, result: Result<(), wasmtime::Error>) {
        self.shared.set_busy(false);
        if let Err(error) = result {
            tracing::error!(
                component = &*self.component,
                error = %format!("{error:#}"),
                "instance ended"
            );
        }
        drop(store);
    }
}

/// Ends an instance when its time is up.
pub struct Expiration {
    settings: Settings,
    shared: Arc<WorkerShared>,
    timer: Pin<Box<Sleep>>,
}

impl Expiration {
    pub fn new(settings: Settings, shared: Arc<WorkerShared>) -> Self {
        Self { settings, shared, timer: Box::pin(sleep(Duration::ZERO)) }
    }
}

impl WorkerExpiration for Expiration {
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>, status: WorkerStatus, start: Instant) -> Poll<()> {
        self.shared.waker.register(cx.waker());
        self.shared.set_busy(status != WorkerStatus::Idle);
        let settling = status == WorkerStatus::PostReturn;
        if self.shared.settling.swap(settling, Ordering::AcqRel) && !settling {
            // Free again, which the worker only notices when it is asked once more.
            cx.waker().wake_by_ref();
        }
        let limit = match status {
            WorkerStatus::Requests => Duration::from_millis(self.shared.limit.load(Ordering::Acquire)) + GRACE,
            WorkerStatus::PostReturn => self.settings.stream_timeout,
            WorkerStatus::Idle => self.settings.idle_instance_timeout,
        };
        let deadline = tokio::time::Instant::from_std(start + limit);
        if self.timer.deadline() != deadline {
            self.timer.as_mut().reset(deadline);
        }
        self.timer.as_mut().poll(cx)
    }
}
