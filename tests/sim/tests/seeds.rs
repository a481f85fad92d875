//! A handful of seeds, each time the same: what `cargo xtask sim` plays for longer.

use calendar::HOUR;
use sim::{Totals, play};

/// Chapters of a seed, and how long the longest may be.
const CHAPTERS: u32 = 2;
const LONGEST: u64 = 3 * HOUR;

fn held(seed: u64) -> Totals {
    play(seed, CHAPTERS, LONGEST).unwrap_or_else(|failure| {
        failure.events.iter().for_each(|event| println!("{event}"));
        panic!("seed {seed}: {}", failure.what)
    })
}

fn all(seeds: std::ops::RangeInclusive<u64>) -> Totals {
    let mut sum = Totals::default();
    for seed in seeds {
        let totals = held(seed);
        println!("sim: seed {seed}: {totals:?}");
        sum.operations += totals.operations;
        sum.settled += totals.settled;
        sum.crashes += totals.crashes;
        sum.errors += totals.errors;
    }
    sum
}

#[test]
fn the_books_balance_after_every_storm() {
    let sum = all(1..=3);
    assert!(sum.operations > 100_000 && sum.settled > 300 && sum.crashes > 5 && sum.errors > 100, "{sum:?}");
}

#[test]
fn and_after_others() {
    let sum = all(7..=9);
    assert!(sum.operations > 100_000 && sum.settled > 300 && sum.crashes > 5 && sum.errors > 100, "{sum:?}");
}

#[test]
fn a_seed_replays() {
    let shown = || format!("{:?}", held(4));
    assert_eq!(shown(), shown());
}
