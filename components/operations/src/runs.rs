//! How many runs have ended, by how: counted by `provider-proxy` as they end.

use kv_schemas::{Store, StoreError, families};

/// It was done.
pub const OK: &str = "ok";
/// It failed.
pub const FAILED: &str = "failed";
/// Somebody cancelled it.
pub const CANCELLED: &str = "cancelled";

/// Runs that ended so, ever.
pub fn ended(store: &dyn Store, outcome: &str) -> Result<u64, StoreError> {
    Ok(u64::try_from(families::RUN_COUNT.counter(&[outcome]).read(store)?).unwrap_or(0))
}
