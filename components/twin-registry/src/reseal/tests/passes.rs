//! What a pass does, and what it costs.

use kv_schemas::counted::Counted;

use super::*;
use crate::reseal::progress::{AGAIN_MS, HOLD_MS, MARGIN_MS};

#[test]
fn ops_5_everything_is_sealed_by_the_new_key() {
    let store = house(&vault(A, None));
    clean(&store, &vault(A, None), NOW);
    let told = look(&store, &vault(A, None), NOW).unwrap();
    assert_eq!((told.done, told.resealed), (true, 0), "a first deployment has nobody to wait for");
    let (during, changed) = (vault(B, Some(A)), NOW.plus(HOUR));
    opens(&store, &during, "sk-1");
    assert!(!look(&store, &during, changed).unwrap().done, "nobody has begun");
    let begun = go(&store, &during, changed);
    assert!(!begun.done && begun.left == 2, "{begun:?}");
    clean(&store, &during, changed);
    opens(&store, &vault(B, None), "sk-1");
    let done = calls(&store, &during, changed.plus(MINUTE), changed.plus(MARGIN_MS + MINUTE));
    let began = done.clean_pass_began_at.clone().expect("a time");
    let expected = Told {
        status: "ok",
        done: true,
        clean_pass_began_at: Some(began.clone()),
        old_key_seen_at: None,
        resealed: SECRETS,
        left: 0,
        unopened: vec![],
    };
    assert_eq!(done, expected);
    assert!(Millis::parse(&began).unwrap() >= changed.plus(MARGIN_MS), "{began}");
}

#[test]
fn ops_5_with_nothing_to_do_it_is_one_read() {
    let store = house(&vault(A, None));
    clean(&store, &vault(A, None), NOW);
    let before = store.dump();
    for later in [2 * MINUTE, 5 * HOUR, 500 * HOUR] {
        let counted = Counted::of(&store);
        assert!(go(&counted, &vault(A, None), NOW.plus(later)).done);
        assert_eq!(counted.operations(), 1);
    }
    assert_eq!(store.dump(), before);
    // The same between two passes, while another key is accepted.
    let (new, changed) = (vault(B, Some(A)), NOW.plus(501 * HOUR));
    let ended = clean(&store, &new, changed);
    let counted = Counted::of(&store);
    go(&counted, &new, ended.plus(AGAIN_MS - SECOND));
    assert_eq!(counted.operations(), 1);
}

#[test]
fn ops_5_passes_go_on_for_as_long_as_another_key_is_accepted() {
    let store = house(&vault(A, None));
    clean(&store, &vault(A, None), NOW);
    let passes = |vault: &Vault, from: Millis, hours: u64| {
        let mut began: Vec<Option<String>> = Vec::new();
        for second in 0..hours * HOUR / SECOND {
            let told = go(&store, vault, from.plus(second * SECOND)).clean_pass_began_at;
            if began.last() != Some(&told) {
                began.push(told);
            }
        }
        began.into_iter().flatten().count()
    };
    // A pass takes 3 seconds, and there are 5 minutes between two.
    let (new, changed) = (vault(B, Some(A)), NOW.plus(HOUR));
    assert_eq!(passes(&new, changed, 1), 12);
    assert_eq!(passes(&new, changed.plus(30 * HOUR), 2), 1 + 24, "that before, and those of two hours");
    // The old key is gone: what the last pass has shown still holds.
    assert_eq!(passes(&vault(B, None), changed.plus(32 * HOUR), 2), 1);
}

#[test]
fn ops_5_a_change_of_the_key_can_be_taken_back() {
    let store = house(&vault(A, None));
    let (old, new) = (vault(A, Some(B)), vault(B, Some(A)));
    clean(&store, &old, NOW);
    clean(&store, &new, NOW.plus(MINUTE));
    // The nodes with the new key are gone; after a while the old one takes over.
    let later = NOW.plus(2 * MINUTE + HOLD_MS);
    clean(&store, &old, later);
    opens(&store, &vault(A, None), "sk-1");
    assert!(!look(&store, &new, later).unwrap().done);
}

#[test]
fn ops_5_what_does_not_open_stays_and_is_named() {
    let store = house(&vault(A, None));
    let stranger = vault(9, None).seal("vendor/t/openai/secret", [9; 24], "sk-lost").unwrap();
    let mut binding = find_binding(&store, "t", "openai").unwrap().unwrap();
    binding.sealed_secret = Some(stranger.clone());
    tenancy::vendor_binding("t", "openai").set(&store, &binding).unwrap();
    let new = vault(B, Some(A));
    let ended = clean(&store, &new, NOW);
    assert_eq!(look(&store, &new, ended).unwrap().resealed, SECRETS - 1);
    for second in 0..2 * AGAIN_MS / SECOND {
        let told = go(&store, &new, ended.plus(second * SECOND));
        assert_eq!(told.unopened, ["vendor/t/openai/secret"], "also while the next pass is under way");
    }
    let binding = find_binding(&store, "t", "openai").unwrap().unwrap();
    assert_eq!(binding.sealed_secret, Some(stranger), "not touched");
    assert!(vault(B, None).is_own("vendor/t/openai/webhook", &binding.sealed_webhook_secret.unwrap()));
}

#[test]
fn ops_5_very_many_tenants_are_gone_over_in_stretches() {
    let store = house(&vault(A, None));
    for n in 0..200 {
        let id = format!("t{n}");
        families::TENANT_LIST.log(&[]).append(&store, &id).unwrap();
        tenancy::tenant(&id).set(&store, &tenancy::Tenant::new(&id, "acme")).unwrap();
    }
    let new = vault(B, Some(A));
    let left: Vec<u64> = (0..8).map(|second| go(&store, &new, NOW.plus(second * SECOND)).left).collect();
    assert_eq!(left, [202, 162, 122, 82, 42, 2, 1, 202], "and again, since something was found");
}
