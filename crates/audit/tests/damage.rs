//! A damaged tree: nothing is signed, the key is named, entries get their places and count as ever; and once the damage
//! is mended, the tree goes on.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod common;

use audit::{Filter, LEASE_MS, Scope, Signer, totals};
use common::{
    NOW, SIGNER, everything, sequence,
    tree::{check_tree, grow, grown, newest, stage},
    watch::Watch,
};
use kv_schemas::{Store, StoreError, memory::Memory};
use tlog::Checkpoint;

/// Partial tiles on two levels: `tile/0/2/88` and `tile/1/0/2`.
const SIZE: u64 = 600;

fn text(store: &Memory, key: &str) -> String {
    String::from_utf8(store.get(key).unwrap().unwrap()).unwrap()
}

fn corrupt_key(result: Result<impl std::fmt::Debug, StoreError>, when: &str) -> String {
    match result {
        Err(StoreError::Corrupt { key, .. }) => key,
        other => panic!("{when}: {other:?}"),
    }
}

/// With one value damaged, two runs name `blamed`; then the value is as it was.
fn check(damaged: &str, blamed: &str, damage: impl Fn(String) -> Option<String>) {
    let store = grown(SIZE);
    let (good, note) = (text(&store, damaged), audit::checkpoint(&store).unwrap());
    match damage(good.clone()) {
        Some(bad) => {
            assert_ne!(bad, good, "{damaged} is damaged");
            store.set(damaged, bad.as_bytes()).unwrap();
        }
        None => store.delete(damaged).unwrap(),
    }
    let watch = Watch::of(store);
    for n in 0..2 {
        stage(&watch, SIZE + n);
        let when = format!("{damaged} is damaged");
        assert_eq!(corrupt_key(sequence(&watch, NOW.plus(n), 100), &when), blamed);
        let progress = audit::progress(&watch).unwrap();
        assert_eq!((progress.size, progress.staged, progress.published), (SIZE + n + 1, 0, SIZE), "{when}");
    }
    let settled = totals(&watch, Scope::Company, "acme", "2026-11").unwrap().entries;
    assert_eq!(settled, SIZE + 2, "money counts as ever, with {damaged} damaged");
    assert!(!watch.exists("checkpoint/2").unwrap(), "nothing is signed");
    watch.forget_seen();
    watch.set(damaged, good.as_bytes()).unwrap();
    assert_eq!(audit::checkpoint(&watch).unwrap(), note, "what was signed stays");
    assert_eq!(sequence(&watch, NOW.plus(LEASE_MS), 100).unwrap().published, SIZE + 2, "it goes on");
    check_tree(&watch.memory, "mended");
}

/// Another character in the middle of what is base64.
fn altered(mut value: String, at: usize) -> String {
    let other = if value.as_bytes()[at] == b'A' { "B" } else { "A" };
    value.replace_range(at..=at, other);
    value
}

#[test]
fn a_damaged_edge_is_named_and_nothing_is_signed() {
    for tile in ["tile/0/2/88", "tile/1/0/2"] {
        check(tile, tile, |good| Some(altered(good, 20)));
        check(tile, tile, |good| Some(good[..good.len() / 2].to_owned()));
        check(tile, tile, |good| Some(format!("{}\"", &good[..5])));
        check(tile, tile, |_| Some("\"\"".into()));
        check(tile, tile, |_| None);
    }
}

