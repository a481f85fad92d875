//! Lists, pages, cursors and look-ups, over numbered and staged entries.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod common;

use audit::{Cursor, Entry, Filter, Kind, MAX_SCAN, Period, Position, Scope, Selection, Snapshot, find, receipt};
use calendar::Millis;
use common::{NOW, append, entry, ids, month, sequence};
use kv_schemas::{Store, StoreError, memory::Memory};

/// Ten entries, a second apart, tenants alternating; the first `sequenced` have their number.
fn log(sequenced: u32) -> Memory {
    let store = Memory::default();
    for n in 0..10_u64 {
        let mut entry = entry(&format!("lc_{n}"), if n % 2 == 0 { "a" } else { "b" }, 2);
        entry.at_ms = Millis(NOW.0 + n * 1_000);
        append(&store, &entry).unwrap();
    }
    sequence(&store, NOW, sequenced).unwrap();
    store
}

fn pages(store: &Memory, filter: &Filter, period: Period, limit: usize, between: impl Fn(&Memory)) -> String {
    let (mut all, mut start) = (Vec::new(), Position(0));
    let wanted = Selection { period, ..Selection::default() };
    loop {
        let (items, next) = Snapshot::take(store, filter.clone()).unwrap().page(store, &wanted, start, limit).unwrap();
        assert!(items.len() <= limit);
        all.extend(items);
        match next {
            None => return ids(&all),
            Some(next) => start = Cursor::read(filter, &Cursor::write(filter, next)).unwrap(),
        }
        between(store);
    }
}

#[test]
fn every_page_size_gives_every_entry_once() {
    let all = "lc_0 lc_1 lc_2 lc_3 lc_4 lc_5 lc_6 lc_7 lc_8 lc_9";
    for sequenced in [0, 3, 10] {
        for limit in 1..=11 {
            let store = log(sequenced);
            assert_eq!(pages(&store, &Filter::All, Period::default(), limit, |_| ()), all);
            let tenant = Filter::Tenant("b".into());
            assert_eq!(pages(&store, &tenant, Period::default(), limit, |_| ()), "lc_1 lc_3 lc_5 lc_7 lc_9");
            // Entries get their numbers while somebody is paging.
            let moving = |store: &Memory| assert!(sequence(store, NOW, 1).is_ok());
            assert_eq!(pages(&store, &Filter::All, Period::default(), limit, moving), all);
            let store = log(sequenced);
            assert_eq!(pages(&store, &tenant, Period::default(), limit, moving), "lc_1 lc_3 lc_5 lc_7 lc_9");
        }
    }
}

#[test]
fn a_period_takes_its_beginning_and_leaves_its_end() {
    let at = |second: u64| Some(Millis(NOW.0 + second * 1_000));
    let check = |from, to, list: &str| {
        assert_eq!(pages(&log(4), &Filter::All, Period { from, to }, 3, |_| ()), list);
    };
    check(at(2), at(5), "lc_2 lc_3 lc_4");
    check(at(8), None, "lc_8 lc_9");
    check(None, at(1), "lc_0");
    check(at(5), at(5), "");
    check(at(100), None, "");
}

#[test]
fn cursors_fit_only_their_kind_of_list() {
    let check = |filter: &Filter, text: &str, position: Option<u64>| {
        assert_eq!(Cursor::read(filter, text).map(|p| p.0), position, "{text}");
    };
    check(&Filter::All, "a17", Some(17));
    check(&Filter::Tenant("x".into()), "t17", Some(17));
    for bad in ["", "a", "t17", "17", "a-1", "a+1", "a1x", "a99999999999999999999", "ａ1"] {
        check(&Filter::All, bad, None);
    }
    let below = |filter: &Filter, text: &str| Cursor::read_below(filter, text).map(str::to_owned);
    let (all, tenant) = (Filter::All, Filter::Tenant("x".into()));
    assert_eq!(below(&all, &Cursor::write_below(&all, "lc_1")).as_deref(), Some("lc_1"));
    assert_eq!(below(&tenant, &Cursor::write_below(&tenant, "lc_1")).as_deref(), Some("lc_1"));
    for (filter, bad) in [(&all, "a17"), (&all, "Tlc_1"), (&all, "A"), (&all, ""), (&tenant, "Alc_1"), (&tenant, "t17")]
    {
        assert_eq!(below(filter, bad), None, "{bad}");
    }
    assert_eq!(Cursor::read(&all, "Alc_1"), None, "neither the other way");
    // Past the end is an empty last page, not an error.
    let (items, next) = Snapshot::take(&log(4), Filter::All)
        .unwrap()
        .page(&log(4), &Selection::default(), Position(u64::MAX), 5)
        .unwrap();
    assert_eq!((items.len(), next), (0, None));
}

