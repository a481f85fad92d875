//! Effects that fail: tried again with backoff, then dead.

use calendar::{MINUTE, SECOND};
use kv_schemas::memory::Memory;
use webhooks::ingest::{
    Answer, BACKOFF_MS, Bounds, CONCURRENT_MS, Desk, Failure, Outcome, Stored, Worked, dead_letters,
};

use crate::house::{
    ALL, Clerk, NOW, clock, counted, due, ended, events, house, note, only, origin, report, send, send_to, used, work,
    work_with,
};

fn worked(done: u64, retrying: u64, dead: u64) -> Worked {
    Worked { done, retrying, dead, trouble: None }
}

#[test]
fn what_comes_before_its_subject_waits_for_it() {
    let store = house();
    assert_eq!(send(&store, NOW, "e1", &ended("c2")), Ok(Answer::Accepted), "the vendor need not send it again");
    assert_eq!((due(&store), dead_letters(&store, 10).unwrap()), (1, vec![]));
    let check = |after: u64, expected: Worked| {
        assert_eq!(work(&store, NOW.plus(after), &ended("c2")), Ok(expected), "{after} ms later");
    };
    check(4_999, worked(0, 0, 0));
    check(5_000, worked(0, 1, 0));
    check(34_999, worked(0, 0, 0));
    check(35_000, worked(0, 1, 0));
    note(&store, "c2", "lv_2");
    check(154_999, worked(0, 0, 0));
    check(155_000, worked(1, 0, 0));
    assert_eq!(report(&store, "lv_2").map(|report| report.at_ms), Some(NOW), "when it came, not when it was tried");
    check(900_000, worked(0, 0, 0));
    assert_eq!((due(&store), counted(&store, "failed"), counted(&store, "dead")), (0, 3, 0));
    assert_eq!(send(&store, NOW.plus(MINUTE), "e1", &ended("c2")), Ok(Answer::Duplicate));
}

#[test]
fn after_the_last_attempt_it_is_a_dead_letter() {
    let store = house();
    send(&store, NOW, "e1", &ended("c2")).unwrap();
    let mut now = NOW;
    for (n, pause) in BACKOFF_MS.into_iter().enumerate() {
        assert_eq!(dead_letters(&store, 10).unwrap(), [], "before attempt {}", n + 2);
        now = now.plus(pause);
        work(&store, now, &ended("c2")).unwrap();
    }
    let letters = dead_letters(&store, 10).unwrap();
    assert_eq!((letters.len(), letters[0].attempts, letters[0].at_ms), (1, 7, now));
    assert_eq!(letters[0].reason, "no live session has this id of the vendor");
    assert_eq!((due(&store), counted(&store, "failed"), counted(&store, "dead")), (0, 7, 1));
    note(&store, "c2", "lv_2");
    assert_eq!(
        work(&store, now.plus(BACKOFF_MS[5]), &ended("c2")),
        Ok(worked(0, 0, 0)),
        "only an operator tries again"
    );
    assert_eq!(send(&store, now, "e1", &ended("c2")), Ok(Answer::Duplicate));
}

#[test]
fn a_store_that_fails_in_the_effect_alone_is_no_reason_to_lose_it() {
    let store = house();
    // The report's place holds something that can't be read.
    kv_schemas::Store::set(&store, "live-report/lv_1", b"broken").unwrap();
    assert_eq!(send(&store, NOW, "e1", &ended("c1")), Ok(Answer::Accepted));
    assert_eq!(due(&store), 1);
    kv_schemas::Store::delete(&store, "live-report/lv_1").unwrap();
    assert_eq!(work(&store, NOW.plus(5_000), &ended("c1")), Ok(worked(1, 0, 0)));
}

