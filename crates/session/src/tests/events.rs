//! What began and ended is told once, whatever fails on the way, and the outbox empties.

use std::{cell::Cell, collections::BTreeMap};

use calendar::{MINUTE, Millis};
use kv_schemas::{Store, StoreError, memory::Memory};
use serde_json::{Value as Json, json};

use super::house::*;
use crate::*;

/// A store of which the write number `failing` fails: applied all the same, or not.
struct Faulty<'a> {
    store: &'a dyn Store,
    writes: Cell<u32>,
    failing: u32,
    applied: bool,
}

impl<'a> Faulty<'a> {
    fn new(store: &'a dyn Store, failing: u32, applied: bool) -> Self {
        Self { store, writes: Cell::new(0), failing, applied }
    }

    fn write<T>(&self, write: impl FnOnce(&dyn Store) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let number = self.writes.replace(self.writes.get() + 1);
        if number != self.failing {
            return write(self.store);
        }
        if self.applied {
            write(self.store)?;
        }
        Err(StoreError::Unavailable("injected".into()))
    }
}

impl Store for Faulty<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.get(key)
    }
    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.write(|store| store.set(key, value))
    }
    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.write(|store| store.delete(key))
    }
    fn exists(&self, key: &str) -> Result<bool, StoreError> {
        self.store.exists(key)
    }
    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError> {
        if delta == 0 { self.store.increment(key, 0) } else { self.write(|store| store.increment(key, delta)) }
    }
}

/// The log: takes each id once.
#[derive(Default)]
struct Log(BTreeMap<String, Event>);

impl Log {
    /// What the maintenance does each time.
    fn carry(&mut self, store: &dyn Store, limit: u32, now: Millis) -> Result<usize, StoreError> {
        let found = events(store, limit, now)?;
        for (_, event) in &found {
            self.0.entry(event.id.clone()).or_insert_with(|| event.clone());
        }
        let places: Vec<u64> = found.iter().map(|(place, _)| *place).collect();
        events_logged(store, &places)?;
        Ok(places.len())
    }

    fn of(&self, session: &str, event_type: &str) -> Option<&Event> {
        let mut all = self.0.values().filter(|event| event.session == session && event.event_type == event_type);
        let first = all.next();
        assert!(all.next().is_none(), "{event_type} of {session} twice");
        first
    }
}

fn waiting(store: &Memory) -> usize {
    let is_slot = |key: &String| key.starts_with("session-event/") && !key.ends_with("/tail");
    store.keys().iter().filter(|key| is_slot(key)).count()
}

fn try_page(store: &dyn Store, at: Millis) -> Result<Opened, Refusal> {
    let caller = admit(store, Some("Bearer tg_pk_a"), Some(HERE))?;
    let ask = parse_ask(&json!({"channel": "widget", "consent": true}))?;
    open(store, at, &caller, &ask, None, &seed(1))
}

#[test]
fn a_session_is_told_when_it_begins_and_when_it_ends() {
    let store = house();
    let mut log = Log::default();
    page(&store, 1, NOW);
    log.carry(&store, 10, NOW).unwrap();
    let started = log.of("ses_1", "SESSION_STARTED").unwrap();
    let token = crate::find(&store, "ses_1").unwrap().unwrap().token_sha256.clone();
    assert_eq!((started.tenant.as_str(), started.company.as_str(), started.channel.as_str()), ("a", "acme", "widget"));
    assert_eq!((started.at, started.id.as_str()), (NOW, &*tenancy::event_id(&["SESSION_STARTED", "ses_1", &token])));
    for (reason, millis) in [("page", 5), ("missed_tick", 6), ("page", 7)] {
        end(&store, "ses_1", reason, NOW.plus(millis)).unwrap();
    }
    assert_eq!(waiting(&store), 1, "once, however many end it");
    log.carry(&store, 10, NOW).unwrap();
    let ended = log.of("ses_1", "SESSION_ENDED").unwrap();
    assert_eq!((ended.at, ended.company.as_str(), ended.channel.as_str()), (NOW.plus(5), "acme", "widget"));
    assert_eq!(ended.details, BTreeMap::from([("reason".to_owned(), "page".to_owned())]));
    assert_eq!((log.0.len(), waiting(&store)), (2, 0));
}

