use kv_schemas::{counted::Counted as Asked, memory::Memory};
use serde_json::json;
use tenancy::TwinAccess;

use super::*;
use crate::house::{NOW, breaker, breaker_until, routed, tenant};

fn house() -> Memory {
    let store = Memory::default();
    tenant(&store, "a", None);
    tenant(&store, "b", Some(TwinAccess { pages: true, ..TwinAccess::new("MTID#0000-0000-0001") }));
    tenant(&store, "c", Some(TwinAccess { pages: false, ..TwinAccess::new("MTID#0000-0000-0002") }));
    // One that is being made, or gone.
    families::TENANT_LIST.log(&[]).append(&store, &"nobody").unwrap();
    for n in 0..6 {
        routed(&store, "a", "openai/gpt", n != 3, NOW);
        routed(&store, "b", "anthropic/claude", false, NOW);
    }
    breaker(&store, "b", "anthropic", true);
    breaker(&store, "c", "anthropic", true);
    breaker(&store, "c", "anthropic", true);
    breaker(&store, "a", "tavus", false);
    for _ in 0..3 {
        families::RUN_LIST.log(&[]).append(&store, &json!({"id": "run_1", "tenant": "a"})).unwrap();
    }
    families::RUN_LIST.log::<serde_json::Value>(&[]).remove(&store, 2).unwrap();
    store
}

fn check(counted: &Counted) {
    assert_eq!((counted.tenants, counted.twins, counted.twins_deployed), (3, 2, 1));
    assert_eq!((counted.decisions, counted.succeeded, counted.fell_back, counted.failing), (12, 5, 7, 1));
    assert_eq!(counted.decision_us_p95, Some(2_500));
    let of = |family: &str| counted.models.get(family).map(|found| (found.calls, found.failures, found.mean_ms()));
    assert_eq!((of("gpt"), of("claude")), (Some((6, 1, Some(100))), Some((6, 6, None))));
    assert_eq!(counted.breakers, [("anthropic".to_owned(), 2)].into());
    assert_eq!((counted.runs, counted.dead_letters), (2, 0));
}

#[test]
fn ops_1_everything_is_counted_once_whatever_stretches_it_takes() {
    let store = house();
    check(&fresh(&store, NOW).unwrap().unwrap());
    for budget in 1..60 {
        let (mut walk, mut stretches) = (Walk::new(NOW), 1);
        while !walk.go(&store, NOW, budget).unwrap() {
            // As it is stored between two stretches.
            walk = serde_json::from_slice(&serde_json::to_vec(&walk).unwrap()).unwrap();
            stretches += 1;
            assert!(stretches < 100, "it comes to an end");
        }
        assert!(budget > 20 || stretches > 1);
        check(&walk.counted);
    }
}

#[test]
fn ops_1_a_breaker_that_nobody_asks_any_more_is_not_open_for_good() {
    let check = |until: Millis, open: u64| {
        let store = Memory::default();
        breaker_until(&store, "a", "openai", Some(until));
        let counted = fresh(&store, NOW).unwrap().unwrap();
        assert_eq!(counted.breakers.values().sum::<u64>(), open, "until {until}");
    };
    check(NOW.plus(20_000), 1);
    check(NOW.plus(1), 1);
    // Who opened it may have a clock that is a little slow.
    check(Millis(NOW.0 - 9_999), 1);
    check(Millis(NOW.0 - 10_000), 0);
    check(Millis(NOW.0 - 86_400_000), 0);
    // One that a clock far ahead of all others has left keeps nobody back either.
    check(NOW.plus(86_400_000), 0);
}

