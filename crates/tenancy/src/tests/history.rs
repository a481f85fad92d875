//! Limits that were in force: what an auditor is told, and what a crash or many changes leave of it.

use calendar::{MINUTE, Millis};
use kv_schemas::{Store, families, gap::Gap, memory::Memory};
use serde_json::{Value as Json, json};

use super::crashes::{keys, spec};
use crate::*;

/// Long enough after one another that the slack of a minute decides nothing.
const HOUR: u64 = 60 * MINUTE;

fn house() -> Memory {
    let store = Memory::default();
    create(&store, Millis(0), &spec("a"), &keys(1), &Unlogged).unwrap();
    store
}

fn cap_at(store: &dyn Store, at: u64, usd: Json) {
    patch(store, Millis(at), "a", &json!({"limits": {"monthly_cost_usd": usd}}), &Unlogged).unwrap();
}

fn put(store: &dyn Store, at: u64, limits: Json) {
    put_company(store, Millis(at), &parse_company("acme", &json!({ "limits": limits })).unwrap(), &Unlogged).unwrap();
}

fn highest(store: &dyn Store, owner: Owner<'_>, start: u64, end: u64) -> Highest {
    highest_cap(store, owner, &(Millis(start)..Millis(end)), |limits| limits.monthly_cap().map(|cap| cap.0)).unwrap()
}

fn usd(dollars: i64) -> Highest {
    Highest::Capped(dollars * 1_000_000_000)
}

fn past(store: &dyn Store, scope: &str, owner: &str) -> Vec<PastLimits> {
    families::LIMITS_PAST.value(&[scope, owner]).get(store).unwrap().unwrap_or_default()
}

#[test]
fn the_highest_cap_of_a_window_is_found() {
    let store = house();
    cap_at(&store, HOUR, json!("5"));
    cap_at(&store, 2 * HOUR, json!("20"));
    cap_at(&store, 3 * HOUR, json!("8"));
    let check = |start: u64, end: u64, expected: Highest| {
        assert_eq!(highest(&store, Owner::Tenant("a"), start, end), expected, "{start} to {end}");
    };
    check(0, HOUR, Highest::Unlimited);
    check(HOUR + MINUTE, HOUR + 2 * MINUTE, usd(5));
    check(HOUR + MINUTE - 1, HOUR + 2 * MINUTE, Highest::Unlimited);
    check(HOUR + MINUTE, 2 * HOUR - MINUTE, usd(5));
    check(HOUR + MINUTE, 2 * HOUR - MINUTE + 1, usd(20));
    check(HOUR + MINUTE, 4 * HOUR, usd(20));
    check(2 * HOUR, 2 * HOUR + MINUTE, usd(20));
    check(3 * HOUR, 4 * HOUR, usd(20));
    check(3 * HOUR + MINUTE, 4 * HOUR, usd(8));
    check(9 * HOUR, 10 * HOUR, usd(8));
    check(0, u64::MAX, Highest::Unlimited);
}

#[test]
fn only_a_change_of_limits_is_remembered() {
    let store = house();
    let check = |at: u64, changes: Json, items: usize| {
        patch(&store, Millis(at), "a", &changes, &Unlogged).unwrap();
        assert_eq!(past(&store, "tenant", "a").len(), items, "{changes}");
    };
    check(1, json!({}), 0);
    check(2, json!({"display_name": "A"}), 0);
    check(3, json!({"limits": {}}), 0);
    check(4, json!({"limits": {"burst": 5}}), 1);
    check(5, json!({"limits": {"burst": 5}}), 1);
    check(6, json!({"limits": {"session_units": {"seconds": 5}}}), 2);
    check(7, json!({"limits": null}), 3);
    let stored = store.get("limits-past/tenant/a").unwrap().unwrap();
    let expected = json!([
        {"until_ms": 4, "limits": {}},
        {"until_ms": 6, "limits": {"burst": 5}},
        {"until_ms": 7, "limits": {"burst": 5, "session_units": {"seconds": 5}}},
    ]);
    assert_eq!(serde_json::from_slice::<Json>(&stored).unwrap(), expected);
}

