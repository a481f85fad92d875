//! Collects an answer that must be whole before it can be judged, up to a bound.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A body under a size cap.
#[derive(Debug, Clone)]
pub struct Collect {
    bytes: Vec<u8>,
    limit: usize,
}

impl Collect {
    /// Collects at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// The body would be larger than the limit; what was collected is dropped.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), String> {
        if self.bytes.len().saturating_add(chunk.len()) > self.limit {
            self.limit = 0;
            self.bytes = Vec::new();
            return Err("the answer is too large".to_string());
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }

    /// What has been collected so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Gives the collected body and starts afresh.
    pub fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_holds_and_stays_broken() {
        let mut body = Collect::new(4);
        assert_eq!(body.push(b"abc"), Ok(()));
        assert_eq!(body.push(b"d"), Ok(()));
        assert_eq!(body.bytes(), b"abcd");
        assert!(body.push(b"e").is_err());
        assert!(body.push(b"e").is_err());
        assert_eq!(body.bytes(), b"");
    }
}
