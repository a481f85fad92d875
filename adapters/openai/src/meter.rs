//! Meters a chat answer as it passes.
//!
//! A stream goes on event by event, data as it came: `reading -> done` on `data: [DONE]`, `reading -> failed` on
//! anything that isn't this protocol. An answer in one piece is held back until it has proved to be one.

use adapter::prelude::*;
use adapter::{Collect, Fields, Meter, Operation, Quantity, SseEvent, SseParser, Unit, Usage, capped, units_of};

use crate::answer::Part;
use crate::content::Delivered;
use crate::{limits, models};

/// The meter that the request's `stream` asks for.
pub fn for_chat(operation: &Operation, worst_case: &[Quantity]) -> Box<dyn Meter> {
    let request = match operation {
        Operation::Chat(body) => Fields::parse(body).unwrap_or_default(),
        _ => Fields::default(),
    };
    let tally = Tally::new(request.get("model"), worst_case);
    if request.get("stream") == Some(true) {
        Box::new(Streamed { tally, parser: SseParser::new(), state: State::Reading })
    } else {
        Box::new(Whole { tally, body: Collect::new(limits::MAX_JSON_BYTES), arrived: false })
    }
}

/// What is known of the consumption so far.
struct Tally {
    /// The model as the vendor names it, or else as the page does.
    model: String,
    worst_case: Vec<Quantity>,
    delivered: Delivered,
    reported: Option<Vec<Quantity>>,
}

impl Tally {
    fn new(model: Option<String>, worst_case: &[Quantity]) -> Self {
        let model = model.unwrap_or_default();
        Self { model, worst_case: worst_case.to_vec(), delivered: Delivered::default(), reported: None }
    }

    fn add(&mut self, part: Part) {
        self.model = part.model.unwrap_or(core::mem::take(&mut self.model));
        self.delivered.merge(part.delivered);
        self.reported = part.usage.or(self.reported.take());
    }

    fn usage(&self) -> Usage {
        if let Some(reported) = &self.reported {
            return Usage::Reported(reported.clone());
        }
        // A model that may have thought unseen has consumed more than it delivered; nobody knows how much.
        if models::may_reason(&self.model) {
            return Usage::Unknown;
        }
        Usage::Counted(vec![
            Quantity::new(Unit::InputTokens, units_of(&self.worst_case, Unit::InputTokens)),
            capped(Unit::OutputTokens, self.delivered.bytes, &self.worst_case),
        ])
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    /// `[DONE]` has come; whatever follows is not passed on.
    Done,
    Failed,
}

struct Streamed {
    tally: Tally,
    parser: SseParser,
    state: State,
}

impl Streamed {
    fn pass(&mut self, event: &SseEvent, out: &mut Vec<u8>) -> Result<(), String> {
        if event.data == b"[DONE]" {
            self.state = State::Done;
        } else {
            self.tally.add(Part::parse(&event.data)?);
        }
        event.write_to(out);
        Ok(())
    }
}

impl Meter for Streamed {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        match self.state {
            State::Failed => return Err(GARBLED.to_owned()),
            State::Done => return Ok(out),
            State::Reading => {}
        }
        let read = self.parser.push(chunk);
        let events = read.map_err(|_| "an event of the stream is too large".to_owned());
        let passed = events.and_then(|events| {
            for event in events {
                if self.state == State::Reading {
                    self.pass(&event, &mut out)?;
                }
            }
            Ok(())
        });
        match passed {
            Ok(()) => Ok(out),
            Err(error) => {
                self.state = State::Failed;
                Err(error)
            }
        }
    }

    fn end(&mut self) -> Result<Vec<u8>, String> {
        match self.state {
            State::Done => Ok(Vec::new()),
            State::Failed => Err(GARBLED.to_owned()),
            State::Reading => {
                self.state = State::Failed;
                Err("the stream stopped short".to_owned())
            }
        }
    }

    fn usage(&self) -> Usage {
        self.tally.usage()
    }
}

struct Whole {
    tally: Tally,
    body: Collect,
    /// The answer is complete and was found good.
    arrived: bool,
}

impl Meter for Whole {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>, String> {
        self.body.push(chunk)?;
        Ok(Vec::new())
    }

    fn end(&mut self) -> Result<Vec<u8>, String> {
        if self.arrived {
            return Ok(Vec::new());
        }
        let part = Part::parse(self.body.bytes())?;
        self.tally.add(part);
        self.arrived = true;
        Ok(self.body.take())
    }

    fn usage(&self) -> Usage {
        // Nothing can be counted in half an answer.
        if self.arrived { self.tally.usage() } else { Usage::Unknown }
    }
}

const GARBLED: &str = "the stream is garbled";
