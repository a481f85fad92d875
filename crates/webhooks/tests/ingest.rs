//! The fault matrix of ingest, duplicates, dead letters, and forgetting.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

use std::cell::Cell;

use calendar::{DAY, Millis};
use kv_schemas::{Store, StoreError, families, gap::Gap, memory::Memory};
use webhooks::ingest::{
    Answer, CONCURRENT_MS, Delivery, Effect, Ended, Event, KEEP_EVENT_MS, KEEP_ID_MS, LiveReport, Origin, Replayed,
    dead_letters, kept_headers, receive, replay, stored,
};

const NOW: Millis = Millis(1_795_165_200_000);
const BODY: &[u8] = br#"{"conversation_id":"c1"}"#;

fn origin(live: Option<&str>) -> Origin {
    Origin {
        tenant: "demo".into(),
        provider: "tavus".into(),
        verified_by: "callback-token".into(),
        live: live.map(str::to_owned),
    }
}

fn ended(vendor_id: &str) -> Result<Event, String> {
    Ok(Event {
        name: "system.shutdown".into(),
        effect: Effect::LiveEnded(Ended { vendor_id: vendor_id.into(), at: None }),
    })
}

fn send(store: &dyn Store, at: Millis, id: &str, event: &Result<Event, String>) -> Result<Answer, StoreError> {
    send_from(store, at, &origin(None), id, event)
}

fn send_from(
    store: &dyn Store,
    at: Millis,
    origin: &Origin,
    id: &str,
    event: &Result<Event, String>,
) -> Result<Answer, StoreError> {
    let headers: [(&str, &[u8]); 3] =
        [("Content-Type", b"application/json"), ("X-Signature", b"abc"), ("cookie", b"x")];
    receive(store, at, &Delivery { origin, dedupe_id: id, headers: &kept_headers(&headers), body: BODY }, event)
}

/// One live session `lv_1`, which the vendor calls `c1`.
fn house() -> Memory {
    let store = Memory::default();
    families::LIVE_BY_VENDOR.value::<String>(&["demo", "tavus", "c1"]).set(&store, &"lv_1".into()).unwrap();
    store
}

fn report(store: &Memory, live: &str) -> Option<LiveReport> {
    families::LIVE_REPORT.value(&[live]).get(store).unwrap()
}

fn events(store: &Memory) -> Vec<String> {
    store.keys().into_iter().filter_map(|key| key.strip_prefix("webhook/").map(str::to_owned)).collect()
}

#[test]
fn the_first_is_accepted_and_a_repeat_is_a_duplicate() {
    let store = house();
    assert_eq!(send(&store, NOW, "e1", &ended("c1")), Ok(Answer::Accepted));
    let first = report(&store, "lv_1").unwrap();
    for later in [1, CONCURRENT_MS + 1, 31 * DAY] {
        assert_eq!(send(&store, NOW.plus(later), "e1", &ended("c1")), Ok(Answer::Duplicate), "{later} ms later");
    }
    assert_eq!(report(&store, "lv_1").unwrap(), first, "one effect");
    assert_eq!(send(&store, NOW.plus(9), "e3", &ended("c1")), Ok(Answer::Accepted));
    assert_eq!(report(&store, "lv_1").unwrap(), first, "a later event of the same end doesn't move it");
    assert_eq!(send(&store, NOW, "e2", &Ok(Event { name: "x".into(), effect: Effect::None })), Ok(Answer::Accepted));
    assert_eq!(dead_letters(&store, 10).unwrap(), []);
}

#[test]
fn the_raw_event_is_kept_without_credentials() {
    let store = house();
    send(&store, NOW, "e1", &ended("c1")).unwrap();
    let ids = events(&store);
    let kept = stored(&store, &ids[0]).unwrap().unwrap();
    assert_eq!((ids.len(), &kept.id, kept.received_at), (1, &ids[0], NOW));
    assert_eq!(kept.raw_body().unwrap(), BODY);
    assert_eq!(kept.headers, [("content-type".to_owned(), "application/json".to_owned())]);
    assert_eq!(kept.origin.verified_by, "callback-token");
}