#[test]
fn a_history_is_bounded_and_says_that_it_was_cut() {
    let changes = |n: u64| {
        let store = house();
        (1..=n).for_each(|i| cap_at(&store, i * HOUR, json!(format!("{}", 100 + i))));
        store
    };
    let whole = changes(64);
    assert_eq!(past(&whole, "tenant", "a").len(), PAST_KEPT);
    assert!(past(&whole, "tenant", "a").iter().all(|item| item.limits.is_some()));
    assert_eq!(highest(&whole, Owner::Tenant("a"), 0, 1), Highest::Unlimited, "before the first change");
    for n in [65, 66, 67, 200] {
        let store = changes(n);
        let kept = past(&store, "tenant", "a");
        assert_eq!(kept.len(), PAST_KEPT + 1, "{n}");
        assert_eq!(kept.iter().filter(|item| item.limits.is_some()).count(), PAST_KEPT, "{n}");
        let cut_until = (n - 64) * HOUR;
        assert_eq!(kept[0], PastLimits { until_ms: Millis(cut_until), limits: None }, "{n}");
        let check = |start: u64, end: u64, known: bool| {
            let found = highest(&store, Owner::Tenant("a"), start, end);
            assert_eq!(matches!(found, Highest::Capped(_)), known, "{n}: {start} to {end}: {found:?}");
            assert_eq!(found == Highest::Unknown, !known, "{n}: {start} to {end}: {found:?}");
        };
        check(0, 1, false);
        check(0, u64::MAX, false);
        check(cut_until, u64::MAX, false);
        check(cut_until + MINUTE, u64::MAX, true);
    }
    let store = changes(70);
    patch(&store, Millis(71 * HOUR), "a", &json!({"limits": null}), &Unlogged).unwrap();
    assert_eq!(highest(&store, Owner::Tenant("a"), 0, u64::MAX), Highest::Unlimited, "whatever was before");
}

#[test]
fn a_clock_that_goes_back_keeps_the_order() {
    let store = house();
    cap_at(&store, 5 * HOUR, json!("5"));
    cap_at(&store, HOUR, json!("20"));
    cap_at(&store, 6 * HOUR, json!("8"));
    let until: Vec<_> = past(&store, "tenant", "a").into_iter().map(|item| item.until_ms.0 / HOUR).collect();
    assert_eq!(until, [5, 5, 6]);
    assert_eq!(highest(&store, Owner::Tenant("a"), 5 * HOUR + 2 * MINUTE, 6 * HOUR), usd(20));
}

#[test]
fn a_company_is_capped_from_its_first_record_on() {
    let check = |tenants: &[(&str, &str)], deleted: &[&str], expected: Highest| {
        let store = Memory::default();
        for (i, (id, company)) in tenants.iter().enumerate() {
            let tenant = parse_tenant(&json!({"id": id, "company": company})).unwrap();
            create(&store, Millis(0), &tenant, &keys(i), &Unlogged).unwrap();
        }
        deleted.iter().for_each(|id| delete(&store, Millis(1), id, &Unlogged).unwrap());
        assert_eq!(highest(&store, Owner::Company("acme"), 0, u64::MAX), Highest::Unlimited, "no record");
        put(&store, HOUR, json!({"monthly_cost_usd": "5"}));
        assert_eq!(highest(&store, Owner::Company("acme"), 0, u64::MAX), expected, "{tenants:?} without {deleted:?}");
        assert_eq!(highest(&store, Owner::Company("acme"), 2 * HOUR, u64::MAX), usd(5));
        put(&store, 3 * HOUR, json!({"monthly_cost_usd": "2"}));
        put(&store, 4 * HOUR, json!({"monthly_cost_usd": "2"}));
        assert_eq!(highest(&store, Owner::Company("acme"), 2 * HOUR, u64::MAX), usd(5));
        assert_eq!(highest(&store, Owner::Company("acme"), 3 * HOUR + MINUTE, u64::MAX), usd(2));
        let items = if expected == usd(5) { 1 } else { 2 };
        assert_eq!(past(&store, "company", "acme").len(), items);
    };
    // Nobody could spend before it: the first cap held from the beginning.
    check(&[], &[], usd(5));
    check(&[("b", "other"), ("c", "acme-2")], &[], usd(5));
    // Somebody could, without any cap.
    check(&[("b", "other"), ("a", "acme")], &[], Highest::Unlimited);
    // Perhaps: a deleted tenant's company is not known any more.
    check(&[("b", "other")], &["b"], Highest::Unlimited);
}

#[test]
fn a_deleted_tenants_limits_can_still_be_checked() {
    let store = house();
    cap_at(&store, HOUR, json!("20"));
    cap_at(&store, 2 * HOUR, json!("5"));
    let tenant = Owner::Tenant("a");
    delete(&store, Millis(3 * HOUR), "a", &Unlogged).unwrap();
    delete(&store, Millis(9 * HOUR), "a", &Unlogged).unwrap();
    assert_eq!(past(&store, "tenant", "a").last().unwrap().until_ms, Millis(3 * HOUR), "when it was deleted");
    assert_eq!(highest(&store, tenant, HOUR + MINUTE, u64::MAX), usd(20));
    assert_eq!(highest(&store, tenant, 2 * HOUR + MINUTE, u64::MAX), usd(5));
    assert_eq!(highest(&store, tenant, 4 * HOUR, u64::MAX), Highest::Unknown, "there was no such tenant");
    assert_eq!(highest(&store, Owner::Tenant("none"), 0, u64::MAX), Highest::Unknown);
}

