//! Many random runs with a driver that crashes anywhere, jobs that end in any order, facts that come twice, late
//! or not at all, and people who continue, cancel and decide in between.
//!
//! What must hold after every write is in `world::World::commit`; what must have come of it all is in `end`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

mod driver;
mod end;
mod people;
mod random;
mod recipe;
mod world;

use random::Random;
use world::World;

/// Each seed is one run. `RUNS_SIMULATION=100000` for a long night.
fn seeds() -> u64 {
    std::env::var("RUNS_SIMULATION").ok().and_then(|text| text.parse().ok()).unwrap_or(1_500)
}

#[test]
fn random_runs_keep_their_word() {
    let mut seen = end::Seen::default();
    for seed in 1..=seeds() {
        let mut random = Random::new(seed);
        let Some(mut world) = World::random(seed, &mut random) else {
            seen.refused += 1;
            continue;
        };
        for _ in 0..random.below(60) {
            match random.below(10) {
                0..=4 => drop(driver::drive(&mut world, &mut random, true)),
                5..=6 => world.end_some_job(&mut random),
                7 => people::do_something(&mut world, &mut random),
                8 => people::repeat_something(&mut world, &mut random),
                _ => world.pass(random.pause()),
            }
        }
        end::come_to_an_end(&mut world, &mut random);
        end::check(&world, &mut seen);
    }
    seen.report();
}
