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
    store::{self, KeptProject, Listed, Page, Put},
};
use serde_json::json;

/// Whoever held the lease of a run can't write any more well before the next one may, though its clock be 10 s ahead.
const _: () = assert!(store::HOLD_MS + 10_000 + 4_000 <= store::LEASE_MS);

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

/// The ids of the runs on a page.
fn page(store: &Memory, before: Option<u64>, most: usize, pick: impl Fn(&str) -> bool) -> (Vec<String>, Option<u64>) {
    let show = |run: &Run| pick(&run.id).then(|| run.id.clone());
    let page = store::runs(store, "demo", before, most, show).unwrap();
    (page.found, page.next)
}

fn ids(store: &Memory) -> Vec<String> {
    page(store, None, 10, |_| true).0
}

fn put(store: &dyn Store, tenant: &str, id: &str, now: Millis) -> Result<Put, kv_schemas::StoreError> {
    store::put_project(store, tenant, recipe(id), now)
}

/// The tenant is gone, and the rounds come by.
fn delete_tenants(store: &dyn Store) -> Result<usize, kv_schemas::StoreError> {
    store::delete_orphans(store, NOW, 10, |_| Ok(true))
}

/// But for what only says how far the rounds are, and what the hours forget.
fn left(store: &Memory) -> Vec<String> {
    let mut keys = store.keys();
    keys.retain(|key| !["project-owners/tail", "project-owners-head"].contains(&key.as_str()));
    keys.retain(|key| !key.starts_with("expiry/") && !key.starts_with("project-gone/"));
    keys
}

/// In the order of the list.
fn listed(store: &Memory, now: Millis) -> Vec<(u64, Listed)> {
    let mut found = store::under_way(store, now, 1_000).unwrap();
    found.sort_by_key(|(index, _)| *index);
    found
}

fn is_full(store: &Memory) -> bool {
    store::is_full(store, "demo", NOW).unwrap()
}

/// All that stand on the list for nothing are struck off.
fn strike(store: &Memory, now: Millis) {
    for (index, place) in listed(store, now) {
        let run = store::run(&place.id).get(store).unwrap();
        store::close(store, index, &place, run.as_ref(), now).unwrap();
    }
}

#[test]
fn recipes_are_put_listed_and_deleted() {
    let store = Memory::default();
    for (id, is_new) in [("b", true), ("a", true), ("c", true), ("a", false)] {
        let (kept, found) = match put(&store, "demo", id, at(5)).unwrap() {
            Put::Made(kept) => (kept, true),
            Put::Changed(kept) => (kept, false),
            Put::TooMany => panic!("there is room"),
        };
        assert_eq!((kept.project.id.as_str(), found), (id, is_new));
    }
    put(&store, "other", "x", NOW).unwrap();
    assert_eq!(names(&store::projects(&store, "demo", 0, 10).unwrap()), ["b", "a", "c"]);
    let first = store::projects(&store, "demo", 0, 2).unwrap();
    assert_eq!((names(&first), first.next), (vec!["b", "a"], Some(2)));
    let second = store::projects(&store, "demo", 2, 2).unwrap();
    assert_eq!((names(&second), second.next), (vec!["c"], None));
    assert_eq!(store::delete_project(&store, "demo", "a", NOW), Ok(true));
    assert_eq!(store::delete_project(&store, "demo", "a", NOW), Ok(false));
    assert_eq!(names(&store::projects(&store, "demo", 0, 10).unwrap()), ["b", "c"]);
    // Whose tenant is there stays; nothing stays of a tenant that is gone.
    assert_eq!(store::delete_orphans(&store, NOW, 10, |tenant| Ok(tenant == "demo")), Ok(1));
    assert!(!store::project("demo", "b").exists(&store).unwrap());
    assert_eq!(names(&store::projects(&store, "other", 0, 10).unwrap()), ["x"]);
    assert_eq!(delete_tenants(&store), Ok(1));
    assert_eq!(left(&store), [""; 0], "nothing stays behind");
    // As soon as it has one again, it is looked at again.
    put(&store, "demo", "a", NOW).unwrap();
    assert_eq!(delete_tenants(&store), Ok(1));
    assert_eq!(left(&store), [""; 0]);
}

