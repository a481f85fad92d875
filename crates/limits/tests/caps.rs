//! The scopes: a session's own caps, a company's places, and what a tenant takes from its company.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

mod common;

use common::{NOW, maintain_for, places, reap_all, seconds, settle, store};
use kv_schemas::memory::Memory;
use limits::{Meter, Reservation, Scope, Used, release, reserve};
use money::Quantity;

const CENT: i64 = 10_000_000;

fn code(store: &Memory, id: &str, asked: &Reservation) -> String {
    reserve(store, NOW, id, asked).map_or_else(|denial| denial.code, |_| "ok".into())
}

fn in_session(session: &str, units: u64) -> Reservation {
    Reservation { session: Some(session.into()), ..seconds(units) }
}

#[test]
fn a_session_has_caps_of_its_own() {
    let check = |limits: &str, company: &str, asked: &[(&str, u64)], codes: &[&str]| {
        let store = store(limits, company);
        let got: Vec<_> = asked
            .iter()
            .enumerate()
            .map(|(i, (session, units))| code(&store, &format!("lc_{i}"), &in_session(session, *units)))
            .collect();
        assert_eq!(got, codes, "{limits} {company}");
    };
    let asked = [("a", 20), ("a", 20), ("b", 20), ("a", 10)];
    check(r#"{"session_cost_usd":"0.30"}"#, "{}", &asked, &["ok", "session_cap", "ok", "ok"]);
    check(r#"{"session_units":{"seconds":30}}"#, "{}", &asked, &["ok", "session_seconds", "ok", "ok"]);
    check("{}", r#"{"session_units":{"seconds":30}}"#, &asked, &["ok", "session_seconds", "ok", "ok"]);
    check(r#"{"session_units":{"seconds":99}}"#, r#"{"session_units":{"seconds":30}}"#, &asked, &["ok"; 4]);
    check("{}", "{}", &asked, &["ok"; 4]);
}

#[test]
fn what_a_session_settles_counts_and_what_it_releases_does_not() {
    let store = store(r#"{"session_cost_usd":"0.30"}"#, "{}");
    let session = Meter::money(Scope::Session, "a", NOW);
    reserve(&store, NOW, "lc_1", &in_session("a", 30)).unwrap();
    settle(&store, "lc_1", &Used::Actual(vec![Quantity::new("seconds", 12)])).unwrap();
    assert_eq!(session.read(&store), Ok(12 * CENT));
    reserve(&store, NOW, "lc_2", &in_session("a", 18)).unwrap();
    assert_eq!(code(&store, "lc_3", &in_session("a", 1)), "session_cap");
    release(&store, "lc_2").unwrap();
    assert_eq!(session.read(&store), Ok(12 * CENT));
}

#[test]
fn a_company_has_places_of_its_own() {
    let store = store("{}", r#"{"burst":2}"#);
    let mut other: tenancy::Tenant = tenancy::tenant("t").get(&store).unwrap().unwrap();
    other.id = "u".into();
    tenancy::tenant("u").set(&store, &other).unwrap();
    let of = |tenant: &str| Reservation { tenant: tenant.into(), ..seconds(1) };
    assert_eq!(code(&store, "lc_1", &of("t")), "ok");
    assert_eq!(code(&store, "lc_2", &of("u")), "ok");
    assert_eq!(code(&store, "lc_3", &of("t")), "company_burst");
    assert_eq!(places(&store), 1, "the tenant's place was given back");
    release(&store, "lc_2").unwrap();
    assert_eq!(code(&store, "lc_4", &of("t")), "ok");
}

#[test]
fn the_reaper_leaves_nothing_and_keeps_nothing_that_is_over() {
    let store = store(r#"{"burst":50}"#, "{}");
    let before = store.keys().len();
    let lease = Reservation { worst_case: vec![], ttl_ms: calendar::DAY, ..seconds(1) };
    let call = Reservation { counted: true, ..seconds(1) };
    reserve(&store, NOW, "lc_lease", &lease).unwrap();
    for i in 0..2_000 {
        let id = format!("lc_{i}");
        reserve(&store, NOW.plus(i), &id, &call).unwrap();
        if i % 2 == 0 {
            release(&store, &id).unwrap()
        } else {
            drop(settle(&store, &id, &Used::Unknown).unwrap())
        }
        if i % 50 == 0 {
            reap_all(&store, NOW.plus(i), 100).unwrap();
        }
    }
    maintain_for(&store, NOW.plus(2_000), 1);
    let listed = |store: &Memory| store.keys().into_iter().filter(|key| key.starts_with("permit-list/")).count();
    assert!(listed(&store) <= 2, "the lease and the tail, not {}", listed(&store));
    assert_eq!(places(&store), 1);
    release(&store, "lc_lease").unwrap();
    reap_all(&store, NOW.plus(3_000), 100).unwrap();
    reap_all(&store, NOW.plus(3_000), 100).unwrap();
    // After 32 days and some hours all permits are forgotten.
    let hour = NOW.hour_number();
    (0..100).for_each(|_| kv_schemas::expiry::sweep(&store, hour).unwrap());
    (0..2_000).for_each(|_| kv_schemas::expiry::sweep(&store, hour + 41 * 24).unwrap());
    let left: Vec<_> = store.keys().into_iter().filter(|key| key.starts_with("permit")).collect();
    assert_eq!(left, ["permit-head", "permit-list/tail"], "of {before} keys before");
}

#[test]
fn denials_leave_nothing_behind() {
    let store = store(r#"{"monthly_cost_usd":"0.00"}"#, "{}");
    for i in 0..300 {
        let asked = Reservation { counted: true, ..seconds(1) };
        assert_eq!(code(&store, &format!("lc_{i}"), &asked), "monthly_cap");
    }
    reap_all(&store, NOW, 100).unwrap();
    reap_all(&store, NOW, 100).unwrap();
    let left: Vec<_> = store.keys().into_iter().filter(|key| key.starts_with("permit")).collect();
    assert_eq!(left, ["permit-head", "permit-list/tail"]);
}

#[test]
fn a_counter_that_a_crash_left_too_high_is_counted_anew_while_others_go_on() {
    // The holder of `lc_dead` dies at every operation; meanwhile and afterwards others hold, settle and release.
    for k in 0..40 {
        let store = store(r#"{"burst":50}"#, "{}");
        reserve(&store, NOW, "lc_held", &Reservation { ttl_ms: 600_000, ..seconds(7) }).unwrap();
        store.fail_after(k);
        let _died = reserve(&store, NOW, "lc_dead", &seconds(30)).map(|_| release(&store, "lc_dead"));
        store.recover();
        reserve(&store, NOW, "lc_paid", &seconds(5)).unwrap();
        settle(&store, "lc_paid", &Used::Actual(vec![Quantity::new("seconds", 3)])).unwrap();
        maintain_for(&store, NOW.plus(1_000), 4);
        let dead =
            limits::permit("lc_dead").get(&store).unwrap().and_then(|found| found.decision().map(|(c, _)| c.cost.0));
        let expected = 10 * CENT + dead.unwrap_or(0);
        assert_eq!((common::money(&store), places(&store)), (expected, 1), "died after {k} operations");
    }
}

#[test]
fn what_is_being_denied_is_not_held() {
    let month = Meter::money(Scope::Tenant, "t", NOW);
    let mut above = 0;
    for k in 0..40 {
        let store = store(r#"{"monthly_cost_usd":"0.50"}"#, "{}");
        reserve(&store, NOW, "lc_1", &seconds(30)).unwrap();
        store.fail_after(k);
        assert!(reserve(&store, NOW, "lc_2", &seconds(30)).is_err());
        store.recover();
        above += usize::from(month.read(&store).unwrap() > 50 * CENT);
        assert_eq!(limits::held(&store, &month), Ok(30 * CENT), "cut off after {k} operations");
        settle(&store, "lc_1", &Used::Unknown).unwrap();
        assert_eq!(limits::held(&store, &month), Ok(0));
    }
    assert!(above > 0, "the counter was above the cap at some moment");
}
