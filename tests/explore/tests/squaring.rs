//! Counting anew while others are at work: the reaper's third look, at what a crash left in the middle of a change,
//! with other reapers, fresh reservations and settlements between any two of its operations.

mod common;

use calendar::Millis;
use common::{
    CONSTANTS, Fared, NOW, blanked,
    books::{balanced, counters, invariants},
    place,
    reaping::{maintain, reap_all},
    release, reserve, seconds, settle, used_seconds, world,
};
use explore::{End, Explore, View};
use kv_schemas::{Store, memory::Memory};
use limits::{Permit, Reservation, State, Used};

const IDS: [&str; 5] = ["lc_open", "lc_left", "lc_done", "lc_new", "lc_newer"];
/// The walks that come before: what is left behind then is over the reaper's patience at `THIRD`.
const FIRST: Millis = Millis(NOW.0 + 5_000);
const SECOND: Millis = Millis(NOW.0 + 20_000);
const THIRD: Millis = Millis(NOW.0 + 36_000);

type Act<'a> = (&'static str, Box<dyn Fn(&dyn Store) -> Fared + 'a>);

fn act<'a>(name: &'static str, run: impl Fn(&dyn Store) -> Fared + 'a) -> Act<'a> {
    (name, Box::new(run))
}

fn reaper(now: Millis) -> Act<'static> {
    act("reaper", move |store| {
        maintain(store, now);
        Fared::Done
    })
}

/// What permits are for: money and units, with five counters each, or a place alone.
#[derive(Clone, Copy)]
struct Kind {
    tenant: &'static str,
    asked: fn(u64) -> Reservation,
}

/// What is over by then leaves room for one more, if what was left behind is taken off.
const MONEY: Kind = Kind { tenant: r#"{"monthly_cost_usd":"0.08","burst":3}"#, asked: seconds };
const PLACES: Kind = Kind { tenant: r#"{"burst":2}"#, asked: |_| place() };

/// One permit open, one settled; then `left` up to a crash.
fn world_with(kind: Kind, left: fn(&dyn Store, Kind), operations: u32) -> Memory {
    let store = world(kind.tenant, "{}");
    assert_eq!(reserve(&store, NOW, "lc_done", &(kind.asked)(3)), Fared::Granted);
    assert_eq!(settle(&store, "lc_done", &Used::Unknown), Fared::Done);
    assert_eq!(reserve(&store, NOW, "lc_open", &(kind.asked)(2)), Fared::Granted);
    assert_eq!(reserve(&store, NOW, "lc_left", &(kind.asked)(3)), Fared::Granted);
    store.fail_after(operations);
    left(&store, kind);
    store.recover();
    store
}

/// Whether a permit stands in the middle of a change.
fn is_left(store: &Memory, id: &str) -> bool {
    let permit: Option<Permit> = limits::permit(id).get(store).unwrap();
    permit.is_some_and(|permit| matches!(permit.state, State::Reserving | State::Releasing | State::Charged(_)))
}

/// How many of the crashes of one thing are gone on from.
#[derive(Clone, Copy)]
enum Crashes {
    /// The one in the middle: something has been done, and something not.
    Middle,
    /// The first, the middle and the last.
    Three,
}

/// The stores that the crashes of `left` leave, past the reaper's first two looks.
fn leftovers(kind: Kind, left: fn(&dyn Store, Kind), crashes: Crashes) -> Vec<(u32, Memory)> {
    let mut all: Vec<_> = (0..40)
        .map(|operations| (operations, world_with(kind, left, operations)))
        .filter(|(_, store)| is_left(store, "lc_left") || is_left(store, "lc_new"))
        .collect();
    assert!(!all.is_empty(), "nothing was left behind");
    let (middle, last) = (all.len() / 2, all.len() - 1);
    let kept = |number| match crashes {
        Crashes::Middle => number == middle,
        Crashes::Three => [0, middle, last].contains(&number),
    };
    let mut number = 0..;
    all.retain(|_| number.next().is_some_and(kept));
    for (_, store) in &all {
        maintain(store, FIRST);
        maintain(store, SECOND);
    }
    all
}

/// All of `acts` at once on what `left` leaves behind.
fn check(
    (kind, crashes): (Kind, Crashes),
    name: &str,
    left: fn(&dyn Store, Kind),
    acts: &dyn Fn() -> Vec<Act<'static>>,
    errors: u8,
) {
    for (operations, store) in leftovers(kind, left, crashes) {
        let capped = counters(&store, None);
        let mut explore = Explore::new(&store).constants(CONSTANTS).errors(errors);
        for (name, run) in acts() {
            explore = explore.actor(name, run);
        }
        let explore = blanked(explore).always(|view: &View<'_, Fared>| invariants(view, &IDS, &capped)).finally(
            |end: &End<'_, Fared>| {
                reap_all(&end.store)?;
                balanced(&end.store, &capped)
            },
        );
        explore.run(&format!("{name}, crashed after {operations}")).at_least(300, 20);
    }
}

fn left_releasing(store: &dyn Store, _: Kind) {
    release(store, "lc_left");
}

fn left_closing(store: &dyn Store, _: Kind) {
    settle(store, "lc_left", &Used::Actual(used_seconds(1)));
}

/// More was used than was reserved: what is left over is too little.
fn left_closing_short(store: &dyn Store, _: Kind) {
    settle(store, "lc_left", &Used::Actual(used_seconds(5)));
}

fn left_reserving(store: &dyn Store, kind: Kind) {
    release(store, "lc_left");
    reserve(store, NOW, "lc_new", &(kind.asked)(3));
}

fn fresh(kind: Kind) -> Act<'static> {
    act("fresh reserve", move |store| reserve(store, THIRD, "lc_newer", &(kind.asked)(3)))
}

