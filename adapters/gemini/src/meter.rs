//! Meters an answer as it passes, and puts it into OpenAI's shape.
//!
//! A stream has no last event: the vendor names a reason to finish, may send its count after it, and closes. So the end
//! is written at the close, and a close without a reason is an answer that stopped short.

use adapter::prelude::*;
use adapter::{AnswerHead, Meter, Operation, Quantity, SseEvent, Usage};
use chat::{
    Asked, Choice, Delta, Finish, Next, ReadAnswer, ReadEvents, ShownUsage, Streamed, Tally, ToolCall, Whole, Writer,
};

use crate::answer::{FunctionCall, Part, Piece};
use crate::counts::Counts;
use crate::models::{self, Thinking};

/// The meter that the request's `stream` asks for.
pub fn for_chat(operation: &Operation, head: &AnswerHead, worst_case: &[Quantity]) -> Box<dyn Meter> {
    let asked = Asked::of(operation);
    let writer = Writer { id: "chatcmpl".to_owned(), model: asked.model, created: chat::answered_at(head) };
    let mut reader = Reader {
        writer,
        tally: Tally::new(worst_case),
        counts: Counts::default(),
        delivered: 0,
        calls: 0,
        begun: false,
        finish: None,
    };
    reader.mind_thoughts();
    if asked.stream { Box::new(Streamed::new(reader)) } else { Box::new(Whole::new(reader)) }
}

struct Reader {
    writer: Writer,
    tally: Tally,
    /// All counts so far, field by field.
    counts: Counts,
    /// Bytes the model has written.
    delivered: u64,
    /// How many calls have been passed on.
    calls: u64,
    /// The page has got the answer's first piece.
    begun: bool,
    finish: Option<Finish>,
}

impl Reader {
    /// Takes in all of a part but what is passed on.
    fn take(&mut self, part: &Part) {
        // The first one names the whole answer, whatever later pieces are called.
        if let Some(id) = part.id.clone().filter(|_| !self.begun) {
            self.writer.id = id;
        }
        if let Some(model) = part.model.clone() {
            self.writer.model = model;
        }
        self.finish = part.finish.or(self.finish);
        self.delivered = self.delivered.saturating_add(part.delivered);
        self.tally.deliver(usize::try_from(part.delivered).unwrap_or(usize::MAX));
        if let Some(counts) = part.counts {
            self.counts = self.counts.then(counts);
        }
        // Only a count that came with the end, or after it, is final: one that came before doesn't know what followed.
        match (self.finish, part.counts) {
            (Some(_), Some(_)) => self.counts.tokens().into_iter().for_each(|tokens| self.tally.report(tokens)),
            _ => self.counts.tokens_so_far(self.delivered).into_iter().for_each(|tokens| self.tally.so_far(tokens)),
        }
        self.mind_thoughts();
    }

    /// Until the vendor has counted, a model that thinks may have consumed more than anyone can see.
    fn mind_thoughts(&mut self) {
        let uncounted = self.counts.tokens().is_none();
        self.tally.set_thinks_unseen(uncounted && models::thinking(&self.writer.model) != Thinking::Never);
    }

    /// Older models give calls no ids. The page needs one to answer by; [`crate::contents`] finds the call again.
    fn call(&mut self, call: &FunctionCall) -> ToolCall {
        let own = call.id.clone().filter(|id| adapter::is_id(id, 128, "._-"));
        let id = own.unwrap_or_else(|| format!("call_{}", self.calls));
        self.calls = self.calls.saturating_add(1);
        ToolCall { id, name: call.name.clone(), arguments: call.arguments.clone() }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !core::mem::replace(&mut self.begun, true) {
            self.writer.delta(0, Delta::Role, out);
        }
    }

    /// The vendor stops at a call as at any end; the page is told which it was.
    fn finish(&self, finish: Finish) -> Finish {
        if finish == Finish::Stop && self.calls > 0 { Finish::ToolCalls } else { finish }
    }

    /// The page sees the vendor's numbers, or none.
    fn shown(&self) -> ShownUsage {
        match self.tally.usage() {
            Usage::Reported(_) => self.counts.shown(),
            _ => ShownUsage::default(),
        }
    }
}

impl ReadEvents for Reader {
    fn event(&mut self, event: &SseEvent, out: &mut Vec<u8>) -> Result<Next, String> {
        let part = Part::parse(&event.data)?;
        self.take(&part);
        for piece in &part.pieces {
            self.begin(out);
            match piece {
                Piece::Text(text) => self.writer.delta(0, Delta::Text(text), out),
                Piece::Call(call) => {
                    let index = self.calls;
                    let call = self.call(call);
                    self.writer.delta(0, Delta::Call { index, id: &call.id, name: &call.name }, out);
                    self.writer.delta(0, Delta::Arguments { index, piece: &call.arguments }, out);
                }
            }
        }
        Ok(Next::More)
    }

    fn close(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        let finish = self.finish.ok_or_else(|| "the stream stopped short".to_owned())?;
        self.begin(out);
        self.writer.finish(0, self.finish(finish), out);
        self.writer.done(self.shown(), out);
        Ok(())
    }

    fn usage(&self) -> Usage {
        self.tally.usage()
    }
}

impl ReadAnswer for Reader {
    fn answer(&mut self, body: &[u8]) -> Result<Vec<u8>, String> {
        let mut part = Part::parse(body)?;
        if part.pieces.is_empty() && part.finish.is_none() {
            return Err("the answer is empty".to_owned());
        }
        // A whole answer is at its end, whether it says so or not.
        let finish = *part.finish.get_or_insert(Finish::Stop);
        self.take(&part);
        let (mut text, mut calls) = (String::new(), Vec::new());
        for piece in &part.pieces {
            match piece {
                Piece::Text(more) => text.push_str(more),
                Piece::Call(call) => calls.push(self.call(call)),
            }
        }
        let choice = Choice { text, thought: String::new(), calls, finish: self.finish(finish) };
        Ok(self.writer.whole(&[choice], self.shown()))
    }

    fn usage(&self) -> Usage {
        self.tally.usage()
    }
}
