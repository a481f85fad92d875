//! What the gate does about an event. Every effect is safe to repeat.

use calendar::Millis;
use kv_schemas::{Store, StoreError, expiry, families};

use super::{Books, Failure, LiveReport, Origin, Usage, live};

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
    /// An interaction really used so much.
    Used(Usage),
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The vendor's own id of the conversation.
    pub conversation: String,
    /// The vendor's own id of the person.
    pub sender: String,
    /// What was said.
    pub text: String,
}

/// The event that has an effect.
pub(crate) struct Cause<'a> {
    pub origin: &'a Origin,
    pub id: &'a str,
    /// When its first delivery came.
    pub first_at: Millis,
}

/// Makes it happen. An error of the store leaves open whether it did; every effect may be repeated.
pub(crate) fn happen(
    store: &dyn Store,
    books: &dyn Books,
    cause: &Cause<'_>,
    effect: &Effect,
) -> Result<Result<(), Failure>, StoreError> {
    let Cause { origin, id, first_at } = cause;
    match effect {
        Effect::None => Ok(Ok(())),
        Effect::Used(used) => Ok(books.correct(&origin.tenant, &format!("webhook/{id}"), used)),
        Effect::Message(message) => {
            messaging::enqueue(store, id, &incoming(origin, message, *first_at), *first_at).map(Ok)
        }
        Effect::LiveEnded(Ended { vendor_id, at }) => {
            let known = families::LIVE_BY_VENDOR.value(&[&origin.tenant, &origin.provider, vendor_id]).get(store)?;
            match meant(known, &origin.live, "live session") {
                Ok(live) => {
                    let said = LiveReport { at_ms: *first_at, event: (*id).to_owned(), ended_at_ms: *at };
                    live::report(store, &live, said).map(Ok)
                }
                Err(failure) => Ok(Err(failure)),
            }
        }
        Effect::JobChanged(vendor_id) => {
            let known = families::JOB_BY_VENDOR.value(&[&origin.tenant, &origin.provider, vendor_id]).get(store)?;
            match meant(known, &origin.live, "job") {
                Ok(job) => hint(store, &job, *first_at).map(Ok),
                Err(failure) => Ok(Err(failure)),
            }
        }
    }
}

/// Which of ours is meant: the one with the vendor's id, which must be the one that the callback's token names. A vendor
/// may be faster than the note of its id; then the token's counts, or else the event waits for the note.
fn meant(known: Option<String>, bound: &Option<String>, what: &str) -> Result<String, Failure> {
    match (known, bound) {
        (Some(known), Some(bound)) if known != *bound => {
            Err(Failure::Never(format!("the callback token is of another {what}")))
        }
        (Some(known), _) => Ok(known),
        (None, Some(bound)) => Ok(bound.clone()),
        (None, None) => Err(Failure::Later(format!("no {what} has this id of the vendor"))),
    }
}

fn hint(store: &dyn Store, job: &str, at: Millis) -> Result<(), StoreError> {
    let place = families::JOB_HINT.value(&[job]);
    expiry::forget_after(store, at.hour_number().saturating_add(live::KEPT_HOURS), &[place.key()])?;
    place.set(store, &at)
}

fn incoming(origin: &Origin, message: &Message, at: Millis) -> messaging::Message {
    messaging::Message {
        conversation: messaging::Conversation {
            tenant: origin.tenant.clone(),
            provider: origin.provider.clone(),
            id: message.conversation.clone(),
        },
        direction: messaging::Direction::In { sender: message.sender.clone() },
        text: message.text.clone(),
        at,
    }
}