fn settling(units: u64) -> Act<'static> {
    act("settle", move |store| settle(store, "lc_open", &Used::Actual(used_seconds(units))))
}

fn releasing() -> Act<'static> {
    act("release", |store| release(store, "lc_open"))
}

fn second_reaper() -> Act<'static> {
    reaper(Millis(THIRD.0 + 1))
}

#[test]
fn a_place_is_taken_off_once_whoever_else_is_at_work() {
    let check = |name: &str, crashes, acts: &dyn Fn() -> Vec<Act<'static>>, errors| {
        check((PLACES, crashes), &format!("{name}, a reserve left"), left_reserving, acts, errors);
        check((PLACES, crashes), &format!("{name}, a release left"), left_releasing, acts, errors);
    };
    check("reaper, reserve, an error", Crashes::Three, &|| vec![reaper(THIRD), fresh(PLACES)], 1);
    check("2 reapers, an error", Crashes::Three, &|| vec![reaper(THIRD), second_reaper()], 1);
    check("2 reapers, reserve", Crashes::Middle, &|| vec![reaper(THIRD), second_reaper(), fresh(PLACES)], 0);
    check("reaper, reserve, release", Crashes::Middle, &|| vec![reaper(THIRD), fresh(PLACES), releasing()], 0);
    check("reaper, reserve, settle", Crashes::Three, &|| vec![reaper(THIRD), fresh(PLACES), settling(0)], 0);
}

#[test]
fn two_reapers_take_a_surplus_off_once() {
    let acts = || vec![reaper(THIRD), second_reaper()];
    check((MONEY, Crashes::Three), "2 reapers, a release left", left_releasing, &acts, 0);
    check((MONEY, Crashes::Three), "2 reapers, a close left", left_closing, &acts, 0);
    check((MONEY, Crashes::Three), "2 reapers, an overrun left", left_closing_short, &acts, 0);
}

#[test]
fn a_fresh_reservation_is_not_taken_for_what_was_left() {
    let acts = || vec![reaper(THIRD), fresh(MONEY)];
    check((MONEY, Crashes::Middle), "reaper and reserve, a release left", left_releasing, &acts, 0);
    check((MONEY, Crashes::Three), "reaper and reserve, an overrun left", left_closing_short, &acts, 0);
}

#[test]
fn a_settlement_at_that_moment_is_counted_once() {
    for units in [1, 3] {
        let acts = || vec![reaper(THIRD), settling(units)];
        let name = format!("reaper and settle {units}, a release left");
        check((MONEY, Crashes::Middle), &name, left_releasing, &acts, 0);
    }
    let acts = || vec![reaper(THIRD), releasing()];
    check((MONEY, Crashes::Three), "reaper and release, a close left", left_closing, &acts, 0);
}

#[test]
fn the_log_may_be_put_in_order_meanwhile() {
    let sequencer = || {
        act("sequencer", |store| {
            let _ = audit::sequence(store, THIRD, 10, &common::SIGNER);
            Fared::Done
        })
    };
    let acts = || vec![reaper(THIRD), sequencer()];
    check((MONEY, Crashes::Middle), "reaper and sequencer, a close left", left_closing, &acts, 0);
}

/// A keyed call that was cut off before it wrote its intent, and its repeat at the moment at which the reaper gives it up.
#[test]
fn a_repeat_meets_the_reaper() {
    let keyed = |_: ()| Reservation { idempotency_key: Some("once".into()), ..place() };
    let id = limits::reserve(&world("{}", "{}"), NOW, "-", &keyed(())).unwrap().id;
    let id = id.as_str();
    let mut tried = 0;
    for operations in 0..20 {
        let store = world(r#"{"burst":1}"#, "{}");
        store.fail_after(operations);
        reserve(&store, NOW, "-", &keyed(()));
        store.recover();
        let is_written = limits::permit(id).exists(&store).unwrap();
        if is_written || !store.keys().iter().any(|key| key.starts_with("permit-list/")) {
            continue;
        }
        tried += 1;
        maintain(&store, FIRST);
        maintain(&store, SECOND);
        let capped = counters(&store, None);
        let mut explore = Explore::new(&store).constants(CONSTANTS);
        explore = explore.actor("reaper", reaper(THIRD).1);
        for name in ["repeat", "repeat too"] {
            explore = explore.actor(name, move |store| reserve(store, THIRD, "-", &keyed(())));
        }
        let explore = blanked(explore)
            .always(|view: &View<'_, Fared>| {
                invariants(view, &[id], &capped)?;
                let state = view.json::<Permit>(&format!("permit/{id}")).map(|permit| permit.state.clone());
                let granted = view.outcomes().any(|fared| *fared == Fared::Granted);
                let lost = matches!(state, None | Some(State::Reserving | State::Denied(_)));
                if granted && lost { Err(format!("granted, and {state:?}")) } else { Ok(()) }
            })
            .finally(|end: &End<'_, Fared>| {
                reap_all(&end.store)?;
                balanced(&end.store, &capped)
            });
        explore.run(&format!("reaper and two repeats, crashed after {operations}")).at_least(1_000, 50);
    }
    assert!(tried > 1, "nothing was cut off");
}