#[test]
fn a_page_looks_at_a_bounded_number_of_entries() {
    let store = Memory::default();
    for n in 0..=MAX_SCAN {
        append(&store, &entry(&format!("lc_{n}"), "a", 2)).unwrap();
    }
    let period = Period { from: Some(Millis(NOW.0 + 1)), to: None };
    let (never, snapshot) =
        (Selection { period, ..Selection::default() }, Snapshot::take(&store, Filter::All).unwrap());
    let (items, next) = snapshot.page(&store, &never, Position(0), 10).unwrap();
    assert_eq!((items.len(), next), (0, Some(Position(MAX_SCAN))));
    let (items, next) = snapshot.page_down(&store, &never, None, 10).unwrap();
    assert_eq!((items.len(), next.as_deref()), (0, Some("lc_1")), "all but the oldest");
    let (items, next) = snapshot.page_down(&store, &never, Some(Position(1)), 10).unwrap();
    assert_eq!((items.len(), next), (0, None));
}

#[test]
fn an_entry_is_found_before_and_after_it_has_its_number() {
    let store = log(4);
    let check = |id: &str, seq: Option<Option<u64>>| assert_eq!(find(&store, id).unwrap().map(|i| i.seq), seq, "{id}");
    check("lc_3", Some(Some(3)));
    check("lc_4", Some(None));
    check("lc_99", None);
    check("", None);
}

#[test]
fn an_index_that_leads_to_another_entry_shows_nobody_anything() {
    let check = |key: &str, leads_to: u64, id: &str| {
        let store = log(4);
        store.set(key, leads_to.to_string().as_bytes()).unwrap();
        assert!(matches!(find(&store, id), Err(StoreError::Corrupt { key: named, .. }) if named == key), "{key}");
        assert!(receipt(&store, id).map_or(true, |receipt| receipt.is_none()), "{key}");
    };
    check("entry-of/lc_3", 2, "lc_3");
    check("staged-at/lc_4", 6, "lc_4");
}

#[test]
fn a_month_is_the_month_of_the_decision() {
    let store = log(10);
    // NOW is a second before December: one entry in November, nine in December.
    assert_eq!(month(&store, Scope::Company, "acme").entries, 1);
    let december = audit::totals(&store, Scope::Company, "acme", "2026-12").unwrap();
    assert_eq!((december.entries, december.settled_nanos, december.units("seconds")), (9, 18, 18));
    assert_eq!(december.units("tokens"), 0);
    let share = december.by_capability.get("video").unwrap();
    assert_eq!((share.entries, share.nanos), (9, 18));
}

#[test]
fn a_list_of_one_kind_has_the_others_passed_over() {
    let store = Memory::default();
    for (n, event) in (0..).zip(["TWIN_INTERACTION", "SESSION_STARTED", "KEY_CREATED", "CORRECTION", "SESSION_ENDED"]) {
        append(&store, &Entry { event_type: event.into(), ..entry(&format!("lc_{n}"), "a", 2) }).unwrap();
    }
    let check = |kind: Option<Kind>, list: &str| {
        for filter in [Filter::All, Filter::Tenant("a".into())] {
            let snapshot = Snapshot::take(&store, filter).unwrap();
            let wanted = Selection { kind, ..Selection::default() };
            let whole = snapshot.page(&store, &wanted, Position(0), 10).unwrap();
            assert_eq!((ids(&whole.0).as_str(), whole.1), (list, None), "{kind:?}");
            let (items, next) = snapshot.span(&store, &wanted, Position(0), 3).unwrap();
            assert!(items.len() < 4 && next == Some(Position(3)), "a span looks at just as many, whatever their kind");
            let rest = snapshot.span(&store, &wanted, Position(3), 3).unwrap().0;
            assert_eq!(ids(&[items, rest].concat()), list, "{kind:?}");
        }
    };
    for sequenced in [0, 2, 5] {
        sequence(&store, NOW, sequenced).unwrap();
        check(None, "lc_0 lc_1 lc_2 lc_3 lc_4");
        check(Some(Kind::Money), "lc_0 lc_3");
        check(Some(Kind::Session), "lc_1 lc_4");
        check(Some(Kind::Admin), "lc_2");
    }
}
