//! `POST /v1/privacy/exports`: all that is kept of one person, page by page.
//!
//! The first page has sessions and consents; what happened in the sessions (the tenant's feed of the last days, then the
//! log) may take several, since both are looked through for them.

use std::collections::BTreeSet;

use audit::{Filter, Position, Selection, Snapshot, View};
use calendar::{HOUR, Millis};
use compliance::{Whose, sessions_of};
use kv_schemas::StoreError;
use serde::Serialize;
use serde_json::{Value as Json, json};
use shell::{Call, KeyValue, Problem, Reply, host, offline};
use twins::Consent;

use super::people;
use crate::refuse;

/// Sessions of one person that are looked for.
const MAX_SESSIONS: u64 = 1_000;
/// Stretches of feed and log that one page looks through.
const STRETCHES: u32 = 5;
/// Entries of the log in one stretch.
const STRETCH: usize = 1_000;
/// Entries shown on one page, and as many more as one stretch has.
const MAX_ENTRIES: usize = 500;
/// An entry may be listed so much earlier than the times beside it say.
const SLACK_MS: u64 = HOUR;

/// One page.
#[derive(Serialize)]
struct Page {
    tenant_id: String,
    exported_at: String,
    sessions: Vec<Json>,
    /// Whether there are more sessions than are looked for.
    truncated: bool,
    consents: Vec<Json>,
    /// Of the tenant's feed.
    events: Vec<Json>,
    /// Of the log.
    entries: Vec<View>,
    next_cursor: Option<String>,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// After this place of the feed.
    Feed(u64),
    /// From this position of the tenant's log.
    Log(u64),
}

/// `POST /v1/privacy/exports`
pub async fn make(call: &Call, store: &KeyValue, tenant: &str) -> Result<Reply, Problem> {
    let body: Json = call.json()?;
    let whose = Whose::parse(&body, &["cursor"]).map_err(refuse::invalid)?;
    let from = Place::read(body.get("cursor"))
        .ok_or_else(|| Problem::invalid("cursor", "must be the next_cursor of an earlier page"))?;
    let vault = host::vault().await?;
    let failed = |error: StoreError| offline(&error);
    let now = host::now();
    let (sessions, truncated) = match &whose {
        Whose::Session(session) => (vec![(session.clone(), None)], false),
        Whose::User(user) => {
            let key = people::key(store, &vault)?;
            let found = sessions_of(store, &key, tenant, user, now, MAX_SESSIONS).map_err(failed)?;
            (found.sessions.into_iter().map(|found| (found.session, Some(found.at))).collect(), found.more)
        }
        Whose::Subject(_) => (Vec::new(), false),
    };
    let consents = match &whose {
        Whose::Subject(subject) if from.is_none() => people::consents(store, &vault, tenant, subject)?
            .iter()
            .map(|consent| shown_consent(consent, subject))
            .collect(),
        _ => Vec::new(),
    };
    let mut page = Page {
        tenant_id: tenant.to_owned(),
        exported_at: now.to_string(),
        sessions: Vec::new(),
        truncated,
        consents,
        events: Vec::new(),
        entries: Vec::new(),
        next_cursor: None,
    };
    if from.is_none() {
        for (session, at) in &sessions {
            page.sessions.extend(shown_session(store, tenant, session, *at, now).map_err(failed)?);
        }
    }
    let next = page.look(store, &sessions, from.unwrap_or(Place::Feed(0))).map_err(failed)?;
    page.next_cursor = next.map(Place::write);
    Ok(Reply::json(200, &page))
}

impl Page {
    /// Looks through a few stretches of feed and log; gives where to go on.
    fn look(
        &mut self,
        store: &KeyValue,
        sessions: &[(String, Option<Millis>)],
        from: Place,
    ) -> Result<Option<Place>, StoreError> {
        let ids: BTreeSet<&str> = sessions.iter().map(|(session, _)| session.as_str()).collect();
        if ids.is_empty() {
            return Ok(None);
        }
        let mut place = from;
        let mut log = None;
        for _ in 0..STRETCHES {
            place = match place {
                Place::Feed(after) => {
                    let found = events::of_sessions(store, &self.tenant_id, after, |session| ids.contains(session))?;
                    self.events.extend(found.events.iter().map(|(_, event)| event.told()));
                    match found.next {
                        Some(next) => Place::Feed(next),
                        None => {
                            let log = log.insert(Snapshot::take(store, Filter::Tenant(self.tenant_id.clone()))?);
                            Place::Log(beginning(store, log, sessions)?)
                        }
                    }
                }
                Place::Log(position) => {
                    let log = match &mut log {
                        Some(log) => log,
                        none => none.insert(Snapshot::take(store, Filter::Tenant(self.tenant_id.clone()))?),
                    };
                    let (found, next) = log.span(store, &Selection::default(), Position(position), STRETCH)?;
                    let is_theirs = |item: &&audit::Item| {
                        let session = item.opening.as_ref().and_then(|opening| opening.session_id.as_deref());
                        session.is_some_and(|session| ids.contains(session))
                    };
                    self.entries.extend(found.iter().filter(is_theirs).map(audit::Item::view));
                    match next {
                        Some(next) => Place::Log(next.0),
                        None => return Ok(None),
                    }
                }
            };
            if self.entries.len() >= MAX_ENTRIES {
                break;
            }
        }
        Ok(Some(place))
    }
}

