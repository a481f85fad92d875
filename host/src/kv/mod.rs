//! The key-value store: one trait, its error, and the backends behind it.
//!
//! A write is acknowledged at once and carries the sequence number ([`Seq`]) at which it becomes durable. Whoever wants to
//! show an effect of it to the outside waits for that number first (see [`crate::effects`]).

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;

use self::redis::RedisUrl;
use crate::metrics::histogram::Histogram;

pub mod bindings;
pub mod direct;
pub mod drill;
pub mod durability;
pub mod memory;
pub mod redis;
pub mod spin;
pub mod sqlite;
pub mod wasi;

#[cfg(test)]
mod conformance;

/// Longest key accepted, in bytes.
pub const MAX_KEY_BYTES: usize = 4 * 1024;
/// Largest value accepted, in bytes.
pub const MAX_VALUE_BYTES: usize = 16 * 1024 * 1024;

/// A position in the store's order of writes. Everything at or below a durable `Seq` survives a crash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seq(pub u64);

impl Seq {
    /// Already durable, or nothing to wait for.
    pub const START: Self = Self(0);
}

/// Why a store operation has no result. None of them has changed anything, except that nobody knows after
/// [`KvError::Unanswered`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KvError {
    /// `increment` met a value that isn't a counter (8 bytes, or decimal digits in Redis). The caller mixed a value family
    /// with a counter family.
    #[error("the value is not a counter")]
    NotACounter,
    /// `increment` would leave the range of a 64-bit integer.
    #[error("the counter would overflow")]
    Overflow,
    /// Key or value above the bound.
    #[error("{what} is too large: {bytes} bytes, at most {limit}")]
    TooLarge { what: &'static str, bytes: usize, limit: usize },
    /// A commit failed earlier. What was acknowledged since may be lost, so nothing works until a restart.
    #[error("the store has failed and needs a restart: {0}")]
    Failed(Arc<str>),
    /// A read failed; the store itself is unharmed.
    #[error("the store can't be read: {0}")]
    Io(Arc<str>),
    /// The store's server is out of reach. The caller is offline, and may try again later.
    #[error("the store is out of reach: {0}")]
    Unreachable(Arc<str>),
    /// A write was sent to the store's server and its answer is lost: it may have happened, or happen still. It isn't
    /// repeated. The caller counts an increment as applied.
    #[error("the store did not answer: {0}")]
    Unanswered(Arc<str>),
    /// The store's server said no: out of memory, a replica, a key of another kind.
    #[error("the store refused: {0}")]
    Refused(Arc<str>),
}

/// The future of a store operation.
pub type KvFuture<'a, T> = BoxFuture<'a, Result<T, KvError>>;

/// A key-value store with counters. `store` is the label a component opened; the embedded backends keep labels apart, a
/// networked one may ignore it, as Spin's does.
///
/// Reads return the `Seq` of what they saw, because an answer built on somebody else's pending write has to wait for that
/// write as well. A networked backend returns [`Seq::START`] once the server has confirmed.
///
/// Every operation ends within seconds. A key is either set or incremented, never both: what `get` gives for a counter is
/// the backend's own affair, and so is whether a counter exists to which only 0 was ever added.
pub trait KeyValue: Send + Sync + 'static {
    /// The value, or `None`.
    fn get<'a>(&'a self, store: &'a str, key: &'a str) -> KvFuture<'a, (Option<Bytes>, Seq)>;
    /// Writes the value, whatever was there.
    fn set<'a>(&'a self, store: &'a str, key: &'a str, value: Bytes) -> KvFuture<'a, Seq>;
    /// Removes the key; no error when there is none.
    fn delete<'a>(&'a self, store: &'a str, key: &'a str) -> KvFuture<'a, Seq>;
    /// Whether the key is there.
    fn exists<'a>(&'a self, store: &'a str, key: &'a str) -> KvFuture<'a, (bool, Seq)>;
    /// Adds `delta` to a counter (absent counts as 0) and returns the new value. Atomic.
    fn increment<'a>(&'a self, store: &'a str, key: &'a str, delta: i64) -> KvFuture<'a, (i64, Seq)>;
    /// Up to `limit` keys greater than `after`, in byte order. Fewer than `limit` means the end.
    fn list_keys<'a>(
        &'a self,
        store: &'a str,
        after: Option<&'a str>,
        limit: usize,
    ) -> KvFuture<'a, (Vec<String>, Seq)>;
    /// Whether `seq` is durable already; cheap, no waiting.
    fn is_durable(&self, seq: Seq) -> bool;
    /// Waits until `seq` is durable. An error means that it may never be.
    fn durable(&self, seq: Seq) -> KvFuture<'_, ()>;
    /// Writes what is pending and closes. Blocks.
    fn close(&self);
    /// How long commits take, where this process makes them.
    fn commits(&self) -> Option<&Histogram> {
        None
    }
}

/// Checks the bounds on a key.
fn check_key(key: &str) -> Result<(), KvError> {
    match key.len() {
        bytes if bytes > MAX_KEY_BYTES => Err(KvError::TooLarge { what: "the key", bytes, limit: MAX_KEY_BYTES }),
        _ => Ok(()),
    }
}

/// Checks the bounds on a value.
fn check_value(value: &[u8]) -> Result<(), KvError> {
    match value.len() {
        bytes if bytes > MAX_VALUE_BYTES => Err(KvError::TooLarge { what: "the value", bytes, limit: MAX_VALUE_BYTES }),
        _ => Ok(()),
    }
}

/// Adds to a counter as Spin stores it: 8 little-endian bytes.
fn add_to_counter(current: Option<&[u8]>, delta: i64) -> Result<i64, KvError> {
    let current = match current {
        None => 0,
        Some(bytes) => i64::from_le_bytes(bytes.try_into().map_err(|_| KvError::NotACounter)?),
    };
    current.checked_add(delta).ok_or(KvError::Overflow)
}

/// Where the data lives, as `--kv` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backend {
    /// In this process; gone at exit.
    Memory,
    /// A file in the data folder.
    Sqlite,
    /// A Redis server that several gates may share.
    Redis(RedisUrl),
}

impl Backend {
    /// Whether it answers from this process's memory or its own files, and so at once.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        match self {
            Self::Memory | Self::Sqlite => true,
            Self::Redis(_) => false,
        }
    }
}

impl std::str::FromStr for Backend {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "memory" => Ok(Self::Memory),
            "sqlite" => Ok(Self::Sqlite),
            // Whether it is a good one is found out when it is used: what is refused here is shown, password and all.
            url if url.contains("://") => Ok(Self::Redis(RedisUrl::new(url))),
            other => Err(format!("`{other}` is no store: expected `sqlite`, `memory` or `redis://host:port/db`")),
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Sqlite => f.write_str("sqlite"),
            Self::Redis(url) => url.fmt(f),
        }
    }
}