#[test]
fn the_details_say_what_was_attested_but_no_age() {
    let check = |tenant_has: Json, body: Json, details: Json| {
        let store = Memory::default();
        tenant(&store, "a", tenant_has);
        try_open(&store, 1, "tg_sk_a", None, body, NOW).unwrap();
        let found = events(&store, 10, NOW).unwrap();
        assert_eq!(serde_json::to_value(&found[0].1.details).unwrap(), details);
    };
    let few = json!({"capabilities": ["chat", "context"], "consent_required": false});
    check(few.clone(), json!({"channel": "portal"}), json!({"mode": "text", "capabilities": "chat, context"}));
    check(
        few,
        json!({"channel": "portal", "consent": true, "age_attested": 34}),
        json!({"mode": "text", "capabilities": "chat, context", "consent": "given", "age": "attested"}),
    );
    check(
        json!({"minimum_age": 21, "capabilities": ["speech"]}),
        json!({"channel": "portal", "consent": true, "age_attested": 34}),
        json!({"mode": "full", "capabilities": "speech", "consent": "given", "age": "attested", "minimum_age": "21"}),
    );
}

/// Opens, ends and tells with one failing write; then everybody does again what they do in any case.
#[test]
fn whichever_write_fails_nothing_is_lost_and_nothing_told_twice() {
    for applied in [false, true] {
        let mut failing = 0;
        loop {
            let at = format!("write {failing} fails, applied: {applied}");
            let memory = house();
            let store = Faulty::new(&memory, failing, applied);
            let mut log = Log::default();
            // The page tries again, with the same seed, as with an idempotency key.
            let opened = try_page(&store, NOW).or_else(|_| try_page(&store, NOW.plus(1)));
            assert!(opened.is_ok(), "{at}");
            let _lost = log.carry(&store, 10, NOW.plus(2));
            // Its page ends it and does not come back when that fails; the sweep finds it.
            let ended = end(&store, "ses_1", "page", NOW.plus(3));
            let _lost = log.carry(&store, 10, NOW.plus(4));
            let noticed = record::ending("ses_1").get(&memory).unwrap();
            if ended.is_ok() {
                assert_eq!(noticed.as_ref().map(|ending| ending.reason.as_str()), Some("page"), "{at}");
            }
            for minutes in 1..=20 {
                let now = NOW.plus(minutes * MINUTE);
                for id in overdue(&store, 10, now).unwrap_or_default() {
                    let _lost = end(&store, &id, "missed_tick", now);
                }
                let _lost = log.carry(&store, 10, now);
            }
            let started = log.of("ses_1", "SESSION_STARTED").unwrap_or_else(|| panic!("no start: {at}"));
            assert_eq!(started.session, "ses_1");
            let ending = record::ending("ses_1").get(&memory).unwrap().unwrap();
            let told = log.of("ses_1", "SESSION_ENDED").unwrap_or_else(|| panic!("no end: {at}"));
            assert_eq!((told.details["reason"].as_str(), told.at), (ending.reason.as_str(), ending.at), "{at}");
            assert!(!ending.untold, "{at}");
            if let Some(noticed) = noticed {
                assert_eq!(noticed.reason, ending.reason, "the first reason stays: {at}");
            }
            assert_eq!((log.0.len(), waiting(&memory)), (2, 0), "{at}");
            let idle = memory.dump();
            assert_eq!(log.carry(&memory, 10, NOW.plus(40 * MINUTE)), Ok(0), "{at}");
            assert_eq!(log.carry(&memory, 10, NOW.plus(80 * MINUTE)), Ok(0), "{at}");
            assert_eq!(memory.dump().len(), idle.len(), "an empty outbox is left alone: {at}");
            if store.writes.get() <= failing {
                break;
            }
            failing += 1;
        }
        assert!(failing > 12, "{failing} writes were tried");
    }
}

