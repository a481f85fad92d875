//! Meters the short answers to a start and an end.

use adapter::prelude::*;
use adapter::{Collect, Meter, Operation, Usage};

/// Passes the answer on when it is whole. The live seconds don't pass here: the gate counts those tick by tick.
pub struct VideoMeter {
    body: Collect,
    usage: Usage,
}

impl VideoMeter {
    pub fn new(operation: &Operation) -> Self {
        let usage = match operation {
            Operation::VideoEnd(_) => Usage::Counted(Vec::new()),
            _ => Usage::Unknown,
        };
        Self { body: Collect::new(64 * 1024), usage }
    }
}

impl Meter for VideoMeter {
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
