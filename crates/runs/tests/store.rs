//! Recipes and runs in the store: nothing is lost by a crash, and nothing stays that nobody finds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

mod common;

use calendar::{DAY, HOUR, MINUTE, Millis};
use common::{NOW, at, begin, go_on, jobs, take};
use kv_schemas::{Store, expiry, gap::Gap, memory::Memory};
use runs::{
    Fact, Project, Run,
    store::{self, KeptProject, Listed, Page},
};
use serde_json::json;

/// Whoever held the lease of a run can't write any more well before the next one may.
const _: () = assert!(store::HOLD_MS + 5_000 <= store::LEASE_MS);

fn recipe(id: &str) -> Project {
    Project::parse(id, &json!({"steps": [{"id": "a", "kind": "k"}]})).unwrap()
}

fn new_run(n: u32) -> Run {
    Run::start(runs::Begin { id: format!("run_{n}"), ..begin(&jobs(1), json!({})) }, NOW).unwrap()
}

fn over(run: &mut Run) {
    take(run, vec![Fact::Cancel], at(1)).unwrap();
    tell(run);
}

fn tell(run: &mut Run) {
    let subjects: Vec<_> = run.untold().iter().map(|notice| notice.subject.clone()).collect();
    take(run, subjects.into_iter().map(|subject| Fact::Told { subject }).collect(), at(1)).unwrap();
}

fn names(page: &Page<KeptProject>) -> Vec<&str> {
    page.found.iter().map(|kept| kept.project.id.as_str()).collect()
}

fn ids(page: &Page<Run>) -> Vec<&str> {
    page.found.iter().map(|run| run.id.as_str()).collect()
}

fn listed(store: &Memory, now: Millis) -> Vec<(u64, Listed)> {
    store::under_way(store, now, 100).unwrap()
}

#[test]
fn recipes_are_put_listed_and_deleted() {
    let store = Memory::default();
    for (id, is_new) in [("b", true), ("a", true), ("c", true), ("a", false)] {
        let (kept, found) = store::put_project(&store, "demo", recipe(id), at(5)).unwrap();
        assert_eq!((kept.project.id.as_str(), found), (id, is_new));
    }
    store::put_project(&store, "other", recipe("x"), NOW).unwrap();
    assert_eq!(names(&store::projects(&store, "demo", 0, 10).unwrap()), ["b", "a", "c"]);
    let first = store::projects(&store, "demo", 0, 2).unwrap();
    assert_eq!((names(&first), first.next), (vec!["b", "a"], Some(2)));
    let second = store::projects(&store, "demo", 2, 2).unwrap();
    assert_eq!((names(&second), second.next), (vec!["c"], None));
    assert_eq!(store::delete_project(&store, "demo", "a"), Ok(true));
    assert_eq!(store::delete_project(&store, "demo", "a"), Ok(false));
    assert_eq!(names(&store::projects(&store, "demo", 0, 10).unwrap()), ["b", "c"]);
    store::delete_projects(&store, "demo").unwrap();
    store::delete_projects(&store, "other").unwrap();
    assert_eq!(store.keys(), [""; 0], "nothing stays behind");
}

#[test]
fn a_recipe_deleted_while_it_is_put_is_listed_if_it_is_there() {
    for gap in 0.. {
        let store = Memory::default();
        store::put_project(&store, "demo", recipe("a"), NOW).unwrap();
        let delete = |store: &dyn Store| assert!(store::delete_project(store, "demo", "a").is_ok());
        let between = Gap::new(&store, gap, &delete);
        store::put_project(&between, "demo", recipe("a"), at(1)).unwrap();
        let is_there = store::project("demo", "a").exists(&store).unwrap();
        let found = store::projects(&store, "demo", 0, 10).unwrap();
        assert_eq!(found.found.len(), usize::from(is_there), "gap {gap}");
        if !between.reached() {
            break;
        }
    }
}

