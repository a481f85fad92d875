//! The log against what was seen of it before, from inside and from outside; and what is no difference.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

#[path = "../../limits/tests/common/mod.rs"]
mod common;

use audit::{Entry, Filter, Period, Position, Signer, Snapshot, Staged, VERSION};
use common::{NOW, SIGNER};
use kv_schemas::memory::Memory;
use reconcile::outside::{Outside, Sight, Tree};
use reconcile::{Report, Severity, Trust};
use serde_json::Value as Json;
use tlog::{Checkpoint, Hash, TileId};

/// A log of so many events, which say who wrote it, with a checkpoint after every hundred.
fn log(author: &str, entries: u64) -> Memory {
    let store = Memory::default();
    for n in 0..entries {
        let entry = Entry {
            v: VERSION,
            event_type: "PRICES_CHANGED".into(),
            limit_check_id: format!("evt_{n}"),
            at_ms: NOW,
            details: [("by".to_owned(), author.to_owned())].into(),
            ..Entry::default()
        };
        audit::append(&store, &Staged::new(entry, [[7; 16], [8; 16]], None, format!("req_{n}"))).unwrap();
        if n % 100 == 99 || n + 1 == entries {
            audit::sequence(&store, NOW, 1_000, &SIGNER).unwrap();
        }
    }
    store
}

fn checkpoint(store: &Memory) -> Checkpoint {
    Checkpoint::unverified(&audit::checkpoint(store).unwrap().unwrap()).unwrap()
}

fn report(store: &Memory, trust: &Trust) -> Report {
    reconcile::check_knowing(store, NOW, store.keys().into_iter(), trust).unwrap()
}

#[track_caller]
fn found(report: &Report, what: &[&str], words: &str) {
    let kinds: Vec<_> = report.of(Severity::Difference).map(|finding| finding.what).collect();
    assert_eq!(kinds, what, "{report:#?}");
    assert!(words.is_empty() || report.findings[0].sentence.contains(words), "{:?}", report.findings);
}

#[test]
fn a_history_that_was_rewritten_is_told_by_what_was_seen() {
    let check = |seen: &Memory, now: &Memory, what: &[&str], words: &str| {
        let trust = Trust { key: Some(SIGNER.verifier()), seen: Some(checkpoint(seen)) };
        found(&report(now, &trust), what, words);
    };
    let (short, long, other) = (log("me", 270), log("me", 530), log("somebody", 530));
    check(&short, &long, &[], "");
    check(&long, &long, &[], "");
    check(
        &Memory::clone(&long),
        &short,
        &["log_shrunk"],
        "it had 530 entries when it was last seen, and now it has 270",
    );
    check(&short, &other, &["log_rewritten"], "its first 270 entries are not those of when it was last seen");
    check(&other, &long, &["log_rewritten"], "The history of the log log.example/test was rewritten");
}

#[test]
fn what_signs_with_another_key_is_told() {
    let other = Signer::new("log.example/test", [9; 32]).unwrap().verifier();
    let store = log("me", 70);
    let report = report(&store, &Trust { key: Some(other.clone()), seen: None });
    found(&report, &["checkpoint_signature"], "is not of the log with the key log.example/test+");
    let tree = |trust: &Trust| {
        let note = audit::checkpoint(&store).unwrap().unwrap();
        let tree = Tree::new(&note, &SIGNER.verifier(), leaves(&store), trust);
        Outside::new(Sight::Own, &[], &[], Some(tree)).finish(&[])
    };
    found(&tree(&Trust::default()), &[], "");
    found(&tree(&Trust { key: Some(other), seen: None }), &["log_key", "checkpoint_signature"], "shows the key");
}

#[test]
fn a_publication_that_broke_off_is_no_difference() {
    let whole = log("me", 300);
    let begun = log("me", 200);
    for n in 200..300 {
        let id = n.to_string();
        let entry = kv_schemas::families::ENTRY.value::<Entry>(&[&id]).get(&whole).unwrap().unwrap();
        let opening = kv_schemas::families::PERSONAL.value(&[&id]).get(&whole).unwrap();
        audit::append(&begun, &Staged { entry, opening }).unwrap();
    }
    let mut notes = 0;
    for operations in 0..400 {
        let store = begun.clone();
        store.fail_after(operations * 11);
        let cut = audit::sequence(&store, NOW, 1_000, &SIGNER).is_err();
        store.recover();
        let report = report(&store, &Trust { key: Some(SIGNER.verifier()), seen: Some(checkpoint(&whole)) });
        let kinds: Vec<_> = report.of(Severity::Difference).map(|finding| finding.what).collect();
        assert!(cut == (kinds == ["log_shrunk"]) || kinds.is_empty(), "{operations}: {:#?}", report.findings);
        notes += report.of(Severity::Note).count();
        if !cut {
            assert!(notes > 5 && report.findings.is_empty(), "{notes} {:#?}", report.findings);
            return;
        }
    }
    panic!("the run never came to its end");
}

fn leaves(store: &Memory) -> Vec<Hash> {
    let size = checkpoint(store).size;
    let tiles = (0..size.div_ceil(256)).map(|index| TileId::in_tree(0, index, size).unwrap());
    tiles.flat_map(|id| audit::tile(store, id).unwrap().unwrap()).collect()
}

#[test]
fn from_outside_each_entry_is_compared_with_its_leaf() {
    let store = log("me", 300);
    let items = Snapshot::take(&store, Filter::All).unwrap();
    let items = items.page(&store, Period::default(), None, Position(0), 1_000).unwrap().0;
    let views: Vec<Json> = items.iter().map(|item| serde_json::to_value(item.view()).unwrap()).collect();
    let views: Vec<Json> = views.iter().map(|view| serde_json::from_str(&view.to_string()).unwrap()).collect();
    let check = |sight: Sight, change: &dyn Fn(&mut Vec<Hash>, &mut Vec<Json>), what: &[&str], words: &str| {
        let (mut leaves, mut views) = (leaves(&store), views.clone());
        change(&mut leaves, &mut views);
        let note = audit::checkpoint(&store).unwrap().unwrap();
        let tree = Tree::new(&note, &SIGNER.verifier(), leaves, &Trust::default());
        let mut outside = Outside::new(sight, &[], &[], Some(tree));
        views.iter().for_each(|view| outside.view(view));
        found(&outside.finish(&[]), what, words);
    };
    check(Sight::Whole, &|_, _| (), &[], "");
    check(Sight::Own, &|_, views| drop(views.drain(3..290)), &[], "");
    check(Sight::Whole, &|_, views| drop(views.remove(299)), &["gap"], "Number 299 of the log");
    check(Sight::Whole, &|_, views| drop(views.remove(3)), &["gap"], "Number 3 of the log");
    let words =
        "Entry 258 of the log (evt_258 of tenant ) is not the one that was logged: tile/0/001.p/44 has another hash.";
    check(Sight::Own, &|_, views| views[258]["details"]["by"] = "you".into(), &["entry_changed"], words);
    check(Sight::Own, &|_, views| views[258]["cost_amount"] = 1.into(), &["entry_contradicts"], "`cost_amount`");
    let kinds = ["entry_changed", "checkpoint_root"];
    check(Sight::Own, &|leaves, _| leaves[7] = [0; 32], &kinds, "Entry 7 of the log");
    check(Sight::Own, &|leaves, _| leaves.truncate(299), &["checkpoint_root"], "with 299 hashes");
}
