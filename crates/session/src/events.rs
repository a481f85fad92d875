//! Sessions that began and ended, for the log. The log belongs to another component, which this one can't call: so an
//! event goes into an outbox, and the maintenance carries it over.
//!
//! ```text
//!   put: outbox/n --[events]--> the maintenance --> the log --[events_logged]--> outbox/n is removed
//! ```
//! An event's id follows from its session, and the log takes an id once: wherever a crash comes, carrying over again what
//! may have been carried over does no harm. A place that was taken and never written is passed over after a while, and
//! keeps nobody waiting until then. So no writer may be that late: it works with a store that refuses everything before.

use std::collections::BTreeMap;

use calendar::Millis;
use kv_schemas::{Log, Store, StoreError, Value, families, sweep};
use serde::{Deserialize, Serialize};
use tenancy::{Tenant, event_id};

use crate::{Session, record::Ending};

/// How long a writer may take until everything it does is refused, in milliseconds; well below the time after which the
/// sweep passes over a place that isn't written.
pub const WRITE_MS: u64 = 10_000;

/// Something that happened to a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// `evt_...`: each of a session's events happens once.
    pub id: String,
    /// `SESSION_STARTED` or `SESSION_ENDED`.
    pub event_type: String,
    /// `ses_...`
    pub session: String,
    /// Whose it is.
    pub tenant: String,
    /// Who owns the tenant; empty of a session that was opened before this was kept.
    pub company: String,
    /// Where the page is.
    pub channel: String,
    /// When.
    pub at: Millis,
    /// What it was opened with, or why it ended.
    pub details: BTreeMap<String, String>,
}

/// At most `limit` events that are not in the log yet, each with its place. To be run by one caller at a time; two do no
/// harm, since the log takes each event once.
///
/// # Errors
/// The store can't be reached.
pub fn events(store: &dyn Store, limit: u32, now: Millis) -> Result<Vec<(u64, Event)>, StoreError> {
    let max = usize::try_from(limit).unwrap_or(usize::MAX);
    sweep::pending(store, &outbox(), &head(), now.0, max)
}

/// Forgets events that are in the log. Idempotent.
///
/// # Errors
/// The store can't be reached: what is left is given again.
pub fn events_logged(store: &dyn Store, places: &[u64]) -> Result<(), StoreError> {
    // What if we crash in between? The rest is carried over again, and the log drops it.
    sweep::done(store, &outbox(), &head(), places)
}

/// To be put before the session is written: a session that can be used is in the log.
pub(crate) fn put_started(
    store: &dyn Store,
    session: &Session,
    tenant: &Tenant,
    mode: &str,
    consent: bool,
    age_attested: bool,
) -> Result<(), StoreError> {
    let mut details = details([("mode", mode), ("capabilities", &session.capabilities.join(", "))]);
    if consent {
        details.insert("consent".into(), "given".into());
    }
    // That the rule was met and which it was. The age itself is the visitor's own and doesn't belong in a log for good.
    if age_attested {
        details.insert("age".into(), "attested".into());
    }
    for (name, of_link) in [("module", &session.module), ("behavior", &session.behavior)] {
        details.extend(of_link.as_ref().map(|text| (name.to_owned(), text.clone())));
    }
    if let Some(least) = tenant.minimum_age {
        details.insert("minimum_age".into(), least.to_string());
    }
    put(store, session, "SESSION_STARTED", session.created_at, details)
}

/// To be put after the end is written, which says that it is still to be told.
pub(crate) fn put_ended(store: &dyn Store, session: &Session, ending: &Ending) -> Result<(), StoreError> {
    put(store, session, "SESSION_ENDED", ending.at, details([("reason", &ending.reason)]))
}

fn put(
    store: &dyn Store,
    session: &Session,
    event_type: &str,
    at: Millis,
    details: BTreeMap<String, String>,
) -> Result<(), StoreError> {
    let event = Event {
        // Nobody who knows the session can tell its id once the session is forgotten: the token's hash goes with it.
        id: event_id(&[event_type, &session.id, &session.token_sha256]),
        event_type: event_type.into(),
        session: session.id.clone(),
        tenant: session.tenant.clone(),
        company: session.company.clone(),
        channel: session.channel.clone(),
        at,
        details,
    };
    // What if we crash in here? A place without an event, which is passed over; whoever does this again puts the event
    // into another.
    outbox().append(store, &event).map(drop)
}

fn details<const N: usize>(texts: [(&str, &str); N]) -> BTreeMap<String, String> {
    texts.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

fn outbox() -> Log<Event> {
    families::SESSION_EVENT.log(&[])
}

fn head() -> Value<sweep::Head> {
    families::SESSION_EVENT_HEAD.value(&[])
}
