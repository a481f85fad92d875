//! The host's clock, randomness and variables.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

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

/// How long something takes.
///
/// By two clocks, and the longer counts: one of them stands still while the machine does, and the other can be set.
pub struct Stopwatch {
    date: Millis,
    ticks: Instant,
}

impl Stopwatch {
    /// From now on.
    #[must_use]
    pub fn start() -> Self {
        Self { date: now(), ticks: Instant::now() }
    }

    /// Milliseconds since.
    #[must_use]
    pub fn elapsed(&self) -> u64 {
        let ticked = u64::try_from(self.ticks.elapsed().as_millis()).unwrap_or(u64::MAX);
        ticked.max(now().0.abs_diff(self.date.0))
    }
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

/// The vault under the variable `master_key`. Read without waiting: every call to a vendor needs it.
pub async fn vault() -> Result<Vault, Problem> {
    let vault = Vault::new(&setting("master_key")).and_then(|vault| vault.accepting(&setting("master_previous_key")));
    vault.map_err(|error| {
        crate::warn!("master_key", error = error);
        Problem::offline()
    })
}