#[test]
fn a_crash_leaves_no_limits_out_and_does_not_fill_the_history() {
    let start = || {
        let store = house();
        cap_at(&store, HOUR, json!("20"));
        put(&store, HOUR, json!({"monthly_cost_usd": "20"}));
        store
    };
    let change = |store: &Memory, at: u64| {
        patch(store, Millis(at), "a", &json!({"limits": {"monthly_cost_usd": "5"}}), &Unlogged)?;
        put_company(
            store,
            Millis(at),
            &parse_company("acme", &json!({"limits": {"monthly_cost_usd": "5"}}))?,
            &Unlogged,
        )?;
        Ok::<_, WriteError>(())
    };
    let mut crashes = 0;
    for crash in 0..500 {
        let store = start();
        store.fail_after(crash);
        let done = change(&store, 2 * HOUR);
        store.recover();
        for owner in [Owner::Tenant("a"), Owner::Company("acme")] {
            assert_eq!(highest(&store, owner, HOUR + MINUTE, u64::MAX), usd(20), "crash after {crash}");
        }
        if done.is_ok() {
            break;
        }
        crashes += 1;
        // The same again and again, crashing at the same place: one item, not many.
        for i in 0..100 {
            store.fail_after(crash);
            let _ = change(&store, 3 * HOUR + i);
            store.recover();
        }
        change(&store, 4 * HOUR).unwrap();
        assert_eq!(past(&store, "tenant", "a").len(), 2, "crash after {crash}");
        assert_eq!(past(&store, "company", "acme").len(), 2, "crash after {crash}");
        for owner in [Owner::Tenant("a"), Owner::Company("acme")] {
            assert_eq!(highest(&store, owner, 4 * HOUR + MINUTE, u64::MAX), usd(5), "crash after {crash}");
        }
    }
    assert!(crashes > 8, "{crashes}");
}

#[test]
fn a_change_in_the_middle_of_reading_hides_nothing() {
    let mut gaps = 0;
    for at in 0..10 {
        let store = house();
        cap_at(&store, HOUR, json!("5"));
        let raise = |store: &dyn Store| cap_at(store, 2 * HOUR, json!("20"));
        let gap = Gap::new(&store, at, &raise);
        let found = highest(&gap, Owner::Tenant("a"), HOUR + MINUTE, u64::MAX);
        let was_before_the_last_read = at < 3;
        assert_eq!(found, if was_before_the_last_read { usd(20) } else { usd(5) }, "before operation {at}");
        gaps += u32::from(gap.reached());

        let store = house();
        cap_at(&store, HOUR, json!("20"));
        let lower = |store: &dyn Store| cap_at(store, 2 * HOUR, json!("5"));
        let gap = Gap::new(&store, at, &lower);
        assert_eq!(highest(&gap, Owner::Tenant("a"), HOUR + MINUTE, u64::MAX), usd(20), "before operation {at}");
    }
    assert_eq!(gaps, 3);
}

#[test]
fn a_cap_below_what_is_used_is_accepted_and_undoes_nothing() {
    let store = house();
    let spent = [
        families::MONEY.counter(&["tenant", "a", "2026-11"]),
        families::MONEY.counter(&["company", "acme", "2026-11"]),
        families::UNITS.counter(&["tenant", "a", "seconds", "2026-11-20"]),
    ];
    spent.iter().for_each(|counter| assert_eq!(counter.add(&store, 7_000_000_000).unwrap(), 7_000_000_000));
    for cap in ["6.99", "0.00"] {
        let lowered = json!({"monthly_cost_usd": cap, "daily_units": {"seconds": 0}, "session_cost_usd": cap});
        let tenant = patch(&store, Millis(HOUR), "a", &json!({ "limits": lowered }), &Unlogged).unwrap();
        assert_eq!(json!(tenant.limits), lowered);
        put(&store, HOUR, lowered.clone());
        assert_eq!(json!(company("acme").get(&store).unwrap().unwrap().limits), lowered);
        spent.iter().for_each(|counter| assert_eq!(counter.read(&store).unwrap(), 7_000_000_000));
    }
}

#[test]
fn a_tenant_deleted_with_holds_open_leaves_them_to_their_holders() {
    let store = house();
    let permit = families::PERMIT.value::<Json>(&["lc_1"]);
    permit.set(&store, &json!({"tenant": "a"})).unwrap();
    let counters = [
        families::MONEY.counter(&["tenant", "a", "2026-11"]),
        families::UNITS.counter(&["tenant", "a", "seconds", "2026-11-20"]),
        families::OPEN.counter(&["tenant", "a"]),
    ];
    counters.iter().for_each(|counter| assert_eq!(counter.add(&store, 3).unwrap(), 3));
    delete(&store, Millis(HOUR), "a", &Unlogged).unwrap();
    assert_eq!(find_tenant(&store, "a").unwrap(), None);
    assert_eq!(permit.get(&store).unwrap(), Some(json!({"tenant": "a"})));
    counters.iter().for_each(|counter| assert_eq!(counter.read(&store).unwrap(), 3));
}
