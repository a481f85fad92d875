//! What the gate does about an event. Every effect is safe to repeat.

use calendar::Millis;
use kv_schemas::{Store, StoreError, families};
use serde::{Deserialize, Serialize};

use super::Origin;

/// An event in the gate's terms, as the vendor's adapter reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The vendor's own name of the event.
    pub name: String,
    /// What to do.
    pub effect: Effect,
}

/// What an event asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Nothing; the event is kept.
    None,
    /// The live session with this id of the vendor has ended.
    VideoEnded(String),
}

/// That a vendor said a live session ended. The proxy's maintenance settles it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveReport {
    /// When it was reported.
    pub at_ms: Millis,
    /// The stored event that says so.
    pub event: String,
}

/// Why an effect can't happen: goes to the dead letters.
pub(crate) type Failure = String;

pub(crate) fn apply(
    store: &dyn Store,
    origin: &Origin,
    event_id: &str,
    event: &Event,
    now: Millis,
) -> Result<Result<(), Failure>, StoreError> {
    match &event.effect {
        Effect::None => Ok(Ok(())),
        Effect::VideoEnded(vendor_id) => {
            let known: Option<String> =
                families::LIVE_BY_VENDOR.value(&[&origin.tenant, &origin.provider, vendor_id]).get(store)?;
            let live = match (known, &origin.live) {
                (Some(live), Some(bound)) if live != *bound => {
                    return Ok(Err("the callback token is of another live session".into()));
                }
                (Some(live), _) => live,
                // The vendor was faster than the note of its id; the token names the session all the same.
                (None, Some(bound)) => bound.clone(),
                (None, None) => return Ok(Err("no live session has this id of the vendor".into())),
            };
            report(store, &live, LiveReport { at_ms: now, event: event_id.to_owned() }).map(Ok)
        }
    }
}

/// The first report stays: a later event of the same session must not move its end.
fn report(store: &dyn Store, live: &str, report: LiveReport) -> Result<(), StoreError> {
    let place = families::LIVE_REPORT.value(&[live]);
    if place.exists(store)? { Ok(()) } else { place.set(store, &report) }
}
