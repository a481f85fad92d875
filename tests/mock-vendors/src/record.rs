//! The record of every call, for tests to look at.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::Value;

use crate::state::{State, now_ms};

/// One call as the vendor saw it.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    pub id: u64,
    pub vendor: &'static str,
    pub method: String,
    /// With the query.
    pub path: String,
    pub header_names: Vec<String>,
    /// The key as it came, without a prefix such as `Bearer `; tests compare it. Where a token came in its place
    /// (LiveKit, HeyGen), the key behind the token.
    pub key: Option<String>,
    pub key_ok: bool,
    /// The value of `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// The body as JSON, a form as an object of its fields; `null` if it is neither.
    pub body: Value,
    pub status: Option<u16>,
    pub bytes_sent: u64,
    /// The answer went out to its last byte.
    pub finished: bool,
    /// The client left before the end.
    pub aborted: bool,
    pub started_ms: u64,
    pub ended_ms: Option<u64>,
}

/// The newest calls; older ones make room, so that a long measurement doesn't fill the memory.
#[derive(Debug, Default)]
pub struct Calls {
    calls: VecDeque<Call>,
    next: u64,
}

const KEPT: usize = 20_000;

impl Calls {
    pub fn list(&self) -> Vec<Call> {
        self.calls.iter().cloned().collect()
    }

    pub fn clear(&mut self) {
        self.calls.clear();
    }

    fn add(&mut self, mut call: Call) -> u64 {
        self.next += 1;
        call.id = self.next;
        if self.calls.len() >= KEPT {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
        self.next
    }

    fn update(&mut self, id: u64, change: impl FnOnce(&mut Call)) {
        // Ids are consecutive, so the place of one follows from the first.
        let first = self.calls.front().map_or(0, |call| call.id);
        let place = id.checked_sub(first).and_then(|place| self.calls.get_mut(place as usize));
        if let Some(call) = place {
            change(call);
        }
    }
}

/// Follows one call to its end; dropped before [`Tracker::finish`], it notes that the client has left.
pub struct Tracker {
    state: State,
    id: u64,
    ended: bool,
}

impl Tracker {
    pub fn begin(state: &State, call: Call) -> Self {
        let id = state.calls().add(call);
        Self { state: state.clone(), id, ended: false }
    }

    pub fn status(&self, status: u16) {
        self.state.calls().update(self.id, |call| call.status = Some(status));
    }

    pub fn sent(&self, bytes: usize) {
        self.state.calls().update(self.id, |call| call.bytes_sent += bytes as u64);
    }

    /// The whole answer is out.
    pub fn finish(mut self) {
        self.end(|call| call.finished = true);
    }

    /// The mock itself breaks off, as a fault asked.
    pub fn break_off(mut self) {
        self.end(|_| {});
    }

    fn end(&mut self, change: impl FnOnce(&mut Call)) {
        if !std::mem::replace(&mut self.ended, true) {
            self.state.calls().update(self.id, |call| {
                call.ended_ms = Some(now_ms());
                change(call);
            });
        }
    }
}

impl Drop for Tracker {
    fn drop(&mut self) {
        self.end(|call| call.aborted = true);
    }
}