#[test]
fn a_crash_anywhere_is_resumed_by_the_retry() {
    for event in [ended("c1"), ended("unknown"), Err("not JSON".into())] {
        for fuel in 0.. {
            let store = house();
            store.fail_after(fuel);
            let first = send(&store, NOW, "e1", &event);
            store.recover();
            let retry = send(&store, NOW.plus(60_000), "e1", &event).unwrap();
            let expected = if first.is_ok() { Answer::Duplicate } else { Answer::Accepted };
            // One step is only told apart by luck: "done" was written, the answer was lost.
            let done = retry == Answer::Duplicate && first.is_err();
            assert!(retry == expected || done, "failed after {fuel} operations: {first:?}, {retry:?}");
            assert_eq!(events(&store).len(), 1);
            assert_eq!(report(&store, "lv_1").is_some(), event == ended("c1"), "failed after {fuel} operations");
            assert_eq!(dead_letters(&store, 10).unwrap().len(), usize::from(event != ended("c1")));
            assert_eq!(send(&store, NOW.plus(120_000), "e1", &event), Ok(Answer::Duplicate));
            if fuel > 40 {
                assert!(first.is_ok());
                break;
            }
        }
    }
}

/// Before any one operation of a delivery, the same event is delivered by somebody else, whole.
#[test]
fn of_two_at_once_exactly_one_is_accepted() {
    for step in 0..40 {
        let store = house();
        let answer = Cell::new(None);
        let other = |store: &dyn Store| answer.set(Some(send(store, NOW.plus(3), "e1", &ended("c1")).unwrap()));
        let first = send(&Gap::new(&store, step, &other), NOW, "e1", &ended("c1")).unwrap();
        let Some(second) = answer.get() else {
            assert!(step > 8, "a delivery does something");
            break;
        };
        assert_ne!(first, second, "interrupted before step {step}");
        assert_eq!(events(&store).len(), 1);
        assert!(report(&store, "lv_1").is_some());
        assert_eq!(send(&store, NOW.plus(5), "e1", &ended("c1")), Ok(Answer::Duplicate));
    }
}

#[test]
fn a_token_speaks_only_for_its_own_session() {
    let check = |bound: &str, vendor_id: &str, reported: Option<&str>| {
        let store = house();
        families::LIVE_BY_VENDOR.value::<String>(&["demo", "tavus", "c2"]).set(&store, &"lv_2".into()).unwrap();
        send_from(&store, NOW, &origin(Some(bound)), "e1", &ended(vendor_id)).unwrap();
        for live in ["lv_1", "lv_2"] {
            assert_eq!(report(&store, live).is_some(), reported == Some(live), "{bound} {vendor_id} {live}");
        }
        assert_eq!(dead_letters(&store, 10).unwrap().len(), usize::from(reported.is_none()));
    };
    check("lv_1", "c1", Some("lv_1"));
    check("lv_1", "c2", None);
    // The vendor was faster than the note of its id.
    check("lv_1", "c3", Some("lv_1"));

    // Nor does it use up the ids of another session's events.
    let store = house();
    let nothing = Ok(Event { name: "x".into(), effect: Effect::None });
    assert_eq!(send_from(&store, NOW, &origin(Some("lv_2")), "e1", &nothing), Ok(Answer::Accepted));
    assert_eq!(send_from(&store, NOW, &origin(Some("lv_1")), "e1", &ended("c1")), Ok(Answer::Accepted));
}

#[test]
fn the_same_id_at_another_tenant_or_vendor_is_another_event() {
    let store = house();
    let event = Ok(Event { name: "x".into(), effect: Effect::None });
    for (tenant, provider) in [("demo", "tavus"), ("demo", "generic"), ("other", "tavus"), ("dem", "otavus")] {
        let origin = Origin { tenant: tenant.into(), provider: provider.into(), ..origin(None) };
        assert_eq!(send_from(&store, NOW, &origin, "e1", &event), Ok(Answer::Accepted), "{tenant} {provider}");
    }
    assert_eq!(events(&store).len(), 4);
}

