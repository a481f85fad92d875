//! Lists that begin with the newest entry, over staged and numbered ones, while the log grows and gaps are filled.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "tests may panic")]

mod common;

use audit::{Cursor, Entry, Filter, Kind, Selection, Snapshot, Staged};
use common::{NOW, append, entry, everything, ids, sequence, staged};
use kv_schemas::{Store, families, memory::Memory};

fn tenant(n: u64) -> &'static str {
    if n.is_multiple_of(2) { "a" } else { "b" }
}

fn add(store: &Memory, n: u64) {
    append(store, &entry(&format!("lc_{n}"), tenant(n), 2)).unwrap();
}

/// Ten entries, tenants alternating; the first `sequenced` have their number.
fn log(sequenced: u32) -> Memory {
    let store = Memory::default();
    (0..10).for_each(|n| add(&store, n));
    sequence(&store, NOW, sequenced).unwrap();
    store
}

/// All pages, each from a look of its own, with the cursor in between as text.
fn pages(store: &Memory, filter: &Filter, wanted: &Selection, limit: usize, between: impl Fn(u64)) -> String {
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    for n in 0.. {
        assert!(n < 100, "a list without an end");
        let snapshot = Snapshot::take(store, filter.clone()).unwrap();
        let below = cursor.map(|text| {
            let id = Cursor::read_below(filter, &text).unwrap();
            snapshot.position_of(store, id).unwrap().unwrap_or_else(|| panic!("{text} names nothing"))
        });
        let (items, next) = snapshot.page_down(store, wanted, below, limit).unwrap();
        assert!(items.len() <= limit);
        all.extend(items);
        match next {
            None => break,
            Some(id) => cursor = Some(Cursor::write_below(filter, &id)),
        }
        between(n);
    }
    ids(&all)
}

#[test]
fn aud_3_newest_first_gives_every_entry_once_at_every_page_size() {
    let (every, all) = (Selection::default(), "lc_9 lc_8 lc_7 lc_6 lc_5 lc_4 lc_3 lc_2 lc_1 lc_0");
    let (b, of_b) = (Filter::Tenant("b".into()), "lc_9 lc_7 lc_5 lc_3 lc_1");
    for sequenced in [0, 3, 10] {
        for limit in 1..=11 {
            let store = log(sequenced);
            assert_eq!(pages(&store, &Filter::All, &every, limit, |_| ()), all);
            assert_eq!(pages(&store, &b, &every, limit, |_| ()), of_b);
            // Entries come, and get their numbers, while somebody is paging.
            let moving = |n: u64| {
                add(&store, 100 + n);
                sequence(&store, NOW, 2).unwrap();
            };
            assert_eq!(pages(&store, &Filter::All, &every, limit, moving), all, "{sequenced} {limit}");
            let store = log(sequenced);
            let moving = |n: u64| {
                add(&store, 101 + 2 * n);
                sequence(&store, NOW, 2).unwrap();
            };
            assert_eq!(pages(&store, &b, &every, limit, moving), of_b, "{sequenced} {limit}");
        }
    }
}

/// A writer has taken an index and writes its slot between two pages: below what was shown, so that every later position
/// moves by one.
#[test]
fn aud_3_a_gap_that_is_filled_between_two_pages_hides_and_repeats_nothing() {
    for gap in 1..=4_u64 {
        for limit in 1..=6 {
            let store = Memory::default();
            let log = families::STAGE.log::<Staged>(&[]);
            for n in 0..6 {
                add(&store, n);
            }
            let late = entry("lc_late", "a", 2);
            let held = store.get(&log.slot_key(gap)).unwrap().unwrap();
            log.put(&store, gap, &staged(&late)).unwrap();
            let slot = store.get(&log.slot_key(gap)).unwrap().unwrap();
            drop(held);
            store.delete(&log.slot_key(gap)).unwrap();
            let fill = |n: u64| {
                if n == 0 {
                    store.set(&log.slot_key(gap), &slot).unwrap();
                }
                if n == 1 {
                    sequence(&store, NOW, 100).unwrap();
                }
            };
            let found = pages(&store, &Filter::All, &Selection::default(), limit, fill);
            let mut shown: Vec<&str> = found.split(' ').filter(|id| *id != "lc_late").collect();
            let count = shown.len();
            shown.sort_unstable();
            shown.dedup();
            assert_eq!((count, shown.len()), (5, 5), "gap {gap}, limit {limit}: {found}");
        }
    }
}

