//! Several who reserve at once, with a crash wherever one can be: no cap is ever passed, and what a crash leaves behind
//! is found and taken off, to the last cent and place.

mod common;

use common::{
    CONSTANTS, Fared, NOW, blanked,
    books::{Capped, balanced, counters, granted_is_held, invariants},
    place,
    reaping::reap_all,
    reserve, seconds, world,
};
use explore::{End, Explore, Report, View};
use kv_schemas::memory::Memory;
use limits::Reservation;

const IDS: [&str; 5] = ["lc_1", "lc_2", "lc_3", "lc_4", "lc_5"];

/// Reservations of these sizes, all at once.
fn explore<'a>(store: &'a Memory, asked: Vec<Reservation>, capped: &'a [Capped]) -> Explore<'a, Fared> {
    let ids = &IDS[..asked.len()];
    let mut explore = Explore::new(store).constants(CONSTANTS).in_line("permit-list/tail");
    for (id, asked) in ids.iter().zip(asked) {
        explore = explore.actor(format!("reserve {id}"), move |store| reserve(store, NOW, id, &asked));
    }
    blanked(explore)
        .always(move |view: &View<'_, Fared>| {
            invariants(view, ids, capped)?;
            granted_is_held(view, ids)
        })
        .finally(move |end: &End<'_, Fared>| {
            reap_all(&end.store)?;
            balanced(&end.store, capped)
        })
}

fn check(
    name: &str,
    tenant: &str,
    company: &str,
    sizes: &[u64],
    more: impl Fn(Explore<'_, Fared>) -> Explore<'_, Fared>,
) -> Report {
    let store = world(tenant, company);
    let capped = counters(&store, None);
    let asked = sizes.iter().map(|size| seconds(*size)).collect();
    more(explore(&store, asked, &capped)).run(name)
}

#[test]
fn two_with_lost_replies() {
    let check = |tenant: &str, company: &str, sizes: &[u64]| {
        check(&format!("2 reserve {sizes:?}, 2 errors"), tenant, company, sizes, |explore| explore.errors(2))
            .at_least(600, 500);
    };
    check(r#"{"monthly_cost_usd":"0.10"}"#, "{}", &[6, 5]);
    check(r#"{"monthly_cost_usd":"0.10"}"#, r#"{"monthly_cost_usd":"0.12"}"#, &[6, 3]);
    check(r#"{"burst":1}"#, r#"{"daily_units":{"seconds":5}}"#, &[6, 3]);
}

#[test]
fn three_of_a_session() {
    let tenant = r#"{"session_cost_usd":"0.08","session_units":{"seconds":7},"monthly_cost_usd":"0.10"}"#;
    let store = world(tenant, "{}");
    let capped = counters(&store, Some("ses_1"));
    let of_session = |units| Reservation { session: Some("ses_1".into()), ..seconds(units) };
    let explore = explore(&store, vec![of_session(5), of_session(3), seconds(4)], &capped);
    explore.run("3 reserve, 2 of a session").at_least(5_000, 1_000);
}

#[test]
fn three_with_a_lost_reply() {
    let (tenant, company) = (r#"{"monthly_cost_usd":"0.10"}"#, r#"{"monthly_cost_usd":"0.09"}"#);
    check("3 reserve, an error", tenant, company, &[6, 4, 3], |explore| explore.errors(1).one_end_in(10))
        .at_least(30_000, 10_000);
}

#[test]
fn four() {
    let (tenant, company) = (r#"{"burst":3,"daily_units":{"seconds":10}}"#, r#"{"monthly_cost_usd":"0.09"}"#);
    check("4 reserve", tenant, company, &[6, 4, 3, 2], |explore| explore.one_end_in(20)).at_least(100_000, 20_000);
}

#[test]
fn five_with_any_crash() {
    let store = world(r#"{"burst":3}"#, r#"{"burst":2}"#);
    let capped = counters(&store, None);
    let explore = explore(&store, vec![place(); 5], &capped).one_end_in(20);
    explore.run("5 reserve a place").at_least(20_000, 2_000);
}

/// All counters, any number of crashes anywhere, and one reply lost, applied or not. The ends are many: of those one in two
/// thousand is reaped and balanced.
#[test]
fn five_with_all_counters_and_any_crash() {
    let (tenant, company) = (r#"{"burst":2,"monthly_cost_usd":"0.10"}"#, r#"{"monthly_cost_usd":"0.09"}"#);
    check("5 reserve, an error", tenant, company, &[6, 4, 3, 2, 1], |explore| explore.errors(1).one_end_in(2_000))
        .at_least(3_000_000, 1_000_000);
}
