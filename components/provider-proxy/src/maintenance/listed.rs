//! What is on a list, and may be damaged or half written.

use kv_schemas::StoreError;

/// After this a place on the list without a record has lost its writer.
pub const UNWRITTEN_MS: u64 = calendar::MINUTE;

/// What can't be read is left out: it must not keep all that comes after it going on. A store that isn't there ends it.
pub fn legible<T>(id: &str, found: Result<Option<T>, StoreError>) -> Result<Option<T>, StoreError> {
    match found {
        Err(error @ StoreError::Corrupt { .. }) => {
            shell::warn!("maintaining", about = id, error = error);
            Ok(None)
        }
        found => found,
    }
}
