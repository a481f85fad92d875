//! The protocol over an in-memory store: what is held, what is given back, and what a crash at every operation leaves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

mod common;

use calendar::Millis;
use common::{NOW, maintain_for, money, places, reap_all, seconds, settle, store};
use kv_schemas::{Store, families, memory::Memory};
use limits::{Fault, Granted, Holder, Reservation, Rung, Used, charge, close, release, reserve};
use money::{Nanos, Quantity};

const USD: i64 = 1_000_000_000;

fn code(outcome: Result<Granted, limits::Denial>) -> String {
    outcome.map_or_else(|denial| denial.code, |_| "ok".into())
}

#[test]
fn evidence_01_at_the_cap_there_is_no_permit_and_nothing_stays_held() {
    let check = |tenant: &str, company: &str, units: &[u64], codes: &[&str]| {
        let store = store(tenant, company);
        let got: Vec<_> = units
            .iter()
            .enumerate()
            .map(|(i, units)| code(reserve(&store, NOW, &format!("lc_{i}"), &seconds(*units))))
            .collect();
        assert_eq!(got, codes, "{tenant} {company}");
        let held: u64 = units.iter().zip(&got).filter(|(_, code)| *code == "ok").map(|(units, _)| units).sum();
        assert_eq!(money(&store), held as i64 * USD / 100);
    };
    check(r#"{"monthly_cost_usd":"1.00"}"#, "{}", &[40, 20, 40, 1], &["ok", "ok", "ok", "monthly_cap"]);
    check(r#"{"monthly_cost_usd":"1.00"}"#, "{}", &[101, 100, 1], &["monthly_cap", "ok", "monthly_cap"]);
    check("{}", r#"{"monthly_cost_usd":"0.50"}"#, &[50, 1], &["ok", "company_monthly_cap"]);
    check(r#"{"daily_units":{"seconds":10}}"#, "{}", &[11, 10, 1], &["daily_seconds", "ok", "daily_seconds"]);
    check("{}", r#"{"daily_units":{"seconds":10}}"#, &[10, 1], &["ok", "company_daily_seconds"]);
    check(r#"{"monthly_cost_usd":"0.00"}"#, "{}", &[1], &["monthly_cap"]);
}

#[test]
fn evidence_02_of_a_hundred_at_a_burst_of_fifty_exactly_fifty_pass() {
    let store = store(r#"{"burst":50}"#, "{}");
    let got: Vec<_> = (0..100).map(|i| code(reserve(&store, NOW, &format!("lc_{i}"), &seconds(1)))).collect();
    assert_eq!(got.iter().filter(|code| *code == "ok").count(), 50);
    assert_eq!(got.iter().filter(|code| *code == "burst").count(), 50);
    for i in 0..50 {
        release(&store, &format!("lc_{i}")).unwrap();
    }
    assert_eq!((places(&store), money(&store)), (0, 0));
}

#[test]
fn settling_replaces_the_reservation_by_the_real_cost() {
    let check = |used: Used, cost: i64, kind: &str| {
        let store = store("{}", "{}");
        reserve(&store, NOW, "lc_1", &seconds(30)).unwrap();
        let permit = charge(&store, "lc_1", &used).unwrap();
        let (decision, stage) = permit.decision().unwrap();
        assert_eq!((decision.cost, decision.settlement.name(), stage), (Nanos(cost), kind, None));
        assert_eq!(money(&store), 30 * USD / 100, "nothing is given back before the log entry");
        close(&store, "lc_1", 7).unwrap();
        close(&store, "lc_1", 7).unwrap();
        assert_eq!((money(&store), places(&store)), (cost, 0));
    };
    check(Used::Actual(vec![Quantity::new("seconds", 12)]), 12 * USD / 100, "exact");
    check(Used::Actual(vec![Quantity::new("seconds", 0)]), 0, "exact");
    check(Used::Counted(vec![Quantity::new("seconds", 12)]), 12 * USD / 100, "counted");
    check(Used::Unknown, 30 * USD / 100, "full");
    check(Used::Actual(vec![Quantity::new("seconds", 45)]), 45 * USD / 100, "overrun");
}

#[test]
fn a_permit_is_resolved_once() {
    let store = store("{}", "{}");
    let twelve = || Used::Actual(vec![Quantity::new("seconds", 12)]);
    reserve(&store, NOW, "lc_1", &seconds(30)).unwrap();
    charge(&store, "lc_1", &twelve()).unwrap();
    charge(&store, "lc_1", &twelve()).unwrap();
    charge(&store, "lc_1", &Used::Unknown).unwrap();
    let conflict = |outcome: Result<_, Fault>, wanted: &str| match outcome {
        Err(Fault::Conflict { code, .. }) => assert_eq!(code, wanted),
        _ => panic!("no conflict"),
    };
    let other = Used::Actual(vec![Quantity::new("seconds", 13)]);
    conflict(charge(&store, "lc_1", &other).map(drop), "already_settled");
    conflict(release(&store, "lc_1"), "already_settled");
    reserve(&store, NOW, "lc_2", &seconds(30)).unwrap();
    release(&store, "lc_2").unwrap();
    release(&store, "lc_2").unwrap();
    conflict(charge(&store, "lc_2", &twelve()).map(drop), "already_released");
    conflict(close(&store, "lc_2", 1), "not_charged");
    assert_eq!(release(&store, "lc_none"), Err(Fault::NotFound));
    assert_eq!((money(&store), places(&store)), (30 * USD / 100, 1));
}

#[test]
fn usage_that_was_not_reserved_is_refused() {
    let store = store("{}", "{}");
    reserve(&store, NOW, "lc_1", &seconds(30)).unwrap();
    for unit in ["characters", "bananas", "input_tokens"] {
        let used = Used::Actual(vec![Quantity::new(unit, 1)]);
        assert!(matches!(charge(&store, "lc_1", &used), Err(Fault::Invalid { param: "unit_type", .. })), "{unit}");
    }
}

#[test]
fn a_page_is_charged_what_it_reserved_at_most_and_nothing_when_it_vanishes() {
    let page = || Reservation { holder: Holder::Page, ..seconds(30) };
    let store = store("{}", "{}");
    reserve(&store, NOW, "lc_1", &page()).unwrap();
    let more = Used::Actual(vec![Quantity::new("seconds", 31)]);
    assert!(matches!(charge(&store, "lc_1", &more), Err(Fault::Invalid { param: "units", .. })));
    assert_eq!(reap_all(&store, NOW.plus(60_001), 10).unwrap(), Vec::<String>::new());
    assert_eq!((money(&store), places(&store)), (0, 0));
}

#[test]
fn an_overrun_has_a_bound() {
    let store = store("{}", "{}");
    reserve(&store, NOW, "lc_1", &seconds(30)).unwrap();
    let absurd = Used::Actual(vec![Quantity::new("seconds", 1_000_000_000_000)]);
    assert!(matches!(charge(&store, "lc_1", &absurd), Err(Fault::Invalid { param: "units", .. })));
    charge(&store, "lc_1", &Used::Unknown).unwrap();
}

#[test]
fn tokens_may_come_back_in_finer_kinds_than_they_were_reserved() {
    let store = store("{}", "{}");
    let worst_case = vec![Quantity::new("input_tokens", 100), Quantity::new("output_tokens", 50)];
    let chat = Reservation { capability: "chat".into(), worst_case, ..seconds(1) };
    reserve(&store, NOW, "lc_1", &chat).unwrap();
    let kinds = [("input_tokens", 10), ("cached_input_tokens", 20), ("output_tokens", 30)];
    let used = Used::Actual(kinds.map(|(unit, n)| Quantity::new(unit, n)).into());
    let permit = charge(&store, "lc_1", &used).unwrap();
    let (decision, _) = permit.decision().unwrap();
    assert_eq!(decision.cost, Nanos(60 * USD / 10_000));
    let entry = permit.entry().unwrap();
    assert_eq!((entry.units_consumed, entry.unit_type.as_str()), (60, "tokens"));
    close(&store, "lc_1", 1).unwrap();
    let tokens = families::UNITS.counter(&["tenant", "t", "tokens", &NOW.day()]).read(&store).unwrap();
    assert_eq!((money(&store), tokens), (60 * USD / 10_000, 60));
}

#[test]
fn an_idempotency_key_gives_the_first_answer_again() {
    let store = store(r#"{"monthly_cost_usd":"0.40"}"#, "{}");
    let with = |key: &str, units| Reservation { idempotency_key: Some(key.into()), ..seconds(units) };
    let first = reserve(&store, NOW, "lc_1", &with("a", 10)).unwrap();
    let again = reserve(&store, NOW, "lc_2", &with("a", 10)).unwrap();
    assert_eq!((first.id.as_str(), again.replayed), (again.id.as_str(), true));
    assert_eq!(code(reserve(&store, NOW, "lc_3", &with("a", 11))), "idempotency_key_reused");
    assert_eq!(code(reserve(&store, NOW, "lc_4", &with("b", 41))), "monthly_cap");
    release(&store, &first.id).unwrap();
    assert_eq!(code(reserve(&store, NOW, "lc_5", &with("b", 41))), "monthly_cap", "a denied id stays denied");
    assert_eq!(money(&store), 0);
}

#[test]
fn a_key_whose_permit_is_forgotten_pays_again_and_is_logged_again() {
    let store = store(r#"{"monthly_cost_usd":"9.00"}"#, "{}");
    let asked = Reservation { idempotency_key: Some("a".into()), ..seconds(10) };
    let mut ids = Vec::new();
    for _ in 0..3 {
        let id = reserve(&store, NOW, "lc_1", &asked).unwrap().id;
        settle(&store, &id, &Used::Unknown).unwrap();
        for key in store.keys().into_iter().filter(|key| key.starts_with("permit") && key.ends_with(&id)) {
            store.delete(&key).unwrap();
        }
        ids.push(id);
    }
    let entries: Vec<_> = ids.iter().map(|id| audit::find(&store, id).unwrap().unwrap().entry.cost_nanos.0).collect();
    assert_eq!(entries.iter().sum::<i64>(), money(&store), "the counter says what the log says");
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[test]
fn the_ladder_goes_by_what_was_spent_before() {
    let check = |spent: u64, capability: &str, rung: Result<Rung, &str>| {
        let store = store(r#"{"monthly_cost_usd":"1.00"}"#, "{}");
        if spent > 0 {
            reserve(&store, NOW, "lc_1", &seconds(spent)).unwrap();
        }
        let asked = Reservation { capability: capability.into(), ..seconds(1) };
        let got = reserve(&store, NOW, "lc_2", &asked).map(|granted| granted.rung).map_err(|denial| denial.code);
        assert_eq!(got, rung.map_err(str::to_owned), "{spent} {capability}");
    };
    check(0, "video", Ok(Rung::Full));
    check(49, "video", Ok(Rung::Full));
    check(50, "video", Ok(Rung::Throttled));
    check(79, "speech", Ok(Rung::Throttled));
    check(80, "speech", Err("text_only"));
    check(80, "chat", Ok(Rung::TextOnly));
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_held() {
    let check = |change: &dyn Fn(&mut Reservation), wanted: &str| {
        let store = store("{}", "{}");
        let mut asked = seconds(1);
        change(&mut asked);
        assert_eq!(code(reserve(&store, NOW, "lc_1", &asked)), wanted);
        assert_eq!((money(&store), places(&store)), (0, 0));
    };
    check(&|r| r.worst_case[0].units = 0, "invalid_request");
    check(&|r| r.worst_case[0].units = u64::MAX, "invalid_request");
    check(&|r| r.worst_case[0].unit_type = "bananas".into(), "invalid_request");
    check(&|r| r.worst_case.push(Quantity::new("seconds", 2)), "invalid_request");
    check(&|r| r.worst_case[0].units = 1_000_000_000_000, "invalid_request");
    check(&|r| r.capability = "telepathy".into(), "invalid_request");
    check(&|r| r.provider = "nobody".into(), "unpriced");
    check(&|r| r.tenant = "ghost".into(), "tenant_gone");
    check(&|r| r.continues = Some("lc_none".into()), "lease_ended");
}

#[test]
fn ses_5_nobody_spends_for_a_twin_that_is_closed_and_what_is_held_is_settled() {
    for closed in ["consent_revoked", "twin_retired"] {
        let store = store("{}", "{}");
        let mut tenant = tenancy::find_tenant(&store, "t").unwrap().unwrap();
        let open = tenancy::TwinAccess::new("MTID#7K3Q-9D2M-XW4B");
        tenant.twin = Some(open.clone());
        tenancy::tenant("t").set(&store, &tenant).unwrap();
        reserve(&store, NOW, "lc_1", &seconds(1)).unwrap();
        tenant.twin = Some(tenancy::TwinAccess { closed: Some(closed.into()), ..open });
        tenancy::tenant("t").set(&store, &tenant).unwrap();
        for capability in ["chat", "speech", "video", "jobs"] {
            let asked = Reservation { capability: capability.into(), ..seconds(1) };
            assert_eq!(code(reserve(&store, NOW, "lc_2", &asked)), closed, "{capability}");
        }
        charge(&store, "lc_1", &Used::Actual(vec![Quantity::new("seconds", 1)])).unwrap();
        close(&store, "lc_1", 1).unwrap();
        assert_eq!((money(&store), places(&store)), (USD / 100, 0));
    }
}

#[test]
fn the_month_rolls_over_with_a_call_in_flight_and_both_months_stay_right() {
    let store = store("{}", "{}");
    let (late, next) = (Millis::parse("2026-11-30T23:59:59Z").unwrap(), Millis::parse("2026-12-01T00:00:30Z").unwrap());
    reserve(&store, late, "lc_1", &seconds(30)).unwrap();
    reserve(&store, next, "lc_2", &seconds(7)).unwrap();
    let permit = charge(&store, "lc_1", &Used::Actual(vec![Quantity::new("seconds", 10)])).unwrap();
    close(&store, "lc_1", 1).unwrap();
    let spent = |month: &str| families::MONEY.counter(&["tenant", "t", month]).read(&store).unwrap();
    assert_eq!((spent("2026-11"), spent("2026-12")), (10 * USD / 100, 7 * USD / 100));
    assert_eq!(permit.created_at, late, "the log entry belongs to the month that pays");
}

#[test]
fn the_reaper_finds_what_was_left_behind_and_nothing_else() {
    let store = store("{}", "{}");
    let lease = Reservation { worst_case: vec![], ..seconds(1) };
    reserve(&store, NOW, "lc_lease", &lease).unwrap();
    reserve(&store, NOW, "lc_old", &seconds(5)).unwrap();
    reserve(&store, NOW, "lc_done", &seconds(5)).unwrap();
    release(&store, "lc_done").unwrap();
    reserve(&store, NOW, "lc_long", &Reservation { ttl_ms: 600_000, ..seconds(5) }).unwrap();
    assert_eq!(reap_all(&store, NOW, 10).unwrap(), Vec::<String>::new());
    let later = NOW.plus(60_001);
    assert_eq!(reap_all(&store, later, 10).unwrap(), ["lc_old"]);
    assert_eq!(places(&store), 2, "the lease is released");
    charge(&store, "lc_old", &Used::Unknown).unwrap();
    close(&store, "lc_old", 1).unwrap();
    for minutes in 2..20 {
        let found = reap_all(&store, NOW.plus(minutes * 60_000), 10).unwrap();
        assert_eq!(found.contains(&"lc_long".to_owned()), minutes >= 10, "minute {minutes}");
    }
}

#[test]
fn a_tick_keeps_the_lease_alive_and_takes_no_place() {
    let store = store(r#"{"burst":1}"#, "{}");
    reserve(&store, NOW, "lc_lease", &Reservation { worst_case: vec![], ..seconds(1) }).unwrap();
    let tick = Reservation { continues: Some("lc_lease".into()), ..seconds(15) };
    reserve(&store, NOW.plus(50_000), "lc_tick", &tick).unwrap();
    assert_eq!(places(&store), 1);
    assert_eq!(code(reserve(&store, NOW, "lc_other", &seconds(1))), "burst");
    assert_eq!(reap_all(&store, NOW.plus(70_000), 10).unwrap(), Vec::<String>::new());
    assert_eq!(reap_all(&store, NOW.plus(120_000), 10).unwrap(), ["lc_tick"]);
    assert_eq!(places(&store), 0);
}

#[test]
fn a_clock_that_goes_back_or_ahead_loses_and_frees_nothing() {
    let hour = calendar::HOUR;
    let store = store("{}", "{}");
    let back = Millis(NOW.0 - hour);
    reserve(&store, NOW, "lc_now", &seconds(10)).unwrap();
    reserve(&store, back, "lc_back", &seconds(10)).unwrap();
    // What was made before the clock went back isn't due again until it has caught up.
    assert_eq!(maintain_for(&store, back, 1), Vec::<String>::new());
    assert_eq!((money(&store), places(&store)), (20 * USD / 100, 2));
    assert_eq!(maintain_for(&store, back.plus(60_000), 1), ["lc_back"]);
    settle(&store, "lc_now", &Used::Actual(vec![Quantity::new("seconds", 4)])).unwrap();
    // A clock that jumps ahead ends a permit early: charged in full, not freed.
    reserve(&store, NOW, "lc_ahead", &seconds(10)).unwrap();
    assert_eq!(maintain_for(&store, NOW.plus(5 * hour), 1), ["lc_ahead"]);
    assert_eq!((money(&store), places(&store)), (24 * USD / 100, 0));
    assert_eq!(limits::open(&store), Ok(Vec::new()));
}

/// Runs the life of a permit with the store failing after `k` operations, then lets the reaper clean up.
#[test]
fn a_crash_at_any_operation_is_made_good() {
    let used = || Used::Actual(vec![Quantity::new("seconds", 10)]);
    let logged = |store: &Memory| audit::totals(store, audit::Scope::Tenant, "t", &NOW.month()).unwrap().settled_nanos;
    let mut completed = false;
    for k in 0..200 {
        let store = store(r#"{"monthly_cost_usd":"1.00","burst":5}"#, r#"{"burst":5}"#);
        store.fail_after(k);
        let life = || {
            reserve(&store, NOW, "lc_1", &seconds(30)).ok()?;
            settle(&store, "lc_1", &used()).ok()
        };
        let outcome = life();
        store.recover();
        // Never lower than what was really spent.
        let charged = limits::permit("lc_1").get(&store).unwrap().and_then(|p| p.decision().map(|(c, _)| c.cost.0));
        assert!(money(&store) >= charged.unwrap_or(0), "after {k} operations");
        maintain_for(&store, NOW, 5);
        assert_eq!(limits::open(&store), Ok(Vec::new()), "after {k} operations");
        assert_eq!((money(&store), places(&store)), (logged(&store), 0), "after {k} operations");
        assert!(logged(&store) >= charged.unwrap_or(0), "after {k} operations");
        if outcome.is_some() {
            assert_eq!(logged(&store), 10 * USD / 100);
            completed = true;
            break;
        }
    }
    assert!(completed, "the life of a permit takes fewer operations than this test allows");
}
