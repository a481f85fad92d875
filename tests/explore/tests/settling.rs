//! Several who resolve one permit at once, whole lives beside each other, and one key used twice: each permit is resolved
//! once, given back once, and logged once.

mod common;

use calendar::Millis;
use common::{
    CONSTANTS, Fared, NOW, TTL_MS, blanked,
    books::{balanced, counters, invariants},
    place,
    reaping::{maintain, reap_all},
    release, reserve, seconds, settle, used_seconds, world,
};
use explore::{End, Explore, View};
use kv_schemas::{Store, memory::Memory};
use limits::{Holder, Reservation, Used};

/// A moment at which a permit made at [`NOW`] is past its time.
const EXPIRED: Millis = Millis(NOW.0 + TTL_MS + 1);

type Act<'a> = Box<dyn Fn(&dyn Store) -> Fared + 'a>;

fn act<'a>(run: impl Fn(&dyn Store) -> Fared + 'a) -> Act<'a> {
    Box::new(run)
}

fn settling<'a>(units: u64) -> Act<'a> {
    act(move |store| settle(store, "lc_1", &Used::Actual(used_seconds(units))))
}

fn releasing<'a>() -> Act<'a> {
    act(|store| release(store, "lc_1"))
}

fn reaping<'a>(now: Millis) -> Act<'a> {
    act(move |store| {
        maintain(store, now);
        Fared::Done
    })
}

/// All at once; in the end every permit is over, and the books balance.
fn check(store: &Memory, ids: &[&str], acts: Vec<(&str, Act<'_>)>, errors: u8, one_end_in: u32) -> explore::Report {
    let capped = counters(store, None);
    let name = format!("{}, {errors} errors", acts.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" | "));
    let mut explore = Explore::new(store).constants(CONSTANTS).errors(errors).one_end_in(one_end_in);
    for (name, run) in acts {
        explore = explore.actor(name, run);
    }
    let explore = blanked(explore).always(|view: &View<'_, Fared>| invariants(view, ids, &capped)).finally(
        |end: &End<'_, Fared>| {
            reap_all(&end.store)?;
            balanced(&end.store, &capped)
        },
    );
    explore.run(&name)
}

/// One permit for four seconds, made at [`NOW`].
fn held(asked: &Reservation) -> Memory {
    let store = world(r#"{"monthly_cost_usd":"0.10","burst":4}"#, "{}");
    assert_eq!(reserve(&store, NOW, "lc_1", asked), Fared::Granted);
    store
}

#[test]
fn a_permit_is_resolved_once() {
    let all = |acts: Vec<(&str, Act<'_>)>, errors, states, ends| {
        check(&held(&seconds(4)), &["lc_1"], acts, errors, 1).at_least(states, ends);
    };
    all(vec![("settle 2", settling(2)), ("settle 6", settling(6))], 2, 300, 100);
    all(vec![("settle 2", settling(2)), ("release", releasing())], 2, 200, 100);
    all(vec![("settle 2", settling(2)), ("settle 2 again", settling(2)), ("release", releasing())], 1, 500, 100);
    all(vec![("release", releasing()), ("release again", releasing()), ("settle 3", settling(3))], 1, 500, 100);
}

#[test]
fn the_reaper_is_one_of_them() {
    let all = |acts: Vec<(&str, Act<'_>)>, errors, states, ends| {
        check(&held(&seconds(4)), &["lc_1"], acts, errors, 4).at_least(states, ends);
    };
    all(vec![("settle 2", settling(2)), ("reaper", reaping(EXPIRED))], 1, 500, 100);
    all(vec![("release", releasing()), ("reaper", reaping(EXPIRED))], 1, 500, 100);
    all(vec![("reaper", reaping(EXPIRED)), ("reaper again", reaping(EXPIRED))], 1, 500, 100);
    all(vec![("settle 6", settling(6)), ("release", releasing()), ("reaper", reaping(EXPIRED))], 0, 500, 100);
}

#[test]
fn five_who_resolve_one_permit() {
    let acts = vec![
        ("settle 2", settling(2)),
        ("settle 2 again", settling(2)),
        ("settle 3", settling(3)),
        ("release", releasing()),
        ("release again", releasing()),
    ];
    check(&held(&seconds(4)), &["lc_1"], acts, 0, 50).at_least(10_000, 1_000);
}

#[test]
fn a_page_that_vanished_pays_nothing() {
    let page = Reservation { holder: Holder::Page, ..seconds(4) };
    let acts = vec![("settle 2", settling(2)), ("reaper", reaping(EXPIRED)), ("reaper again", reaping(EXPIRED))];
    check(&held(&page), &["lc_1"], acts, 0, 10).at_least(500, 100);
}

#[test]
fn whole_lives_beside_each_other() {
    let store = world(r#"{"monthly_cost_usd":"0.10","burst":1}"#, r#"{"daily_units":{"seconds":8}}"#);
    let life = |id: &'static str, reserved: u64, used: u64| {
        act(move |store| match reserve(store, NOW, id, &seconds(reserved)) {
            Fared::Granted => settle(store, id, &Used::Actual(used_seconds(used))),
            denied => denied,
        })
    };
    let given_up = |id: &'static str| {
        act(move |store| match reserve(store, NOW, id, &seconds(3)) {
            Fared::Granted => release(store, id),
            denied => denied,
        })
    };
    let two = || vec![("life 1", life("lc_1", 6, 2)), ("life 2", life("lc_2", 5, 7))];
    check(&store, &["lc_1", "lc_2"], two(), 1, 10).at_least(1_000, 500);
    let three = two().into_iter().chain([("given up", given_up("lc_3"))]).collect();
    check(&store, &["lc_1", "lc_2", "lc_3"], three, 0, 50).at_least(1_000, 500);
}

