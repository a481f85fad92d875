//! Sessions that began and ended: carried from where they wait into the log, which the leaf that knows them can't reach,
//! and into the tenant's feed of events.
//!
//! | effect | a crash after it leaves |
//! |---|---|
//! | events read | the same events, for the next run |
//! | event told in the feed | the event is given again, and the feed knows it by its id |
//! | event appended to the log | the event is given again, and the log drops the second one by its id |
//! | told that it is logged | nothing to do |

use calendar::Millis;
use events::Event;
use kv_schemas::{Store, StoreError};
use serde_json::{Value as Json, json};
use shell::Problem;

use crate::{
    bindings::{
        audit,
        sessions::{self, SessionEvent},
    },
    problems::refused,
};

/// Events that one run carries over.
const BATCH: u32 = 500;

/// Carries events over, and gives how many.
pub fn log_waiting(store: &dyn Store) -> Result<u64, Problem> {
    let waiting = sessions::events(BATCH).map_err(refused)?;
    let append = |entry: &audit::Entry| audit::append(entry).map(drop).map_err(|failure| failure.message);
    let (logged, failure) = carry(waiting, |event| tell(store, event), append);
    if !logged.is_empty() {
        sessions::events_logged(&logged).map_err(refused)?;
    }
    match failure {
        None => Ok(logged.len() as u64),
        Some(why) => {
            shell::warn!("events_of_sessions", error = why);
            Err(Problem::offline())
        }
    }
}

/// The places of those that are carried over, and why the first one of the others is not.
fn carry(
    waiting: Vec<SessionEvent>,
    tell: impl Fn(&SessionEvent) -> Result<(), StoreError>,
    append: impl Fn(&audit::Entry) -> Result<(), String>,
) -> (Vec<u64>, Option<String>) {
    let (mut logged, mut failure) = (Vec::new(), None);
    for event in waiting {
        let place = event.place;
        match tell(&event) {
            Ok(()) => {}
            // One tenant's feed: it waits, and the others don't.
            Err(error @ StoreError::Corrupt { .. }) => {
                failure.get_or_insert(format!("{} of {}: {error}", event.id, event.tenant));
                continue;
            }
            // The others would fail as well, and wait as this one does.
            Err(error @ StoreError::Unavailable(_)) => return (logged, Some(error.to_string())),
        }
        match append(&entry(event)) {
            Ok(()) => logged.push(place),
            // All share one log.
            Err(why) => return (logged, Some(why)),
        }
    }
    (logged, failure)
}

/// To the tenant's server, and to the page while it is there.
fn tell(store: &dyn Store, event: &SessionEvent) -> Result<(), StoreError> {
    match told(event) {
        Some(told) => events::emit(store, &event.tenant, &told),
        None => Ok(()),
    }
}

/// None of what the feed has no name for.
fn told(event: &SessionEvent) -> Option<Event> {
    let kind = match event.event_type.as_str() {
        "SESSION_STARTED" => "session.started",
        "SESSION_ENDED" => "session.ended",
        _ => return None,
    };
    let mut data = json!({ "session": event.session, "channel": event.channel });
    for (name, text) in &event.details {
        data[name] = Json::String(text.clone());
    }
    Some(Event::new(kind, &event.id, Millis(event.at_ms), Some(&event.session), data))
}

/// It costs nothing, uses nothing and belongs to no vendor.
fn entry(event: SessionEvent) -> audit::Entry {
    audit::Entry {
        tenant: event.tenant,
        company: event.company,
        event_type: event.event_type,
        provider: String::new(),
        model: String::new(),
        units: 0,
        unit_type: String::new(),
        cost_nanos: 0,
        limit_check_id: event.id,
        session: Some(event.session),
        request_id: String::new(),
        channel: event.channel,
        capability: String::new(),
        settlement: String::new(),
        at_ms: event.at_ms,
        details: event.details,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(event_type: &str) -> SessionEvent {
        SessionEvent {
            place: 3,
            id: "evt_1".into(),
            event_type: event_type.into(),
            tenant: "demo".into(),
            company: "acme".into(),
            session: "ses_1".into(),
            channel: "widget".into(),
            at_ms: 7,
            details: vec![("reason".into(), "page".into())],
        }
    }

    #[test]
    fn a_feed_that_cannot_be_read_holds_back_its_own_events() {
        let check = |feed: Option<StoreError>, log: Result<(), &str>, expected: &[u64], failed: bool| {
            let waiting = [(1, "other"), (2, "broken"), (3, "other"), (4, "broken"), (5, "third")];
            let waiting = waiting.map(|(place, tenant)| {
                let event = event("SESSION_STARTED");
                SessionEvent { place, tenant: tenant.into(), ..event }
            });
            let tell = |event: &SessionEvent| match &feed {
                Some(error) if event.tenant == "broken" => Err(error.clone()),
                _ => Ok(()),
            };
            let append = |_: &audit::Entry| log.map_err(str::to_owned);
            let (logged, failure) = carry(waiting.into(), tell, append);
            assert_eq!((logged.as_slice(), failure.is_some()), (expected, failed), "{feed:?} {failure:?}");
        };
        let corrupt = StoreError::Corrupt { key: "feed/broken/tail".into(), reason: "no number".into() };
        check(None, Ok(()), &[1, 2, 3, 4, 5], false);
        check(Some(corrupt), Ok(()), &[1, 3, 5], true);
        check(Some(StoreError::Unavailable("gone".into())), Ok(()), &[1], true);
        check(None, Err("no log"), &[], true);
    }

    #[test]
    fn what_the_feed_has_a_name_for_is_told() {
        let check = |event_type: &str, kind: Option<&str>| {
            assert_eq!(told(&event(event_type)).map(|event| event.kind).as_deref(), kind, "{event_type}");
        };
        check("SESSION_STARTED", Some("session.started"));
        check("SESSION_ENDED", Some("session.ended"));
        check("SESSION_SOMETHING", None);
        let told = told(&event("SESSION_ENDED")).unwrap();
        assert_eq!((told.session.as_deref(), told.at), (Some("ses_1"), Millis(7)));
        assert_eq!(told.data, json!({"session": "ses_1", "channel": "widget", "reason": "page"}));
    }

    #[test]
    fn an_event_is_an_entry_of_its_session_that_costs_nothing() {
        let entry = entry(SessionEvent {
            place: 3,
            id: "evt_1".into(),
            event_type: "SESSION_ENDED".into(),
            tenant: "demo".into(),
            company: "acme".into(),
            session: "ses_1".into(),
            channel: "widget".into(),
            at_ms: 7,
            details: vec![("reason".into(), "page".into())],
        });
        assert_eq!((entry.cost_nanos, entry.units, entry.at_ms), (0, 0, 7));
        let texts = [&entry.tenant, &entry.company, &entry.event_type, &entry.limit_check_id, &entry.channel];
        assert_eq!(texts, ["demo", "acme", "SESSION_ENDED", "evt_1", "widget"]);
        assert_eq!((entry.session.as_deref(), entry.details.len()), (Some("ses_1"), 1));
        for text in [entry.provider, entry.model, entry.unit_type, entry.capability, entry.settlement, entry.request_id]
        {
            assert_eq!(text, "");
        }
    }
}
