//! What the gate does about an event. Every effect is safe to repeat.

use calendar::Millis;
use kv_schemas::{Store, StoreError, expiry, families};
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
    /// A live session has ended.
    LiveEnded(Ended),
    /// Something happened to the job with this id of the vendor. What exactly, the gate asks the vendor itself: a hint costs
    /// a forger nothing.
    JobChanged(String),
    /// Somebody has said something: it waits for the proxy, which answers.
    Message(Message),
}

/// The end of a live session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The vendor's own id of the session.
    pub vendor_id: String,
    /// When, by the vendor's clock, where it says so.
    pub at: Option<Millis>,
}

/// Something that a person has said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The vendor's own id of the conversation.
    pub conversation: String,
    /// The vendor's own id of the person.
    pub sender: String,
    /// What was said.
    pub text: String,
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
        Effect::Message(_) => Ok(Ok(())),
        Effect::LiveEnded(Ended { vendor_id, .. }) => {
            let known = families::LIVE_BY_VENDOR.value(&[&origin.tenant, &origin.provider, vendor_id]).get(store)?;
            match meant(known, &origin.live, "live session") {
                Ok(live) => report(store, &live, LiveReport { at_ms: now, event: event_id.to_owned() }).map(Ok),
                Err(failure) => Ok(Err(failure)),
            }
        }
        Effect::JobChanged(vendor_id) => {
            let known = families::JOB_BY_VENDOR.value(&[&origin.tenant, &origin.provider, vendor_id]).get(store)?;
            match meant(known, &origin.live, "job") {
                Ok(job) => hint(store, &job, now).map(Ok),
                Err(failure) => Ok(Err(failure)),
            }
        }
    }
}

/// Which of ours is meant: the one with the vendor's id, which must be the one that the callback's token names. A vendor
/// may be faster than the note of its id; then the token's counts.
fn meant(known: Option<String>, bound: &Option<String>, what: &str) -> Result<String, Failure> {
    match (known, bound) {
        (Some(known), Some(bound)) if known != *bound => Err(format!("the callback token is of another {what}")),
        (Some(known), _) => Ok(known),
        (None, Some(bound)) => Ok(bound.clone()),
        (None, None) => Err(format!("no {what} has this id of the vendor")),
    }
}

/// How long a hint or report is kept where nobody is left to remove it: a callback's address stays good for ever.
const KEPT_HOURS: u64 = 15 * 24;

fn hint(store: &dyn Store, job: &str, now: Millis) -> Result<(), StoreError> {
    let place = families::JOB_HINT.value(&[job]);
    expiry::forget_after(store, now.hour_number().saturating_add(KEPT_HOURS), &[place.key()])?;
    place.set(store, &now)
}

/// The first report stays: a later event of the same session must not move its end.
fn report(store: &dyn Store, live: &str, report: LiveReport) -> Result<(), StoreError> {
    let place = families::LIVE_REPORT.value(&[live]);
    if place.exists(store)? {
        return Ok(());
    }
    expiry::forget_after(store, report.at_ms.hour_number().saturating_add(KEPT_HOURS), &[place.key()])?;
    place.set(store, &report)
}
