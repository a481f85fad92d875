//! What a seed decides: how much goes on, and how much goes wrong.

use calendar::{HOUR, MINUTE, SECOND};

use crate::rng::Rng;

/// Rates are "once in so many", 0 for never; times are in milliseconds.
#[derive(Debug, Clone)]
pub struct Plan {
    pub tenants: usize,
    /// How long a chapter is; each ends in a calm, in which the books must balance.
    pub chapter: u64,
    pub chapters: u32,
    /// Between two arrivals, on average.
    pub arrivals: u64,
    /// How many come at once, at most.
    pub crowd: u64,
    pub error_in: u64,
    pub crash_in: u64,
    pub pause_in: u64,
    /// Between two runs of maintenance on each node.
    pub maintenance: u64,
    /// Between two of: outages, deaths of a node, steps of a clock, absences of maintenance.
    pub trouble: u64,
    /// Between two changes of somebody's caps.
    pub changes: u64,
}

impl Plan {
    /// `size` chapters of up to a day.
    #[must_use]
    pub fn draw(rng: &mut Rng, chapters: u32, longest: u64) -> Self {
        Self {
            tenants: rng.between(2, 7) as usize,
            chapter: rng.between(longest / 3, longest),
            chapters,
            arrivals: rng.between(5, 60) * SECOND,
            crowd: rng.between(2, 16),
            error_in: *rng.pick(&[0, 1_000, 5_000, 30_000]),
            crash_in: *rng.pick(&[0, 1_000, 5_000, 30_000]),
            pause_in: *rng.pick(&[0, 500, 5_000]),
            maintenance: *rng.pick(&[SECOND, 5 * SECOND, 20 * SECOND]),
            trouble: rng.between(10, 120) * MINUTE,
            changes: rng.between(5, 60) * MINUTE,
        }
    }
}

/// The longest chapter when nothing else is said.
pub const DAY_LONG: u64 = 24 * HOUR;
