//! The list of sessions, newest first: for the tenant's server its own, for the operator everybody's.
//!
//! It walks the list of all sessions from its tail, which others append to at the same time: a page says before which
//! place the next one begins, so nobody who comes in moves what is still to be shown. One page looks at [`MAX_PLACES`]
//! places at most, whoever they belong to.

use calendar::Millis;
use kv_schemas::{Slot, Store, StoreError};
use serde::Serialize;
use tenancy::Invalid;

use crate::{
    Refusal, Session,
    record::{self, Ending, LIFETIME, Listed},
    revoked::Revoked,
    state::timed_out,
    sweep,
};

/// The most places that one page looks at.
pub const MAX_PLACES: u64 = 2_000;

/// Which sessions are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those that may be used.
    Open,
    /// Those that may not be used any more, whether or not anybody has noted it.
    Ended,
    /// Both.
    All,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Whose; `None` for everybody's. Its tenant may be gone.
    pub tenant: Option<String>,
    /// In which state.
    pub which: Which,
    /// At most so many.
    pub limit: usize,
    /// The [`Page::next_cursor`] of an earlier page.
    pub cursor: Option<String>,
}

/// A session as the list shows it. Holds no secret and no hash of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// `ses_...`
    pub id: String,
    /// Whose it is.
    pub tenant_id: String,
    /// Who owned the tenant when it was opened.
    pub company: String,
    /// One of the tenant's channels.
    pub channel: String,
    /// What the tenant had when it was opened.
    pub capabilities: Vec<String>,
    /// The module of the link that it was opened by.
    pub module: Option<String>,
    /// Where the page is; `None` when the tenant's server opened it.
    pub origin: Option<String>,
    /// `open` or `ended`.
    pub state: &'static str,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// When it ends by itself, or would have.
    pub expires_at: String,
    /// When it ended; `None` while it is open, and where what it rested on is gone and nobody has noted yet since when.
    pub ended_at: Option<String>,
    /// `page`, `missed_tick`, `revoked`, `expired`; `None` while it is open.
    pub end_reason: Option<String>,
    /// When its last tick said that the next is due; `None` where none came.
    pub last_tick_due: Option<String>,
}

/// Some sessions, newest first. There may be fewer than asked for, even none, though there is more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct Page {
    /// The sessions.
    pub sessions: Vec<Listing>,
    /// Where to go on; `None` at the end of the list.
    pub next_cursor: Option<String>,
}

/// A page of the list.
///
/// # Errors
/// The cursor is of no earlier page, or the store can't be reached.
pub fn list(store: &dyn Store, now: Millis, asked: &Asked) -> Result<Page, Refusal> {
    let log = record::all();
    let tail = log.tail(store)?;
    let last = match &asked.cursor {
        None => tail,
        Some(text) => before(text, tail).ok_or_else(|| Invalid::new("cursor", NO_CURSOR))?.saturating_sub(1),
    };
    // Up to here the sweep has forgotten all. It may say so late: then some places are looked at for nothing.
    let end = sweep::forgotten(store)?.saturating_add(1);
    let first = last.saturating_sub(MAX_PLACES).saturating_add(1).max(end);
    let mut page = Page::default();
    let mut revoked = Revoked::default();
    for index in (first..=last).rev() {
        if page.sessions.len() >= asked.limit {
            page.next_cursor = Some(cursor(index.saturating_add(1)));
            return Ok(page);
        }
        // Being opened just now, never opened, or forgotten.
        let Slot::Entry(place) = log.get(store, index)? else { continue };
        if asked.which == Which::Open && is_past(&place, now) {
            return Ok(page);
        }
        page.sessions.extend(look(store, &place, asked, now, &mut revoked)?);
    }
    page.next_cursor = (first > end).then(|| cursor(first));
    Ok(page)
}

const NO_CURSOR: &str = "must be the next_cursor of an earlier page of this list";

/// Places before `place` are next. Marked, so that cursors of other lists aren't taken for this one's.
fn cursor(place: u64) -> String {
    format!("s{place}")
}

fn before(text: &str, tail: u64) -> Option<u64> {
    let place = text.strip_prefix('s')?.parse().ok()?;
    // Exactly as it was given, and of a place that was there to be given.
    ((2..=tail).contains(&place) && cursor(place) == text).then_some(place)
}

/// Neither this one nor any before it can be open. Nodes' clocks differ by less than that.
fn is_past(place: &Listed, now: Millis) -> bool {
    now.since(place.at) >= LIFETIME.saturating_mul(2)
}

fn look(
    store: &dyn Store,
    place: &Listed,
    asked: &Asked,
    now: Millis,
    revoked: &mut Revoked,
) -> Result<Option<Listing>, StoreError> {
    let foreign = |tenant: &str| asked.tenant.as_deref().is_some_and(|wanted| wanted != tenant);
    if place.tenant.as_deref().is_some_and(foreign) {
        return Ok(None);
    }
    let noted = record::ending(&place.id).get(store)?;
    if noted.is_some() && asked.which == Which::Open {
        return Ok(None);
    }
    // None: not written yet, never written, or erased.
    let Some(session) = record::session(&place.id).get(store)? else { return Ok(None) };
    // Who opens with the same seed again takes another place: the session stands at that of its latest opening.
    if session.created_at != place.at || foreign(&session.tenant) {
        return Ok(None);
    }
    let due = record::due(&place.id).get(store)?;
    let end = match noted {
        Some(ending) => Some(End::noted(ending, &session, due)),
        None => match timed_out(&session, due, now) {
            Some((reason, at)) => Some(End { reason: reason.into(), at: Some(at) }),
            None => revoked.is(store, &session)?.then(|| End { reason: "revoked".into(), at: None }),
        },
    };
    let is_wanted = match asked.which {
        Which::Open => end.is_none(),
        Which::Ended => end.is_some(),
        Which::All => true,
    };
    Ok(is_wanted.then(|| shown(session, due, end)))
}

/// How a session ended.
struct End {
    reason: String,
    at: Option<Millis>,
}

impl End {
    /// A time that was up is noted when somebody comes by, which may be long after, where nobody could: it is the time that counts.
    fn noted(ending: Ending, session: &Session, due: Option<Millis>) -> Self {
        let missed = due.filter(|_| ending.reason == "missed_tick").unwrap_or(session.expires_at);
        Self { at: Some(ending.at.min(session.expires_at).min(missed)), reason: ending.reason }
    }
}

fn shown(session: Session, due: Option<Millis>, end: Option<End>) -> Listing {
    Listing {
        id: session.id,
        tenant_id: session.tenant,
        company: session.company,
        channel: session.channel,
        capabilities: session.capabilities,
        module: session.module,
        origin: session.origin,
        state: if end.is_some() { "ended" } else { "open" },
        created_at: session.created_at.to_string(),
        expires_at: session.expires_at.to_string(),
        ended_at: end.as_ref().and_then(|end| end.at).map(|at| at.to_string()),
        end_reason: end.map(|end| end.reason),
        last_tick_due: due.map(|due| due.to_string()),
    }
}
