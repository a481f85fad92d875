//! Events into a tenant's feed: what happens is told once, but for crashes.

use calendar::{DAY, MINUTE, Millis};
use kv_schemas::{Store, StoreError, expiry, families};

use crate::{
    Event,
    event::digest,
    feed::{self, Head},
};

/// How long an event that comes again is known, in hours: longer than the feed keeps it.
const KNOWN_HOURS: u64 = 8 * 24;
/// What is told once a minute is known for so long.
const MINUTE_HOURS: u64 = 1;

/// Appends an event to a tenant's feed, once per id. To be done before the thing itself is marked as done: a crash then
/// repeats it, and the repeat is known by its id.
///
/// # Errors
/// The store can't be reached: the event may be in the feed or not. Do it again.
pub fn emit(store: &dyn Store, tenant: &str, event: &Event) -> Result<(), StoreError> {
    let once = families::FEED_ONCE.once(&[tenant, &event.id]);
    if once.taken(store)? {
        return Ok(());
    }
    let head = feed::head(tenant);
    if !head.exists(store)? {
        // What if we crash here? It is listed twice, which does no harm.
        families::FEED_LIST.log(&[]).append(store, &tenant)?;
        head.set(store, &Head::default())?;
    }
    let index = append(store, tenant, event)?;
    // What if we crash here? Whoever does this again tells the event a second time, with the same id.
    if !once.win(store)? {
        // Another told it at the same time.
        feed::log(tenant).remove(store, index)?;
        return Ok(());
    }
    expiry::forget_after(store, event.at.hour_number().saturating_add(KNOWN_HOURS), &[once.key()])
}

/// Appends, in a slot that no reader has passed over.
fn append(store: &dyn Store, tenant: &str, event: &Event) -> Result<u64, StoreError> {
    loop {
        let index = feed::log(tenant).append(store, event)?;
        // Were we so late that readers took our slot for lost? They have looked at it before it was written, so what
        // they went by is there to be read.
        if feed::head(tenant).get(store)?.is_none_or(|head: Head| index > head.settled) {
            return Ok(index);
        }
        feed::log(tenant).remove(store, index)?;
    }
}

/// Tells of something that may happen very often: once a minute at most for each `key`, such as a code and a session.
/// All that comes in the same minute is the same event.
///
/// # Errors
/// As [`emit`].
pub fn emit_at_most_once_a_minute(
    store: &dyn Store,
    tenant: &str,
    event: &Event,
    key: &str,
    now: Millis,
) -> Result<(), StoreError> {
    let minute = now.0 / MINUTE;
    let last = families::FEED_MINUTE.value::<u64>(&[tenant, &digest(&[&event.kind, key])]);
    // One read, for what comes in floods.
    if last.get(store)? == Some(minute) {
        return Ok(());
    }
    let subject = digest(&[tenant, key, &minute.to_string()]);
    let id = Event::new(&event.kind, &subject, event.at, None, serde_json::Value::Null).id;
    emit(store, tenant, &Event { id, ..event.clone() })?;
    // What if we crash here? The next one has the same id, and is known.
    last.set(store, &minute)?;
    expiry::forget_after(store, now.hour_number().saturating_add(MINUTE_HOURS), &[last.key()])
}

const _: () = assert!(KNOWN_HOURS * 60 * MINUTE > feed::KEPT_MS && feed::KEPT_MS == 7 * DAY);
