//! One answer per key, under duplicates, refusals and crashes.

use calendar::{DAY, Millis};
use kv_schemas::{Store, memory::Memory};
use vault::NONCE_BYTES;

use super::*;

const NOW: Millis = Millis(1_000_000_000);
const LATER: Millis = Millis(1_000_000_000 + LEASE);

fn vault() -> Vault {
    Vault::new("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
}

fn begin_at(store: &Memory, at: Millis, print: &str, drawn: u32) -> Result<Found<u32>, Problem> {
    Answers::new("o", "k", print, LEASE).begin(store, &vault(), at, [1; NONCE_BYTES], || drawn)
}

/// A request that gets the right to answer.
fn attempt(store: &Memory, print: &str, drawn: u32) -> (Attempt, u32) {
    match begin_at(store, NOW, print, drawn) {
        Ok(Found::Now(attempt, plan)) => (attempt, plan),
        _ => panic!("begins"),
    }
}

fn kept(body: &str) -> Kept {
    Head::of(&Reply::empty(201)).whole(body.as_bytes())
}

/// One request from begin to finish; the work is to echo the plan.
fn serve(store: &Memory, at: Millis, print: &str, drawn: u32) -> Result<String, (u16, String)> {
    let failed = |problem: Problem| (problem.kind.status(), problem.code);
    let kept = match begin_at(store, at, print, drawn).map_err(failed)? {
        Found::Before(kept) => kept,
        Found::Now(attempt, plan) => {
            let kept = kept(&format!("{{\"made\":{plan}}}"));
            attempt.finish_with(store, &vault(), [2; NONCE_BYTES], &kept).map_err(failed)?;
            kept
        }
    };
    match kept {
        Kept::Answer(_, kept::Body::Text(body)) => Ok(body),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_answer_stands() {
    let store = Memory::default();
    assert_eq!(serve(&store, NOW, "f", 1), Ok("{\"made\":1}".into()));
    assert_eq!(serve(&store, NOW, "f", 2), Ok("{\"made\":1}".into()));
    assert_eq!(serve(&store, NOW, "g", 3), Err((409, "idempotency_key_reused".into())));
    for name in store.keys().iter().filter(|name| name.starts_with("answer/")) {
        assert!(!String::from_utf8(store.get(name).unwrap().unwrap()).unwrap().contains("made"));
    }
}

#[test]
fn a_duplicate_in_flight_is_told_to_wait_and_takes_over_after_a_crash() {
    let store = Memory::default();
    let (attempt, _) = attempt(&store, "f", 1);
    assert_eq!(serve(&store, NOW, "f", 2), Err((409, "in_progress".into())));
    assert_eq!(serve(&store, NOW, "g", 2), Err((409, "idempotency_key_reused".into())));
    drop(attempt);
    assert_eq!(serve(&store, LATER, "g", 3), Err((409, "idempotency_key_reused".into())));
    assert_eq!(serve(&store, Millis(LATER.0 + LEASE), "f", 4), Ok("{\"made\":1}".into()), "by the first plan");
}

#[test]
fn a_refused_request_frees_its_key() {
    let store = Memory::default();
    let check = |problem: Problem, then: &str, made: u32| {
        attempt(&store, "f", 1).0.abandon(&store, &problem);
        assert_eq!(serve(&store, NOW, then, 7), Ok(format!("{{\"made\":{made}}}")));
        sweep(&store, Millis(NOW.0 + DAY)).unwrap();
    };
    check(Problem::invalid("x", "is wrong"), "another body", 7);
    check(Problem::offline(), "f", 1);
}

#[test]
fn a_freed_key_draws_a_plan_of_its_own() {
    let store = Memory::default();
    attempt(&store, "f", 1).0.free(&store);
    let (second, plan) = attempt(&store, "f", 2);
    assert_eq!(plan, 2);
    // The store fails in the midst of freeing: whoever comes after the lease goes on by that plan.
    store.fail_after(0);
    second.free(&store);
    store.recover();
    assert_eq!(serve(&store, LATER, "f", 3), Ok("{\"made\":2}".into()));
}

#[test]
fn an_answer_that_was_not_kept_is_not_given_again() {
    let store = Memory::default();
    let head = Head::of(&Reply::empty(200).with("x-limit-check-id", "lc_1"));
    attempt(&store, "f", 1).0.finish_with(&store, &vault(), [2; NONCE_BYTES], &head.fact()).unwrap();
    let Ok(Found::Before(kept)) = begin_at(&store, NOW, "f", 2) else { panic!("was answered") };
    let code = kept.reply().map(|_| ()).unwrap_err().code;
    assert_eq!(code, "already_answered");
}

#[test]
fn each_lease_counts_for_its_own_kind_of_work() {
    let store = Memory::default();
    let begin = |at: u64| {
        let answers = Answers::new("o", "long", "f", 10 * LEASE);
        answers.begin(&store, &vault(), Millis(NOW.0 + at), [1; NONCE_BYTES], || 1_u32).map_err(|problem| problem.code)
    };
    assert!(matches!(begin(0), Ok(Found::Now(..))));
    assert_eq!(begin(10 * LEASE - 1).err().as_deref(), Some("in_progress"));
    assert!(matches!(begin(10 * LEASE), Ok(Found::Now(..))));
}

#[test]
fn a_crash_at_any_operation_gives_one_answer_in_the_end() {
    for crash in 0..100 {
        let store = Memory::default();
        store.fail_after(crash);
        let first = serve(&store, NOW, "f", 1);
        store.recover();
        let second = serve(&store, LATER, "f", 2);
        let third = serve(&store, LATER, "f", 3);
        assert!(second.is_ok() && second == third, "crash after {crash}: {second:?} {third:?}");
        sweep(&store, Millis(LATER.0 + DAY)).unwrap();
        let left: Vec<_> = store.keys().into_iter().filter(|key| key.contains("/o/")).collect();
        assert_eq!(left, Vec::<String>::new(), "crash after {crash}");
        if first.is_ok() {
            return;
        }
    }
    panic!("never got through");
}

#[test]
fn twn_5_answers_of_one_owner_are_forgotten_before_their_day_is_over() {
    let store = Memory::default();
    for (n, owner) in ["call:a:ses_1", "call:a:ses_2", "call:a:ses_1"].into_iter().enumerate() {
        let key = format!("k-{n}");
        match Answers::new(owner, &key, "f", LEASE).begin(&store, &vault(), NOW, [1; NONCE_BYTES], || n) {
            Ok(Found::Now(attempt, _)) => {
                attempt.finish_with(&store, &vault(), [2; NONCE_BYTES], &kept("said")).unwrap();
            }
            _ => panic!("begins"),
        }
    }
    let held = |owner: &str| store.keys().iter().filter(|key| key.contains(&owner.replace('/', "%2F"))).count();
    assert!(held("ses_1") > 0 && held("ses_2") > 0, "{:?}", store.keys());
    assert_eq!(forget_owners(&store, 0, |owner| owner == "call:a:ses_1"), Ok(None));
    assert_eq!((held("ses_1"), held("ses_2") > 0), (0, true), "{:?}", store.keys());
    assert_eq!(forget_owners(&store, 0, |owner| owner == "call:a:ses_1"), Ok(None));
    // The sweep passes over what is gone.
    sweep(&store, NOW.plus(2 * DAY)).unwrap();
    assert_eq!(held("ses_2"), 0);
}
