//! How much of one tenant is stored in an hour. What is proven is kept for two weeks, so whoever has a tenant's secret could
//! fill the store for all.

use calendar::{HOUR, Millis};
use kv_schemas::{Counter, Store, StoreError, expiry, families};

use super::Delivery;

/// New events of one tenant in an hour of the clock.
pub const EVENTS_AN_HOUR: u64 = 10_000;
/// Bytes of their bodies.
pub const BYTES_AN_HOUR: u64 = 200_000_000;

/// Whether there is room for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// It may be recorded; or it is already, and is a repeat.
    Enough,
    /// Nothing may be stored for so many milliseconds.
    None {
        /// Until the hour is over.
        for_ms: u64,
    },
}

/// Counts a verified delivery of a new event, before anything of it is stored. Repeats are never refused: they store nothing.
///
/// # Errors
/// The store can't be reached.
pub fn room(store: &dyn Store, now: Millis, delivery: &Delivery<'_>) -> Result<Room, StoreError> {
    if delivery.seen().exists(store)? {
        return Ok(Room::Enough);
    }
    let tenant = &delivery.origin.tenant;
    let (events, bytes) = (counter(tenant, "events", now), counter(tenant, "bytes", now));
    let so_far = events.add(store, 1)?;
    if so_far == 1 {
        // What if we crashed before this? Two small keys stay behind.
        expiry::forget_after(store, now.hour_number(), &[events.key(), bytes.key()])?;
    }
    // What if we crash from here on? The repeat is counted once more: the bound is no sum of money.
    let size = i64::try_from(delivery.body.len()).unwrap_or(i64::MAX);
    let is_within = |sum: i64, most: u64| u64::try_from(sum).unwrap_or(0) <= most;
    if is_within(so_far, EVENTS_AN_HOUR) && is_within(bytes.add(store, size)?, BYTES_AN_HOUR) {
        return Ok(Room::Enough);
    }
    let ends = now.hour_number().saturating_add(1).saturating_mul(HOUR);
    Ok(Room::None { for_ms: Millis(ends).since(now) })
}

fn counter(tenant: &str, measure: &str, now: Millis) -> Counter {
    families::WEBHOOK_QUOTA.counter(&[tenant, measure, &now.hour_number().to_string()])
}