#[test]
fn a_run_is_bounded_and_the_next_goes_on() {
    let store = house();
    for n in 0..7 {
        send(&store, NOW, &format!("e{n}"), &ended("c2")).unwrap();
    }
    note(&store, "c2", "lv_2");
    let later = NOW.plus(MINUTE);
    let few = Bounds { events: 3, ..ALL };
    let mut left = 7;
    for _ in 0..10 {
        let worked = work_with(&store, &Clerk::default(), later, &ended("c2"), few).unwrap();
        assert!(worked.done <= 3);
        left -= worked.done;
    }
    assert_eq!((left, due(&store)), (0, 0));

    // By the clock, too.
    for n in 0..7 {
        send(&store, NOW, &format!("f{n}"), &ended("c3")).unwrap();
    }
    let (clerk, ticking) = (Clerk::default(), clock(later, 4 * SECOND));
    let desk = Desk { store: &store, books: &clerk, reader: &|_: &Stored| ended("c2"), clock: &ticking };
    assert_eq!(desk.work(ALL).map(|worked| worked.done), Ok(2));
}

#[test]
fn one_of_many_works_and_a_crashed_one_keeps_nobody_out_for_long() {
    let store = house();
    send(&store, NOW, "e1", &ended("c2")).unwrap();
    note(&store, "c2", "lv_2");
    kv_schemas::Store::set(&store, "webhook-due-mark", NOW.plus(6_000).0.to_string().as_bytes()).unwrap();
    assert_eq!(work(&store, NOW.plus(7_000), &ended("c2")), Ok(worked(0, 0, 0)));
    assert_eq!(work(&store, NOW.plus(40_000), &ended("c2")), Ok(worked(1, 0, 0)));
}

#[test]
fn what_is_just_being_recorded_is_left_alone_and_what_never_was_is_struck_off() {
    for operations in 0..12 {
        let store = house();
        store.fail_after(operations);
        let _crashed = send(&store, NOW, "e1", &ended("c1"));
        store.recover();
        let is_recorded = store.keys().iter().any(|key| key.starts_with("webhook-seen/"));
        if is_recorded || due(&store) == 0 {
            continue;
        }
        for (after, left) in [(1, 1), (59_999, 1), (60_000, 1), (60_001, 0)] {
            work(&store, NOW.plus(after), &ended("c1")).unwrap();
            assert_eq!(due(&store), left, "{after} ms later, after {operations} operations");
        }
    }
}

#[test]
fn whoever_is_at_it_is_given_the_time() {
    let store = house();
    // It dies once the event counts as recorded.
    let is_recorded = |store: &Memory| store.keys().iter().any(|key| key.starts_with("webhook-seen/"));
    let crash = |operations: u32| {
        store.fail_after(operations);
        let _crashed = send(&store, NOW, "e1", &ended("c1"));
        store.recover();
        is_recorded(&store)
    };
    assert!((0..20).any(crash));
    for (after, done) in [(1, 0), (CONCURRENT_MS, 0), (CONCURRENT_MS + 1, 1)] {
        assert_eq!(work(&store, NOW.plus(after), &ended("c1")).unwrap().done, done, "{after} ms later");
    }
}

#[test]
fn deliveries_work_a_little_when_nobody_else_does() {
    let store = house();
    let (clerk, reader) = (Clerk::default(), |_: &Stored| ended("c2"));
    let neglected = |after: u64| {
        let clock = || NOW.plus(after);
        Desk { store: &store, books: &clerk, reader: &reader, clock: &clock }.work_if_neglected(ALL).unwrap()
    };
    send(&store, NOW, "e1", &ended("c2")).unwrap();
    work(&store, NOW.plus(4_000), &ended("c2")).unwrap();
    note(&store, "c2", "lv_2");
    assert_eq!(neglected(13_000), worked(0, 0, 0), "somebody has, 9 seconds ago");
    assert_eq!(neglected(14_000), worked(1, 0, 0));
}

/// A vendor waits for whoever works lazily: what piled up behind a long outage is looked at a little at a time.
#[test]
fn a_little_is_little_however_long_the_list_is() {
    let store = house();
    // Struck off as they were done with, and not yet passed.
    kv_schemas::Store::increment(&store, "webhook-due/tail", 2_000).unwrap();
    for n in 0..100 {
        send(&store, NOW, &format!("e{n}"), &ended("c2")).unwrap();
    }
    note(&store, "c2", "lv_2");
    let lazy = Bounds { events: 4, millis: 2_000, lines: 64, slots: 64 };
    let (mut rounds, mut done) = (0, 0);
    while due(&store) > 0 {
        // Few operations.
        store.fail_after(150);
        let worked = work_with(&store, &Clerk::default(), NOW.plus(MINUTE), &ended("c2"), lazy);
        store.recover();
        let worked = worked.unwrap();
        assert!(worked.done <= 4);
        (rounds, done) = (rounds + 1, done + worked.done);
        assert!(rounds < 2_000, "{} are left", due(&store));
    }
    assert_eq!(done, 100);
}

