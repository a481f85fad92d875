//! One run of deliveries to one endpoint: says what to send, and hears how it went. The sending is the caller's.

use std::collections::VecDeque;

use calendar::{MINUTE, Millis, SECOND};
use kv_schemas::{Lease, Store, StoreError, families, sweep};
use tenancy::{Endpoint, find_endpoint};

use super::{
    dead::{self, Dead},
    schedule::{MAX_RETRY_AFTER_MS, next_try, pause_ms},
    state::{Retry, State, place, retries, retry_head},
};
use crate::{Event, feed};

/// How long a lease is another's. Whoever sends uses a store that refuses everything after 20 s: clocks may differ by 10 s.
/// Where they differ by more, an event is sent twice, under the same id.
const LEASE_MS: u64 = 35 * SECOND;
/// After this a run begins no further attempt.
const RUN_MS: u64 = 5 * SECOND;
/// Events that one run sends for the first time, and again.
const MAX_FIRST: usize = 100;
const MAX_AGAIN: usize = 20;
/// Entries of the retry list looked at in one run.
const WINDOW: usize = 200;
/// With so many on the retry list nothing more is sent for the first time: the rest waits in the feed.
const MAX_WAITING: u64 = 1_000;
/// The retry list is looked at this often though nothing seems due: a writer may have been late.
const LOOK_MS: u64 = MINUTE;

/// Something to send now.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// What.
    pub event: Event,
    from: From,
}

#[derive(Debug, Clone, PartialEq)]
enum From {
    Feed { place: u64 },
    Retry { place: u64, attempt: u32 },
}

/// How the sending went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// 2xx.
    Taken,
    /// 410: it wants nothing any more.
    Gone,
    /// Any other answer.
    Refused {
        /// Such as 500.
        status: u16,
        /// What it asked for, if anything.
        retry_after_ms: Option<u64>,
    },
    /// No answer in time, or no connection.
    Silent {
        /// For people.
        why: String,
    },
}

/// See the module's description.
pub struct Courier<'a> {
    store: &'a dyn Store,
    tenant: &'a str,
    /// Where to send.
    pub endpoint: Endpoint,
    state: State,
    saved: State,
    lease: Lease,
    began: Millis,
    first: VecDeque<(u64, Event)>,
    again: VecDeque<(u64, Retry)>,
    left: usize,
    /// Whether the retry list is next. Not the same in each run: a server may be so slow that a run is one attempt.
    again_first: bool,
    over: bool,
}

impl<'a> Courier<'a> {
    /// `None`: there is nothing to do now, or another is at it.
    ///
    /// # Errors
    /// The store can't be reached.
    pub fn begin(store: &'a dyn Store, tenant: &'a str, now: Millis) -> Result<Option<Self>, StoreError> {
        let Some(endpoint) = find_endpoint(store, tenant)? else { return Ok(None) };
        if !is_due(store, tenant, &endpoint, now)? {
            return Ok(None);
        }
        let mark = families::DELIVERY_MARK.value(&[tenant]);
        let tickets = families::DELIVERY_TICKET.counter(&[tenant]);
        let Some(lease) = Lease::take_alone(store, mark, tickets, now.0, LEASE_MS)? else { return Ok(None) };
        // From here on nobody else changes it; before, somebody may have.
        let state = State::of(store, tenant, &endpoint)?;
        let (saved, first) = (state.clone(), VecDeque::new());
        let (again, left, over) = (VecDeque::new(), MAX_FIRST, false);
        let again_first = lease.ticket() % 2 == 0;
        let mut courier =
            Self { store, tenant, endpoint, state, saved, lease, began: now, first, again, left, again_first, over };
        courier.look_at_retries(now)?;
        Ok(Some(courier))
    }