#[test]
fn aud_3_a_place_in_another_list_is_none() {
    let check = |sequenced: u32, filter: Filter, id: &str, position: Option<u64>| {
        let store = log(sequenced);
        let found = Snapshot::take(&store, filter).unwrap().position_of(&store, id).unwrap();
        assert_eq!(found.map(|found| found.0), position, "{id} {sequenced}");
    };
    for sequenced in [0, 3, 10] {
        check(sequenced, Filter::All, "lc_7", Some(7));
        check(sequenced, Filter::All, "lc_10", None);
        check(sequenced, Filter::All, "", None);
        check(sequenced, Filter::Tenant("b".into()), "lc_7", Some(3));
        check(sequenced, Filter::Tenant("b".into()), "lc_6", None);
        check(sequenced, Filter::Tenant("nobody".into()), "lc_6", None);
    }
}

#[test]
fn aud_3_a_list_is_of_what_is_asked_for() {
    let store = Memory::default();
    let made = |id: &str, event: &str, capability: &str, provider: &str, session: &str| {
        let bare = Entry {
            event_type: event.into(),
            capability: capability.into(),
            provider: provider.into(),
            ..entry(id, "a", 2)
        };
        let staged = Staged::new(bare, [[7; 16], [8; 16]], Some(session.into()), "req_1".into());
        audit::append(&store, &staged).unwrap();
    };
    made("lc_0", "TWIN_INTERACTION", "chat", "openai", "ses_1");
    made("lc_1", "TWIN_INTERACTION", "video", "tavus", "ses_2");
    made("evt_2", "SESSION_ENDED", "", "", "ses_1");
    made("lc_3", "CORRECTION", "chat", "openai", "ses_1");
    made("lc_4", "TWIN_INTERACTION", "speech", "openai", "ses_2");
    let all = Selection::default;
    let text = |text: &str| Some(text.to_owned());
    for sequenced in [0, 2, 5] {
        sequence(&store, NOW, sequenced).unwrap();
        let check = |wanted: Selection, list: &str| {
            assert_eq!(pages(&store, &Filter::All, &wanted, 2, |_| ()), list, "{wanted:?}");
            let snapshot = Snapshot::take(&store, Filter::Tenant("a".into())).unwrap();
            let mut oldest = snapshot.page(&store, &wanted, audit::Position(0), 10).unwrap().0;
            oldest.reverse();
            assert_eq!(ids(&oldest), list, "{wanted:?}");
        };
        check(Selection { session_id: text("ses_1"), ..all() }, "lc_3 evt_2 lc_0");
        check(Selection { event_type: text("TWIN_INTERACTION"), ..all() }, "lc_4 lc_1 lc_0");
        check(Selection { capability: text("chat"), ..all() }, "lc_3 lc_0");
        check(Selection { provider: text("openai"), ..all() }, "lc_4 lc_3 lc_0");
        check(Selection { provider: text("openai"), session_id: text("ses_2"), ..all() }, "lc_4");
        check(Selection { kind: Some(Kind::Session), session_id: text("ses_2"), ..all() }, "");
    }
    // Erased: nobody can tell any more whose it was.
    store.delete(families::PERSONAL.value::<u64>(&["0"]).key()).unwrap();
    let left = pages(&store, &Filter::All, &Selection { session_id: text("ses_1"), ..all() }, 2, |_| ());
    assert_eq!((left.as_str(), everything(&store, Filter::All).len()), ("lc_3 evt_2", 5));
}
