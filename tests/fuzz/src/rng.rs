//! Numbers that a seed repeats (splitmix64).

/// The generator of one round.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// The numbers of round `round` of the target `name`.
    #[must_use]
    pub fn of(seed: u64, name: &str, round: u64) -> Self {
        // FNV-1a: all that is asked of it is that targets differ.
        let name = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mut rng = Self(seed ^ name);
        let start = rng.draw() ^ round;
        Self(start)
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 where there is none.
    pub fn below(&mut self, end: usize) -> usize {
        match end as u64 {
            0 => 0,
            end => (self.draw() % end) as usize,
        }
    }

    /// Once in so many times.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        let at = self.below(list.len());
        list.get(at)
    }

    /// Mostly few, sometimes many.
    pub fn few(&mut self) -> usize {
        let most = [2, 2, 4, 16, 300];
        let at = self.below(most.len());
        1 + self.below(most[at])
    }
}
