//! What is stored of one tenant in an hour is bounded, and repeats are answered all the same.

use calendar::{HOUR, MINUTE, Millis};
use kv_schemas::{expiry, families, memory::Memory};
use webhooks::ingest::{BYTES_AN_HOUR, Delivery, EVENTS_AN_HOUR, Origin, Room, room};

use crate::house::{NOW, ended, house, origin, send};

fn ask(store: &Memory, at: Millis, tenant: &str, id: &str, body: &[u8]) -> Room {
    let origin = Origin { tenant: tenant.into(), ..origin(None) };
    room(store, at, &Delivery { origin: &origin, dedupe_id: id, headers: &[], body }).unwrap()
}

/// What is counted already of this tenant in the hour of [`NOW`].
fn counted(store: &Memory, measure: &str, sum: u64) {
    let hour = NOW.hour_number().to_string();
    let counter = families::WEBHOOK_QUOTA.counter(&["demo", measure, &hour]);
    counter.add(store, i64::try_from(sum).unwrap()).unwrap();
}

#[test]
fn above_the_bound_new_events_wait_for_the_next_hour() {
    // The hour is half over.
    let now = Millis(NOW.hour_number() * HOUR).plus(30 * MINUTE);
    let full = Room::None { for_ms: 30 * MINUTE };
    for (measure, left, body) in [("events", 1, b"".as_slice()), ("bytes", 4, b"1234")] {
        let store = house();
        let most = if measure == "events" { EVENTS_AN_HOUR } else { BYTES_AN_HOUR };
        counted(&store, measure, most - left);
        assert_eq!(ask(&store, now, "demo", "e1", body), Room::Enough, "{measure}: exactly the bound");
        send(&store, now, "e1", &ended("c1")).unwrap();
        assert_eq!(ask(&store, now, "demo", "e2", b"1"), full, "{measure}");
        assert_eq!(ask(&store, now.plus(29 * MINUTE), "demo", "e2", b"1"), Room::None { for_ms: MINUTE }, "{measure}");
        assert_eq!(ask(&store, now, "demo", "e1", b"a repeat stores nothing"), Room::Enough, "{measure}");
        assert_eq!(ask(&store, now, "other", "e2", b"1"), Room::Enough, "{measure}: another tenant");
        assert_eq!(ask(&store, now.plus(30 * MINUTE), "demo", "e2", b"1"), Room::Enough, "{measure}: the next hour");
    }
}

#[test]
fn repeats_are_not_counted_and_nothing_stays_behind() {
    let store = house();
    expiry::sweep(&store, NOW.hour_number()).unwrap();
    for n in 0..3 {
        assert_eq!(ask(&store, NOW, "demo", "e1", b"12345"), Room::Enough);
        if n == 0 {
            send(&store, NOW, "e1", &ended("c1")).unwrap();
        }
    }
    let hour = NOW.hour_number().to_string();
    let sum = |measure: &str| families::WEBHOOK_QUOTA.counter(&["demo", measure, &hour]).read(&store).unwrap();
    assert_eq!((sum("events"), sum("bytes")), (1, 5));
    let count = || store.keys().iter().filter(|key| key.starts_with("webhook-quota/")).count();
    expiry::sweep(&store, NOW.hour_number() + 1).unwrap();
    assert_eq!(count(), 2, "a clock may be behind");
    expiry::sweep(&store, NOW.hour_number() + 2).unwrap();
    assert_eq!(count(), 0);
}
