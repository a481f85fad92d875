//! Random names and secrets, so that tests which share a gate never meet.

use std::fs::File;
use std::io::Read;

/// `N` random bytes.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).expect("/dev/urandom");
    bytes
}

/// `prefix` and 24 random hex digits.
pub fn unique(prefix: &str) -> String {
    format!("{prefix}{}", hex(&bytes::<12>()))
}

/// Numbers that a seed repeats (splitmix64).
pub struct Seeded(u64);

impl Seeded {
    /// The generator of one of several who share a seed.
    pub fn new(seed: u64, who: u64) -> Self {
        Self(seed ^ who.wrapping_mul(0xa076_1d64_78bd_642f))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, and without, `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// A fresh seed, printed; `SCENARIO_SEED` repeats an earlier one. Threads and timing stay as they come.
pub fn seed(what: &str) -> u64 {
    let given = std::env::var("SCENARIO_SEED").ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(|| u64::from(u32::from_le_bytes(bytes())));
    println!("{what}: SCENARIO_SEED={seed}");
    seed
}

/// Hex in lower case.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