/// Where the log may first tell of these sessions: of one whose time isn't known, at its beginning.
fn beginning(store: &KeyValue, log: &Snapshot, sessions: &[(String, Option<Millis>)]) -> Result<u64, StoreError> {
    let mut first = Millis(u64::MAX);
    for (session, at) in sessions {
        let at = match at {
            Some(at) => Some(*at),
            None => session::find(store, session)?.map(|session| session.created_at),
        };
        match at {
            Some(at) => first = first.min(at),
            None => return Ok(0),
        }
    }
    let wanted = Millis(first.0.saturating_sub(SLACK_MS));
    let (mut low, mut high) = (0, log.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let (found, _) = log.span(store, &Selection::default(), Position(middle), 1)?;
        match found.first() {
            Some(item) if item.entry.at_ms < wanted => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

impl Place {
    /// `Some(None)` is the first page.
    fn read(cursor: Option<&Json>) -> Option<Option<Self>> {
        let text = match cursor {
            None | Some(Json::Null) => return Some(None),
            Some(cursor) => cursor.as_str()?,
        };
        let number = |digits: &str| digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
        match (text.strip_prefix('f'), text.strip_prefix('e')) {
            (Some(digits), _) => Some(Some(Self::Feed(number(digits)?))),
            (None, Some(digits)) => Some(Some(Self::Log(number(digits)?))),
            (None, None) => None,
        }
    }

    fn write(self) -> String {
        match self {
            Self::Feed(after) => format!("f{after}"),
            Self::Log(position) => format!("e{position}"),
        }
    }
}

/// Of one that is forgotten, only that it was.
fn shown_session(
    store: &KeyValue,
    tenant: &str,
    id: &str,
    at: Option<Millis>,
    now: Millis,
) -> Result<Option<Json>, StoreError> {
    match session::view(store, tenant, id, now) {
        Ok(view) => Ok(Some(json!({
            "id": view.session.id,
            "opened_at": view.session.created_at.to_string(),
            "expires_at": view.session.expires_at.to_string(),
            "channel": view.session.channel,
            "origin": view.session.origin,
            "capabilities": view.session.capabilities,
            "module": view.session.module,
            "behavior": view.session.behavior,
            "status": view.status,
            "ended_by": view.ended_by,
        }))),
        Err(session::Refusal::Store(error)) => Err(error),
        Err(_) => Ok(at.map(|at| json!({ "id": id, "opened_at": at.to_string() }))),
    }
}

fn shown_consent(consent: &Consent, subject: &str) -> Json {
    json!({
        "id": consent.id,
        "subject": subject,
        "purpose": consent.purpose,
        "given_at": consent.given_at.to_string(),
        "evidence_sha256": consent.evidence_sha256,
        "recorded_at": consent.recorded_at.to_string(),
        "revoked_at": consent.revoked_at.map(|at| at.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twn_5_a_cursor_is_one_of_ours() {
        let check = |text: Json, read: Option<Option<Place>>| assert_eq!(Place::read(Some(&text)), read, "{text}");
        check(Json::Null, Some(None));
        check(json!("f7"), Some(Some(Place::Feed(7))));
        check(json!("e0"), Some(Some(Place::Log(0))));
        for bad in [json!(""), json!("f"), json!("e-1"), json!("x7"), json!(7), json!("e99999999999999999999999")] {
            check(bad, None);
        }
        assert_eq!(Place::read(None), Some(None));
        for place in [Place::Feed(7), Place::Log(9)] {
            assert_eq!(Place::read(Some(&json!(place.write()))), Some(Some(place)));
        }
    }
}
