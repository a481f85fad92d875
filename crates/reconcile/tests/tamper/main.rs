//! Every stored object of the log, of the counters and of the permits is tampered with in turn, and the check names it
//! each time. What may be changed without a word is listed, with the reason: see `harmless`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

#[path = "../../../limits/tests/common/mod.rs"]
mod common;
mod harmless;
mod mutation;
mod names;
mod world;

use std::collections::BTreeMap;

use kv_schemas::memory::Memory;
use reconcile::{Report, Severity, Trust};

use harmless::Verdict;
use mutation::Mutation;

fn report(store: &Memory) -> Report {
    let trust = Trust { key: Some(common::SIGNER.verifier()), ..Trust::default() };
    reconcile::check_knowing(store, world::LATER, store.keys().into_iter(), &trust).unwrap()
}

fn family(key: &str) -> &str {
    key.split('/').next().unwrap()
}

/// Does something to each of these objects, and looks for each in the report. Gives what is wrong with the report.
fn complaints(world: &Memory, tampered: &[(&String, Mutation)]) -> Vec<String> {
    let store = world.clone();
    let tampered: Vec<_> = tampered.iter().filter(|(key, way)| way.apply(&store, key)).collect();
    if tampered.is_empty() {
        return Vec::new();
    }
    let report = report(&store);
    let said: Vec<_> = report.findings.iter().map(|finding| finding.sentence.as_str()).take(8).collect();
    let mut complaints = Vec::new();
    for (key, way) in tampered {
        let found = |severity: Severity| report.of(severity).any(|finding| names::names(key, finding));
        let verdict = harmless::verdict(world, key, *way);
        let named = match verdict {
            Verdict::Difference => found(Severity::Difference),
            Verdict::Waiting => found(Severity::Difference) || found(Severity::Waiting),
            Verdict::Harmless(_reason) => !found(Severity::Difference),
        };
        if !named {
            complaints.push(format!("{way:?} of {key} ({verdict:?}): {said:#?}"));
        }
    }
    complaints
}

/// All objects of the families for which `chosen` holds, each in turn: of a small family in all ways, of a large one taking
/// turns with the ways. Most entries go in groups of twenty, and each of a group must be named.
fn check(chosen: impl Fn(&str) -> bool) {
    let world = world::world();
    let mut families: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for key in world.keys().into_iter().filter(|key| chosen(family(key))) {
        families.entry(family(&key).to_owned()).or_default().push(key);
    }
    let (mut found, mut done) = (Vec::new(), 0);
    for (family, keys) in &families {
        let ways = mutation::ways(family);
        let in_groups = ["entry", "entry-of", "personal"].contains(&family.as_str());
        let is_alone = |place: usize| !in_groups || place < 3 || place + 3 >= keys.len();
        for (place, key) in keys.iter().enumerate().filter(|(place, _)| is_alone(*place)) {
            let turn = place % ways.len();
            let all = keys.len() <= 30 || place < 4 || place + 4 >= keys.len();
            for way in if all { &ways[..] } else { &ways[turn..=turn] } {
                found.extend(complaints(&world, &[(key, *way)]));
                done += 1;
            }
        }
        let others: Vec<_> = keys.iter().enumerate().filter(|(place, _)| !is_alone(*place)).collect();
        // Each group from all over the family: neighbours change places with each other.
        let groups = others.len().div_ceil(20);
        for group in 0..groups {
            let members = others.iter().skip(group).step_by(groups.max(2));
            let tampered: Vec<_> = members.map(|(place, key)| (*key, ways[(place / 2) % ways.len()])).collect();
            found.extend(complaints(&world, &tampered));
            done += tampered.len();
        }
    }
    assert!(done > 20, "only {done} ways of tampering were tried");
    let shown: Vec<_> = found.iter().take(6).collect();
    assert!(found.is_empty(), "{} of {done} are not named: {shown:#?}", found.len());
}

#[test]
fn the_world_itself_is_in_order() {
    let store = world::world();
    let report = report(&store);
    assert_eq!(report.findings, [], "{:#?}", report.findings);
    assert!(report.counts.entries > 600, "{:?}", report.counts);
    let keys = store.keys();
    for needed in ["tile/0/0/256", "tile/0/1/256", "checkpoint/6", "personal/", "tally/company-day/", "spend/session/"]
    {
        assert!(keys.iter().any(|key| key.starts_with(needed)), "no {needed} in {:?}", keys.len());
    }
    let partial = |level: &str| keys.iter().any(|key| key.starts_with(level) && !key.ends_with("/256"));
    assert!(partial("tile/0/2/") && partial("tile/1/0/"));
}

#[test]
fn entries_are_named() {
    check(|family| family == "entry");
}

#[test]
fn the_index_and_the_personal_data_are_named() {
    check(|family| ["entry-of", "personal"].contains(&family));
}

#[test]
fn lists_and_sums_are_named() {
    check(|family| ["tally", "totals", "tenant-entries"].contains(&family));
}

#[test]
fn the_lists_of_tenants_are_named() {
    check(|family| family == "tenant-entry");
}

#[test]
fn tiles_checkpoints_and_the_sequencers_state_are_named() {
    check(|family| ["tile", "checkpoint", "sequencer", "sequencer-ticket"].contains(&family));
}

#[test]
fn counters_and_permits_are_named() {
    check(|family| ["spend", "units", "open", "permit", "staged-at"].contains(&family));
}