#[test]
fn a_damaged_checkpoint_is_named_and_nothing_is_signed() {
    let (one, other) = ("checkpoint/1", "log.example/test");
    let forged = |size: u64, root: [u8; 32], signer: &Signer| {
        let checkpoint = Checkpoint { origin: signer.name().to_owned(), size, root };
        Some(serde_json::to_string(&checkpoint.sign(signer)).unwrap())
    };
    check(one, one, |good| Some(good.replace("\\n600\\n", "\\n601\\n")));
    check(one, one, |good| Some(good.replace("\\n600\\n", "\\n599\\n")));
    check(one, one, |good| Some(altered(good.clone(), good.find("600").unwrap() + 10)));
    check(one, one, |good| Some(altered(good.clone(), good.len() - 20)));
    check(one, one, |good| Some(good[..good.len() / 2].to_owned()));
    check(one, one, |good| Some(good.replace("\\n\\n", "\\n")));
    check(one, one, |_| Some("null".into()));
    check(one, one, |_| None);
    // Signed, and by a key of before: another size or another root than the log's.
    check(one, one, |_| forged(599, [7; 32], &SIGNER));
    check(one, one, |_| forged(600, [7; 32], &SIGNER));
    check(one, one, |_| forged(600, [7; 32], &Signer::new(other, [9; 32]).unwrap()));
    check(one, one, |_| forged(601, [7; 32], &Signer::new("another", [9; 32]).unwrap()));
    let root = newest(&grown(SIZE), "whole").unwrap().root;
    for signer in [Signer::new(SIGNER.name(), [7; 32]), Signer::new(other, [9; 32])].map(Result::unwrap) {
        check(one, one, |_| forged(599, root, &signer));
        check(one, one, |_| forged(601, root, &signer));
    }
}

#[test]
fn an_altered_entry_is_not_signed_over_and_has_no_receipt() {
    // Entry 520 is under the partial tile of level 0.
    let store = grown(SIZE);
    let good = text(&store, "entry/520");
    store.set("entry/520", good.replace("\"cost_nanos\":521", "\"cost_nanos\":1").as_bytes()).unwrap();
    assert_eq!(corrupt_key(audit::receipt(&store, "lc_520"), "altered"), "entry/520");
    assert!(audit::receipt(&store, "lc_521").unwrap().is_some(), "the others have theirs");
    // What is missing is named as well.
    store.delete("entry/520").unwrap();
    assert_eq!(corrupt_key(audit::receipt(&store, "lc_520"), "missing"), "entry/520");
    let bundle = tlog::BundleId { index: 2, width: 88 };
    assert_eq!(corrupt_key(audit::bundle(&store, bundle), "missing"), "entry/520");
}

#[test]
fn a_truncated_state_stops_everything_and_is_named() {
    let store = grown(SIZE);
    let key = store.keys().into_iter().find(|key| key.starts_with("sequencer/")).unwrap();
    let good = text(&store, &key);
    store.set(&key, &good.as_bytes()[..good.len() / 2]).unwrap();
    assert_eq!(corrupt_key(sequence(&store, NOW, 100), "truncated"), key);
    assert_eq!(corrupt_key(audit::checkpoint(&store), "truncated"), key);
    assert!(!store.exists("checkpoint/2").unwrap());
    store.set(&key, good.as_bytes()).unwrap();
    grow(&store, SIZE, SIZE + 1);
    check_tree(&store, "mended");
}

/// What a number of a checkpoint or a tile's name was used for once, it is never used for again.
#[test]
fn nothing_is_signed_twice_nor_written_over() {
    let check = |key: &str, there: String| {
        let store = grown(SIZE);
        store.set(key, there.as_bytes()).unwrap();
        stage(&store, SIZE);
        assert_eq!(corrupt_key(sequence(&store, NOW, 100), key), key);
        assert_eq!(text(&store, key), there, "it stays as it is");
        store.delete(key).unwrap();
        assert_eq!(sequence(&store, NOW.plus(LEASE_MS), 100).unwrap().published, SIZE + 1);
        check_tree(&store, "mended");
    };
    let of_another_log = text(&grown(SIZE + 1), "checkpoint/1");
    let size = |size: u64| {
        let checkpoint = Checkpoint { origin: SIGNER.name().to_owned(), size, root: [1; 32] };
        serde_json::to_string(&checkpoint.sign(&SIGNER)).unwrap()
    };
    check("tile/0/2/89", text(&grown(SIZE), "tile/0/2/88"));
    // Right in all but the signature: whoever wrote it, it wasn't us.
    check("checkpoint/2", altered(of_another_log.clone(), of_another_log.len() - 20));
    check("checkpoint/2", size(SIZE + 1));
    check("checkpoint/2", size(SIZE + 5));
}