#[test]
fn a_dead_letter_is_replayed_until_it_works() {
    let store = house();
    send(&store, NOW, "e1", &ended("c9")).unwrap();
    let letters = dead_letters(&store, 10).unwrap();
    assert_eq!((letters.len(), letters[0].name.as_deref()), (1, Some("system.shutdown")));
    let event = stored(&store, &letters[0].id).unwrap().unwrap();
    assert!(matches!(replay(&store, NOW.plus(1), &event, &ended("c9")), Ok(Replayed::Failed(_))));
    assert_eq!(dead_letters(&store, 10).unwrap().len(), 1, "listed once however often it fails");
    families::LIVE_BY_VENDOR.value::<String>(&["demo", "tavus", "c9"]).set(&store, &"lv_9".into()).unwrap();
    assert_eq!(replay(&store, NOW.plus(2), &event, &ended("c9")), Ok(Replayed::Done));
    assert_eq!(dead_letters(&store, 10).unwrap(), []);
    assert!(report(&store, "lv_9").is_some());
    assert_eq!(send(&store, NOW.plus(3), "e1", &ended("c9")), Ok(Answer::Duplicate));
}

#[test]
fn what_is_too_old_is_forgotten_as_webhooks_come() {
    let store = house();
    for n in 0..20 {
        send(&store, NOW, &format!("old{n}"), &ended("nobody")).unwrap();
    }
    // Holes as a crashed delivery leaves them, more than one sweep takes.
    store.increment("webhook-list/tail", 30).unwrap();
    let count = |prefix: &str| store.keys().iter().filter(|key| key.starts_with(prefix)).count();
    let pass = |at: u64, what: &str| {
        for n in 0..20 {
            send(&store, NOW.plus(at), &format!("{what}{n}"), &ended("c1")).unwrap();
        }
    };
    pass(KEEP_EVENT_MS, "a");
    assert_eq!((count("webhook/"), dead_letters(&store, 100).unwrap().len()), (40, 20), "not a moment too early");
    pass(KEEP_EVENT_MS + 1, "b");
    assert_eq!((count("webhook/"), dead_letters(&store, 100).unwrap().len()), (40, 0));
    assert_eq!(send(&store, NOW.plus(KEEP_ID_MS), "old0", &ended("nobody")), Ok(Answer::Duplicate));
    pass(KEEP_ID_MS + 1, "c");
    assert_eq!(send(&store, NOW.plus(KEEP_ID_MS + 2), "old0", &ended("c1")), Ok(Answer::Accepted));
    // a, b, c and the one again.
    assert_eq!((count("webhook-seen/"), count("webhook-applying/")), (61, 61));
    pass(2 * KEEP_ID_MS + 2, "d");
    pass(2 * KEEP_ID_MS + 2, "e");
    // d, e and the id of the one again; its event is gone.
    assert_eq!((count("webhook-seen/"), count("webhook-applying/"), count("webhook/")), (41, 41, 40));
}

#[test]
fn more_holes_than_a_sweep_looks_past_do_not_stop_it_for_ever() {
    let store = house();
    store.increment("webhook-list/tail", 300).unwrap();
    send(&store, NOW, "old", &ended("c1")).unwrap();
    store.increment("webhook-list/tail", 1_100).unwrap();
    for n in 0..10 {
        send(&store, NOW.plus(KEEP_ID_MS + 1), &format!("new{n}"), &ended("c1")).unwrap();
    }
    assert_eq!(events(&store).len(), 10, "the old event is gone");
    assert_eq!(send(&store, NOW.plus(KEEP_ID_MS + 2), "old", &ended("c1")), Ok(Answer::Accepted));
}