#[test]
fn a_recipe_deleted_while_it_is_put_is_listed_if_it_is_there() {
    for gap in 0.. {
        let store = Memory::default();
        put(&store, "demo", "a", NOW).unwrap();
        let delete = |store: &dyn Store| assert!(store::delete_project(store, "demo", "a", NOW).is_ok());
        let between = Gap::new(&store, gap, &delete);
        put(&between, "demo", "a", at(1)).unwrap();
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
        let _crashed = put(&store, "demo", "a", NOW);
        store.recover();
        put(&store, "demo", "a", NOW).unwrap();
        assert_eq!(names(&store::projects(&store, "demo", 0, 10).unwrap()), ["a"], "{crash}");
        store.fail_after(crash);
        let _crashed = delete_tenants(&store);
        store.recover();
        delete_tenants(&store).unwrap();
        assert_eq!(left(&store), [""; 0], "{crash}");
    }
}

#[test]
fn a_recipe_put_while_its_tenant_is_deleted_goes_with_the_next_round() {
    for gap in 0.. {
        let store = Memory::default();
        put(&store, "demo", "a", NOW).unwrap();
        let delete = |store: &dyn Store| assert!(delete_tenants(store).is_ok());
        let between = Gap::new(&store, gap, &delete);
        put(&between, "demo", "b", at(1)).unwrap();
        delete_tenants(&store).unwrap();
        let records: Vec<_> = store.keys().into_iter().filter(|key| key.starts_with("project/")).collect();
        assert_eq!(records, [""; 0], "gap {gap}");
        if !between.reached() {
            break;
        }
    }
}

#[test]
fn a_tenant_has_at_most_so_many_recipes() {
    let most = usize::try_from(store::MAX_PROJECTS).unwrap();
    let store = Memory::default();
    for n in 0..most {
        assert!(matches!(put(&store, "demo", &format!("p{n}"), NOW), Ok(Put::Made(_))), "{n}");
    }
    let before = store.keys();
    assert_eq!(put(&store, "demo", "more", NOW), Ok(Put::TooMany));
    assert_eq!(put(&store, "demo", "more", NOW), Ok(Put::TooMany));
    assert_eq!(store.keys(), before, "nothing was written");
    assert!(matches!(put(&store, "demo", "p0", NOW), Ok(Put::Changed(_))));
    assert!(matches!(put(&store, "other", "p0", NOW), Ok(Put::Made(_))));
    // Two who delete it at once make room for one.
    let delete = |store: &dyn Store| assert!(store::delete_project(store, "demo", "p7", NOW).is_ok());
    store::delete_project(&Gap::new(&store, 1, &delete), "demo", "p7", NOW).unwrap();
    assert!(matches!(put(&store, "demo", "more", NOW), Ok(Put::Made(_))));
    assert_eq!(put(&store, "demo", "still_more", NOW), Ok(Put::TooMany));
}

#[test]
fn a_page_has_few_large_recipes() {
    let store = Memory::default();
    let large = |id: &str| {
        let input = json!({"text": "x".repeat(200_000)});
        Project::parse(id, &json!({"steps": [{"id": "a", "kind": "k", "input": input}]})).unwrap()
    };
    for n in 0..20 {
        store::put_project(&store, "demo", large(&format!("p{n}")), NOW).unwrap();
    }
    let (mut after, mut sizes) = (0, Vec::new());
    loop {
        let page = store::projects(&store, "demo", after, 100).unwrap();
        sizes.push(page.found.len());
        let Some(next) = page.next else { break };
        after = next;
    }
    assert_eq!(sizes, [6, 6, 6, 2]);
}

