//! The feed: told once, read in order, nothing skipped, nothing waited for for ever, forgotten in the end.

use calendar::{DAY, HOUR, MINUTE, Millis, SECOND};
use kv_schemas::{Store, families, gap::Gap, memory::Memory};
use serde_json::{Value as Json, json};

use crate::{Event, Page, emit, emit_at_most_once_a_minute, feed, read};

const T: &str = "demo";
const NOW: Millis = Millis(1_000_000 * HOUR);

fn event(n: u64) -> Event {
    Event::new("job.done", &format!("job_{n}"), NOW.plus(n), None, json!({ "n": n }))
}

fn told(page: &Page) -> Vec<u64> {
    page.events.iter().map(|(_, event)| event.data["n"].as_u64().unwrap()).collect()
}

fn all(store: &dyn Store) -> Vec<u64> {
    told(&read(store, T, 0, 1_000).unwrap())
}

#[test]
fn events_are_read_in_order_and_from_any_place() {
    let store = Memory::default();
    for n in 1..=7 {
        emit(&store, T, &event(n)).unwrap();
    }
    emit(&store, "other", &event(9)).unwrap();
    let check = |after: u64, most: usize, events: &[u64], next: u64| {
        let page = read(&store, T, after, most).unwrap();
        assert_eq!((told(&page), page.next, page.waits), (events.to_vec(), next, false), "after {after}");
    };
    check(0, 100, &[1, 2, 3, 4, 5, 6, 7], 7);
    check(0, 3, &[1, 2, 3], 3);
    check(3, 3, &[4, 5, 6], 6);
    check(6, 3, &[7], 7);
    check(7, 3, &[], 7);
    check(u64::MAX, 3, &[], 7);
    assert_eq!(read(&store, "nobody", 5, 3).unwrap(), Page::default());
}

#[test]
fn an_event_is_told_once_though_it_is_emitted_again_after_a_crash_anywhere() {
    for crash in 0..16 {
        let store = Memory::default();
        emit(&store, T, &event(1)).unwrap();
        store.fail_after(crash);
        let crashed = emit(&store, T, &event(2)).is_err();
        store.recover();
        emit(&store, T, &event(2)).unwrap();
        emit(&store, T, &event(2)).unwrap();
        feed::settle(&store, T, NOW).unwrap();
        feed::settle(&store, T, NOW.plus(MINUTE)).unwrap();
        let seen = all(&store);
        // Written, and crashed before anybody could know: the receiver knows the second one by its id.
        let expected = if seen.len() == 3 && crashed { vec![1, 2, 2] } else { vec![1, 2] };
        assert_eq!(seen, expected, "crash after {crash}");
    }
}

#[test]
fn two_who_tell_the_same_event_at_once_tell_it_once() {
    for at in 0.. {
        let store = Memory::default();
        let other = |store: &dyn Store| emit(store, T, &event(1)).unwrap();
        let gap = Gap::new(&store, at, &other);
        emit(&gap, T, &event(1)).unwrap();
        if !gap.reached() {
            assert!(at > 5);
            return;
        }
        feed::settle(&store, T, NOW).unwrap();
        feed::settle(&store, T, NOW.plus(MINUTE)).unwrap();
        assert_eq!(all(&store), [1], "in gap {at}");
    }
}

#[test]
fn a_reader_waits_for_a_late_writer_and_not_for_a_lost_one() {
    let store = Memory::default();
    emit(&store, T, &event(1)).unwrap();
    store.increment("feed/demo/tail", 1).unwrap();
    emit(&store, T, &event(3)).unwrap();
    let check = |at: u64, seen: &[u64], waits: bool| {
        feed::settle(&store, T, NOW.plus(at)).unwrap();
        let page = read(&store, T, 0, 100).unwrap();
        assert_eq!((told(&page), page.waits), (seen.to_vec(), waits), "at {at}");
    };
    check(0, &[1], true);
    check(14 * SECOND, &[1], true);
    check(15 * SECOND, &[1, 3], false);
    // A hole that comes later is waited for as well.
    store.increment("feed/demo/tail", 1).unwrap();
    emit(&store, T, &event(5)).unwrap();
    check(16 * SECOND, &[1, 3], true);
    check(30 * SECOND, &[1, 3], true);
    check(44 * SECOND, &[1, 3], true);
    check(45 * SECOND, &[1, 3, 5], false);
}

#[test]
fn whoever_writes_in_any_gap_is_read_though_a_reader_has_passed_over_the_slot() {
    for at in 0.. {
        let store = Memory::default();
        emit(&store, T, &event(1)).unwrap();
        let seen = std::cell::RefCell::new((0, Vec::new()));
        let look = |store: &dyn Store| {
            let mut seen = seen.borrow_mut();
            let page = read(store, T, seen.0, 100).unwrap();
            seen.1.extend(told(&page));
            seen.0 = page.next;
        };
        // Between two operations of the writer a minute goes by, in which others write and read.
        let other = |store: &dyn Store| {
            emit(store, T, &event(3)).unwrap();
            for at in [0, 20, 40, 60] {
                feed::settle(store, T, NOW.plus(at * SECOND)).unwrap();
                look(store);
            }
        };
        let gap = Gap::new(&store, at, &other);
        emit(&gap, T, &event(2)).unwrap();
        if !gap.reached() {
            assert!(at > 5);
            return;
        }
        for at in [80, 100, 120] {
            feed::settle(&store, T, NOW.plus(at * SECOND)).unwrap();
            look(&store);
        }
        let mut seen = seen.take().1;
        seen.sort_unstable();
        // A minute after writing and before looking whether it was in time, it can't know, and tells it again.
        seen.dedup();
        assert_eq!(seen, [1, 2, 3], "in gap {at}");
    }
}

