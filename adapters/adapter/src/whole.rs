//! The meter of answers that go on when they are whole: a live session's start and end, a job, context.

use alloc::string::String;
use alloc::vec::Vec;

use crate::{Collect, Meter, Operation, Usage};

/// The largest short answer.
const MAX_BYTES: usize = 256 * 1024;

/// What becomes of the whole answer on its way to the page.
type Rewrite = fn(&[u8]) -> Result<Vec<u8>, String>;

/// Passes the answer on when it is whole. What a live session or a job consumes doesn't pass here: the gate counts the
/// session's time itself and reads the job's state.
pub struct WholeMeter {
    body: Collect,
    usage: Usage,
    rewrite: Rewrite,
}

impl WholeMeter {
    pub fn new(operation: &Operation) -> Self {
        let usage = match operation {
            Operation::LiveEnd(_) | Operation::JobLook(_) | Operation::MessageSend(_) => Usage::Counted(Vec::new()),
            _ => Usage::Unknown,
        };
        Self::rewritten(MAX_BYTES, usage, |body| Ok(body.to_vec()))
    }

    /// For an answer of at most `limit` bytes that has cost `usage` whatever it says.
    pub fn rewritten(limit: usize, usage: Usage, rewrite: Rewrite) -> Self {
        Self { body: Collect::new(limit), usage, rewrite }
    }
}

impl Meter for WholeMeter {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>, String> {
        self.body.push(chunk)?;
        Ok(Vec::new())
    }

    fn end(&mut self) -> Result<Vec<u8>, String> {
        (self.rewrite)(&self.body.take())
    }

    fn usage(&self) -> Usage {
        self.usage.clone()
    }
}
