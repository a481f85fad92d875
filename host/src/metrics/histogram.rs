//! Durations in buckets: an observation is two additions, without a lock or an allocation.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Upper bounds of the buckets, in nanoseconds; beyond the last there is one more.
pub type Bounds = [u64; BOUNDS];
const BOUNDS: usize = 15;

const MICRO: u64 = 1_000;
const MILLI: u64 = 1_000 * MICRO;
const SECOND: u64 = 1_000 * MILLI;

/// Of calls over a network.
pub const CALLS: Bounds = [
    MILLI,
    2_500 * MICRO,
    5 * MILLI,
    10 * MILLI,
    25 * MILLI,
    50 * MILLI,
    100 * MILLI,
    250 * MILLI,
    500 * MILLI,
    SECOND,
    2_500 * MILLI,
    5 * SECOND,
    10 * SECOND,
    30 * SECOND,
    60 * SECOND,
];

/// Of what memory and a disk do.
pub const STEPS: Bounds = [
    MICRO,
    5 * MICRO,
    10 * MICRO,
    50 * MICRO,
    100 * MICRO,
    500 * MICRO,
    MILLI,
    2_500 * MICRO,
    5 * MILLI,
    10 * MILLI,
    25 * MILLI,
    100 * MILLI,
    500 * MILLI,
    SECOND,
    5 * SECOND,
];

/// See the module's description.
pub struct Histogram {
    bounds: &'static Bounds,
    buckets: [AtomicU64; BOUNDS + 1],
    sum: AtomicU64,
}

/// What a histogram says at one moment.
#[derive(Debug, PartialEq, Eq)]
pub struct Reading {
    /// The bound in nanoseconds, and how many were at most as long.
    pub buckets: Vec<(u64, u64)>,
    pub count: u64,
    /// In nanoseconds.
    pub sum: u64,
}

impl Histogram {
    pub fn new(bounds: &'static Bounds) -> Self {
        Self { bounds, buckets: Default::default(), sum: AtomicU64::new(0) }
    }

    /// Counts what took so long.
    pub fn observe(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = self.bounds.iter().position(|bound| nanos <= *bound).unwrap_or(BOUNDS);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(nanos, Ordering::Relaxed);
    }

    /// Counts what began then and has ended now.
    pub fn observe_since(&self, started: Instant) {
        self.observe(started.elapsed());
    }

    /// `None`: nothing was observed yet.
    pub fn read(&self) -> Option<Reading> {
        let mut count = 0;
        let mut buckets = Vec::with_capacity(BOUNDS);
        for (place, bucket) in self.buckets.iter().enumerate() {
            count += bucket.load(Ordering::Relaxed);
            buckets.extend(self.bounds.get(place).map(|bound| (*bound, count)));
        }
        (count > 0).then(|| Reading { buckets, count, sum: self.sum.load(Ordering::Relaxed) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_1_each_observation_is_in_its_bucket_and_in_all_above() {
        let histogram = Histogram::new(&CALLS);
        assert_eq!(histogram.read(), None);
        for took in [0, MILLI, MILLI + 1, 60 * SECOND, 61 * SECOND] {
            histogram.observe(Duration::from_nanos(took));
        }
        let reading = histogram.read().unwrap();
        assert_eq!((reading.count, reading.sum), (5, 121 * SECOND + 2 * MILLI + 1));
        let counts: Vec<u64> = reading.buckets.iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, [2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4]);
        for bounds in [&CALLS, &STEPS] {
            assert!(bounds.is_sorted_by(|one, other| one < other));
        }
    }

    #[test]
    fn ops_1_nothing_is_lost_between_threads() {
        let histogram = Histogram::new(&STEPS);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|n| histogram.observe(Duration::from_nanos(n))));
            }
        });
        let reading = histogram.read().unwrap();
        assert_eq!((reading.count, reading.sum), (40_000, 4 * (0..10_000).sum::<u64>()));
    }
}
