//! Numbers that look random and follow from a seed: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).

pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 on, below `n`, which is not 0.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    /// The time to the next of things that come by themselves, `per_minute` on average, in milliseconds.
    pub fn wait_ms(&mut self, per_minute: f64) -> u64 {
        // Above 0, so that there is a logarithm; at most 1.
        let part = ((self.next() >> 11) as f64 + 1.0) / (1_u64 << 53) as f64;
        (-part.ln() * 60_000.0 / per_minute) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        // The first numbers of seed 1234567, as its authors' reference program prints them.
        let mut random = Random::new(1_234_567);
        assert_eq!([random.next(), random.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn visitors_come_as_often_as_was_said() {
        let mut random = Random::new(1);
        let minutes = (0..100_000).map(|_| random.wait_ms(5.0)).sum::<u64>() as f64 / 60_000.0;
        assert!((19_800.0..20_200.0).contains(&minutes), "{minutes}");
        assert!((0..1_000).all(|_| random.below(7) < 7));
    }
}
