//! Corrections beside reservations, settlements, each other and the reaper: no cap is passed but by the truth, nothing is
//! given back twice or before the log has it, and never more than an interaction cost.

mod common;

use calendar::Millis;
use common::{
    CENT, CONSTANTS, Fared, NOW, blanked,
    books::{balanced, counters, invariants},
    correct,
    reaping::{maintain, reap_all},
    reserve, seconds, settle, used_seconds, world,
};
use explore::{End, Explore, Report, View};
use kv_schemas::{Store, memory::Memory};
use limits::{Amount, Permit, State, Used};
use money::Nanos;

const IDS: [&str; 5] = ["lc_done", "lc_new", "lc_c1", "lc_c2", "lc_left"];
/// Past the reaper's patience, and before permits run out.
const THIRD: Millis = Millis(NOW.0 + 36_000);

type Act<'a> = (&'static str, Box<dyn Fn(&dyn Store) -> Fared + 'a>);

fn act<'a>(name: &'static str, run: impl Fn(&dyn Store) -> Fared + 'a) -> Act<'a> {
    (name, Box::new(run))
}

fn correcting(id: &'static str, cents: i64) -> Act<'static> {
    act("correct", move |store| correct(store, NOW, id, "lc_done", by(cents)))
}

fn by(cents: i64) -> Amount {
    Amount::Cost(Nanos(cents * CENT))
}

/// It really used so many seconds, of a cent each.
fn using(id: &'static str, seconds: u64) -> Act<'static> {
    act("correct by use", move |store| correct(store, NOW, id, "lc_done", Amount::Usage(used_seconds(seconds))))
}

fn reserving(units: u64) -> Act<'static> {
    act("reserve", move |store| reserve(store, NOW, "lc_new", &seconds(units)))
}

fn reaper() -> Act<'static> {
    act("reaper", |store| {
        maintain(store, THIRD);
        Fared::Done
    })
}

/// One interaction of three cents in the log, under a cap of six.
fn interaction() -> Memory {
    let store = world(r#"{"monthly_cost_usd":"0.06"}"#, "{}");
    assert_eq!(reserve(&store, NOW, "lc_done", &seconds(3)), Fared::Granted);
    assert_eq!(settle(&store, "lc_done", &Used::Unknown), Fared::Done);
    maintain(&store, NOW);
    store
}

/// All at once; in the end the books balance, and the interaction has cost at least nothing.
fn check(store: &Memory, acts: Vec<Act<'_>>, errors: u8) -> Report {
    let capped = counters(store, None);
    let name = format!("{}, {errors} errors", acts.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" | "));
    let mut explore = Explore::new(store).constants(CONSTANTS).errors(errors);
    for (name, run) in acts {
        explore = explore.actor(name, run);
    }
    let explore = blanked(explore)
        .always(|view: &View<'_, Fared>| {
            invariants(view, &IDS, &capped)?;
            let permits = IDS.iter().filter_map(|id| view.json::<Permit>(&format!("permit/{id}")));
            let ours = permits.filter(|permit| permit.correction.is_some() || permit.id == "lc_done");
            let cost: i64 = ours.filter_map(|permit| Some(permit.decision()?.0.cost.0)).sum();
            if cost < 0 { Err(format!("the interaction has cost {cost}")) } else { Ok(()) }
        })
        .finally(|end: &End<'_, Fared>| {
            reap_all(&end.store)?;
            balanced(&end.store, &capped)
        });
    explore.run(&name)
}

/// After corrections by use, and those by cost that came after them, it has cost what one of them says.
fn check_totals(acts: Vec<Act<'_>>, errors: u8, totals: &[i64]) -> Report {
    let store = interaction();
    let mut explore = Explore::new(&store).constants(CONSTANTS).errors(errors);
    let name = format!("{totals:?}, {errors} errors");
    for (name, run) in acts {
        explore = explore.actor(name, run);
    }
    let explore = blanked(explore).finally(|end: &End<'_, Fared>| {
        reap_all(&end.store)?;
        balanced(&end.store, &counters(&interaction(), None))?;
        let cost: i64 = IDS
            .iter()
            .filter_map(|id| limits::permit(id).get(&end.store).ok()?)
            .filter_map(|permit| Some(permit.decision()?.0.cost.0))
            .sum();
        if totals.iter().any(|total| total * CENT == cost) { Ok(()) } else { Err(format!("it has cost {cost}")) }
    });
    explore.run(&name)
}

