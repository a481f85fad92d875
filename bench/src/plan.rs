//! How long everything may take: the bench as a whole ends within a quarter of an hour.

use std::time::{Duration, Instant};

use serde::Serialize;

/// The bound of all measuring together.
pub const WHOLE: Duration = Duration::from_secs(15 * 60);

/// How much is measured.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    pub quick: bool,
    /// Each contestant is measured once in each round, one after the other.
    pub rounds: usize,
    /// One measurement of a load generator, in milliseconds.
    pub load_ms: u64,
    /// One look at how much a contestant can take, in milliseconds.
    pub probe_ms: u64,
    /// Streams of one contestant in one round.
    pub streams_per_round: usize,
    /// Streams held open at once.
    pub open_streams: usize,
    /// Starts of the process with an empty cache of compiled components; each compiles for seconds.
    pub cold_starts: usize,
    /// Starts of the process with a filled cache.
    pub warm_starts: usize,
}

impl Plan {
    /// What a published number needs.
    pub fn full() -> Self {
        Self {
            quick: false,
            rounds: 3,
            load_ms: 4_000,
            probe_ms: 1_500,
            streams_per_round: 150,
            open_streams: 1_000,
            cold_starts: 2,
            warm_starts: 7,
        }
    }

    /// Whether everything still runs, and the order of magnitude: about three minutes, without peers.
    pub fn quick() -> Self {
        Self {
            quick: true,
            load_ms: 600,
            probe_ms: 400,
            streams_per_round: 40,
            cold_starts: 1,
            warm_starts: 3,
            ..Self::full()
        }
    }

    pub fn load(&self) -> Duration {
        Duration::from_millis(self.load_ms)
    }

    pub fn probe(&self) -> Duration {
        Duration::from_millis(self.probe_ms)
    }
}

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    pub fn after(limit: Duration) -> Self {
        Self(Instant::now() + limit)
    }

    /// The same, or `limit` from now if that is sooner.
    pub fn within(self, limit: Duration) -> Self {
        Self(self.0.min(Instant::now() + limit))
    }

    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// The numbers of the rounds; none is begun that would not end in time, judging by the longest so far.
    pub fn rounds(self, wanted: usize) -> impl Iterator<Item = usize> {
        let mut longest = Duration::ZERO;
        let mut began = None::<Instant>;
        (0..wanted).take_while(move |round| {
            longest = longest.max(began.map_or(Duration::ZERO, |began| began.elapsed()));
            began = Some(Instant::now());
            let fits = self.left() > longest;
            if !fits {
                eprintln!("      the time is up after {round} of {wanted} rounds");
            }
            fits
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_round_is_begun_that_would_not_end_in_time() {
        let check = |limit_ms: u64, round_ms: u64, expected: usize| {
            let deadline = Deadline::after(Duration::from_millis(limit_ms));
            let rounds = deadline.rounds(3).inspect(|_| std::thread::sleep(Duration::from_millis(round_ms)));
            assert_eq!(rounds.count(), expected, "{limit_ms} ms for rounds of {round_ms} ms");
        };
        check(60_000, 1, 3);
        check(300, 200, 1);
        check(0, 1, 0);
    }

    #[test]
    fn a_part_ends_no_later_than_the_whole() {
        let whole = Deadline::after(Duration::from_secs(5));
        assert!(whole.within(Duration::from_secs(60)).left() <= Duration::from_secs(5));
        assert!(whole.within(Duration::from_secs(1)).left() <= Duration::from_secs(1));
    }
}
