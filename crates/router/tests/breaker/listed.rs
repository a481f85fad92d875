//! The list of those that have opened: who stands on it, and for how long.

use calendar::{HOUR, Millis};
use kv_schemas::{Slot, Store, memory::Memory};
use router::breaker::{Admission, Listed, Record, Settings, admit, list, strike_closed};

use super::{
    Let, SETTINGS, Went, call,
    common::{NOW, every_schedule},
    opened, record,
};

/// Which are on the list.
fn listed(store: &dyn Store) -> Vec<Listed> {
    let slots = 1..=list().tail(store).unwrap();
    slots
        .filter_map(|index| if let Slot::Entry(entry) = list().get(store, index).unwrap() { Some(entry) } else { None })
        .collect()
}

#[test]
fn ops_1_what_opens_is_on_the_list_until_it_has_closed() {
    let store = opened();
    let entry = Listed { tenant: "demo".into(), vendor: "openai".into(), at: NOW };
    assert_eq!(listed(&store), std::slice::from_ref(&entry));
    // A probe that fails opens nothing anew.
    assert_eq!(call(&store, NOW.plus(10_000), Went::Wrong), Ok(Let::Probe));
    assert_eq!(strike_closed(&store, NOW.plus(HOUR), 10), Ok(0));
    assert_eq!(listed(&store), [entry]);
    assert_eq!(call(&store, NOW.plus(HOUR), Went::Well), Ok(Let::Probe));
    assert_eq!(strike_closed(&store, NOW.plus(HOUR), 10), Ok(1));
    assert_eq!(listed(&store), []);
    // Twice between two looks: one of the places is enough.
    for at in [HOUR, HOUR + 20_000] {
        (0..3).for_each(|_| drop(call(&store, NOW.plus(at), Went::Wrong)));
        if at == HOUR {
            assert_eq!(call(&store, NOW.plus(at + 10_000), Went::Well), Ok(Let::Probe));
        }
    }
    assert_eq!((listed(&store).len(), strike_closed(&store, NOW.plus(2 * HOUR), 10)), (2, Ok(1)));
    assert_eq!(listed(&store).len(), 1);
}

#[test]
fn rtr_3_what_nobody_asks_for_any_more_is_forgotten() {
    let store = opened();
    let idle = |ms: u64| NOW.plus(10_000 + ms);
    for (ms, open) in [(0, true), (9_999, true), (10_000, false), (2 * HOUR, false)] {
        assert_eq!(record(&store).unwrap().is_open(idle(ms)), open, "{ms}");
    }
    assert_eq!(strike_closed(&store, idle(HOUR + HOUR / 4 - 1), 10), Ok(0));
    assert!(record(&store).is_some());
    assert_eq!(strike_closed(&store, idle(HOUR + HOUR / 4), 10), Ok(1));
    assert_eq!((record(&store), listed(&store)), (None, vec![]));

    // One that somebody asks for now and then goes on, however long its list is.
    let store = opened();
    for hour in 1..6 {
        assert_eq!(call(&store, NOW.plus(hour * HOUR), Went::Wrong), Ok(Let::Probe), "{hour}");
        assert_eq!(strike_closed(&store, NOW.plus(hour * HOUR + HOUR / 2), 10), Ok(0));
    }
    assert_eq!(listed(&store).len(), 1);
}

#[test]
fn rtr_3_forgetting_refuses_nobody_who_asks_at_that_moment() {
    // The callers' clocks are behind that of the maintenance, as much as clocks may differ.
    let swept = NOW.plus(10_000 + HOUR + HOUR / 4);
    let at = Millis(swept.0 - 10_000);
    let sweep = |store: &dyn Store| strike_closed(store, swept, 10).map(|_| None);
    // A call that says how it went, and one whose failure is enough to open it.
    let caller = |failures: u32, went: Went| {
        move |store: &dyn Store| {
            let settings = Settings { failures, ..SETTINGS };
            let Admission::Allow(pass) = admit(store, "demo", "openai", &settings, at)? else {
                return Ok(Some(Let::Off(0)));
            };
            let answer = Some(if pass.is_probe() { Let::Probe } else { Let::Through });
            match went {
                Went::Well => pass.succeeded(store)?,
                Went::Wrong => pass.failed(store, &settings, at)?,
                Went::Unknown => drop(pass),
            }
            Ok(answer)
        }
    };
    for (failures, went) in [(3, Went::Well), (3, Went::Wrong), (3, Went::Unknown), (1, Went::Wrong)] {
        let asks = caller(failures, went);
        let ends = every_schedule(&opened(), &[&sweep, &asks], 1, &|store, results| {
            assert!(results.iter().flatten().flatten().all(|answer| *answer == Let::Through), "{results:?}");
            let is_open = record(store).is_some_and(|record| record.is_open(swept));
            assert!(!is_open || !listed(store).is_empty(), "open, and not on the list: {results:?}");
            // In the end nothing is left of one that nobody asks for.
            strike_closed(store, swept.plus(2 * HOUR), 10).unwrap();
            assert_eq!(listed(store), [], "{results:?}");
            assert!(!matches!(record(store), Some(Record::Open { .. })), "{results:?}");
        });
        assert!(ends > 50, "{ends}");
    }
}

#[test]
fn ops_1_no_breaker_is_open_without_being_on_the_list_whoever_crashes() {
    let fails = |store: &dyn Store| call(store, NOW, Went::Wrong);
    let nearly = Memory::default();
    (0..2).for_each(|_| drop(call(&nearly, NOW, Went::Wrong)));
    every_schedule(&nearly, &[&fails, &fails], 1, &|store, results| {
        let is_open = matches!(record(store), Some(Record::Open { .. }));
        assert!(!is_open || !listed(store).is_empty(), "{results:?}");
        strike_closed(store, NOW.plus(HOUR), 10).unwrap();
        assert_eq!(listed(store).len(), usize::from(is_open), "{results:?}");
    });
}
