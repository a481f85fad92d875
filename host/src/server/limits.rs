//! Bounds of the server.

use std::time::Duration;

/// How much, how many and how long.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Requests served at the same time, streams included.
    pub max_concurrent_requests: usize,
    /// Requests that wait for a place beyond that.
    pub max_waiting_requests: usize,
    /// How long one waits.
    pub wait: Duration,
    /// Largest request body, in bytes.
    pub max_body_bytes: u64,
    /// Longest silence while a request body arrives.
    pub body_idle_timeout: Duration,
    /// Longest time for all of it.
    pub body_timeout: Duration,
    /// Largest request head, in bytes.
    pub max_head_bytes: usize,
    /// Longest time for a request head.
    pub head_timeout: Duration,
    /// Open connections.
    pub max_connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_concurrent_requests: 1024,
            max_waiting_requests: 1024,
            wait: Duration::from_secs(2),
            max_body_bytes: 10 * 1024 * 1024,
            body_idle_timeout: Duration::from_secs(15),
            body_timeout: Duration::from_secs(60),
            max_head_bytes: 16 * 1024,
            head_timeout: Duration::from_secs(30),
            max_connections: 16 * 1024,
        }
    }
}