#[test]
fn two_corrections_by_use_never_count_from_the_same_base() {
    // One of them, or one after the other, or neither: both were told to try again.
    check_totals(vec![using("lc_c1", 1), using("lc_c2", 2)], 1, &[1, 2, 3]).at_least(300, 20);
    check_totals(vec![using("lc_c1", 5), using("lc_c2", 1)], 0, &[5, 1, 3]).at_least(300, 20);
}

#[test]
fn a_correction_by_use_beside_one_by_cost() {
    // 1: by use only, or after the credit; 2: by cost only; 0: by cost after that by use.
    check_totals(vec![using("lc_c1", 1), correcting("lc_c2", -1)], 1, &[0, 1, 2, 3]).at_least(300, 20);
    check_totals(vec![using("lc_c1", 5), correcting("lc_c2", 2)], 0, &[3, 5, 7]).at_least(300, 20);
    check(&interaction(), vec![using("lc_c1", 5), using("lc_c2", 0)], 1).at_least(300, 20);
}

#[test]
fn a_correction_beside_a_reservation() {
    for cents in [2, -3] {
        let acts = || vec![correcting("lc_c1", cents), reserving(3)];
        check(&interaction(), acts(), 1).at_least(300, 20);
    }
}

#[test]
fn two_corrections_never_give_back_more_than_there_is() {
    let acts = || vec![correcting("lc_c1", -2), correcting("lc_c2", -2)];
    check(&interaction(), acts(), 1).at_least(300, 20);
    let acts = || vec![correcting("lc_c1", 2), correcting("lc_c2", -3)];
    check(&interaction(), acts(), 0).at_least(300, 20);
}

/// Up to a crash; then two looks of the reaper, of which the third is the one that acts.
fn left(operations: u32, cents: i64) -> Memory {
    let store = interaction();
    store.fail_after(operations);
    correct(&store, NOW, "lc_left", "lc_done", by(cents));
    store.recover();
    maintain(&store, Millis(NOW.0 + 5_000));
    maintain(&store, Millis(NOW.0 + 20_000));
    store
}

/// The reaper counts anew what a crash left of another permit, while a correction is on its way.
#[test]
fn a_correction_beside_the_reaper() {
    let is_left = |store: &Memory| {
        let permit = limits::permit("lc_left").get(store).unwrap();
        permit.is_some_and(|permit| permit.state == State::Reserving)
    };
    let all: Vec<Memory> = (0..40).map(|operations| left(operations, 2)).filter(is_left).collect();
    // The last: all counters are raised.
    let store = all.last().unwrap();
    for cents in [2, -3] {
        check(store, vec![correcting("lc_c1", cents), reaper()], 0).at_least(300, 20);
    }
}

/// The same, of a correction that a crash left itself.
#[test]
fn a_correction_that_was_left_beside_the_reaper() {
    let mut seen = std::collections::BTreeSet::new();
    for cents in [2, -3] {
        for operations in 0..40 {
            let store = left(operations, cents);
            let Some(permit) = limits::permit("lc_left").get(&store).unwrap() else { continue };
            if permit.state.is_final() || !seen.insert((cents, format!("{:?}", permit.state), store.keys().len())) {
                continue;
            }
            let settling = |store: &dyn Store| settle(store, "lc_new", &Used::Actual(used_seconds(2)));
            assert_eq!(reserve(&store, NOW, "lc_new", &seconds(1)), Fared::Granted, "there is room for it");
            check(&store, vec![reaper(), act("settle", settling)], 0);
        }
    }
    assert!(seen.len() >= 4, "{seen:?}");
}
