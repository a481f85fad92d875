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

/// Hex in lower case.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
