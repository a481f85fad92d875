//! When `done` is said: what it may be trusted with is a key that can't be had back.

use super::*;
use crate::reseal::progress::{AGAIN_MS, HOLD_MS, MARGIN_MS};

/// A number of a generator (splitmix64), so that a schedule can be played again.
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn opens_alone(store: &Memory, vault: &Vault) -> bool {
    let binding = find_binding(store, "t", "openai").unwrap().unwrap();
    vault.is_own("vendor/t/openai/secret", &binding.sealed_secret.unwrap())
}

/// An old node that the maintenance calls seals until it stops, at any moment; once `done` is said, the old key can go.
#[test]
fn ops_5_done_is_never_said_while_a_node_seals_with_the_old_key() {
    let (old, new, alone) = (vault(A, Some(B)), vault(B, Some(A)), vault(B, None));
    for seed in 1..=12_u64 {
        let mut state = seed;
        let store = house(&old);
        clean(&store, &old, NOW);
        let changed = NOW.plus(HOUR);
        let stops = draw(&mut state) % (30 * MINUTE / SECOND);
        let mut done = None;
        for second in 0..60 * MINUTE / SECOND {
            // Clocks of the two differ a little.
            let (now, of_old) = (changed.plus(second * SECOND), changed.plus(second * SECOND + 20 * SECOND));
            if second < stops {
                go(&store, &old, of_old);
                // A request that has begun may be as late as its store.
                if draw(&mut state).is_multiple_of(20) {
                    bound(&store, &old, of_old, "sk-2").unwrap();
                }
            }
            if go(&store, &new, now).done {
                done = done.or(Some(second));
                assert!(second > stops && opens_alone(&store, &alone), "seed {seed}: at {second}, stopped at {stops}");
            }
        }
        let done = done.expect("it is said in the end");
        let longest = (MARGIN_MS + AGAIN_MS + MINUTE) / SECOND;
        assert!(done - stops <= longest, "seed {seed}: at {done}, stopped at {stops}");
    }
}

/// Of many nodes the maintenance may never call the last old one: when that was stopped is the operator's to know.
#[test]
fn ops_5_who_knows_when_the_last_old_node_stopped_compares_it_with_the_last_clean_pass() {
    let (old, new) = (vault(A, Some(B)), vault(B, Some(A)));
    let store = house(&old);
    clean(&store, &old, NOW);
    let changed = NOW.plus(HOUR);
    assert!(calls(&store, &new, changed, changed.plus(12 * MINUTE)).done, "nobody was seen");
    let stopped = changed.plus(13 * MINUTE);
    bound(&store, &old, stopped, "sk-2").unwrap();
    let told = calls(&store, &new, stopped, stopped.plus(12 * MINUTE));
    let began = Millis::parse(&told.clean_pass_began_at.unwrap()).unwrap();
    assert!(began > stopped && told.done);
    opens(&store, &vault(B, None), "sk-2");
}

#[test]
fn ops_5_who_was_replaced_says_so_once_a_minute_and_changes_nothing() {
    let store = house(&vault(A, None));
    let (old, new) = (vault(A, Some(B)), vault(B, Some(A)));
    clean(&store, &old, NOW);
    let ended = clean(&store, &new, NOW.plus(MINUTE));
    let sealed = find_binding(&store, "t", "openai").unwrap();
    let mut writes = 0;
    for second in 0..4 * MINUTE / SECOND {
        let before = store.dump();
        let told = go(&store, &old, ended.plus(second * SECOND));
        assert!(!told.done && told.clean_pass_began_at.is_none(), "{told:?}");
        writes += u32::from(store.dump() != before);
    }
    assert_eq!((writes, find_binding(&store, "t", "openai").unwrap()), (4, sealed));
    let told = look(&store, &new, ended.plus(4 * MINUTE)).unwrap();
    assert_eq!(told.old_key_seen_at, Some(ended.plus(3 * MINUTE).to_string()));
}

