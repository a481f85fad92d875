//! Sessions that began and ended: carried from where they wait into the log, which the leaf that knows them can't reach.
//!
//! | effect | a crash after it leaves |
//! |---|---|
//! | events read | the same events, for the next run |
//! | event appended to the log | the event is given again, and the log drops the second one by its id |
//! | told that it is logged | nothing to do |

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
pub fn log_waiting() -> Result<u64, Problem> {
    let mut logged = Vec::new();
    let mut failure = None;
    for event in sessions::events(BATCH).map_err(refused)? {
        let place = event.place;
        match audit::append(&entry(event)) {
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
            eprintln!("audit: {}", why.message);
            Err(Problem::offline())
        }
    }
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