#[test]
fn a_crash_while_a_recipe_is_put_or_deleted_is_mended_by_doing_it_again() {
    for crash in 0..10 {
        let store = Memory::default();
        store.fail_after(crash);
        let _crashed = store::put_project(&store, "demo", recipe("a"), NOW);
        store.recover();
        store::put_project(&store, "demo", recipe("a"), NOW).unwrap();
        assert_eq!(names(&store::projects(&store, "demo", 0, 10).unwrap()), ["a"], "{crash}");
        store.fail_after(crash);
        let _crashed = store::delete_projects(&store, "demo");
        store.recover();
        store::delete_projects(&store, "demo").unwrap();
        assert_eq!(store.keys(), [""; 0], "{crash}");
    }
}

#[test]
fn a_run_is_on_its_lists_from_start_to_end() {
    let store = Memory::default();
    let mut runs: Vec<_> = (1..=3).map(new_run).collect();
    for run in &mut runs {
        store::enlist(&store, run).unwrap();
    }
    assert_eq!(listed(&store, NOW).len(), 3);
    assert_eq!(ids(&store::runs(&store, "demo", None, 10, |_| true).unwrap()), ["run_3", "run_2", "run_1"]);
    let first = store::runs(&store, "demo", None, 2, |_| true).unwrap();
    assert_eq!((ids(&first), first.next), (vec!["run_3", "run_2"], Some(2)));
    let second = store::runs(&store, "demo", first.next, 2, |_| true).unwrap();
    assert_eq!((ids(&second), second.next), (vec!["run_1"], None));
    assert_eq!(ids(&store::runs(&store, "demo", None, 10, |run| run.id != "run_2").unwrap()), ["run_3", "run_1"]);
    assert_eq!(ids(&store::runs(&store, "other", None, 10, |_| true).unwrap()), [""; 0]);

    // Not over, it stays; over, it goes.
    let (index, place) = listed(&store, NOW).remove(0);
    store::close(&store, index, &place, Some(&runs[0]), NOW).unwrap();
    assert_eq!(listed(&store, NOW).len(), 3);
    over(&mut runs[0]);
    store::save(&store, &mut runs[0]).unwrap();
    store::close(&store, index, &place, Some(&runs[0]), NOW).unwrap();
    assert_eq!(listed(&store, NOW).len(), 2);
    over(&mut runs[1]);
    store::save(&store, &mut runs[1]).unwrap();
    store::close_own(&store, &runs[1]).unwrap();
    store::close_own(&store, &runs[2]).unwrap();
    store::save(&store, &mut runs[1]).unwrap();
    assert_eq!(listed(&store, NOW).into_iter().map(|(_, listed)| listed.id).collect::<Vec<_>>(), ["run_3"]);
}