#[test]
fn another_key_is_told_of_once_and_signs_from_then_on() {
    let store = grown(SIZE);
    assert_eq!(audit::rekeyed(&store, NOW, &SIGNER).unwrap(), None);
    let mut before = SIGNER.verifier();
    let others = [Signer::new("log.example/test", [9; 32]), Signer::new("log.example/moved", [7; 32])];
    for (n, signer) in (1..).zip(others.map(Result::unwrap)) {
        assert_eq!(audit::rekeyed(&store, NOW, &signer).unwrap(), None, "unnamed, it is nobody's to go on from");
        let signer = signer.succeeding(before);
        before = signer.verifier();
        for _ in 0..2 {
            let event = audit::rekeyed(&store, NOW, &signer).unwrap().unwrap();
            assert_eq!(event.details.get("key"), Some(&signer.verifier().to_string()));
            audit::append(&store, &event.into()).unwrap();
        }
        assert_eq!(audit::sequence(&store, NOW, 100, &signer).unwrap().published, SIZE + n);
        let note = audit::checkpoint(&store).unwrap().unwrap();
        assert!(Checkpoint::open(&note, &signer.verifier()).is_ok());
        assert_eq!(audit::rekeyed(&store, NOW, &signer).unwrap(), None);
    }
}

#[test]
fn without_a_key_entries_count_and_their_checkpoint_comes_later() {
    let store = grown(SIZE);
    stage(&store, SIZE);
    for turn in 0..3 {
        let done = audit::sequence_unsigned(&store, NOW.plus(turn), 100).unwrap();
        assert_eq!((done.size, done.staged, done.published), (SIZE + 1, 0, SIZE));
    }
    assert_eq!(sequence(&store, NOW, 100).unwrap().published, SIZE + 1);
    check_tree(&store, "signed at last");
}

#[test]
fn another_key_goes_on_where_the_last_one_ended() {
    let store = grown(SIZE);
    let others = [Signer::new("log.example/test", [9; 32]), Signer::new("log.example/moved", [7; 32])];
    let mut before = SIGNER.verifier();
    for (n, signer) in (0..).zip(others.map(Result::unwrap)) {
        stage(&store, SIZE + n);
        assert!(corrupt_key(audit::sequence(&store, NOW.plus(n), 100, &signer), "unnamed").starts_with("checkpoint/"));
        let signer = signer.succeeding(before);
        before = signer.verifier();
        audit::sequence(&store, NOW.plus(n), 100, &signer).unwrap();
        let note = audit::checkpoint(&store).unwrap().unwrap();
        assert_eq!(Checkpoint::open(&note, &signer.verifier()).unwrap().size, SIZE + n + 1);
        assert!(Checkpoint::open(&note, &SIGNER.verifier()).is_err());
    }
    let back = Signer::new(SIGNER.name(), [7; 32]).unwrap().succeeding(before);
    stage(&store, SIZE + 2);
    audit::sequence(&store, NOW.plus(2), 100, &back).unwrap();
    check_tree(&store, "back again");
    // The key was changed while a run was under way: what it has signed stays signed as it is.
    stage(&store, SIZE + 3);
    let broken = (1..).find_map(|fuel| {
        let store = store.clone();
        store.fail_after(fuel);
        let _ = sequence(&store, NOW, 100);
        store.recover();
        (newest(&store, "broken off").unwrap().size == SIZE + 4).then_some(store)
    });
    let store = broken.unwrap();
    let note = audit::checkpoint(&store).unwrap();
    let new = Signer::new("log.example/test", [9; 32]).unwrap().succeeding(SIGNER.verifier());
    assert_eq!(audit::sequence(&store, NOW.plus(LEASE_MS), 100, &new).unwrap().published, SIZE + 4);
    assert_eq!(audit::checkpoint(&store).unwrap(), note);
    assert_eq!(everything(&store, Filter::All).len() as u64, SIZE + 4);
}
