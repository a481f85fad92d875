//! A store with one live session in it, events that vendors send, and who works on them.

use std::cell::{Cell, RefCell};

use calendar::Millis;
use kv_schemas::{Store, StoreError, families, memory::Memory};
use webhooks::ingest::{
    Answer, Books, Bounds, Delivery, Desk, Effect, Ended, Event, Failure, LiveReport, Origin, Stored, Usage, Worked,
    kept_headers, receive, stored,
};

pub const NOW: Millis = Millis(1_795_165_200_000);
pub const BODY: &[u8] = br#"{"conversation_id":"c1"}"#;
pub const ALL: Bounds = Bounds { events: 200, millis: 10_000, lines: 1_000, slots: 4_096 };

pub fn origin(live: Option<&str>) -> Origin {
    Origin {
        tenant: "demo".into(),
        provider: "tavus".into(),
        verified_by: "callback-token".into(),
        live: live.map(str::to_owned),
    }
}

pub fn ended(vendor_id: &str) -> Result<Event, String> {
    ended_at(vendor_id, None)
}

pub fn ended_at(vendor_id: &str, at: Option<u64>) -> Result<Event, String> {
    event(Effect::LiveEnded(Ended { vendor_id: vendor_id.into(), at: at.map(Millis) }))
}

pub fn event(effect: Effect) -> Result<Event, String> {
    Ok(Event { name: "system.shutdown".into(), effect })
}

pub fn unreadable() -> Result<Event, String> {
    Err("not JSON".into())
}

pub fn used() -> Result<Event, String> {
    event(Effect::Used(Usage {
        limit_check_id: "lc_1".into(),
        units: 7,
        unit_type: "seconds".into(),
        reason: "counted".into(),
    }))
}

/// Books that refuse with what they are given, one after the other, and then take everything. What was asked is kept.
#[derive(Default)]
pub struct Clerk {
    pub refusals: RefCell<Vec<Failure>>,
    pub asked: RefCell<Vec<(String, String)>>,
}

impl Books for Clerk {
    fn correct(&self, tenant: &str, key: &str, _: &Usage) -> Result<(), Failure> {
        self.asked.borrow_mut().push((tenant.into(), key.into()));
        match self.refusals.borrow_mut().pop() {
            Some(refusal) => Err(refusal),
            None => Ok(()),
        }
    }
}

pub fn send(store: &dyn Store, at: Millis, id: &str, event: &Result<Event, String>) -> Result<Answer, StoreError> {
    send_from(store, at, &origin(None), id, event)
}

pub fn send_from(
    store: &dyn Store,
    at: Millis,
    origin: &Origin,
    id: &str,
    event: &Result<Event, String>,
) -> Result<Answer, StoreError> {
    send_to(store, &Clerk::default(), at, origin, id, event)
}

pub fn send_to(
    store: &dyn Store,
    books: &dyn Books,
    at: Millis,
    origin: &Origin,
    id: &str,
    event: &Result<Event, String>,
) -> Result<Answer, StoreError> {
    let headers: [(&str, &[u8]); 3] =
        [("Content-Type", b"application/json"), ("X-Signature", b"abc"), ("cookie", b"x")];
    receive(store, books, at, &Delivery { origin, dedupe_id: id, headers: &kept_headers(&headers), body: BODY }, event)
}

/// One round of work, by somebody who reads every event as `event`.
pub fn work(store: &dyn Store, at: Millis, event: &Result<Event, String>) -> Result<Worked, StoreError> {
    work_with(store, &Clerk::default(), at, event, ALL)
}

pub fn work_with(
    store: &dyn Store,
    books: &dyn Books,
    at: Millis,
    event: &Result<Event, String>,
    bounds: Bounds,
) -> Result<Worked, StoreError> {
    let reader = |_: &Stored| event.clone();
    Desk { store, books, reader: &reader, clock: &|| at }.work(bounds)
}

/// Somebody who reads every event as `event`.
pub fn at_desk<T>(store: &dyn Store, at: Millis, event: &Result<Event, String>, act: impl FnOnce(&Desk<'_>) -> T) -> T {
    let reader = |_: &Stored| event.clone();
    act(&Desk { store, books: &Clerk::default(), reader: &reader, clock: &|| at })
}

/// A clock that goes on by so many milliseconds each time it is looked at.
pub fn clock(from: Millis, step: u64) -> impl Fn() -> Millis {
    let next = Cell::new(from);
    move || next.replace(next.get().plus(step))
}

/// One live session `lv_1`, which the vendor calls `c1`.
pub fn house() -> Memory {
    let store = Memory::default();
    note(&store, "c1", "lv_1");
    store
}

pub fn note(store: &Memory, vendor_id: &str, live: &str) {
    families::LIVE_BY_VENDOR.value::<String>(&["demo", "tavus", vendor_id]).set(store, &live.into()).unwrap();
}

pub fn report(store: &Memory, live: &str) -> Option<LiveReport> {
    families::LIVE_REPORT.value(&[live]).get(store).unwrap()
}

/// The ids of stored events.
pub fn events(store: &Memory) -> Vec<String> {
    store.keys().into_iter().filter_map(|key| key.strip_prefix("webhook/").map(str::to_owned)).collect()
}

/// The one stored event.
pub fn only(store: &Memory) -> Stored {
    let ids = events(store);
    assert_eq!(ids.len(), 1, "{ids:?}");
    stored(store, &ids[0]).unwrap().unwrap()
}

/// Events on the list of those that are not done with.
pub fn due(store: &Memory) -> usize {
    store.keys().iter().filter(|key| key.starts_with("webhook-due/") && !key.ends_with("/tail")).count()
}

pub fn counted(store: &Memory, outcome: &str) -> i64 {
    families::WEBHOOK_COUNT.counter(&[outcome]).read(store).unwrap()
}