#[test]
fn no_session_is_there_without_its_start() {
    for applied in [false, true] {
        for failing in 0..20 {
            let memory = house();
            let store = Faulty::new(&memory, failing, applied);
            // The page doesn't come back.
            let opened = try_page(&store, NOW);
            let mut log = Log::default();
            log.carry(&memory, 10, NOW).unwrap();
            let is_there = find(&memory, "ses_1").unwrap().is_some();
            let is_told = log.of("ses_1", "SESSION_STARTED").is_some();
            assert!(is_told || !is_there, "write {failing} fails, applied: {applied}");
            assert!(is_there || opened.is_err());
        }
    }
}

#[test]
fn a_place_that_is_never_written_keeps_nobody_waiting() {
    let store = house();
    let mut log = Log::default();
    // Crashed between taking the place and writing it.
    store.increment("session-event/tail", 1).unwrap();
    page(&store, 1, NOW);
    assert_eq!(log.carry(&store, 10, NOW), Ok(1), "what comes after it is told at once");
    for seconds in [1, 31, 62, 93] {
        assert_eq!(log.carry(&store, 10, NOW.plus(seconds * 1_000)), Ok(0));
    }
    let head = String::from_utf8(store.get("session-event-head").unwrap().unwrap()).unwrap();
    assert!(head.contains("\"first\":3"), "both places are behind it: {head}");
}

#[test]
fn a_writer_who_is_slow_is_still_told() {
    let store = house();
    let mut log = Log::default();
    store.increment("session-event/tail", 1).unwrap();
    page(&store, 1, NOW);
    log.carry(&store, 10, NOW).unwrap();
    log.carry(&store, 10, NOW.plus(WRITE_MS)).unwrap();
    // As late as it may be: its store refuses everything after that.
    let event = Event { id: "evt_late".into(), ..log.of("ses_1", "SESSION_STARTED").unwrap().clone() };
    store.set("session-event/1", &serde_json::to_vec(&event).unwrap()).unwrap();
    log.carry(&store, 10, NOW.plus(WRITE_MS + 1)).unwrap();
    assert!(log.0.contains_key("evt_late"));
}

#[test]
fn many_events_are_told_in_bounded_steps_and_in_order() {
    let store = house();
    let mut log = Log::default();
    for n in 1..=50 {
        page(&store, n, NOW);
        end(&store, &format!("ses_{n}"), "page", NOW).unwrap();
    }
    let first: Vec<String> = events(&store, 3, NOW).unwrap().into_iter().map(|(_, event)| event.event_type).collect();
    assert_eq!(first, ["SESSION_STARTED", "SESSION_ENDED", "SESSION_STARTED"]);
    // What was not said to be logged comes again.
    let mut rounds = 0;
    while waiting(&store) > 0 {
        assert!(log.carry(&store, 7, NOW).unwrap() <= 7);
        rounds += 1;
        assert!(rounds < 40);
    }
    assert_eq!(log.0.len(), 100);
}

#[test]
fn an_end_that_was_noted_but_not_told_is_found_by_the_sweep() {
    let store = house();
    page(&store, 1, NOW);
    let session = find(&store, "ses_1").unwrap().unwrap();
    // Crashed right after the end was noted.
    let ending = Ending { reason: "page".into(), at: NOW.plus(1), untold: true };
    record::ending("ses_1").set(&store, &ending).unwrap();
    assert!(matches!(state(&store, &session, NOW.plus(2)).unwrap(), State::Ended(_)));
    assert_eq!(overdue(&store, 10, NOW.plus(2)).unwrap(), ["ses_1"]);
    end(&store, "ses_1", "missed_tick", NOW.plus(3)).unwrap();
    assert_eq!(overdue(&store, 10, NOW.plus(4)).unwrap(), Vec::<String>::new());
    let mut log = Log::default();
    log.carry(&store, 10, NOW.plus(4)).unwrap();
    let told = log.of("ses_1", "SESSION_ENDED").unwrap();
    assert_eq!((told.details["reason"].as_str(), told.at), ("page", NOW.plus(1)));
}
