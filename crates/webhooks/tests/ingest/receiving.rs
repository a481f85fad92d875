//! A delivery and its repeats.

use std::cell::Cell;

use calendar::DAY;
use kv_schemas::{Store, families, gap::Gap, memory::Memory};
use webhooks::ingest::{Answer, CONCURRENT_MS, Effect, Event, Origin, dead_letters};

use crate::house::{
    BODY, NOW, counted, due, ended, event, events, house, note, only, origin, report, send, send_from, work,
};

fn nothing() -> Result<Event, String> {
    event(Effect::None)
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
    assert_eq!(send(&store, NOW, "e2", &nothing()), Ok(Answer::Accepted));
    assert_eq!((dead_letters(&store, 10).unwrap(), due(&store)), (vec![], 0));
    assert_eq!((counted(&store, "duplicate"), counted(&store, "failed"), counted(&store, "dead")), (3, 0, 0));
}

#[test]
fn the_raw_event_is_kept_without_credentials() {
    let store = house();
    send(&store, NOW, "e1", &ended("c1")).unwrap();
    let kept = only(&store);
    assert_eq!(kept.received_at, NOW);
    assert_eq!(kept.raw_body().unwrap(), BODY);
    assert_eq!(kept.headers, [("content-type".to_owned(), "application/json".to_owned())]);
    assert_eq!(kept.origin.verified_by, "callback-token");
}

/// Before any one operation of a delivery, the same event is delivered by somebody else, whole.
#[test]
fn of_two_at_once_exactly_one_is_accepted() {
    for subject in ["c1", "nobody"] {
        for step in 0..60 {
            let store = house();
            let answer = Cell::new(None);
            let other = |store: &dyn Store| answer.set(Some(send(store, NOW.plus(3), "e1", &ended(subject)).unwrap()));
            let first = send(&Gap::new(&store, step, &other), NOW, "e1", &ended(subject)).unwrap();
            let Some(second) = answer.get() else {
                assert!(step > 8, "a delivery does something");
                break;
            };
            assert_ne!(first, second, "interrupted before step {step}");
            assert_eq!(events(&store).len(), 1);
            assert_eq!(send(&store, NOW.plus(5), "e1", &ended(subject)), Ok(Answer::Duplicate));
            // Whatever the two have overwritten of each other is put right by the work on the list.
            note(&store, "nobody", "lv_1");
            work(&store, NOW.plus(11_000), &ended(subject)).unwrap();
            assert!(report(&store, "lv_1").is_some(), "interrupted before step {step}");
            assert_eq!((due(&store), dead_letters(&store, 10).unwrap()), (0, vec![]), "interrupted before step {step}");
        }
    }
}

#[test]
fn a_repeat_after_a_crash_resumes_it_before_the_work_does() {
    for operations in 0..40 {
        let store = house();
        store.fail_after(operations);
        let first = send(&store, NOW, "e1", &ended("c1"));
        store.recover();
        send(&store, NOW.plus(CONCURRENT_MS + 1), "e1", &ended("c1")).unwrap();
        assert!(report(&store, "lv_1").is_some(), "failed after {operations} operations: {first:?}");
    }
}

#[test]
fn a_token_speaks_only_for_its_own_session() {
    let check = |bound: &str, vendor_id: &str, reported: Option<&str>| {
        let store = house();
        note(&store, "c2", "lv_2");
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
    assert_eq!(send_from(&store, NOW, &origin(Some("lv_2")), "e1", &nothing()), Ok(Answer::Accepted));
    assert_eq!(send_from(&store, NOW, &origin(Some("lv_1")), "e1", &ended("c1")), Ok(Answer::Accepted));
}

#[test]
fn the_same_id_at_another_tenant_or_vendor_is_another_event() {
    let store = house();
    for (tenant, provider) in [("demo", "tavus"), ("demo", "generic"), ("other", "tavus"), ("dem", "otavus")] {
        let origin = Origin { tenant: tenant.into(), provider: provider.into(), ..origin(None) };
        assert_eq!(send_from(&store, NOW, &origin, "e1", &nothing()), Ok(Answer::Accepted), "{tenant} {provider}");
    }
    assert_eq!(events(&store).len(), 4);
}

/// Records of earlier releases have neither attempts nor rounds, and called dead "failed".
#[test]
fn what_earlier_releases_wrote_is_understood() {
    let check = |progress: &str, answer: Answer, letters: usize| {
        let store = Memory::default();
        send(&store, NOW, "e1", &Err("as of now".into())).unwrap();
        let sha256 = only(&store).sha256;
        let parts: [&str; 3] = ["demo", "tavus", &sha256];
        let key = families::WEBHOOK_SEEN.key(&parts);
        let seen = format!(r#"{{"id":"{}","first_at":{},"progress":"{progress}"}}"#, events(&store)[0], NOW.0);
        store.set(&key, seen.as_bytes()).unwrap();
        let letter = store.get("dead-letter/1").unwrap().unwrap();
        let mut old: serde_json::Value = serde_json::from_slice(&letter).unwrap();
        assert!(old.as_object_mut().unwrap().remove("attempts").is_some());
        store.set("dead-letter/1", old.to_string().as_bytes()).unwrap();
        assert_eq!(send(&store, NOW.plus(20_000), "e1", &nothing()), Ok(answer), "{progress}");
        let found = dead_letters(&store, 10).unwrap();
        assert_eq!(found.iter().map(|letter| letter.attempts).collect::<Vec<_>>(), vec![1; letters], "{progress}");
    };
    check("failed", Answer::Duplicate, 1);
    check("done", Answer::Duplicate, 0);
    check("pending", Answer::Duplicate, 0);
}
