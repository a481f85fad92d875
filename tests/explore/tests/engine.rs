//! The engine itself: it finds what is there to be found, and goes through as much as the formulas say.

use std::collections::BTreeSet;

use explore::{End, Explore, Report, Status, View};
use kv_schemas::{Store, memory::Memory};

fn count(store: &dyn Store, key: &str, delta: i64) -> i64 {
    store.increment(key, delta).unwrap_or(-1)
}

fn factorial(n: usize) -> usize {
    (1..=n).product()
}

#[test]
fn callers_on_keys_of_their_own_form_a_grid() {
    let check = |actors: usize, operations: usize| {
        let store = Memory::default();
        let mut explore = Explore::new(&store);
        for actor in 0..actors {
            explore = explore.actor(format!("{actor}"), move |store| {
                (0..operations).for_each(|i| store.set(&format!("{actor}/{i}"), b"1").unwrap());
            });
        }
        let report = explore.try_run().unwrap();
        assert_eq!(report.states, (operations + 1).pow(actors as u32), "{actors} with {operations}");
        assert_eq!(report.ends, report.states, "a crash anywhere is an end");
    };
    check(1, 7);
    check(2, 5);
    check(3, 4);
    check(5, 3);
}

/// Callers that increment one counter; what they were told names the order.
fn orders(actors: usize, operations: usize, merging: bool) -> Report {
    let store = Memory::default();
    let mut explore = Explore::new(&store).crashes(0);
    for actor in 0..actors {
        explore = explore.actor(format!("{actor}"), move |store| {
            (0..operations).map(|_| count(store, "shared", 1)).collect::<Vec<i64>>()
        });
    }
    if merging { explore } else { explore.without_merging() }.try_run().unwrap()
}

#[test]
fn every_order_of_operations_comes_up_once() {
    for (actors, operations) in [(2, 1), (2, 2), (2, 4), (3, 2), (4, 1), (5, 1), (3, 3)] {
        let expected = factorial(actors * operations) / factorial(operations).pow(actors as u32);
        for merging in [false, true] {
            let found = orders(actors, operations, merging).ends;
            assert_eq!(found, expected, "{actors} with {operations}, merging {merging}");
        }
    }
}

#[test]
fn what_was_told_is_forgotten_only_where_it_makes_no_difference() {
    // Four callers pass two counters and then say whether the first sum was odd.
    let ends = |merging: bool| {
        let store = Memory::default();
        let seen = std::cell::RefCell::new(BTreeSet::new());
        let mut explore = Explore::new(&store);
        for actor in 0..4 {
            explore = explore.actor(format!("{actor}"), move |store| {
                let first = count(store, "first", 1);
                let second = count(store, "second", 10);
                let denied = second > 30;
                store.set(&format!("done/{actor}"), if denied { b"no" } else { b"ok" }).unwrap();
                if denied {
                    count(store, "second", -10);
                }
                first % 2
            });
        }
        let explore = explore.finally(|end: &End<'_, i64>| {
            let outcomes: Vec<_> = (0..4).map(|i| format!("{:?}", end.view.status(i))).collect();
            let content: Vec<_> = end.store.keys().iter().map(|key| format!("{:?}", end.store.get(key))).collect();
            let sums = [end.view.counter("first"), end.view.counter("second")];
            seen.borrow_mut().insert(format!("{outcomes:?} {content:?} {sums:?} {:?}", end.store.keys()));
            Ok(())
        });
        let report = if merging { explore } else { explore.without_merging() }.try_run().unwrap();
        assert_eq!(report.ends, seen.borrow().len());
        (report.states, seen.into_inner())
    };
    let ((merged, some), (told_apart, all)) = (ends(true), ends(false));
    assert_eq!(some, all);
    assert!(merged * 2 < told_apart, "{merged} and {told_apart}");
}

#[test]
fn constants_and_the_line_save_states_and_lose_no_ends() {
    let report = |constants: &[&str], line: bool| {
        let store = Memory::default();
        store.set("constant/a", b"1").unwrap();
        let mut explore = Explore::new(&store).constants(constants);
        for actor in 0..3 {
            explore = explore.actor(format!("{actor}"), move |store| {
                store.get("constant/a").unwrap();
                let place = count(store, "line", 1);
                store.exists("constant/b").unwrap();
                store.set(&format!("place/{place}"), b"x").unwrap();
            });
        }
        if line { explore.in_line("line") } else { explore }.try_run().unwrap()
    };
    let (all, fewer, fewest) = (report(&[], false), report(&["constant/"], false), report(&["constant/"], true));
    assert_eq!(all.ends, fewer.ends);
    assert!(fewest.states < fewer.states && fewer.states < all.states, "{fewest}; {fewer}; {all}");

    let store = Memory::default();
    let written = Explore::new(&store).constants(&["a"]).actor("writer", |store| store.set("a", b"1")).try_run();
    assert!(written.unwrap_err().contains("was said to be constant"));
}

#[test]
fn a_lost_reply_is_tried_applied_and_not_applied() {
    let store = Memory::default();
    let told = |view: &View<'_, i64>| (view.status(0) == Status::Ended(&-1)).then(|| view.counter("a"));
    let seen = std::cell::RefCell::new(BTreeSet::new());
    let explore = Explore::new(&store).errors(1).actor("one", |store| count(store, "a", 1));
    let explore = explore.always(|view| {
        seen.borrow_mut().extend(told(view));
        Ok(())
    });
    explore.try_run().unwrap();
    assert_eq!(seen.into_inner().into_iter().collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn a_phase_begins_wherever_the_one_before_may_end() {
    let check = |crashes: Option<u8>, expected: &[i64]| {
        let store = Memory::default();
        let seen = std::cell::RefCell::new(BTreeSet::new());
        let twice = |store: &dyn Store| {
            count(store, "a", 1);
            count(store, "a", 1)
        };
        let explore = Explore::new(&store).actor("one", twice).actor("two", twice).then();
        let explore = explore.actor("reader", |store| count(store, "a", 0)).finally(|end: &End<'_, i64>| {
            if let Status::Ended(sum) = end.view.status(2) {
                seen.borrow_mut().insert(*sum);
            }
            Ok(())
        });
        let explore = if let Some(most) = crashes { explore.crashes(most) } else { explore };
        explore.try_run().unwrap();
        assert_eq!(seen.into_inner().into_iter().collect::<Vec<_>>(), expected, "{crashes:?}");
    };
    check(Some(0), &[4]);
    check(Some(1), &[2, 3, 4]);
    check(None, &[0, 1, 2, 3, 4]);
}

#[test]
fn a_value_used_as_a_counter_is_found() {
    let store = Memory::default();
    let set = |store: &dyn Store| store.set("a", b"1").map(|()| 0);
    let explore = Explore::new(&store).actor("sets", set).actor("increments", |store| store.increment("a", 1));
    assert!(explore.try_run().unwrap_err().contains("both as a value and as a counter"));
}
