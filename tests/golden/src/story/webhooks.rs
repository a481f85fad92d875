//! Webhooks: one long ago, one that ended a live session, and one without effect, which is a dead letter.

use calendar::DAY;
use kv_schemas::Store;
use webhooks::ingest::{
    Answer, Delivery, Effect, Ended, Event, Origin, dead_letters, kept_headers, receive, replay, stored,
};

use super::NOW;

fn deliver(store: &dyn Store, after: u64, id: &str, vendor_id: &str) -> Answer {
    let origin =
        Origin { tenant: "demo".into(), provider: "tavus".into(), verified_by: "callback-token".into(), live: None };
    let headers = kept_headers(&[("Content-Type", b"application/json"), ("X-Signature", b"not kept")]);
    let body = br#"{"conversation_id":"c1"}"#;
    let delivery = Delivery { origin: &origin, dedupe_id: id, headers: &headers, body };
    let event = Event {
        name: "system.shutdown".into(),
        effect: Effect::LiveEnded(Ended { vendor_id: vendor_id.into(), at: None }),
    };
    // The story's webhooks begin 40 days early, so that the last finds something to forget.
    let now = calendar::Millis(NOW.0 - 40 * DAY).plus(after);
    receive(store, now, &delivery, &Ok(event)).unwrap()
}

pub fn told(store: &dyn Store) {
    for (after, id, vendor_id) in [(0, "e0", "c0"), (40 * DAY, "e1", "c1"), (40 * DAY + 1, "e2", "c2")] {
        assert_eq!(deliver(store, after, id, vendor_id), Answer::Accepted, "{id}");
    }
}

pub fn goes_on(store: &dyn Store) {
    assert_eq!(deliver(store, 41 * DAY, "e1", "c1"), Answer::Duplicate);
    let letters = dead_letters(store, 10).unwrap();
    assert_eq!(letters.len(), 1);
    let event = stored(store, &letters[0].id).unwrap().unwrap();
    assert_eq!(event.raw_body().unwrap(), br#"{"conversation_id":"c1"}"#);
    let nothing = Ok(Event { name: "x".into(), effect: Effect::None });
    replay(store, NOW.plus(DAY), &event, &nothing).unwrap();
    assert_eq!(dead_letters(store, 10).unwrap(), []);
    // Much later all of it is forgotten.
    for n in 0..4 {
        deliver(store, 80 * DAY, &format!("late{n}"), "c1");
    }
    assert!(stored(store, &letters[0].id).unwrap().is_none());
}
