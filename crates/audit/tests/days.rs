//! Sums day by day: every entry counts once on the UTC day of its own time, in its tenant's sums and in the deployment's.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod common;

use audit::{Entry, Filter, LEASE_MS, Scope, days, totals};
use calendar::{DAY, Millis};
use common::{
    NOW, append,
    books::{check_days, spread},
    entry, everything, sequence,
};
use kv_schemas::{Store, gap::Gap, memory::Memory};

fn store(sequenced: u32) -> Memory {
    let store = Memory::default();
    for (n, tenant) in (0..).zip(["a", "b", "a", "a", "b", "a", "b"]) {
        append(&store, &spread(entry(&format!("lc_{n}"), tenant, 5 + n), n as u64)).unwrap();
    }
    append(&store, &Entry { event_type: "KEY_CREATED".into(), ..entry("evt_1", "a", 99) }).unwrap();
    sequence(&store, NOW, sequenced).unwrap();
    store
}

#[test]
fn ops_2_the_days_of_a_month_come_to_the_month() {
    for sequenced in [0, 3, 8] {
        let store = store(sequenced);
        check_days(&store, &everything(&store, Filter::All), &format!("{sequenced} have their numbers"));
        // NOW is the last second of November; the entries are of the four days up to then.
        let november: Vec<Millis> = (0..30).map(|back| Millis(NOW.0 - back * DAY)).collect();
        for tenant in ["a", "b"] {
            let month = totals(&store, Scope::Tenant, tenant, "2026-11").unwrap();
            let sums: Vec<_> = days(&store, &Filter::Tenant(tenant.into()), &november).unwrap();
            let sums: Vec<_> = sums.into_iter().flatten().collect();
            let nanos: i64 = sums.iter().map(|day| day.settled_nanos).sum();
            let entries: u64 = sums.iter().map(|day| day.entries).sum();
            let units: u64 = sums.iter().map(|day| day.units("seconds")).sum();
            let of_month = (month.settled_nanos, month.entries, month.units("seconds"));
            assert_eq!(((nanos, entries, units), sums.len()), (of_month, 30), "{tenant}");
        }
    }
}

/// Another run takes over before each operation of one that takes few at a time, and that one goes on late.
#[test]
fn ops_2_what_two_runs_number_counts_once_on_its_day() {
    for limit in [1, 3, 100] {
        for at in 0.. {
            let store = store(0);
            let other = |store: &dyn Store| assert!(sequence(store, NOW.plus(LEASE_MS), 2).is_ok());
            let gap = Gap::new(&store, at, &other);
            sequence(&gap, NOW, limit).unwrap();
            let (reached, when) = (gap.reached(), format!("replaced before {at}, limit {limit}"));
            check_days(&store, &everything(&store, Filter::All), &when);
            for round in 2..10 {
                sequence(&store, NOW.plus(round * LEASE_MS), 100).unwrap();
            }
            check_days(&store, &everything(&store, Filter::All), &when);
            if !reached {
                assert!(at > 30, "the run does something");
                break;
            }
        }
    }
}

/// Entries get their numbers between any two reads.
#[test]
fn ops_2_sums_that_are_read_while_entries_move_have_each_once() {
    for whose in [Filter::All, Filter::Tenant("a".into())] {
        for at in 0.. {
            let store = store(3);
            let span: Vec<Millis> = (0..6).map(|back| Millis(NOW.0 - back * DAY)).collect();
            let before = days(&store, &whose, &span).unwrap();
            let run = |store: &dyn Store| assert!(sequence(store, NOW, 100).is_ok());
            let gap = Gap::new(&store, at, &run);
            let sums = |found: Vec<Option<audit::Totals>>| -> Vec<_> {
                found.into_iter().map(|day| day.map(|day| (day.entries, day.settled_nanos))).collect()
            };
            let found = days(&gap, &whose, &span).unwrap();
            assert_eq!(sums(found), sums(before), "{whose:?}, before read {at}");
            if !gap.reached() {
                assert!(at > 10, "something is read");
                break;
            }
        }
    }
}

#[test]
fn ops_2_an_older_state_is_taken_over_and_whole_days_are_known() {
    let store = store(8);
    let written = |store: &Memory| {
        let key = store.keys().into_iter().rfind(|key| key.starts_with("sequencer/")).unwrap();
        let state = String::from_utf8(store.get(&key).unwrap().unwrap()).unwrap();
        (key, state)
    };
    let (key, state) = written(&store);
    let mut older: serde_json::Value = serde_json::from_str(&state).unwrap();
    older.as_object_mut().unwrap().remove("recent").unwrap();
    store.set(&key, &serde_json::to_vec(&older).unwrap()).unwrap();
    let of = |after: u64| days(&store, &Filter::All, &[Millis(NOW.0 + after * DAY)]).unwrap().remove(0);
    assert_eq!((of(0), of(1)), (None, None), "nobody knows");
    sequence(&store, NOW.plus(DAY), 100).unwrap();
    assert!(!written(&store).1.contains("recent"), "what doesn't change keeps its bytes");
    for (n, after) in [(20, 0), (21, 1), (22, 2)] {
        append(&store, &Entry { at_ms: NOW.plus(after * DAY), ..entry(&format!("lc_{n}"), "a", 3) }).unwrap();
    }
    sequence(&store, NOW.plus(DAY), 100).unwrap();
    // The day of the upgrade isn't known as a whole, and a tenant's days are as ever.
    assert_eq!([of(0), of(1)], [None, None]);
    assert_eq!([of(2), of(3)].map(|day| day.map(|day| day.settled_nanos)), [Some(3), Some(0)]);
    let tenant = days(&store, &Filter::Tenant("a".into()), &[NOW.plus(DAY)]).unwrap().remove(0);
    assert_eq!(tenant.map(|day| day.settled_nanos), Some(3));
}