#[test]
fn a_run_is_on_its_lists_from_start_to_end() {
    let store = Memory::default();
    let mut runs: Vec<_> = (1..=3).map(new_run).collect();
    for run in &mut runs {
        store::enlist(&store, run).unwrap();
    }
    assert_eq!(listed(&store, NOW).len(), 3);
    assert_eq!(ids(&store), ["run_3", "run_2", "run_1"]);
    let strings = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    assert_eq!(page(&store, None, 2, |_| true), (strings(&["run_3", "run_2"]), Some(2)));
    assert_eq!(page(&store, Some(2), 2, |_| true), (strings(&["run_1"]), None));
    assert_eq!(page(&store, None, 10, |id| id != "run_2").0, ["run_3", "run_1"]);
    assert_eq!(store::runs(&store, "other", None, 10, |_| Some(())).unwrap().found, []);

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
        let mut run = new_run(n);
        assert_eq!(store::enlist(&store, &mut run), Ok(true));
        over(&mut run);
        store::save(&store, &mut run).unwrap();
        store::close_own(&store, &run).unwrap();
    }
    let (mut before, mut pages) = (None, Vec::new());
    loop {
        let (found, next) = page(&store, before, 10, |id| ["run_7", "run_440"].contains(&id));
        pages.push(found.join(" "));
        before = next;
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
        assert_eq!(ids(&store).len(), usize::from(stored.is_some()));
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
        assert_eq!(ids(&store), ["run_1"], "{crash}");
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

#[test]
fn no_run_is_first_or_last_in_all_rounds() {
    let store = Memory::default();
    for n in 1..=60 {
        store::enlist(&store, &mut new_run(n)).unwrap();
    }
    // Whatever the beat of the rounds is.
    for beat in [1, 20, 60, 61, 1_000, 6_000, 60_000] {
        let mut first = std::collections::BTreeSet::new();
        for round in 0..2_000 {
            let found = store::under_way(&store, NOW.plus(beat * round), 500).unwrap();
            assert_eq!(found.len(), 60);
            first.insert(found[0].0);
        }
        assert_eq!(first.len(), 60, "beat {beat}");
    }
}

/// `most` are under way, and one of them is given back.
fn full(store: &Memory) -> Run {
    let most = u32::try_from(store::MAX_UNDER_WAY).unwrap();
    let mut runs: Vec<_> = (1..=most).map(new_run).collect();
    for run in &mut runs {
        assert!(!is_full(store));
        assert_eq!(store::enlist(store, run), Ok(true), "{}", run.id);
    }
    assert!(is_full(store));
    runs.pop().unwrap()
}

#[test]
fn a_tenant_has_at_most_so_many_runs_under_way() {
    let store = Memory::default();
    let mut last = full(&store);
    let before = store.keys();
    assert_eq!(store::enlist(&store, &mut new_run(900)), Ok(false));
    assert_eq!(store::enlist(&store, &mut new_run(900)), Ok(false));
    assert_eq!(store.keys(), before, "nothing was written");
    let mut other =
        Run::start(runs::Begin { id: "run_o".into(), tenant: "other".into(), ..begin(&jobs(1), json!({})) }, NOW);
    assert_eq!(store::enlist(&store, other.as_mut().unwrap()), Ok(true));
    // Over it makes room for one, whoever strikes it off, and however often.
    let (index, place) = listed(&store, NOW).pop().filter(|(_, place)| place.id != "run_o").unwrap_or_else(|| {
        let all = listed(&store, NOW);
        all[all.len() - 2].clone()
    });
    over(&mut last);
    store::save(&store, &mut last).unwrap();
    for _ in 0..3 {
        store::close_own(&store, &last).unwrap();
        store::close(&store, index, &place, Some(&last), NOW).unwrap();
    }
    assert_eq!(store::enlist(&store, &mut new_run(900)), Ok(true));
    assert_eq!(store::enlist(&store, &mut new_run(901)), Ok(false));
    // Those of the next window count with those of this one, and no longer than they may last.
    let later = |days: u64| {
        let begin = runs::Begin { id: format!("run_later{days}"), ..begin(&jobs(1), json!({})) };
        Run::start(begin, NOW.plus(days * DAY)).unwrap()
    };
    assert_eq!(store::enlist(&store, &mut later(7)), Ok(false));
    assert_eq!(store::enlist(&store, &mut later(16)), Ok(true));
}

#[test]
fn a_revived_run_counts_again() {
    let store = Memory::default();
    let mut run = full(&store);
    take(&mut run, vec![common::starting("s1", 1), common::failed("s1", 1)], at(1)).unwrap();
    tell(&mut run);
    store::save(&store, &mut run).unwrap();
    assert!(is_full(&store), "until it is struck off");
    strike(&store, NOW);
    assert!(!is_full(&store));
    take(&mut run, vec![go_on(&json!([]), &["s1"])], at(2)).unwrap();
    for _ in 0..2 {
        store::save(&store, &mut run).unwrap();
        assert!(is_full(&store));
    }
    assert_eq!(store::enlist(&store, &mut new_run(900)), Ok(false));
}

#[test]
fn a_crash_costs_a_place_at_most_and_never_gives_one_too_many() {
    for crash in 0..16 {
        let store = Memory::default();
        let mut last = full(&store);
        over(&mut last);
        store::save(&store, &mut last).unwrap();
        store.fail_after(crash);
        let _crashed = store::close_own(&store, &last).and_then(|()| store::enlist(&store, &mut new_run(900)));
        store.recover();
        strike(&store, NOW.plus(11 * MINUTE));
        let left = i64::try_from(listed(&store, NOW).len()).unwrap();
        let mut added = 0;
        while store::enlist(&store, &mut new_run(1_000 + added)).unwrap() {
            added += 1;
        }
        let in_all = left + i64::from(added);
        assert!((store::MAX_UNDER_WAY - 1..=store::MAX_UNDER_WAY).contains(&in_all), "{crash}: {in_all}");
    }
}