#[test]
fn a_page_of_few_among_many_is_short_and_the_next_goes_on() {
    let store = Memory::default();
    for n in 1..=450 {
        store::enlist(&store, &mut new_run(n)).unwrap();
    }
    let (mut before, mut pages) = (None, Vec::new());
    loop {
        let page =
            store::runs(&store, "demo", before, 10, |run| ["run_7", "run_440"].contains(&run.id.as_str())).unwrap();
        pages.push(ids(&page).join(" "));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(pages, ["run_440", "", "run_7"]);
}

#[test]
fn a_revived_run_is_listed_again_and_only_its_own_place_counts() {
    let store = Memory::default();
    let mut run = new_run(1);
    store::enlist(&store, &mut run).unwrap();
    take(&mut run, vec![common::starting("s1", 1), common::failed("s1", 1)], at(1)).unwrap();
    tell(&mut run);
    store::save(&store, &mut run).unwrap();
    store::close_own(&store, &run).unwrap();
    assert_eq!(listed(&store, NOW), []);
    take(&mut run, vec![go_on(&json!([]), &["s1"])], at(2)).unwrap();
    // Crashed on the way, it is not lost: either it is still over, or it is listed.
    let before = store.clone();
    for crash in 0..6 {
        let store = before.clone();
        store.fail_after(crash);
        let _crashed = store::save(&store, &mut run.clone());
        store.recover();
        let stored = store::run("run_1").get(&store).unwrap().unwrap();
        let places = listed(&store, NOW);
        assert!(stored.is_settled() || places.len() == 1, "{crash}");
        for (index, place) in places {
            store::close(&store, index, &place, Some(&stored), NOW).unwrap();
        }
        let left = listed(&store, NOW).len();
        assert_eq!(left, usize::from(!stored.is_settled()), "{crash}");
    }
    store::save(&store, &mut run).unwrap();
    store::save(&store, &mut run).unwrap();
    assert_eq!(listed(&store, NOW).len(), 1, "once");
}

#[test]
fn a_crash_while_a_run_is_enlisted_leaves_a_place_that_is_struck_off_in_time() {
    for crash in 0..12 {
        let store = Memory::default();
        store.fail_after(crash);
        let made = store::enlist(&store, &mut new_run(1));
        store.recover();
        let stored = store::run("run_1").get(&store).unwrap();
        assert!(made.is_err() || stored.is_some());
        let places = listed(&store, NOW);
        assert!(stored.is_none() || places.len() == 1, "{crash}: a run that is there is driven");
        for (now, struck) in [(NOW, false), (NOW.plus(11 * MINUTE), true)] {
            for (index, place) in listed(&store, now) {
                store::close(&store, index, &place, stored.as_ref(), now).unwrap();
            }
            let wanted = places.len() - usize::from(struck && stored.is_none() && !places.is_empty());
            assert_eq!(listed(&store, now).len(), wanted, "{crash}");
        }
        assert_eq!(store::runs(&store, "demo", None, 10, |_| true).unwrap().found.len(), usize::from(stored.is_some()));
    }
}

#[test]
fn a_run_made_again_after_a_crash_is_listed_once() {
    for crash in 0..12 {
        let store = Memory::default();
        store.fail_after(crash);
        let _crashed = store::enlist(&store, &mut new_run(1));
        store.recover();
        store::enlist(&store, &mut new_run(1)).unwrap();
        assert_eq!(ids(&store::runs(&store, "demo", None, 10, |_| true).unwrap()), ["run_1"], "{crash}");
        let stored = store::run("run_1").get(&store).unwrap();
        for (index, place) in listed(&store, NOW) {
            store::close(&store, index, &place, stored.as_ref(), NOW).unwrap();
        }
        assert_eq!(listed(&store, NOW).len(), 1, "{crash}");
    }
}

#[test]
fn a_run_is_forgotten_ninety_days_past_the_latest_end() {
    let store = Memory::default();
    expiry::sweep(&store, NOW.hour_number()).unwrap();
    let mut run = new_run(1);
    store::enlist(&store, &mut run).unwrap();
    let lease = store::lease(&store, "run_1", NOW).unwrap().expect("free");
    assert!(store::lease(&store, "run_1", NOW.plus(store::LEASE_MS - 1)).unwrap().is_none(), "one at a time");
    assert!(store::lease(&store, "run_2", NOW).unwrap().is_some());
    lease.release(&store).unwrap();
    drop(store::lease(&store, "run_1", at(1)).unwrap().expect("released"));
    over(&mut run);
    store::save(&store, &mut run).unwrap();
    store::close_own(&store, &run).unwrap();
    let of_run = |store: &Memory| {
        let mut keys = store.keys();
        keys.retain(|key| key.contains("run_1") || key == "runs-of/demo/1" || key == "run-list/1");
        keys
    };
    let all = ["run-mark/run_1", "run-ticket/run_1", "run/run_1", "runs-of/demo/1"];
    let check = |days: u64, left: &[&str]| {
        // The sweep goes through the hours in several calls.
        let hour = NOW.plus(days * DAY).0 / HOUR;
        for _ in 0..10 {
            expiry::sweep(&store, hour).unwrap();
        }
        assert_eq!(of_run(&store), left, "after {days} days");
    };
    check(97, &all);
    check(98, &[]);
}
