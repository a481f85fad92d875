//! One answer per key, under duplicates, refusals and crashes.

use kv_schemas::memory::Memory;

use super::*;

const NOW: Millis = Millis(1_000_000_000);
const LATER: Millis = Millis(1_000_000_000 + LEASE);

fn vault() -> Vault {
    Vault::new("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
}

/// One request from begin to finish; the work is to echo the plan.
fn serve(store: &Memory, at: Millis, print: &str, drawn: u32) -> Result<String, (u16, String)> {
    let vault = vault();
    let answers = Answers::new(store, &vault, "o", "k", print);
    let failed = |problem: Problem| (problem.kind.status(), problem.code);
    match answers.begin(at, [1; NONCE_BYTES], || drawn).map_err(failed)? {
        Begun::Before { body, .. } => Ok(body),
        Begun::Now(attempt, plan) => {
            let body = format!("{{\"made\":{plan}}}");
            answers.finish(attempt, [2; NONCE_BYTES], 201, &body).map_err(failed)?;
            Ok(body)
        }
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
    let (store, vault) = (Memory::default(), vault());
    let answers = Answers::new(&store, &vault, "o", "k", "f");
    let Ok(Begun::Now(attempt, 1)) = answers.begin(NOW, [1; NONCE_BYTES], || 1_u32) else { panic!("begins") };
    assert_eq!(serve(&store, NOW, "f", 2), Err((409, "in_progress".into())));
    drop(attempt);
    assert_eq!(serve(&store, LATER, "g", 3), Err((409, "idempotency_key_reused".into())));
    assert_eq!(serve(&store, Millis(LATER.0 + LEASE), "f", 4), Ok("{\"made\":1}".into()), "by the first plan");
}

#[test]
fn a_refused_request_frees_its_key() {
    let (store, vault) = (Memory::default(), vault());
    let check = |problem: Problem, then: &str| {
        let answers = Answers::new(&store, &vault, "o", "k", "f");
        let Ok(Begun::Now(attempt, _)) = answers.begin(NOW, [1; NONCE_BYTES], || 1_u32) else { panic!("begins") };
        answers.abandon(attempt, &problem);
        assert_eq!(serve(&store, NOW, then, 7).map(|_| ()), Ok(()));
        sweep(&store, Millis(NOW.0 + DAY)).unwrap();
    };
    check(Problem::invalid("x", "is wrong"), "another body");
    check(Problem::offline(), "f");
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
