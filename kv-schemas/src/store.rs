//! The port to the key-value store: the five operations that every host implements faithfully.

use thiserror::Error;

/// A failed store operation.
///
/// The caller answers `offline` and calls no vendor. A write that failed may still have been applied: whoever handles
/// the error treats it as applied.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// The store can't be reached, or refused. Not charged.
    #[error("the store can't be reached: {0}")]
    Unavailable(String),
    /// A value is there but can't be read as what its family says. Not charged; needs an operator.
    #[error("the value of {key} is not readable: {reason}")]
    Corrupt {
        /// The key.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// What a host's key-value store offers. All operations are synchronous; each is atomic, no two are.
pub trait Store {
    /// The value, if there is one.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Writes the value, replacing any.
    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError>;
    /// Removes the key; no error if there is none.
    fn delete(&self, key: &str) -> Result<(), StoreError>;
    /// Whether there is a value.
    fn exists(&self, key: &str) -> Result<bool, StoreError>;
    /// Adds to a counter, created at 0, and gives the sum.
    fn increment(&self, key: &str, delta: i64) -> Result<i64, StoreError>;
}
