//! What the mock remembers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::callback::{Hook, Hooks};
use crate::director::Director;
use crate::fault::Faults;
use crate::heygen::Sessions;
use crate::jobs::{Job, Jobs, Plan};
use crate::livekit::Rooms;
use crate::record::Calls;
use crate::tavus::Conversations;
use crate::telegram::Message;

/// How fast the vendors answer when nothing is wrong.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Between two words of a chat.
    pub token: Duration,
    /// For the whole of a speech.
    pub audio: Duration,
}

impl Default for Pace {
    /// Like a quick vendor.
    fn default() -> Self {
        Self { token: Duration::from_millis(20), audio: Duration::from_millis(1000) }
    }
}

impl Pace {
    /// As fast as the machine can, for tests and measurements.
    pub const INSTANT: Self = Self { token: Duration::ZERO, audio: Duration::ZERO };
}

/// Shared by all requests; cloning is cheap.
#[derive(Clone)]
pub struct State(Arc<Inner>);

struct Inner {
    pace: Mutex<Pace>,
    calls: Mutex<Calls>,
    faults: Mutex<Faults>,
    conversations: Mutex<Conversations>,
    heygen: Mutex<Sessions>,
    rooms: Mutex<Rooms>,
    jobs: Mutex<Jobs>,
    hooks: Mutex<Hooks>,
    callbacks: Mutex<Vec<Value>>,
    messages: Mutex<Vec<Message>>,
    director: Mutex<Director>,
    stage: tokio::sync::Mutex<()>,
    events: AtomicU64,
}

impl State {
    pub fn new(pace: Pace) -> Self {
        Self(Arc::new(Inner {
            pace: Mutex::new(pace),
            calls: Mutex::default(),
            faults: Mutex::default(),
            conversations: Mutex::default(),
            heygen: Mutex::default(),
            rooms: Mutex::default(),
            jobs: Mutex::default(),
            hooks: Mutex::default(),
            callbacks: Mutex::default(),
            messages: Mutex::default(),
            director: Mutex::default(),
            stage: tokio::sync::Mutex::default(),
            events: AtomicU64::new(now_ms() << 8),
        }))
    }

    pub fn pace(&self) -> Pace {
        *lock(&self.0.pace)
    }

    pub fn set_pace(&self, pace: Pace) {
        *lock(&self.0.pace) = pace;
    }

    pub(crate) fn calls(&self) -> MutexGuard<'_, Calls> {
        lock(&self.0.calls)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.0.faults)
    }

    pub(crate) fn conversations(&self) -> MutexGuard<'_, Conversations> {
        lock(&self.0.conversations)
    }

    pub(crate) fn heygen(&self) -> MutexGuard<'_, Sessions> {
        lock(&self.0.heygen)
    }

    pub(crate) fn rooms(&self) -> MutexGuard<'_, Rooms> {
        lock(&self.0.rooms)
    }

    pub(crate) fn jobs(&self) -> MutexGuard<'_, Jobs> {
        lock(&self.0.jobs)
    }

    pub(crate) fn hooks(&self) -> MutexGuard<'_, Hooks> {
        lock(&self.0.hooks)
    }

    /// Unlike any other, also after a restart of the mock.
    pub(crate) fn next_event_id(&self) -> u64 {
        self.0.events.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn callbacks(&self) -> MutexGuard<'_, Vec<Value>> {
        lock(&self.0.callbacks)
    }

    pub(crate) fn director(&self) -> MutexGuard<'_, Director> {
        lock(&self.0.director)
    }

    /// Whoever begins or ends a drill has it.
    pub(crate) fn stage(&self) -> &tokio::sync::Mutex<()> {
        &self.0.stage
    }

    /// A bot says something; the message's number.
    pub(crate) fn say(&self, message: impl FnOnce(u64) -> Message) -> u64 {
        let mut messages = lock(&self.0.messages);
        let id = self.next_event_id() & 0xffff_ffff;
        messages.push(message(id));
        id
    }

    /// What bots have said since the start or the last clearing, oldest first.
    pub fn said(&self) -> Vec<Message> {
        lock(&self.0.messages).clone()
    }

    pub fn clear_messages(&self) {
        lock(&self.0.messages).clear();
    }

    /// Every call seen since the start or the last clearing, oldest first.
    pub fn seen(&self) -> Vec<crate::Call> {
        self.calls().list()
    }

    pub fn clear_calls(&self) {
        self.calls().clear();
    }

    /// The next calls to `vendor` go wrong this way; `None` makes it well again.
    pub fn set_fault(&self, vendor: &str, fault: Option<crate::Fault>) {
        self.faults().set(vendor, fault);
    }

    /// How the next jobs go, at one vendor or (`None`) at all that have no plan of their own; `None` is as by default.
    pub fn set_plan(&self, vendor: Option<&str>, plan: Option<Plan>) {
        self.jobs().set_plan(vendor, plan);
    }

    /// All jobs since the start, oldest first.
    pub fn all_jobs(&self) -> Vec<Job> {
        self.jobs().all().to_vec()
    }

    /// Where and how a vendor reports for one account.
    pub fn set_hook(&self, vendor: &str, hook: Hook) {
        self.hooks().set(vendor, hook);
    }

    /// What has been reported so far, and how it was taken.
    pub fn reported(&self) -> Vec<Value> {
        self.callbacks().clone()
    }
}

/// A panic in one request must not silence the record of the others.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
