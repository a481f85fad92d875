//! The breaker's states as stories of calls, what they cost, and what several callers at once, and crashes, do to it.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

#[path = "../common/mod.rs"]
mod common;
mod listed;

use calendar::{HOUR, Millis};
use common::{Caller, NOW, every_schedule};
use kv_schemas::{Store, StoreError, expiry, families, memory::Memory};
use router::breaker::{Admission, Record, Settings, admit, strike_closed};

/// Opens at the third failure, for ten seconds, and for 25 at most.
const SETTINGS: Settings = Settings { failures: 3, open_ms: 10_000, longest_ms: 25_000 };

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Went {
    Well,
    Wrong,
    /// The page left, or the caller died.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Let {
    Through,
    Probe,
    /// Refused, for so many milliseconds.
    Off(u64),
}

fn call(store: &dyn Store, at: Millis, went: Went) -> Result<Let, StoreError> {
    let pass = match admit(store, "demo", "openai", &SETTINGS, at)? {
        Admission::Refuse { retry_after_ms } => return Ok(Let::Off(retry_after_ms)),
        Admission::Allow(pass) => pass,
    };
    let answer = if pass.is_probe() { Let::Probe } else { Let::Through };
    match went {
        Went::Well => pass.succeeded(store)?,
        Went::Wrong => pass.failed(store, &SETTINGS, at)?,
        Went::Unknown => drop(pass),
    }
    Ok(answer)
}

fn record(store: &Memory) -> Option<Record> {
    families::BREAKER.value(&["demo", "openai"]).get(store).unwrap()
}

/// Three failures at [`NOW`].
fn opened() -> Memory {
    let store = Memory::default();
    (0..3).for_each(|_| assert_eq!(call(&store, NOW, Went::Wrong), Ok(Let::Through)));
    store
}

#[test]
fn it_opens_probes_and_closes() {
    use Let::{Off, Probe, Through};
    use Went::{Unknown, Well, Wrong};
    let check = |name: &str, calls: &[(u64, Went, Let)]| {
        let store = Memory::default();
        for (i, (after_ms, went, expected)) in calls.iter().enumerate() {
            assert_eq!(call(&store, NOW.plus(*after_ms), *went), Ok(*expected), "{name}, call {i}");
        }
    };
    let three = [(0, Wrong, Through), (1, Wrong, Through), (2, Wrong, Through)];
    let then = |calls: &[(u64, Went, Let)]| [&three, calls].concat();
    check("two failures are none", &[(0, Wrong, Through), (1, Wrong, Through), (2, Well, Through)]);
    check(
        "only failures in a row count",
        &[
            (0, Wrong, Through),
            (1, Wrong, Through),
            (2, Well, Through),
            (3, Wrong, Through),
            (4, Unknown, Through),
            (5, Wrong, Through),
            (6, Well, Through),
        ],
    );
    check("open until T", &then(&[(3, Well, Off(9_999)), (10_001, Well, Off(1)), (10_002, Well, Probe)]));
    check("a success closes", &then(&[(10_002, Well, Probe), (10_002, Wrong, Through), (10_003, Wrong, Through)]));
    check(
        "each failed probe doubles, up to the longest",
        &then(&[
            (10_002, Wrong, Probe),
            (10_003, Well, Off(19_999)),
            (30_002, Wrong, Probe),
            (30_002, Well, Off(25_000)),
            (55_002, Wrong, Probe),
            (55_002, Well, Off(25_000)),
            (80_002, Well, Probe),
            (80_003, Well, Through),
        ]),
    );
    check(
        "the doubling is forgotten with a success",
        &then(&[
            (10_002, Wrong, Probe),
            (30_002, Well, Probe),
            (40_000, Wrong, Through),
            (40_000, Wrong, Through),
            (40_000, Wrong, Through),
            (40_000, Well, Off(10_000)),
        ]),
    );
    check(
        "a probe that never comes back makes place after T",
        &then(&[(12_000, Unknown, Probe), (12_001, Well, Off(9_999)), (22_000, Unknown, Probe), (32_000, Well, Probe)]),
    );
    let forgotten = 10_002 + HOUR;
    check("later the first call is the probe", &then(&[(forgotten - 1, Well, Probe), (forgotten, Well, Through)]));
    check(
        "an hour after T it begins anew",
        &then(&[
            (forgotten, Well, Through),
            (forgotten, Wrong, Through),
            (forgotten, Wrong, Through),
            (forgotten, Well, Through),
            (forgotten, Wrong, Through),
            (forgotten, Wrong, Through),
            (forgotten, Wrong, Through),
            (forgotten, Well, Off(10_000)),
        ]),
    );
}

