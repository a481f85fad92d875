//! The life of a session.
//!
//! ```text
//!   active --page says so--> ended (page)
//!     |----a tick is overdue--> ended (missed_tick)
//!     |----its key or tenant is gone, or the consent to its twin--> ended (revoked)
//!     +----15 minutes--> expired
//! ```
//! All but the first hold from the moment they are true, whether or not anybody has noted them: a session that missed
//! its tick opens nothing, even before the sweep comes by.

use std::rc::Rc;

use calendar::Millis;
use kv_schemas::{Memo, Store, StoreError};
use tenancy::{Access, find_access, find_key};

use crate::{
    Refusal, Session, events,
    record::{self, Ending},
};

/// What a session is now.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// It may be used; with its tenant as it is now.
    Active(Rc<Access>),
    /// It has ended and that is noted.
    Ended(Ending),
    /// It has ended and nobody has noted it yet: `expired`, `missed_tick` or `revoked`.
    Lapsed(&'static str),
}

impl State {
    /// Why it may not be used.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        let reason = match self {
            Self::Active(_) => return None,
            Self::Ended(ending) => ending.reason.as_str(),
            Self::Lapsed(reason) => reason,
        };
        Some(match reason {
            "expired" => Refusal::unauthenticated("session_expired", "The session has expired."),
            "revoked" => Refusal::unauthenticated("session_revoked", "The session was revoked by its tenant."),
            _ => Refusal::unauthenticated("session_ended", "The session has ended."),
        })
    }
}

/// Reads a session's state.
pub fn state(store: &dyn Store, session: &Session, now: Millis) -> Result<State, StoreError> {
    if let Some(ending) = record::ending(&session.id).get(store)? {
        return Ok(State::Ended(ending));
    }
    if let Some((reason, _)) = timed_out(session, record::due(&session.id).get(store)?, now) {
        return Ok(State::Lapsed(reason));
    }
    let tenant = find_access(store, &session.tenant)?;
    let key = find_key(store, &session.key_sha256)?;
    Ok(match (tenant, key) {
        (Some(tenant), Some(key)) if key.tenant == tenant.id && !is_revoked(&tenant, session) => State::Active(tenant),
        _ => State::Lapsed("revoked"),
    })
}

/// Why its time is up, and since when: a missed tick ends it before it would expire.
pub(crate) fn timed_out(session: &Session, due: Option<Millis>, now: Millis) -> Option<(&'static str, Millis)> {
    match due.filter(|due| *due < now && *due < session.expires_at) {
        Some(due) => Some(("missed_tick", due)),
        None => (now >= session.expires_at).then_some(("expired", session.expires_at)),
    }
}

/// Its tenant's twin is retired, or the person it is of has taken their consent back.
pub(crate) fn is_revoked(tenant: &Access, session: &Session) -> bool {
    tenant.twin.as_ref().is_some_and(|twin| twin.has_ended(session.created_at))
}

/// Finds a session.
pub fn find(store: &dyn Store, id: &str) -> Result<Option<Rc<Session>>, StoreError> {
    thread_local!(static SESSIONS: Memo<Session> = const { Memo::new(8) });
    record::session(id).get_memo(store, &SESSIONS)
}

/// What a session looks like from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The session.
    pub session: Session,
    /// `active`, `ended` or `expired`.
    pub status: &'static str,
    /// Why, unless it is active.
    pub ended_by: Option<String>,
}

/// Looks a session up for a verified caller of `tenant`; the operator's tenant is the empty one and sees all.
pub fn view(store: &dyn Store, tenant: &str, id: &str, now: Millis) -> Result<View, Refusal> {
    let session = find(store, id)?.filter(|s| tenant.is_empty() || s.tenant == tenant).ok_or(Refusal::NotFound)?;
    let (status, ended_by) = match state(store, &session, now)? {
        State::Active(_) => ("active", None),
        State::Ended(ending) if ending.reason == "expired" => ("expired", Some(ending.reason)),
        State::Lapsed("expired") => ("expired", Some("expired".into())),
        State::Ended(ending) => ("ended", Some(ending.reason)),
        State::Lapsed(reason) => ("ended", Some(reason.into())),
    };
    Ok(View { session: Rc::unwrap_or_clone(session), status, ended_by })
}

/// Notes that the next tick is due within `within_ms`. Idempotent; refused once the session has ended.
pub fn touch(store: &dyn Store, id: &str, within_ms: u64, now: Millis) -> Result<(), Refusal> {
    let session = find(store, id)?.ok_or(Refusal::NotFound)?;
    if let Some(refusal) = state(store, &session, now)?.refusal() {
        return Err(refusal);
    }
    // One write. Two ticks at once leave the due time of one of them: both are right.
    record::due(id).set(store, &now.plus(within_ms))?;
    Ok(())
}

/// Ends a session for good, and tells the log. Idempotent: the first reason stays, and what had ended it before anybody
/// noted it goes first.
pub fn end(store: &dyn Store, id: &str, reason: &str, now: Millis) -> Result<(), Refusal> {
    let session = find(store, id)?.ok_or(Refusal::NotFound)?;
    let reason = match state(store, &session, now)? {
        State::Ended(ending) => return tell(store, &session, ending),
        State::Lapsed(cause) => cause,
        State::Active(_) => reason,
    };
    let reason = reason.chars().filter(|c| c.is_ascii_lowercase() || *c == '_').take(40).collect();
    let first = record::ender(id).win(store)?;
    // What if the first one crashes here? The session is still open, and whoever ends it next writes the reason: coming
    // second and finding none is how that is noticed.
    let noted = if first { None } else { record::ending(id).get(store)? };
    let ending = match noted {
        Some(ending) => ending,
        None => {
            let ending = Ending { reason, at: now, untold: true };
            record::ending(id).set(store, &ending)?;
            ending
        }
    };
    tell(store, &session, ending)
}

/// Puts a noted end into the outbox, unless that is done. What if we crash before, or after it? The record still says that
/// it is to be told: whoever ends the session next does it, the sweep if nobody else; the log takes it once.
fn tell(store: &dyn Store, session: &Session, ending: Ending) -> Result<(), Refusal> {
    if ending.untold {
        events::put_ended(store, session, &ending)?;
        record::ending(&session.id).set(store, &Ending { untold: false, ..ending })?;
    }
    Ok(())
}