#[test]
fn what_comes_in_floods_is_told_once_a_minute_for_each_key() {
    let store = Memory::default();
    let check = |key: &str, at: u64, count: usize| {
        let at = NOW.plus(at);
        let event = Event::new("limit.denied", "any", at, Some("ses_1"), json!({ "n": 1 }));
        emit_at_most_once_a_minute(&store, T, &event, key, at).unwrap();
        let page = read(&store, T, 0, 100).unwrap();
        assert_eq!(page.events.len(), count, "{key} at {at}");
        let ids: std::collections::BTreeSet<_> = page.events.iter().map(|(_, event)| &event.id).collect();
        assert_eq!(ids.len(), count);
    };
    check("cap/ses_1", 0, 1);
    check("cap/ses_1", 59_999, 1);
    check("rate/ses_1", 1, 2);
    check("cap/ses_2", 1, 3);
    check("cap/ses_1", 60_000, 4);
    check("cap/ses_1", 61_000, 4);
}

#[test]
fn a_denial_is_told_once_a_minute_after_a_crash_anywhere() {
    for crash in 0..16 {
        let store = Memory::default();
        let event = Event::new("limit.denied", "any", NOW, None, json!({ "n": 1 }));
        let tell = || emit_at_most_once_a_minute(&store, T, &event, "cap", NOW);
        store.fail_after(crash);
        let _crashed = tell();
        store.recover();
        tell().unwrap();
        tell().unwrap();
        let page = read(&store, T, 0, 100).unwrap();
        let ids: std::collections::BTreeSet<_> = page.events.iter().map(|(_, event)| event.id.clone()).collect();
        assert!(ids.len() <= 1 && page.events.len() <= 2, "crash after {crash}: {page:?}");
    }
}

#[test]
fn old_events_are_forgotten_and_so_are_too_many() {
    let store = Memory::default();
    for n in 1..=10 {
        emit(&store, T, &Event { at: NOW.plus(n * DAY), ..event(n) }).unwrap();
    }
    let check = |days: u64, left: &[u64]| {
        feed::forget(&store, T, NOW.plus(days * DAY)).unwrap();
        assert_eq!(all(&store), left, "day {days}");
    };
    check(7, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    check(8, &[2, 3, 4, 5, 6, 7, 8, 9, 10]);
    check(15, &[9, 10]);
    // Who reads from a place that is forgotten goes on with the first that isn't.
    assert_eq!(told(&read(&store, T, 3, 1).unwrap()), [9]);
    check(30, &[]);
    assert_eq!(read(&store, T, 0, 100).unwrap().next, 10);

    for n in 0..feed::KEPT + 30 {
        let event = Event { at: NOW.plus(30 * DAY), data: Json::Null, ..event(100 + n) };
        families::FEED.log(&[T]).append(&store, &event).unwrap();
    }
    let mut forgotten = 0;
    for _ in 0..3 {
        forgotten += feed::forget(&store, T, NOW.plus(30 * DAY)).unwrap();
    }
    assert_eq!(forgotten, 30);
    assert_eq!(read(&store, T, 0, 1).unwrap().events[0].0, 41, "10 forgotten before, and 30 now");
}

#[test]
fn forgetting_crashes_anywhere_and_forgets_in_the_end() {
    for crash in 0..40 {
        let store = Memory::default();
        for n in 1..=5 {
            emit(&store, T, &event(n)).unwrap();
        }
        emit(&store, T, &Event { at: NOW.plus(9 * DAY), ..event(6) }).unwrap();
        store.fail_after(crash);
        let _crashed = feed::forget(&store, T, NOW.plus(8 * DAY));
        store.recover();
        for minute in 0..3 {
            feed::forget(&store, T, NOW.plus(8 * DAY + minute * MINUTE)).unwrap();
        }
        assert_eq!(all(&store), [6], "crash after {crash}");
    }
}

#[test]
fn a_feed_whose_tenant_is_gone_leaves_nothing() {
    for crash in 0..40 {
        let store = Memory::default();
        for n in 1..=3 {
            emit(&store, T, &event(n)).unwrap();
        }
        store.increment("feed/demo/tail", 1).unwrap();
        store.fail_after(crash);
        let _crashed = feed::remove(&store, T, NOW.plus(HOUR));
        store.recover();
        let mut done = false;
        for minute in 0..4 {
            done |= feed::remove(&store, T, NOW.plus(HOUR + minute * MINUTE)).unwrap();
        }
        assert!(done);
        let left: Vec<_> =
            store.keys().into_iter().filter(|key| key.starts_with("feed/") || key.contains("head")).collect();
        assert!(left.is_empty(), "crash after {crash}: {left:?}");
    }
}
