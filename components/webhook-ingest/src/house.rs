//! All that a request is served with.

use calendar::Millis;
use kv_schemas::Store;
use shell::Problem;
use vault::Vault;

use crate::vendors::Vendors;

/// What a request is served with.
pub struct House<'a> {
    /// The key-value store.
    pub store: &'a dyn Store,
    /// The adapters.
    pub vendors: &'a dyn Vendors,
    /// The vault, or why there is none; asked for only when a signature is to be verified.
    pub vault: Result<Vault, Problem>,
    /// The operator's key.
    pub admin_key: &'a str,
    /// Now.
    pub now: Millis,
}
