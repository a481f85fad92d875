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
    let mut logged = Vec::new();
    let mut failure = None;
    for event in sessions::events(BATCH).map_err(refused)? {
        let place = event.place;
        let told = tell(store, &event).map_err(|error| error.to_string());
        match told.and_then(|()| audit::append(&entry(event)).map_err(|failure| failure.message)) {
            Ok(_) => logged.push(place),
            // The others would fail as well, and wait as this one does.
            Err(why) => {
                failure = Some(why);
                break;
            }
        }
    }
    if !logged.is_empty() {
        sessions::events_logged(&logged).map_err(refused)?;
    }
    match failure {
        None => Ok(logged.len() as u64),
        Some(why) => {
            eprintln!("events of sessions: {why}");
            Err(Problem::offline())
        }
    }
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

    #[test]
    fn what_the_feed_has_a_name_for_is_told() {
        let event = |event_type: &str| SessionEvent {
            place: 3,
            id: "evt_1".into(),
            event_type: event_type.into(),
            tenant: "demo".into(),
            company: "acme".into(),
            session: "ses_1".into(),
            channel: "widget".into(),
            at_ms: 7,
            details: vec![("reason".into(), "page".into())],
        };
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
