#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

use base64::{Engine, engine::general_purpose::STANDARD};
use calendar::MINUTE;
use kv_schemas::{counted::Counted, memory::Memory};
use serde_json::json;
use tenancy::Unlogged;
use vault::Vault;

use super::*;
use crate::{Place, Refusal};

const NOW: Millis = Millis(1_800_000_000_000);

fn vault(byte: u8) -> Vault {
    Vault::new(&STANDARD.encode([byte; 32])).unwrap()
}

fn asked(text: &str) -> NoteAsked {
    parse_note(&json!({"kind": "cultural", "text": text, "topic": "words"})).unwrap()
}

fn left(store: &Memory, company: &str, tenant: &str, id: &str, at: Millis) {
    leave(store, &vault(1), [9; 24], company, (id, tenant, at), &asked(&format!("says {id}"))).unwrap();
}

fn taken_back(store: &Memory, company: &str, tenant: Option<&str>, id: &str) -> bool {
    remove_note(Place { store, now: NOW, journal: &Unlogged }, company, tenant, id).unwrap()
}

fn texts(store: &Memory, company: &str, most: u64) -> Vec<String> {
    newest(store, &vault(1), company, most).unwrap().into_iter().map(|note| note.text).collect()
}

#[test]
fn twn_3_a_note_is_checked() {
    let check = |body: serde_json::Value, param: &str| {
        assert_eq!(parse_note(&body).map_err(|invalid| invalid.param), Err(param.into()), "{body}");
    };
    check(json!({"text": "t"}), "kind");
    check(json!({"kind": "rumour", "text": "t"}), "kind");
    check(json!({"kind": "cultural"}), "text");
    check(json!({"kind": "cultural", "text": " \n"}), "text");
    check(json!({"kind": "cultural", "text": "x".repeat(1_001)}), "text");
    check(json!({"kind": "cultural", "text": "t", "topic": "a\nb"}), "topic");
    check(json!({"kind": "cultural", "text": "t", "x": 1}), "x");
    check(json!([]), "body");
    for kind in NoteKind::ALL {
        assert_eq!(parse_note(&json!({"kind": kind, "text": "t"})).unwrap().kind, kind);
    }
}

#[test]
fn twn_3_a_company_reads_its_own_notes_and_nobody_the_stores() {
    let store = Memory::default();
    for n in 1..=3 {
        left(&store, "acme", "a", &format!("note_{n}"), NOW);
    }
    left(&store, "other", "x", "note_4", NOW);
    left(&store, "acme", "a", "note_3", NOW);
    assert_eq!(texts(&store, "acme", 10), ["says note_3", "says note_2", "says note_1"], "a repeat is known");
    assert_eq!(texts(&store, "acme", 2), ["says note_3", "says note_2"]);
    assert_eq!(texts(&store, "nobody", 10), [""; 0]);
    let dump = format!("{:?}", store.dump());
    let plain = |text: &str| dump.contains(&format!("{:?}", text.as_bytes())[1..]);
    assert!(!plain("says note_1") && !plain("words") && dump.contains("mesh-note/acme/1"));
    // Under another master key, or moved to another company, it doesn't open.
    assert_eq!(newest(&store, &vault(2), "acme", 10).unwrap(), []);
    let first = shelf::scan(&store, "acme", 1).unwrap()[0].1.clone();
    shelf::log("other").append(&store, &first).unwrap();
    assert_eq!(texts(&store, "other", 10), ["says note_4"]);

    assert!(!taken_back(&store, "acme", Some("b"), "note_2"), "somebody else's");
    assert!(!taken_back(&store, "other", Some("a"), "note_2"));
    assert!(taken_back(&store, "acme", Some("a"), "note_2"));
    assert!(!taken_back(&store, "acme", Some("a"), "note_2"));
    assert!(taken_back(&store, "acme", None, "note_1"));
    assert_eq!(texts(&store, "acme", 10), ["says note_3"]);
}