/// What one idempotency key came to: at most one permit, whoever asked.
#[test]
fn one_key_makes_one_permit() {
    let keyed = |units| Reservation { idempotency_key: Some("once".into()), ..seconds(units) };
    let store = world(r#"{"monthly_cost_usd":"0.10"}"#, "{}");
    let id = limits::reserve(&store.clone(), NOW, "-", &keyed(4)).unwrap().id;
    let ask = |units| act(move |store| reserve(store, NOW, "lc_unused", &keyed(units)));
    let three = vec![("ask", ask(4)), ("ask again", ask(4)), ("ask for other", ask(5))];
    check(&store, &[&id], three, 1, 20).at_least(1_000, 500);

    // Denied stays denied, and nothing is held.
    let full = world(r#"{"monthly_cost_usd":"0.03"}"#, "{}");
    check(&full, &[&id], vec![("ask", ask(4)), ("ask again", ask(4))], 1, 10).at_least(500, 100);
}

#[test]
fn a_lease_is_extended_or_over() {
    let lease_ttl = |store: &Memory| assert_eq!(reserve(store, NOW, "lc_1", &place()), Fared::Granted);
    let store = world(r#"{"burst":1,"monthly_cost_usd":"0.10"}"#, "{}");
    lease_ttl(&store);
    let tick = Reservation { continues: Some("lc_1".into()), ..seconds(3) };
    let ticking = act(|store| reserve(store, EXPIRED, "lc_2", &tick));
    let acts = vec![("tick", ticking), ("release", releasing()), ("reaper", reaping(EXPIRED))];
    check(&store, &["lc_1", "lc_2"], acts, 0, 10).at_least(1_000, 100);
}

#[test]
fn who_waits_for_a_place_takes_none_that_is_taken() {
    let store = world(r#"{"burst":1,"queue_wait_ms":2000}"#, "{}");
    assert_eq!(reserve(&store, NOW, "lc_1", &place()), Fared::Granted);
    let waiting = |id: &'static str| {
        act(move |store| match limits::reserve(store, NOW, id, &place()) {
            Err(denial) if denial.ticket.is_some() => {
                let again = Reservation { ticket: denial.ticket, ..place() };
                reserve(store, Millis(NOW.0 + 50), &format!("{id}b"), &again)
            }
            Ok(_) => Fared::Granted,
            Err(_) => Fared::Denied,
        })
    };
    let acts = vec![("waits", waiting("lc_2")), ("waits too", waiting("lc_3")), ("release", releasing())];
    let ids = ["lc_1", "lc_2", "lc_2b", "lc_3", "lc_3b"];
    check(&store, &ids, acts, 0, 50).at_least(5_000, 500);
}
