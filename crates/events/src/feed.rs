//! A tenant's feed: read in order from any place, forgotten from the front.
//!
//! ```text
//!   1 .. first-1 | first ......... settled | settled+1 ...... tail
//!   forgotten    | a hole stays a hole     | a hole may still be written: a reader waits there
//! ```
//! A writer takes an index first and writes second. A hole that has been there for the grace period has lost its writer,
//! or its writer sees afterwards that it was passed over and appends its event anew (see [`crate::emit`]): nothing is
//! skipped, and nothing waits for ever.

use calendar::{DAY, Millis, SECOND};
use kv_schemas::{Log, Slot, Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};

use crate::Event;

/// How long an event is kept, in milliseconds.
pub const KEPT_MS: u64 = 7 * DAY;
/// How many events are kept at most.
pub const KEPT: u64 = 10_000;
/// How long a hole is waited for, in milliseconds: twice this at most.
const GRACE_MS: u64 = 15 * SECOND;
/// Slots that one run forgets at most.
const MAX_FORGOTTEN: u64 = 500;
/// Slots that one reading looks at, for each event that is asked for.
const MAX_LOOKED_AT: u64 = 1_000;

/// What is known of a feed's slots. An older head in place of a newer is always true as well: it only knows less.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// All before this are forgotten.
    pub first: u64,
    /// Holes up to here stay holes.
    pub settled: u64,
    /// The tail as it was at `seen_at`.
    pub seen_tail: u64,
    pub seen_at: Millis,
}

pub(crate) fn log(tenant: &str) -> Log<Event> {
    families::FEED.log(&[tenant])
}

pub(crate) fn head(tenant: &str) -> Value<Head> {
    families::FEED_HEAD.value(&[tenant])
}

/// A piece of a feed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// Events with their places, in order.
    pub events: Vec<(u64, Event)>,
    /// Where to go on reading: after this place.
    pub next: u64,
    /// Whether the reading stopped before a slot that may still be written: [`settle`] ends the waiting.
    pub waits: bool,
}

/// At most `most` events after place `after`. A place beyond the end is the end.
///
/// # Errors
/// The store can't be reached.
pub fn read(store: &dyn Store, tenant: &str, after: u64, most: usize) -> Result<Page, StoreError> {
    let log = log(tenant);
    let tail = log.tail(store)?;
    if after >= tail {
        return Ok(Page { next: tail, ..Page::default() });
    }
    let head = head(tenant).get(store)?.unwrap_or_default();
    let mut page = Page { next: after.max(head.first.saturating_sub(1)), ..Page::default() };
    let end = page.next.saturating_add(MAX_LOOKED_AT);
    while page.next < tail.min(end) && page.events.len() < most {
        let index = page.next.saturating_add(1);
        match log.get(store, index)? {
            Slot::Entry(event) => page.events.push((index, event)),
            Slot::Hole if index <= head.settled => {}
            Slot::Hole => {
                page.waits = true;
                break;
            }
        }
        page.next = index;
    }
    Ok(page)
}

/// The place of the newest event.
///
/// # Errors
/// The store can't be reached.
pub fn end(store: &dyn Store, tenant: &str) -> Result<u64, StoreError> {
    log(tenant).tail(store)
}

/// Lets holes grow old. To be called now and then by who waits for one.
///
/// # Errors
/// The store can't be reached.
pub fn settle(store: &dyn Store, tenant: &str, now: Millis) -> Result<(), StoreError> {
    let Some(before) = head(tenant).get(store)? else { return Ok(()) };
    let head_now = settled(store, tenant, before, now)?;
    if head_now == before { Ok(()) } else { head(tenant).set(store, &head_now) }
}

fn settled(store: &dyn Store, tenant: &str, head: Head, now: Millis) -> Result<Head, StoreError> {
    // A clock that went back makes the mark no older; it is set anew.
    if now >= head.seen_at && now.since(head.seen_at) < GRACE_MS {
        return Ok(head);
    }
    let tail = log(tenant).tail(store)?;
    let settled = if now >= head.seen_at { head.seen_tail.max(head.settled) } else { head.settled };
    if head.seen_tail == tail && settled == head.settled {
        return Ok(head);
    }
    Ok(Head { settled, seen_tail: tail, seen_at: now, ..head })
}

/// Forgets what is too old or too much, a bounded number at a time. Gives how many slots.
///
/// # Errors
/// The store can't be reached; the next run goes on.
pub fn forget(store: &dyn Store, tenant: &str, now: Millis) -> Result<u64, StoreError> {
    let Some(before) = head(tenant).get(store)? else { return Ok(0) };
    let log = log(tenant);
    let mut after = settled(store, tenant, before, now)?;
    let tail = log.tail(store)?;
    after.first = after.first.max(1);
    let from = after.first;
    while after.first <= tail && after.first.saturating_sub(from) < MAX_FORGOTTEN {
        let too_many = tail.saturating_sub(after.first) >= KEPT;
        match log.get(store, after.first)? {
            Slot::Entry(event) if too_many || now.since(event.at) >= KEPT_MS => log.remove(store, after.first)?,
            Slot::Entry(_) => break,
            Slot::Hole if after.first <= after.settled => {}
            Slot::Hole => break,
        }
        after.first = after.first.saturating_add(1);
    }
    // What if we crash here? What was removed reads as holes that stay holes, or will soon.
    if after != before {
        head(tenant).set(store, &after)?;
    }
    Ok(after.first.saturating_sub(from))
}

/// Forgets the feed of a tenant that is gone, a bounded number of slots at a time. Whether nothing is left.
///
/// # Errors
/// The store can't be reached; the next run goes on.
pub(crate) fn remove(store: &dyn Store, tenant: &str, now: Millis) -> Result<bool, StoreError> {
    let Some(before) = head(tenant).get(store)? else { return Ok(true) };
    let log = log(tenant);
    let mut after = settled(store, tenant, before, now)?;
    let tail = log.tail(store)?;
    after.first = after.first.max(1);
    let end = after.first.saturating_add(MAX_FORGOTTEN);
    while after.first <= after.settled.min(tail) && after.first < end {
        log.remove(store, after.first)?;
        after.first = after.first.saturating_add(1);
    }
    if after.first > tail {
        // Nobody has written for the grace period. Who begins now finds no head and lists the feed anew.
        head(tenant).delete(store)?;
        log.retire(store)?;
        return Ok(true);
    }
    if after != before {
        head(tenant).set(store, &after)?;
    }
    Ok(false)
}