#[test]
fn twn_3_notes_are_forgotten_in_time_and_in_number() {
    let store = Memory::default();
    let held = |store: &Memory, company: &str| {
        store.keys().iter().filter(|key| key.starts_with(&format!("mesh-note/{company}/"))).count() - 1
    };
    for n in 0..MAX_NOTES + 20 {
        left(&store, "acme", "a", &format!("note_{n}"), NOW.plus(n));
    }
    left(&store, "other", "x", "note_x", NOW);
    assert_eq!(texts(&store, "acme", 1_000).len() as u64, MAX_NOTES);
    assert_eq!(reap(&store, NOW.plus(DAY), 7).unwrap(), 20);
    assert_eq!((held(&store, "acme"), held(&store, "other")), (200, 1));
    // One taken back is passed over.
    assert!(taken_back(&store, "acme", Some("a"), "note_20"));
    assert_eq!(list_notes(&store, &vault(1), "acme", NOW.plus(KEPT_MS + 100)).unwrap().len(), 119);
    assert_eq!(reap(&store, NOW.plus(KEPT_MS + 100), 0).unwrap(), 81);
    assert_eq!((held(&store, "acme"), held(&store, "other")), (119, 0));
    assert_eq!(reap(&store, NOW.plus(2 * KEPT_MS), 0).unwrap(), 119);
    assert_eq!(texts(&store, "acme", 10), [""; 0]);
    left(&store, "acme", "a", "note_new", NOW.plus(2 * KEPT_MS));
    assert_eq!(texts(&store, "acme", 10), ["says note_new"]);
}

#[test]
fn twn_3_notes_are_looked_through_once_a_minute() {
    let store = Memory::default();
    // Many companies, each with a note that is too old.
    (0..500).for_each(|n| left(&store, &format!("c{n}"), "a", &format!("note_{n}"), NOW));
    let cost = |at: Millis| {
        let counted = Counted::of(&store);
        let forgotten = reap(&counted, at, 7).unwrap();
        (forgotten, counted.operations())
    };
    let later = NOW.plus(KEPT_MS);
    let (forgotten, operations) = cost(later);
    assert_eq!(forgotten, 64);
    assert!(operations < 500, "{operations}");
    for within in [0, 1, 59_999] {
        assert_eq!(cost(later.plus(within)), (0, 1), "{within} ms later it is one read");
    }
    assert!(cost(later.plus(MINUTE)).1 > 1);
    assert!(cost(NOW).1 > 1, "a clock that was set back waits for nobody");
    let idle = store.dump();
    cost(NOW.plus(1));
    assert_eq!(store.dump(), idle);
}

#[test]
fn twn_3_a_note_is_not_taken_back_while_it_is_sealed_anew() {
    let store = Memory::default();
    left(&store, "acme", "a", "note_1", NOW);
    let at = |now: Millis| Place { store: &store, now, journal: &Unlogged };
    let claim = tenancy::claim_twin(&store, NOW, "a").unwrap().unwrap();
    assert_eq!(remove_note(at(NOW), "acme", Some("a"), "note_1"), Err(Refusal::Busy));
    claim.release(&store).unwrap();
    assert_eq!(remove_note(at(NOW), "acme", Some("a"), "note_1"), Ok(true));
    // Who crashes at it leaves a claim that goes stale.
    for crash in 0..12 {
        left(&store, "acme", "a", "note_2", NOW);
        store.fail_after(crash);
        let _ = remove_note(at(NOW), "acme", Some("a"), "note_2");
        store.recover();
        let gone = remove_note(at(NOW.plus(MINUTE)), "acme", Some("a"), "note_2");
        assert!(gone.is_ok() && texts(&store, "acme", 5).is_empty(), "crash after {crash}: {gone:?}");
    }
}

#[test]
fn twn_3_a_slow_writer_is_waited_for_and_a_lost_one_is_not() {
    let store = Memory::default();
    left(&store, "acme", "a", "note_1", NOW);
    families_tail(&store);
    left(&store, "acme", "a", "note_3", NOW.plus(KEPT_MS));
    // The first is old and the second's writer may still come.
    assert_eq!(reap(&store, NOW.plus(KEPT_MS), 0).unwrap(), 1);
    assert_eq!(shelf::head("acme").get(&store).unwrap(), Some(1));
    assert_eq!(reap(&store, NOW.plus(KEPT_MS + 60_000), 0).unwrap(), 0);
    assert_eq!(shelf::head("acme").get(&store).unwrap(), Some(2));
}

/// Takes a place and writes nothing.
fn families_tail(store: &Memory) {
    use kv_schemas::Store;
    store.increment("mesh-note/acme/tail", 1).unwrap();
}

#[test]
fn twn_3_who_has_joined_is_told_once() {
    let store = Memory::default();
    for tenant in ["a", "b", "a"] {
        join(&store, "acme", tenant).unwrap();
    }
    join(&store, "other", "x").unwrap();
    assert_eq!(members(&store, "acme").unwrap(), ["a", "b"]);
    assert_eq!(members(&store, "nobody").unwrap(), [""; 0]);
    (0..300).for_each(|n| join(&store, "big", &format!("t{n}")).unwrap());
    assert_eq!(members(&store, "big").unwrap().len(), 100);
}