#[test]
fn ops_1_the_maintenance_walks_and_rests() {
    let store = house();
    let mut writes = 0;
    for ms in (0..60_000).step_by(500) {
        let before = load(&store).unwrap();
        step(&store, NOW.plus(ms)).unwrap();
        writes += u32::from(load(&store).unwrap() != before);
    }
    check(load(&store).unwrap().last.as_ref().unwrap());
    assert_eq!(writes, 6, "one in ten seconds");
    let (woken, resting) = (Asked::of(&store), Asked::of(&store));
    step(&woken, NOW.plus(60_001)).unwrap();
    assert!(woken.operations() > 1);
    step(&resting, NOW.plus(62_000)).unwrap();
    assert_eq!(resting.operations(), 1, "resting is one read");
    step(&store, Millis(5)).unwrap();
    assert_eq!(load(&store).unwrap().ended, Millis(5), "a clock that was set back doesn't stop it");
}

#[test]
fn ops_1_very_many_tenants_are_walked_in_stretches() {
    let store = Memory::default();
    for n in 0..1_000 {
        tenant(&store, &format!("t{n}"), None);
    }
    assert_eq!(fresh(&store, NOW), Ok(None), "too many to count at once, and nobody has yet");
    let mut steps = 0;
    while load(&store).unwrap().last.is_none() {
        let asked = Asked::of(&store);
        step(&asked, NOW.plus(steps * 1_000)).unwrap();
        assert!(asked.operations() <= u64::from(BUDGET) + 10, "{}", asked.operations());
        steps += 1;
        assert!(steps < 10);
    }
    assert!(steps > 2);
    let census = load(&store).unwrap();
    assert_eq!(census.last.unwrap().tenants, 1_000);
    let rest = (steps - 1) * 1_000 * REST_TIMES;
    step(&store, census.ended.plus(rest - 1)).unwrap();
    assert_eq!(load(&store).unwrap().walk, None, "a long walk is followed by a long rest");
    step(&store, census.ended.plus(rest)).unwrap();
    assert!(load(&store).unwrap().walk.is_some());
    assert_eq!(fresh(&store, NOW).unwrap().map(|counted| counted.tenants), Some(1_000), "the last walk's");
}

#[test]
fn ops_1_a_step_that_fails_anywhere_counts_nothing_twice() {
    for fuel in 0.. {
        let store = house();
        store.fail_after(fuel);
        let whole = step(&store, NOW).is_ok();
        store.recover();
        step(&store, NOW.plus(1_000)).unwrap();
        check(load(&store).unwrap().last.as_ref().unwrap());
        if whole {
            assert!(fuel > 10);
            break;
        }
    }
}

#[test]
fn what_is_stored_is_read_by_every_later_release() {
    let check = |stored: &str, read: Census| {
        assert_eq!(serde_json::from_str::<Census>(stored).unwrap(), read);
        assert_eq!(serde_json::to_string(&read).unwrap(), stored);
    };
    let models = [("gpt".to_owned(), counted::Family { calls: 4, failures: 1, total_ms: 300 })].into();
    let counted = Counted { tenants: 3, breakers: [("openai".to_owned(), 2)].into(), models, ..Counted::default() };
    check(
        r#"{"last":{"tenants":3,"twins":0,"twins_deployed":0,"runs":0,"dead_letters":0,"breakers":{"openai":2},"decisions":0,"succeeded":0,"fell_back":0,"decision_us_p95":null,"failing":0,"models":{"gpt":{"calls":4,"failures":1,"total_ms":300}}},"began":5,"ended":6,"walk":null,"stepped":7}"#,
        Census { last: Some(counted), began: Millis(5), ended: Millis(6), walk: None, stepped: Millis(7) },
    );
    check(
        r#"{"last":null,"began":0,"ended":0,"walk":{"began":5,"counted":{"tenants":0,"twins":0,"twins_deployed":0,"runs":0,"dead_letters":0,"breakers":{},"decisions":0,"succeeded":0,"fell_back":0,"decision_us_p95":null,"failing":0,"models":{}},"at":{"tenants":0}},"stepped":7}"#,
        Census { walk: Some(Walk::new(Millis(5))), stepped: Millis(7), ..Census::default() },
    );
}