#[test]
fn ops_5_a_clean_pass_that_began_too_early_is_not_enough() {
    let check = |seen_after: Option<u64>, done_after: u64| {
        let store = house(&vault(A, None));
        let (old, new) = (vault(A, Some(B)), vault(B, Some(A)));
        clean(&store, &old, NOW);
        let changed = NOW.plus(HOUR);
        let first = (0..30 * MINUTE / SECOND).find(|second| {
            let now = changed.plus(second * SECOND);
            if seen_after == Some(*second) {
                go(&store, &old, now);
            }
            go(&store, &new, now).done
        });
        assert_eq!(first, Some(done_after), "{seen_after:?}");
    };
    // Two passes of 3 seconds, of which the second is clean, and one more 5 minutes later.
    check(None, 307);
    check(Some(2), 307);
    // Seen later, it takes another.
    check(Some(10), 609);
    check(Some(307), 609);
}

#[test]
fn ops_5_a_clock_that_was_set_back_makes_nobody_wait_and_says_nothing_too_early() {
    let store = house(&vault(A, None));
    let (old, new) = (vault(A, Some(B)), vault(B, Some(A)));
    clean(&store, &old, NOW);
    // The new node's clock is ahead by a day when it comes, and is put right.
    let (changed, ahead) = (NOW.plus(HOUR), NOW.plus(25 * HOUR));
    clean(&store, &new, ahead);
    let told = calls(&store, &new, changed, changed.plus(MINUTE));
    assert!(!told.done, "{told:?}");
    assert!(calls(&store, &new, changed.plus(MINUTE), changed.plus(3 * AGAIN_MS)).done);
    // One whose clock is ahead for a moment has its pass in the future.
    clean(&store, &new, ahead);
    assert!(!look(&store, &new, changed.plus(3 * AGAIN_MS)).unwrap().done);
    assert!(calls(&store, &new, changed.plus(3 * AGAIN_MS), changed.plus(5 * AGAIN_MS)).done);
}

#[test]
fn ops_5_who_starts_with_two_keys_may_be_replacing_one() {
    // Nothing is known of a key before it, and there may be nodes with one all the same.
    let (store, new) = (house(&vault(A, None)), vault(B, Some(A)));
    let ended = clean(&store, &new, NOW);
    assert!(!look(&store, &new, ended).unwrap().done);
    assert!(calls(&store, &new, ended, ended.plus(2 * AGAIN_MS)).done);
}

#[test]
fn ops_5_a_node_without_the_old_key_ends_no_pass_of_those_with_it() {
    let store = house(&vault(A, None));
    let (new, alone) = (vault(B, Some(A)), vault(B, None));
    clean(&store, &vault(A, None), NOW);
    // Too early: what it can't open it would name, and call the rest clean.
    let changed = NOW.plus(HOUR);
    go(&store, &new, changed);
    for second in 1..MARGIN_MS / SECOND {
        let now = changed.plus(second * SECOND);
        let told = go(&store, &alone, now);
        assert_eq!((told.done, told.unopened.len()), (false, 0), "{told:?}");
        if second % 100 == 0 {
            go(&store, &new, now);
        }
    }
    // All the others are gone: it says what it can't open. They come back, and nothing is lost.
    let store = house(&vault(A, None));
    go(&store, &new, changed);
    let told = calls(&store, &alone, changed, changed.plus(HOLD_MS));
    assert_eq!((told.done, told.unopened.len() as u64), (true, SECRETS - 1), "the key of persons is done");
    let back = changed.plus(HOLD_MS + SECOND);
    assert!(!go(&store, &new, back).done);
    clean(&store, &new, back);
    opens(&store, &alone, "sk-1");
}

#[test]
fn ops_5_one_old_node_that_was_forgotten_takes_nothing_over() {
    let store = house(&vault(A, None));
    let (old, new, alone) = (vault(A, Some(B)), vault(B, Some(A)), vault(B, None));
    clean(&store, &old, NOW);
    let done = NOW.plus(HOUR);
    assert!(calls(&store, &new, NOW.plus(MINUTE), done).done);
    for second in 0..3 * HOLD_MS / SECOND {
        let now = done.plus(second * SECOND);
        go(&store, &alone, now);
        assert!(!go(&store, &old, now).done);
    }
    assert!(look(&store, &alone, done.plus(3 * HOLD_MS)).unwrap().done);
    opens(&store, &alone, "sk-1");
}
