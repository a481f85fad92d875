//! The meter of a streamed answer: takes it apart into events and hands them to the vendor's reader.
//!
//! `reading -> done` when the reader says so, `reading -> failed` on anything that isn't the vendor's protocol. What
//! comes after the end is not passed on; after a failure every further call fails.

use adapter::prelude::*;
use adapter::{Meter, SseEvent, SseParser, Usage};

/// What a vendor makes of its stream.
pub trait ReadEvents {
    /// Reads one event and writes what may be passed on for it.
    ///
    /// # Errors
    /// The event isn't of the vendor's protocol, or is the vendor's word of an error.
    fn event(&mut self, event: &SseEvent, out: &mut Vec<u8>) -> Result<Next, String>;

    /// The last byte has come, and no event was the last one.
    ///
    /// # Errors
    /// The vendor ends its streams with an event.
    fn close(&mut self, _out: &mut Vec<u8>) -> Result<(), String> {
        Err("the stream stopped short".to_owned())
    }

    /// What has been consumed so far.
    fn usage(&self) -> Usage;
}

/// Whether an event was the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    More,
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    Done,
    Failed,
}

/// The meter around a vendor's reader.
#[derive(Debug)]
pub struct Streamed<R> {
    reader: R,
    parser: SseParser,
    state: State,
}

impl<R: ReadEvents> Streamed<R> {
    pub fn new(reader: R) -> Self {
        Self { reader, parser: SseParser::new(), state: State::Reading }
    }

    fn pass(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let events = self.parser.push(chunk).map_err(|_| "the stream is garbled".to_owned())?;
        for event in events {
            if self.state == State::Reading && self.reader.event(&event, out)? == Next::Done {
                self.state = State::Done;
            }
        }
        Ok(())
    }

    /// Ends in failure what has failed.
    fn settle<T>(&mut self, result: Result<T, String>) -> Result<T, String> {
        if result.is_err() {
            self.state = State::Failed;
        }
        result
    }
}

impl<R: ReadEvents> Meter for Streamed<R> {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        match self.state {
            State::Failed => Err(FAILED.to_owned()),
            State::Done => Ok(out),
            State::Reading => {
                let passed = self.pass(chunk, &mut out);
                self.settle(passed.map(|()| out))
            }
        }
    }

    fn end(&mut self) -> Result<Vec<u8>, String> {
        match self.state {
            State::Failed => Err(FAILED.to_owned()),
            State::Done => Ok(Vec::new()),
            State::Reading => {
                let mut out = Vec::new();
                let whole = !self.parser.is_mid_event();
                let closed =
                    if whole { self.reader.close(&mut out) } else { Err("the stream stopped short".to_owned()) };
                self.state = State::Done;
                self.settle(closed.map(|()| out))
            }
        }
    }

    fn usage(&self) -> Usage {
        self.reader.usage()
    }
}

const FAILED: &str = "the stream is garbled";
