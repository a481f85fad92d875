//! The meter of short answers: a live session's start and end, a job.

use alloc::string::String;
use alloc::vec::Vec;

use crate::{Collect, Meter, Operation, Usage};

/// The largest answer it takes.
const MAX_BYTES: usize = 256 * 1024;

/// Passes the answer on when it is whole. What a live session or a job consumes doesn't pass here: the gate counts the
/// session's time itself and reads the job's state.
pub struct WholeMeter {
    body: Collect,
    usage: Usage,
}

impl WholeMeter {
    pub fn new(operation: &Operation) -> Self {
        let usage = match operation {
            Operation::LiveEnd(_) | Operation::JobLook(_) => Usage::Counted(Vec::new()),
            _ => Usage::Unknown,
        };
        Self { body: Collect::new(MAX_BYTES), usage }
    }
}

impl Meter for WholeMeter {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>, String> {
        self.body.push(chunk)?;
        Ok(Vec::new())
    }

    fn end(&mut self) -> Result<Vec<u8>, String> {
        Ok(self.body.take())
    }

    fn usage(&self) -> Usage {
        self.usage.clone()
    }
}