    /// What is due of the retry list.
    fn look_at_retries(&mut self, now: Millis) -> Result<(), StoreError> {
        let log = retries(self.tenant);
        let tail = log.tail(self.store)?;
        let window = sweep::pending(self.store, &log, &retry_head(self.tenant), now.0, WINDOW)?;
        let whole = window.len() < WINDOW;
        let (mut retry_at, mut own) = (Millis(u64::MAX), 0_u64);
        for (place, retry) in window {
            if retry.endpoint != self.endpoint.id {
                log.remove(self.store, place)?;
                continue;
            }
            own = own.saturating_add(1);
            if retry.next <= now && self.again.len() < MAX_AGAIN {
                self.again.push_back((place, retry));
            } else {
                retry_at = retry_at.min(retry.next);
            }
        }
        // Which of the others is due first isn't known.
        self.state.retry_at = if whole { retry_at } else { now };
        (self.state.retry_tail, self.state.looked_at) = (tail, now);
        let passed = retry_head(self.tenant).get(self.store)?.unwrap_or_default().first();
        if tail.saturating_sub(passed) < WINDOW as u64 {
            self.state.waiting = own;
        }
        Ok(())
    }

    /// Whether the retry list has no room.
    fn is_crowded(&self) -> bool {
        self.state.waiting >= MAX_WAITING
    }

    /// What to send now; `None` when this run is over.
    ///
    /// # Errors
    /// The store can't be reached.
    pub fn next(&mut self, now: Millis) -> Result<Option<Attempt>, StoreError> {
        if self.over || now.since(self.began) >= RUN_MS || !self.lease.holds(self.store)? {
            return Ok(None);
        }
        self.again_first = !self.again_first;
        Ok(match self.again_first {
            true => match self.next_again() {
                None => self.next_first(now)?,
                again => again,
            },
            false => self.next_first(now)?.or_else(|| self.next_again()),
        })
    }

    fn next_again(&mut self) -> Option<Attempt> {
        let (place, retry) = self.again.pop_front()?;
        Some(Attempt { event: retry.event, from: From::Retry { place, attempt: retry.attempt } })
    }

    /// The next of the feed that the endpoint wants.
    fn next_first(&mut self, now: Millis) -> Result<Option<Attempt>, StoreError> {
        while self.left > 0 && !self.is_crowded() {
            if self.first.is_empty() && !self.read_on(now)? {
                break;
            }
            let Some((place, event)) = self.first.pop_front() else { continue };
            if self.endpoint.wants(&event.kind) {
                self.left = self.left.saturating_sub(1);
                return Ok(Some(Attempt { event, from: From::Feed { place } }));
            }
            self.state.cursor = place;
        }
        Ok(None)
    }

    /// Whether there is more in the feed.
    fn read_on(&mut self, now: Millis) -> Result<bool, StoreError> {
        let page = feed::read(self.store, self.tenant, self.state.cursor, self.left)?;
        if page.waits {
            feed::settle(self.store, self.tenant, now)?;
        }
        let found = !page.events.is_empty();
        if !found {
            // Slots that stay holes.
            self.state.cursor = page.next;
        }
        self.first.extend(page.events);
        Ok(found)
    }

    /// Writes down how it went. What if we crash before? The event is sent again.
    ///
    /// # Errors
    /// The store can't be reached: the event is sent again.
    pub fn done(&mut self, attempt: Attempt, outcome: Outcome, now: Millis) -> Result<(), StoreError> {
        let (reason, retry_after_ms) = match outcome {
            Outcome::Taken => {
                self.state.silences = 0;
                return self.pass(&attempt);
            }
            Outcome::Gone => {
                // It is sent again when the endpoint is set anew.
                (self.state.refused, self.over) = (Some(self.endpoint.version), true);
                return self.save();
            }
            Outcome::Refused { status, retry_after_ms } => {
                self.state.silences = 0;
                // Too many, or not now: that is said of the endpoint, not of this event.
                if let Some(asked) = retry_after_ms.filter(|_| matches!(status, 429 | 503)) {
                    self.leave_alone(now, asked.min(MAX_RETRY_AFTER_MS));
                }
                (format!("status {status}"), retry_after_ms)
            }
            Outcome::Silent { why } => {
                self.state.silences = self.state.silences.saturating_add(1);
                self.leave_alone(now, pause_ms(self.state.silences));
                (why, None)
            }
        };
        self.put_off(attempt, reason, retry_after_ms, now)
    }

