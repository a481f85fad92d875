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

use audit::{Entry, Filter, Position, Selection, Signer, Snapshot, Staged, VERSION};
use common::{NOW, SIGNER};
use kv_schemas::memory::Memory;
use reconcile::outside::{Outside, Sight, Tree};
use reconcile::{Report, Seen, Severity, Trust};
use serde_json::Value as Json;
use tlog::{Checkpoint, Hash, TileId, Verifier};

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

fn knowing(says: Checkpoint, key: Option<Verifier>) -> Trust {
    Trust { seen: vec![Seen { says, key }], ..Trust::default() }
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
        let trust = Trust { key: Some(SIGNER.verifier()), ..knowing(checkpoint(seen), None) };
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
    let report = report(&store, &Trust { key: Some(other.clone()), ..Trust::default() });
    found(&report, &["checkpoint_signature"], "is not of the log with the key log.example/test+");
    let tree = |trust: &Trust| {
        let note = audit::checkpoint(&store).unwrap().unwrap();
        let tree = Tree::new(NOW, &note, &SIGNER.verifier(), leaves(&store), trust);
        Outside::new(Sight::Own, &[], &[], Some(tree)).finish(&[])
    };
    found(&tree(&Trust::default()), &[], "");
    found(
        &tree(&Trust { key: Some(other), ..Trust::default() }),
        &["log_key", "checkpoint_signature"],
        "shows the key",
    );
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
        let report = report(&store, &Trust { key: Some(SIGNER.verifier()), ..knowing(checkpoint(&whole), None) });
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
    let items = items.page(&store, &Selection::default(), Position(0), 1_000).unwrap().0;
    let views: Vec<Json> = items.iter().map(|item| serde_json::to_value(item.view()).unwrap()).collect();
    let views: Vec<Json> = views.iter().map(|view| serde_json::from_str(&view.to_string()).unwrap()).collect();
    let check = |sight: Sight, change: &dyn Fn(&mut Vec<Hash>, &mut Vec<Json>), what: &[&str], words: &str| {
        let (mut leaves, mut views) = (leaves(&store), views.clone());
        change(&mut leaves, &mut views);
        let note = audit::checkpoint(&store).unwrap().unwrap();
        let tree = Tree::new(NOW, &note, &SIGNER.verifier(), leaves, &Trust::default());
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

/// The log of `SIGNER` that goes on under another name and key, as its operator may have it.
fn rekeyed(entries: u64) -> (Memory, Signer) {
    let store = log("me", entries);
    let signer = Signer::new("log.example/new", [9; 32]).unwrap().succeeding(SIGNER.verifier());
    let event = audit::rekeyed(&store, NOW, &signer).unwrap().unwrap();
    audit::append(&store, &Staged::new(event, [[7; 16], [8; 16]], None, String::new())).unwrap();
    audit::sequence(&store, NOW, 1_000, &signer).unwrap();
    (store, signer)
}

#[test]
fn another_log_or_key_is_a_difference_unless_somebody_vouches_for_it() {
    let (seen, old) = (checkpoint(&log("me", 270)), SIGNER.verifier());
    let (store, signer) = rekeyed(300);
    let new = signer.verifier();
    let check = |store: &Memory, seen: Checkpoint, trust: Trust, what: &[&str], words: &str| {
        let trust = Trust { seen: vec![Seen { says: seen, key: Some(old.clone()) }], ..trust };
        found(&report(store, &trust), what, words);
        let shown = trust.key.clone().unwrap();
        let tree = Tree::new(NOW, &audit::checkpoint(store).unwrap().unwrap(), &shown, leaves(store), &trust);
        found(&Outside::new(Sight::Own, &[], &[], Some(tree)).finish(&[]), what, words);
    };
    let remembered = Trust { key: Some(new.clone()), ..Trust::default() };
    let words = "This log is log.example/new, signed by ";
    check(&store, seen.clone(), remembered.clone(), &["log_other"], words);
    check(
        &store,
        seen.clone(),
        remembered.clone(),
        &["log_other"],
        "; the one seen before was log.example/test, signed by ",
    );
    check(&store, seen.clone(), remembered, &["log_other"], "give the new one with --vkey");
    let vouched = Trust { key: Some(new), pinned: true, ..Trust::default() };
    check(&store, seen.clone(), vouched.clone(), &[], "");
    // Vouching for a key is not vouching for another history.
    let longer = checkpoint(&log("me", 430));
    check(&store, longer, vouched.clone(), &["log_shrunk"], "");
    check(&store, checkpoint(&log("somebody", 200)), vouched, &["log_rewritten"], "");
    // The same name, another key.
    let same_name = Signer::new("log.example/test", [9; 32]).unwrap().verifier();
    let note = audit::checkpoint(&store).unwrap().unwrap();
    let trust = Trust { seen: vec![Seen { says: seen, key: Some(old) }], ..Trust::default() };
    let tree = Tree::new(NOW, &note, &same_name, leaves(&store), &trust);
    let report = Outside::new(Sight::Own, &[], &[], Some(tree)).finish(&[]);
    assert!(report.findings.iter().any(|finding| finding.what == "log_other"), "{report:#?}");
}

#[test]
fn a_store_without_a_checkpoint_has_lost_what_was_seen() {
    let check = |seen: &Memory, what: &[&str], words: &str| {
        found(&report(&Memory::default(), &knowing(checkpoint(seen), None)), what, words);
    };
    check(&log("me", 270), &["log_shrunk"], "There is no checkpoint of any log, but there was one of 270 entries");
    found(&report(&Memory::default(), &Trust::default()), &[], "");
}

#[test]
fn an_entry_that_never_comes_under_a_checkpoint_is_told() {
    let store = log("me", 30);
    let items = Snapshot::take(&store, Filter::All).unwrap();
    let items = items.page(&store, &Selection::default(), Position(0), 1_000).unwrap().0;
    let mut views: Vec<Json> =
        items.iter().map(|item| serde_json::from_str(&serde_json::to_string(&item.view()).unwrap()).unwrap()).collect();
    let mut extra = views[29].clone();
    extra["limit_check_id"] = "evt_more".into();
    for seq in [Json::Null, 30.into()] {
        extra["seq"] = seq;
        views.truncate(30);
        views.push(extra.clone());
        let check = |age: u64, found: Option<(Severity, &str)>| {
            let note = audit::checkpoint(&store).unwrap().unwrap();
            let now = NOW.plus(age * 1_000);
            let tree = Tree::new(now, &note, &SIGNER.verifier(), leaves(&store), &Trust::default());
            let mut outside = Outside::new(Sight::Own, &[], &[], Some(tree));
            views.iter().for_each(|view| outside.view(view));
            let report = outside.finish(&[]);
            let mut kinds = report.findings.iter().filter(|finding| finding.what != "before_checkpoint");
            assert_eq!(kinds.next().map(|finding| (finding.severity, finding.what)), found, "{report:#?}");
            assert_eq!(kinds.next(), None);
        };
        check(0, None);
        check(119, None);
        check(121, Some((Severity::Waiting, "not_sealed_yet")));
        check(601, Some((Severity::Difference, "never_sealed")));
    }
}
