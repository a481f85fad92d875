//! The order of candidates, and how long finding it takes.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests may panic")]

use std::time::{Duration, Instant};

use calendar::Millis;
use kv_schemas::memory::Memory;
use money::Nanos;
use router::{Candidate, Pick, Summary, Tally, Weights, choose, window};

fn candidate(id: &str, cost: i64, capability_rank: u32) -> Candidate {
    Candidate { id: id.into(), cost: Nanos(cost), capability_rank }
}

/// What is known: name, calls, failures, mean latency.
type Known<'a> = &'a [(&'a str, u32, u32, Option<u64>)];

fn summary(known: Known) -> Summary {
    let tallies = known.iter().map(|(id, calls, failures, latency_ms)| {
        ((*id).to_owned(), Tally { calls: *calls, failures: *failures, latency_ms: *latency_ms })
    });
    Summary { candidates: tallies.collect(), ..Summary::default() }
}

fn ranked(candidates: &[Candidate], weights: &Weights, pick: Pick, known: Known) -> String {
    let order = choose(candidates, weights, pick, &summary(known));
    let shown: Vec<String> = order.iter().map(|ranked| format!("{} {}", ranked.candidate.id, ranked.score)).collect();
    shown.join(", ")
}

#[test]
fn the_lowest_score_is_first() {
    let (big, mid, small) = (candidate("big", 1_000, 0), candidate("mid", 500, 1), candidate("small", 100, 2));
    let all = [big, mid, small];
    let check = |known: Known, expected: &str| {
        assert_eq!(ranked(&all, &Weights::default(), Pick::Score, known), expected, "{known:?}");
    };
    // Nothing known: cost and capability alone.
    check(&[], "small 3400, mid 3500, big 4000");
    // Latency counts against the slowest, 800 ms.
    check(
        &[("big", 9, 0, Some(200)), ("mid", 9, 0, Some(400)), ("small", 9, 0, Some(800))],
        "big 4750, mid 5000, small 6400",
    );
    // Who is unknown counts as the mean of the known, here 400 ms of 600.
    check(&[("big", 9, 0, Some(200)), ("mid", 9, 0, Some(600))], "big 4999, small 5398, mid 6500");
    // All the latency that is known: everybody has it.
    check(&[("mid", 9, 0, Some(600))], "small 6400, mid 6500, big 7000");
    // Failures: one in ten is one point, always is as bad as all else together.
    check(&[("small", 10, 1, None)], "mid 3500, big 4000, small 4400");
    check(&[("small", 10, 10, None)], "mid 3500, big 4000, small 13400");
    check(&[("mid", 4, 2, None), ("big", 1, 1, None)], "small 3400, mid 8500, big 14000");
    // Names that are no candidates of this call don't move the scale.
    check(&[("stranger", 9, 9, Some(60_000))], "small 3400, mid 3500, big 4000");
}

#[test]
fn weights_decide_and_ties_keep_the_configured_order() {
    let all = [candidate("a", 10, 1), candidate("b", 5, 2), candidate("c", 5, 2), candidate("d", 10, 0)];
    let none = Weights { latency: 0, cost: 0, capability: 0 };
    let check = |weights: Weights, pick: Pick, expected: &str| {
        assert_eq!(ranked(&all, &weights, pick, &[("c", 5, 1, Some(70))]), expected, "{weights:?}");
    };
    check(none, Pick::Score, "a 0, b 0, d 0, c 200");
    check(Weights { cost: 1, ..none }, Pick::Score, "b 500, c 700, a 1000, d 1000");
    check(Weights { capability: 2, ..none }, Pick::Score, "d 0, a 1000, b 2000, c 2400");
    check(Weights { latency: 1, ..none }, Pick::Score, "a 1000, b 1000, d 1000, c 1200");
    check(Weights { cost: 1, ..none }, Pick::Order, "a 1000, b 500, c 700, d 1000");
}

#[test]
fn extremes_do_not_panic() {
    let most = Weights { latency: u32::MAX, cost: u32::MAX, capability: u32::MAX };
    let all = [candidate("a", i64::MAX, u32::MAX), candidate("b", i64::MIN, 0), candidate("c", 0, 0)];
    let known = summary(&[("a", 0, u32::MAX, Some(u64::MAX)), ("b", u32::MAX, u32::MAX, Some(0))]);
    assert_eq!(choose(&all, &most, Pick::Score, &known).len(), 3);
    assert_eq!(Pick::default(), Pick::Score);
    assert_eq!(choose(&[], &most, Pick::Score, &known), []);
}

#[test]
fn a_decision_takes_less_than_a_millisecond() {
    let now = Millis(1_795_000_000_000);
    let ids: Vec<String> = (0..16).map(|n| format!("vendor-{n}/model-{n}")).collect();
    let all: Vec<Candidate> = ids.iter().zip(1..).map(|(id, n)| candidate(id, n * 1_000, 3)).collect();
    let store = Memory::default();
    for id in ids.iter().cycle().take(64) {
        let observation = window::Observation {
            candidate: id.clone(),
            failed_before: Vec::new(),
            latency_ms: 300,
            ok: true,
            decision_us: 40,
            rung: 0,
            at: now,
        };
        window::record(&store, "demo", observation).unwrap();
    }
    const ROUNDS: u32 = 500;
    let began = Instant::now();
    for _ in 0..ROUNDS {
        let summary = window::summary(&store, "demo", now).unwrap();
        assert_eq!(summary.candidates.len(), 16);
        assert_eq!(choose(&all, &Weights::default(), Pick::Score, &summary).len(), 16);
    }
    let each = began.elapsed() / ROUNDS;
    println!("reading the summary and ordering 16 candidates: {each:?}");
    // Some tens of microseconds, unoptimised; the bound leaves room for a busy machine.
    assert!(each < Duration::from_millis(1), "{each:?}");
}