    fn leave_alone(&mut self, now: Millis, millis: u64) {
        (self.state.pause_until, self.over) = (now.plus(millis), true);
    }

    /// Onto the retry list, or from there to the dead letters. Each is written to its new place first: a crash in between
    /// leaves it in both, and it is sent once more.
    fn put_off(
        &mut self,
        attempt: Attempt,
        reason: String,
        retry_after_ms: Option<u64>,
        now: Millis,
    ) -> Result<(), StoreError> {
        let attempts = match attempt.from {
            From::Feed { .. } => 1,
            From::Retry { attempt, .. } => attempt.saturating_add(1),
        };
        let (endpoint, event) = (self.endpoint.id.clone(), attempt.event.clone());
        let Some(next) = next_try(&event.id, attempts, retry_after_ms, now) else {
            let dead = Dead { endpoint, event, attempts, reason, at: now };
            dead::log(self.tenant).append(self.store, &dead)?;
            return self.pass(&attempt);
        };
        self.state.retry_at = self.state.retry_at.min(next);
        let retry = Retry { endpoint, event, attempt: attempts, next, reason };
        match attempt.from {
            From::Feed { .. } => {
                retries(self.tenant).append(self.store, &retry)?;
                self.state.waiting = self.state.waiting.saturating_add(1);
                self.pass(&attempt)
            }
            From::Retry { place, .. } => {
                retries(self.tenant).put(self.store, place, &retry)?;
                self.save()
            }
        }
    }

    /// Done with it where it came from.
    fn pass(&mut self, attempt: &Attempt) -> Result<(), StoreError> {
        match attempt.from {
            From::Feed { place } => self.state.cursor = place,
            From::Retry { place, .. } => {
                retries(self.tenant).remove(self.store, place)?;
                self.state.waiting = self.state.waiting.saturating_sub(1);
            }
        }
        self.save()
    }

    fn save(&mut self) -> Result<(), StoreError> {
        if self.state != self.saved {
            place(self.tenant).set(self.store, &self.state)?;
            self.saved = self.state.clone();
        }
        Ok(())
    }

    /// Lets the next run in.
    ///
    /// # Errors
    /// The store can't be reached: the next run waits until the lease is over.
    pub fn end(mut self, now: Millis) -> Result<(), StoreError> {
        if !self.again.is_empty() {
            self.state.retry_at = now;
        }
        if self.lease.holds(self.store)? {
            self.save()?;
        }
        self.lease.release(self.store)
    }
}

/// How many times in a row an endpoint was silent to which there is something to send now; `None`: there is nothing.
///
/// # Errors
/// The store can't be reached.
pub fn standing(store: &dyn Store, tenant: &str, now: Millis) -> Result<Option<u32>, StoreError> {
    let Some(endpoint) = find_endpoint(store, tenant)? else { return Ok(None) };
    let due = is_due(store, tenant, &endpoint, now)?;
    Ok(if due { Some(State::of(store, tenant, &endpoint)?.silences) } else { None })
}

/// Whether there is something to send, as far as a few reads tell.
fn is_due(store: &dyn Store, tenant: &str, endpoint: &Endpoint, now: Millis) -> Result<bool, StoreError> {
    let state = State::of(store, tenant, endpoint)?;
    if state.refused == Some(endpoint.version) || now < state.pause_until {
        return Ok(false);
    }
    let retry_tail = retries(tenant).tail(store)?;
    let retries = retry_tail > 0
        && (state.retry_at <= now || state.retry_tail != retry_tail || now.since(state.looked_at) >= LOOK_MS);
    Ok(retries || feed::end(store, tenant)? > state.cursor)
}
