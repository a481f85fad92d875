//! The host's clock, randomness and variables.

use std::time::{SystemTime, UNIX_EPOCH};

use calendar::Millis;
use problem::Problem;
use ulid::Ulid;
use vault::Vault;

use crate::bindings::config::wasi::config::store;

/// Now.
#[must_use]
pub fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// `N` bytes from the host's cryptographic generator.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let bytes = spin_sdk::wasip3::random::random::get_random_bytes(N as u64);
    // The host may give fewer at a time; ask byte by byte for what is missing.
    let mut out = [0; N];
    for (i, slot) in out.iter_mut().enumerate() {
        *slot = match bytes.get(i) {
            Some(byte) => *byte,
            None => spin_sdk::wasip3::random::random::get_random_u64() as u8,
        };
    }
    out
}

/// A new id that sorts by time: `prefix` and 26 characters (ULID).
#[must_use]
pub fn new_id(prefix: &str) -> String {
    let ulid = Ulid::from_parts(now().0, u128::from_le_bytes(random()));
    format!("{prefix}{ulid}")
}

/// A new secret of 32 random bytes in hex, after `prefix`.
#[must_use]
pub fn new_secret(prefix: &str) -> String {
    random::<32>().iter().fold(prefix.to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// A variable of the manifest; empty when it isn't set.
pub async fn variable(name: &str) -> String {
    spin_sdk::variables::get(name).await.unwrap_or_default()
}

/// The same without waiting: for the functions of an exported port, which are synchronous.
#[must_use]
pub fn setting(name: &str) -> String {
    store::get(name).ok().flatten().unwrap_or_default()
}

/// The vault under the variable `master_key`.
pub async fn vault() -> Result<Vault, Problem> {
    Vault::new(&variable("master_key").await).map_err(|error| {
        eprintln!("master_key: {error}");
        Problem::offline()
    })
}
