//! How much memory an instance may take, all its parts together.

use wasmtime::{ResourceLimiter, Result};

/// Elements of one table.
const MAX_TABLE_ELEMENTS: usize = 20_000;

/// Counts linear memory. Growth past the limit fails inside the guest, as running out of memory does.
pub struct MemoryLimit {
    left: usize,
}

impl MemoryLimit {
    /// At most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { left: limit }
    }
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        match self.left.checked_sub(desired.saturating_sub(current)) {
            Some(left) => {
                self.left = left;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        Ok(desired <= MAX_TABLE_ELEMENTS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_memories_share_one_limit() {
        let mut limit = MemoryLimit::new(100);
        assert!(limit.memory_growing(0, 60, None).unwrap());
        assert!(limit.memory_growing(0, 30, None).unwrap());
        assert!(!limit.memory_growing(60, 80, None).unwrap());
        assert!(limit.memory_growing(60, 70, None).unwrap());
    }
}
