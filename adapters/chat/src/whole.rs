//! The meter of an answer in one piece: it is held back until it has proved to be one.

use adapter::prelude::*;
use adapter::{Collect, Meter, Usage};

use crate::limits;

/// What a vendor makes of its answer.
pub trait ReadAnswer {
    /// Reads the whole answer and gives what is passed on.
    ///
    /// # Errors
    /// It isn't one, or it is the vendor's word of an error.
    fn answer(&mut self, body: &[u8]) -> Result<Vec<u8>, String>;

    /// What has been consumed; asked only after a good answer.
    fn usage(&self) -> Usage;
}

/// The meter around a vendor's reader.
#[derive(Debug)]
pub struct Whole<R> {
    reader: R,
    body: Collect,
    /// The answer is complete and was found good.
    arrived: bool,
}

impl<R: ReadAnswer> Whole<R> {
    pub fn new(reader: R) -> Self {
        Self { reader, body: Collect::new(limits::MAX_JSON_BYTES), arrived: false }
    }
}

impl<R: ReadAnswer> Meter for Whole<R> {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>, String> {
        self.body.push(chunk)?;
        Ok(Vec::new())
    }

    fn end(&mut self) -> Result<Vec<u8>, String> {
        if self.arrived {
            return Ok(Vec::new());
        }
        let passed_on = self.reader.answer(self.body.bytes())?;
        self.arrived = true;
        self.body.take();
        Ok(passed_on)
    }

    fn usage(&self) -> Usage {
        // Nothing can be counted in half an answer.
        if self.arrived { self.reader.usage() } else { Usage::Unknown }
    }
}