#[test]
fn an_idle_list_is_read_and_not_written() {
    let store = house();
    send(&store, NOW, "e1", &ended("c1")).unwrap();
    for after in [1_000, 40_000, 80_000] {
        work(&store, NOW.plus(after), &ended("c1")).unwrap();
    }
    let before = store.dump();
    work(&store, NOW.plus(200_000), &ended("c1")).unwrap();
    assert_eq!(store.dump(), before);
}

#[test]
fn a_correction_is_asked_for_under_one_key() {
    let store = house();
    let clerk = Clerk::default();
    let later = |text: &str| Failure::Later(text.into());
    // The last is the first to be answered.
    *clerk.refusals.borrow_mut() = vec![later("offline"), later("raced"), later("not in the log yet")];
    send_to(&store, &clerk, NOW, &origin(None), "e1", &used()).unwrap();
    let mut now = NOW;
    for pause in BACKOFF_MS {
        now = now.plus(pause);
        work_with(&store, &clerk, now, &used(), ALL).unwrap();
    }
    let id = only(&store).id;
    let keys: Vec<String> = clerk.asked.borrow().iter().map(|(_, key)| key.clone()).collect();
    assert_eq!(keys, vec![format!("webhook/{id}"); 4]);
    assert!(clerk.asked.borrow().iter().all(|(tenant, _)| tenant == "demo"));
    assert_eq!((due(&store), dead_letters(&store, 10).unwrap()), (0, vec![]));
}

/// An event that takes down whoever looks at it keeps nobody behind it waiting, and is dead in the end.
#[test]
fn an_attempt_that_is_cut_off_again_and_again_ends() {
    let store = house();
    send(&store, NOW, "e1", &ended("c2")).unwrap();
    send(&store, NOW, "e2", &ended("c2")).unwrap();
    let first = events(&store)[0].clone();
    let deadly = |stored: &Stored| if stored.id == first { panic!("it traps") } else { ended("c1") };
    let mut now = NOW;
    for (n, pause) in BACKOFF_MS.into_iter().enumerate() {
        now = now.plus(pause + 31_000);
        for after in [0, 31_000] {
            let (clerk, clock) = (Clerk::default(), || now.plus(after));
            let desk = Desk { store: &store, books: &clerk, reader: &deadly, clock: &clock };
            let _trapped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| desk.work(ALL)));
        }
        assert!(report(&store, "lv_1").is_some(), "the other is done in round {n}");
        assert_eq!(dead_letters(&store, 10).unwrap(), [], "round {n}");
    }
    work(&store, now.plus(2 * BACKOFF_MS[5]), &ended("c1")).unwrap();
    let letters = dead_letters(&store, 10).unwrap();
    assert_eq!((letters.len(), letters[0].reason.as_str()), (1, "the last attempt was cut off"));
    assert_eq!((letters[0].id.as_str(), due(&store)), (first.as_str(), 0));
}

#[test]
fn what_never_will_be_is_dead_at_once() {
    let store = house();
    let clerk = Clerk::default();
    clerk.refusals.borrow_mut().push(Failure::Never("of another tenant".into()));
    send_to(&store, &clerk, NOW, &origin(None), "e1", &used()).unwrap();
    let letters = dead_letters(&store, 10).unwrap();
    assert_eq!((letters[0].reason.as_str(), letters[0].attempts, due(&store)), ("of another tenant", 1, 0));
    let desk = Desk { store: &store, books: &clerk, reader: &|_: &Stored| used(), clock: &|| NOW };
    assert_eq!(desk.replay(&only(&store)), Ok(Outcome::Done));
}