#[test]
fn a_probe_that_is_given_back_is_somebody_elses_at_once() {
    let store = opened();
    let half_open = Millis(NOW.0 + 10_000);
    // Whoever wins a probe and is denied its permit gives it back, any number of times within one moment.
    for moment in 0..3 {
        let at = Millis(half_open.0 + moment);
        let Ok(Admission::Allow(pass)) = admit(&store, "demo", "openai", &SETTINGS, at) else {
            panic!("the probe of moment {moment} is taken");
        };
        assert!(pass.is_probe());
        pass.unused(&store, at).unwrap();
    }
    assert_eq!(call(&store, Millis(half_open.0 + 3), Went::Well), Ok(Let::Probe));
    assert_eq!(record(&store), None);
}

#[test]
fn a_clock_that_went_back_is_waited_for_a_little_only() {
    let check = |back_ms: u64, expected: Let| {
        assert_eq!(call(&opened(), Millis(NOW.0 - back_ms), Went::Well), Ok(expected), "{back_ms}");
    };
    check(5, Let::Off(10_005));
    check(10_000, Let::Off(20_000));
    check(10_001, Let::Probe);
    check(86_400_000, Let::Probe);
    check(NOW.0, Let::Probe);
}

#[test]
fn tenants_and_vendors_have_their_own() {
    let store = opened();
    for (tenant, vendor, is_let) in [("demo", "openai", false), ("demo", "gemini", true), ("other", "openai", true)] {
        let admission = admit(&store, tenant, vendor, &SETTINGS, NOW).unwrap();
        assert_eq!(matches!(admission, Admission::Allow(_)), is_let, "{tenant} {vendor}");
    }
}

#[test]
fn a_call_that_goes_well_costs_one_get_and_a_recovery_leaves_nothing() {
    let store = Memory::default();
    store.fail_after(1);
    assert_eq!(call(&store, NOW, Went::Well), Ok(Let::Through));
    assert_eq!(store.keys(), [""; 0]);

    let store = opened();
    expiry::sweep(&store, NOW.hour_number()).unwrap();
    assert_eq!(call(&store, NOW.plus(10_000), Went::Well), Ok(Let::Probe));
    expiry::sweep(&store, NOW.plus(3 * HOUR).hour_number()).unwrap();
    assert_eq!(strike_closed(&store, NOW.plus(3 * HOUR), 10), Ok(1));
    assert_eq!(store.keys(), ["breaker-head", "breaker-list/tail", "expiry-head"]);
}

#[test]
fn extreme_settings_do_not_panic() {
    for ms in [0, 1, u64::MAX] {
        for at in [0, 1, NOW.0, u64::MAX] {
            let settings = Settings { failures: 0, open_ms: ms, longest_ms: ms };
            let store = Memory::default();
            for _ in 0..4 {
                if let Admission::Allow(pass) = admit(&store, "t", "v", &settings, Millis(at)).unwrap() {
                    pass.failed(&store, &settings, Millis(at)).unwrap();
                }
            }
        }
    }
}

