//! Meters an answer as it passes: events go on with their data as it came.
//!
//! Only the usage is moved where it comes on the chunk with the reason of the end, as some vendors send it: the page gets
//! it last, on a chunk without an answer, as from OpenAI.

use adapter::prelude::*;
use adapter::{Fields, Meter, Operation, Quantity, SseEvent, Usage};

use super::{Facts, answer};
use crate::{Asked, Next, ReadAnswer, ReadEvents, Streamed, Tally, Whole};

/// The meter that the request's `stream` asks for.
pub fn meter(facts: &'static Facts, operation: &Operation, worst_case: &[Quantity]) -> Box<dyn Meter> {
    let asked = Asked::of(operation);
    let mut tally = Tally::new(worst_case);
    // Until the vendor names the model, the page's word for it counts.
    tally.set_thinks_unseen((facts.thinks_unseen)(&asked.model));
    let reader = Reader { facts, tally, usage_chunk: None };
    if asked.stream { Box::new(Streamed::new(reader)) } else { Box::new(Whole::new(reader)) }
}

struct Reader {
    facts: &'static Facts,
    tally: Tally,
    /// A usage that is still to be passed on.
    usage_chunk: Option<Fields>,
}

impl Reader {
    /// Passes on a chunk, without its usage if there is an answer in it as well.
    fn pass(&mut self, event: &SseEvent, mut chunk: Fields, out: &mut Vec<u8>) {
        if chunk.raw("usage").is_none() {
            return event.write_to(out);
        }
        if chunk.get::<Vec<Fields>>("choices").is_none_or(|choices| choices.is_empty()) {
            self.usage_chunk = None;
            return event.write_to(out);
        }
        let mut usage_chunk = chunk.clone();
        usage_chunk.set("choices", &[(); 0]);
        self.usage_chunk = Some(usage_chunk);
        chunk.set("usage", &());
        SseEvent { name: event.name.clone(), data: chunk.to_json() }.write_to(out);
    }
}

impl ReadEvents for Reader {
    fn event(&mut self, event: &SseEvent, out: &mut Vec<u8>) -> Result<Next, String> {
        if event.data == b"[DONE]" {
            if let Some(chunk) = self.usage_chunk.take() {
                SseEvent { name: Vec::new(), data: chunk.to_json() }.write_to(out);
            }
            event.write_to(out);
            return Ok(Next::Done);
        }
        let chunk = answer::take(self.facts, &event.data, &mut self.tally)?;
        self.pass(event, chunk, out);
        Ok(Next::More)
    }

    fn usage(&self) -> Usage {
        self.tally.usage()
    }
}

impl ReadAnswer for Reader {
    fn answer(&mut self, body: &[u8]) -> Result<Vec<u8>, String> {
        answer::take(self.facts, body, &mut self.tally)?;
        // Some vendors keep the connection alive with blank lines while the call is queued.
        Ok(body.trim_ascii_start().to_vec())
    }

    fn usage(&self) -> Usage {
        self.tally.usage()
    }
}
