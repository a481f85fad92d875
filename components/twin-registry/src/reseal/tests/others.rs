//! What others do meanwhile: nothing of it is undone.

use kv_schemas::gap::Gap;
use tenancy::{remove_endpoint, unbind};
use twins::{Refusal, forget_person, notes::remove_note};

use super::*;

/// What somebody does, and whether they were told to try again.
type Act<'a> = &'a dyn Fn(&dyn Store, Millis) -> bool;

/// Somebody acts before each operation of a pass, and again later where they were told to. `holds` looks at the end.
fn check(what: &str, act: Act<'_>, holds: &dyn Fn(&Memory) -> bool) {
    let new = vault(B, Some(A));
    let (mut refused, mut gaps) = (0, 0);
    for gap_at in 0.. {
        let store = house(&vault(A, Some(B)));
        let told = Cell::new(true);
        let other = |store: &dyn Store| told.set(act(store, NOW));
        let gap = Gap::new(&store, gap_at, &other);
        (0..3).for_each(|_| drop(go(&gap, &new, NOW)));
        if !gap.reached() {
            break;
        }
        gaps += 1;
        if !told.get() {
            refused += 1;
            assert!(act(&store, NOW.plus(10 * SECOND)), "{what}: the repeat, before operation {gap_at}");
        }
        assert!(holds(&store), "{what}: before operation {gap_at}");
        clean(&store, &new, NOW.plus(20 * SECOND));
        assert!(holds(&store), "{what}: before operation {gap_at}, later");
    }
    assert!(gaps > 60 && refused > 0, "{what}: {gaps} operations, {refused} of them under the claim");
}

fn went(done: Result<(), WriteError>) -> bool {
    match done {
        Ok(()) => true,
        Err(WriteError::Busy) => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn ops_5_what_is_removed_meanwhile_does_not_come_back() {
    let unbound = |store: &dyn Store, now: Millis| went(unbind(store, now, "t", "openai", &Unlogged));
    check("a vendor", &unbound, &|store| find_binding(store, "t", "openai").unwrap().is_none());
    let removed = |store: &dyn Store, now: Millis| went(remove_endpoint(store, now, "t", &Unlogged));
    check("the endpoint", &removed, &|store| find_endpoint(store, "t").unwrap().is_none());
    let taken_back = |store: &dyn Store, now: Millis| match remove_note(at(store, now), "acme", Some("t"), "note_1") {
        Ok(_) => true,
        Err(Refusal::Busy) => false,
        Err(refusal) => panic!("{refusal}"),
    };
    check("a note", &taken_back, &|store| notes::newest(store, &vault(B, Some(A)), "acme", 5).unwrap().is_empty());
}

#[test]
fn ops_5_a_name_that_is_erased_meanwhile_does_not_come_back() {
    let nobody = vault(A, None).seal("twin-consent/t/con_1/subject", [8; 24], "").unwrap();
    let erased = |store: &dyn Store, now: Millis| match forget_person(at(store, now), "t", "con_1", &nobody) {
        Ok(()) => true,
        Err(Refusal::Busy) => false,
        Err(refusal) => panic!("{refusal}"),
    };
    check("a name", &erased, &|store| {
        let consent = consents("t").get(store).unwrap().unwrap()[0].clone();
        let name = vault(B, Some(A)).open("twin-consent/t/con_1/subject", &consent.sealed_subject).unwrap();
        name.expose().is_empty() && consent.revoked_at.is_some()
    });
}

#[test]
fn ops_5_a_secret_that_is_set_meanwhile_is_not_undone() {
    let set = |store: &dyn Store, now: Millis| went(bound(store, &vault(A, Some(B)), now, "sk-2"));
    check("a secret", &set, &|store| {
        let binding = find_binding(store, "t", "openai").unwrap().unwrap();
        let kept = vault(B, Some(A)).open("vendor/t/openai/secret", &binding.sealed_secret.unwrap()).unwrap();
        kept.expose() == "sk-2"
    });
}

#[test]
fn ops_5_a_tenant_that_is_deleted_meanwhile_leaves_nothing() {
    let new = vault(B, Some(A));
    for gap_at in 0.. {
        let store = house(&vault(A, Some(B)));
        let other = |store: &dyn Store| tenancy::delete(store, NOW, "t", &Unlogged).unwrap();
        let gap = Gap::new(&store, gap_at, &other);
        (0..3).for_each(|_| drop(go(&gap, &new, NOW)));
        if !gap.reached() {
            break;
        }
        let left = |key: &&String| ["vendor", "event-endpoint/", "twin-consent/"].iter().any(|of| key.starts_with(of));
        assert_eq!(store.keys().iter().find(left), None, "before operation {gap_at}");
    }
}

#[test]
fn ops_5_a_note_that_was_forgotten_meanwhile_is_taken_away_by_the_next_pass() {
    let store = house(&vault(A, None));
    let notes_kept = || store.keys().iter().filter(|key| key.as_str() == "mesh-note/acme/1").count();
    // Forgotten by its age, and written once more by who had just read it.
    let note = families::MESH_NOTE.log::<notes::Note>(&["acme"]).get(&store, 1).unwrap();
    assert_eq!(notes::reap(&store, NOW.plus(notes::KEPT_MS), 0).unwrap(), 1);
    let Slot::Entry(note) = note else { panic!("a note") };
    families::MESH_NOTE.log(&["acme"]).put(&store, 1, &note).unwrap();
    assert_eq!(notes_kept(), 1);
    clean(&store, &vault(B, Some(A)), NOW.plus(notes::KEPT_MS));
    assert_eq!(notes_kept(), 0);
}

#[test]
fn ops_5_a_step_that_fails_anywhere_is_resumed_and_loses_nothing() {
    let new = vault(B, Some(A));
    for before in 0..4 {
        for fuel in 0.. {
            let store = house(&vault(A, None));
            (0..before).for_each(|second| drop(go(&store, &new, NOW.plus(second * SECOND))));
            store.fail_after(fuel);
            let nonce = || [77; NONCE_BYTES];
            let whole = step(&store, &new, &nonce, NOW.plus(before * SECOND)).is_ok();
            store.recover();
            opens(&store, &new, "sk-1");
            // A claim that was held goes stale meanwhile.
            clean(&store, &new, NOW.plus(10 * SECOND));
            opens(&store, &vault(B, None), "sk-1");
            if whole {
                break;
            }
        }
    }
}

#[test]
fn ops_5_two_nodes_at_once_seal_everything_once() {
    let new = vault(B, Some(A));
    for gap_at in 0.. {
        let store = house(&vault(A, None));
        go(&store, &new, NOW);
        let other = |store: &dyn Store| drop(go(store, &new, NOW.plus(SECOND)));
        let gap = Gap::new(&store, gap_at, &other);
        go(&gap, &new, NOW.plus(SECOND));
        let reached = gap.reached();
        clean(&store, &new, NOW.plus(10 * SECOND));
        opens(&store, &vault(B, None), "sk-1");
        if !reached {
            break;
        }
    }
}