#[test]
fn of_three_callers_one_probes_whoever_crashes() {
    let at = NOW.plus(10_000);
    let caller = |store: &dyn Store| call(store, at, Went::Unknown);
    for crashes in 0..=2 {
        let ends = every_schedule(&opened(), &[&caller, &caller, &caller], crashes, &|store, results| {
            let probes = results.iter().flatten().filter(|answer| **answer == Let::Probe).count();
            assert!(probes <= 1, "{probes} probes at once");
            assert!(results.contains(&None) || probes == 1, "nobody probes");
            assert!(!results.contains(&Some(Let::Through)), "somebody passed an open breaker");
            // Whoever won and died holds nobody up for longer than T.
            let later = call(store, at.plus(10_000), Went::Well);
            assert_eq!(later, Ok(Let::Probe), "{results:?}");
        });
        println!("{ends} schedules with up to {crashes} crashes");
        assert!(ends > 100);
    }
}

#[test]
fn where_two_turns_meet_there_are_two_probes_at_most() {
    // The first comes at the very end of its turn, the others in the next.
    let (end, next) = (NOW.plus(19_999), NOW.plus(20_000));
    let last = move |store: &dyn Store| call(store, end, Went::Unknown);
    let first = move |store: &dyn Store| call(store, next, Went::Unknown);
    every_schedule(&opened(), &[&last, &first, &first], 1, &|store, results| {
        let probes = results.iter().flatten().filter(|answer| **answer == Let::Probe).count();
        assert!(probes <= 2, "{probes} probes at once");
        assert_eq!(call(store, next.plus(10_000), Went::Well), Ok(Let::Probe), "{results:?}");
    });
}

#[test]
fn a_probe_and_those_who_come_meanwhile_end_in_a_breaker_that_heals() {
    for (went, lasts) in [(Went::Well, 10_000), (Went::Wrong, 20_000)] {
        let probing = move |store: &dyn Store| call(store, NOW.plus(10_000), went);
        let meanwhile = move |store: &dyn Store| call(store, NOW.plus(10_001), Went::Wrong);
        let ends = every_schedule(&opened(), &[&probing, &meanwhile, &meanwhile], 1, &|store, results| {
            // At most a straggler has made it open anew, for twice as long; after that there is a probe, and it closes.
            let later = call(store, NOW.plus(10_001 + lasts.max(20_000)), Went::Well);
            assert!(matches!(later, Ok(Let::Probe | Let::Through)), "{later:?} after {results:?}");
            assert_eq!(record(store), None, "{results:?}");
        });
        assert!(ends > 100);
    }
}

#[test]
fn concurrent_failures_may_go_uncounted_but_it_opens() {
    let fails = |store: &dyn Store| call(store, NOW, Went::Wrong);
    let callers: [Caller<Let>; 3] = [&fails, &fails, &fails];
    let ends = every_schedule(&Memory::default(), &callers, 1, &|store, results| {
        let done = u32::try_from(results.iter().flatten().count()).unwrap();
        let counted = match record(store) {
            None => 0,
            Some(Record::Closed { failures }) => failures,
            Some(Record::Open { .. }) => 3,
        };
        assert!((1.min(done)..=3).contains(&counted), "{counted} of {done}");
        let more = (0..3).take_while(|_| call(store, NOW, Went::Wrong) == Ok(Let::Through)).count();
        assert!(more < 3, "three more failures, and still closed");
        assert!(matches!(record(store), Some(Record::Open { .. })));
    });
    assert!(ends > 1_000);
}

#[test]
fn a_success_from_before_the_opening_does_not_close_it() {
    let store = Memory::default();
    assert_eq!(call(&store, NOW, Went::Wrong), Ok(Let::Through));
    let Admission::Allow(slow) = admit(&store, "demo", "openai", &SETTINGS, NOW).unwrap() else { panic!("refused") };
    (0..2).for_each(|_| assert_eq!(call(&store, NOW, Went::Wrong), Ok(Let::Through)));
    slow.succeeded(&store).unwrap();
    assert_eq!(call(&store, NOW, Went::Well), Ok(Let::Off(10_000)));
}
