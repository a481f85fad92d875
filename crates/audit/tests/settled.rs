//! What the whole log comes to: by kind and capability, charges apart from credits, and from an older release's state on.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod common;

use audit::{Entry, Filter, LEASE_MS, settled};
use common::{NOW, append, books::check_settled_total, entry, everything, sequence};
use kv_schemas::{Store, gap::Gap, memory::Memory};
use money::Nanos;

fn correction(id: &str, nanos: i64) -> Entry {
    Entry { event_type: "CORRECTION".into(), cost_nanos: Nanos(nanos), ..entry(id, "a", 2) }
}

fn entries() -> Vec<Entry> {
    let event = |id, event: &str| Entry { event_type: event.into(), capability: String::new(), ..entry(id, "b", 0) };
    vec![
        entry("lc_1", "a", 10),
        entry("lc_2", "b", 7),
        correction("lc_3", -4),
        event("evt_1", "SESSION_STARTED"),
        correction("lc_4", 1),
        event("evt_2", "KEY_CREATED"),
        entry("lc_5", "b", 20),
    ]
}

fn stage(store: &Memory) {
    for entry in entries() {
        append(store, &entry).unwrap();
    }
}

#[test]
fn ops_1_what_is_settled_is_known_of_the_whole_log() {
    let store = Memory::default();
    stage(&store);
    assert_eq!(settled(&store).unwrap().1.nanos(), 0, "nothing has a number yet");
    sequence(&store, NOW, 100).unwrap();
    let (progress, total) = settled(&store).unwrap();
    assert_eq!((progress.size, progress.staged), (7, 0));
    let of = |name: &str| (total.entries.get(name).copied(), total.charged.get(name).copied());
    assert_eq!(["money", "session", "admin"].map(|kind| of(kind).0), [Some(5), Some(1), Some(1)]);
    // A correction counts to the capability of what it corrects.
    assert_eq!(["video", "chat", ""].map(|capability| of(capability).1), [Some(31), Some(7), None]);
    assert_eq!((total.credited, total.nanos()), (4, 34));
}

#[test]
fn ops_1_an_older_state_is_taken_over_and_what_comes_counts() {
    let store = Memory::default();
    append(&store, &entry("lc_1", "a", 10)).unwrap();
    sequence(&store, NOW, 100).unwrap();
    for key in store.keys().into_iter().filter(|key| key.starts_with("sequencer/")) {
        let mut state: serde_json::Value = serde_json::from_slice(&store.get(&key).unwrap().unwrap()).unwrap();
        state.as_object_mut().unwrap().remove("settled").unwrap();
        store.set(&key, &serde_json::to_vec(&state).unwrap()).unwrap();
    }
    assert_eq!(settled(&store).unwrap().1.nanos(), 0);
    append(&store, &entry("lc_2", "a", 5)).unwrap();
    sequence(&store, NOW, 100).unwrap();
    let (progress, total) = settled(&store).unwrap();
    assert_eq!((progress.size, total.nanos(), total.entries["money"]), (2, 5, 1), "since the upgrade");
}

/// Another run takes over before each operation of one that takes few at a time, and that one goes on late.
#[test]
fn ops_1_what_two_runs_number_counts_once() {
    for limit in [1, 3, 100] {
        for at in 0.. {
            let store = Memory::default();
            stage(&store);
            let other = |store: &dyn Store| assert!(sequence(store, NOW.plus(LEASE_MS), 2).is_ok());
            let gap = Gap::new(&store, at, &other);
            sequence(&gap, NOW, limit).unwrap();
            let reached = gap.reached();
            for round in 2..10 {
                sequence(&store, NOW.plus(round * LEASE_MS), 100).unwrap();
            }
            let when = format!("replaced before {at}, limit {limit}");
            check_settled_total(&store, &everything(&store, Filter::All), &when);
            if !reached {
                assert!(at > 30, "the run does something");
                break;
            }
        }
    }
}
