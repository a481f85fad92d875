//! Webhooks: one long ago, one that ended a live session, one that nobody can read, which is a dead letter, and one whose
//! session nobody knows yet; and somebody who died while working on that one.

use calendar::{DAY, Millis};
use kv_schemas::{Store, families, memory::Memory};
use webhooks::ingest::{
    Answer, Books, Bounds, Delivery, Desk, Effect, Ended, Event, Failure, Origin, Room, Stored, Usage, Worked,
    dead_letters, kept_headers, receive, room, stored,
};

use super::{NOW, crashed};

/// Nothing of it is corrected.
struct Closed;

impl Books for Closed {
    fn correct(&self, _: &str, _: &str, _: &Usage) -> Result<(), Failure> {
        Err(Failure::Never("not in this story".into()))
    }
}

/// The story's webhooks begin 40 days early, so that the last finds something to forget.
fn at(after: u64) -> Millis {
    Millis(NOW.0 - 40 * DAY).plus(after)
}

fn ended(vendor_id: &str) -> Result<Event, String> {
    let effect = Effect::LiveEnded(Ended { vendor_id: vendor_id.into(), at: Some(NOW) });
    Ok(Event { name: "system.shutdown".into(), effect })
}

fn deliver(store: &dyn Store, after: u64, id: &str, event: &Result<Event, String>) -> Answer {
    let origin =
        Origin { tenant: "demo".into(), provider: "tavus".into(), verified_by: "callback-token".into(), live: None };
    let headers = kept_headers(&[("Content-Type", b"application/json"), ("X-Signature", b"not kept")]);
    let body = br#"{"conversation_id":"c1"}"#;
    let delivery = Delivery { origin: &origin, dedupe_id: id, headers: &headers, body };
    assert_eq!(room(store, at(after), &delivery), Ok(Room::Enough));
    receive(store, &Closed, at(after), &delivery, event).unwrap()
}

fn at_desk<T>(store: &dyn Store, now: Millis, event: &Result<Event, String>, act: impl FnOnce(&Desk<'_>) -> T) -> T {
    act(&Desk { store, books: &Closed, reader: &|_: &Stored| event.clone(), clock: &|| now })
}

fn work(store: &dyn Store, now: Millis, event: &Result<Event, String>) -> Option<Worked> {
    at_desk(store, now, event, |desk| {
        desk.work(Bounds { events: 200, millis: 10_000, lines: 1_000, slots: 4_096 }).ok()
    })
}

pub fn told(store: Memory) -> Memory {
    for (after, id, event) in [
        (0, "e0", ended("c0")),
        (40 * DAY, "e1", ended("c1")),
        (40 * DAY + 1, "e2", Err("unreadable".into())),
        (40 * DAY + 2, "e3", ended("c3")),
    ] {
        assert_eq!(deliver(&store, after, id, &event), Answer::Accepted, "{id}");
    }
    assert_eq!(work(&store, at(40 * DAY + 5_002), &ended("c3")).map(|worked| worked.retrying), Some(1));
    let late = at(40 * DAY + 40_000);
    crashed(
        &store,
        |store| drop(work(store, late, &ended("c3"))),
        |store| store.keys().contains(&"webhook-due-mark".into()),
    )
}

pub fn goes_on(store: &dyn Store) {
    assert_eq!(deliver(store, 41 * DAY, "e1", &ended("c1")), Answer::Duplicate);
    let letters = dead_letters(store, 10).unwrap();
    assert_eq!(letters.len(), 1);
    let event = stored(store, &letters[0].id).unwrap().unwrap();
    assert_eq!(event.raw_body().unwrap(), br#"{"conversation_id":"c1"}"#);
    let nothing = Ok(Event { name: "x".into(), effect: Effect::None });
    at_desk(store, NOW.plus(DAY), &nothing, |desk| desk.replay(&event)).unwrap();
    assert_eq!(dead_letters(store, 10).unwrap(), []);
    // What waited for its session is done once that is known.
    families::LIVE_BY_VENDOR.value(&["demo", "tavus", "c3"]).set(store, &String::from("vid_3")).unwrap();
    let worked = work(store, NOW.plus(DAY), &ended("c3")).unwrap();
    assert_eq!((worked.done, worked.retrying, worked.dead, worked.trouble), (1, 0, 0, None));
    // Much later all of it is forgotten.
    for n in 0..4 {
        deliver(store, 80 * DAY, &format!("late{n}"), &ended("c1"));
    }
    assert!(stored(store, &letters[0].id).unwrap().is_none());
}
