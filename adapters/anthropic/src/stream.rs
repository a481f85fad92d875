//! Reads the vendor's events and writes OpenAI's chunks.
//!
//! `message_start`, then blocks one after the other (start, deltas, stop), then `message_delta` with the reason of the
//! end and the final numbers, then `message_stop`. Events, blocks and deltas of unknown kinds are passed over.

use adapter::prelude::*;
use adapter::{AnswerHead, Fields, Quantity, SseEvent, Usage};
use chat::{Delta, Finish, Next, ReadEvents, Tally, Writer, answered_at};

use crate::stop::finish;
use crate::usage::Numbers;

/// The state of a stream.
#[derive(Debug)]
pub struct Reader {
    writer: Writer,
    tally: Tally,
    numbers: Numbers,
    begun: bool,
    /// The calls so far; the place in this list is the call's index in OpenAI's shape.
    calls: Vec<Call>,
    finish: Option<Finish>,
}

#[derive(Debug)]
struct Call {
    /// The vendor's index, which counts blocks of every kind.
    block: u64,
    has_arguments: bool,
}

/// More calls than any answer has.
const MAX_CALLS: usize = 256;

impl Reader {
    pub fn new(head: &AnswerHead, worst_case: &[Quantity]) -> Self {
        Self {
            writer: Writer { created: answered_at(head), ..Writer::default() },
            tally: Tally::new(worst_case),
            numbers: Numbers::default(),
            begun: false,
            calls: Vec::new(),
            finish: None,
        }
    }

    fn start(&mut self, event: &Fields, out: &mut Vec<u8>) -> Result<(), String> {
        let message: Fields = event.get("message").ok_or_else(garbled)?;
        self.writer.id = message.get("id").ok_or_else(garbled)?;
        self.writer.model = message.get("model").ok_or_else(garbled)?;
        self.begun = true;
        self.count(&message);
        self.writer.delta(0, Delta::Role, out);
        Ok(())
    }

    /// Takes in the numbers of `holder`, which are not final yet.
    fn count(&mut self, holder: &Fields) {
        if let Some(usage) = holder.get::<Fields>("usage") {
            self.numbers.merge(&usage);
        }
        if let Some(tokens) = self.numbers.tokens() {
            self.tally.so_far(tokens);
        }
    }

    fn block_start(&mut self, event: &Fields, out: &mut Vec<u8>) -> Result<(), String> {
        let block: Fields = event.get("content_block").ok_or_else(garbled)?;
        self.deliver(event, "content_block");
        match block.get::<String>("type").as_deref() {
            Some("tool_use") => {
                let (id, name): (Option<String>, Option<String>) = (block.get("id"), block.get("name"));
                let (id, name) = id.zip(name).ok_or_else(garbled)?;
                let index = self.calls.len() as u64;
                if self.calls.len() >= MAX_CALLS {
                    return Err(garbled());
                }
                self.calls.push(Call { block: event.get("index").ok_or_else(garbled)?, has_arguments: false });
                self.writer.delta(0, Delta::Call { index, id: &id, name: &name }, out);
            }
            Some("thinking" | "redacted_thinking") => {
                // What is shown of a thought may be a summary; all of it is billed.
                self.tally.set_thinks_unseen(true);
                self.thought(block.get("thinking"), out);
            }
            Some("text") => self.text(block.get("text"), out),
            _ => {}
        }
        Ok(())
    }

    fn block_delta(&mut self, event: &Fields, out: &mut Vec<u8>) -> Result<(), String> {
        let delta: Fields = event.get("delta").ok_or_else(garbled)?;
        self.deliver(event, "delta");
        match delta.get::<String>("type").as_deref() {
            Some("text_delta") => self.text(delta.get("text"), out),
            Some("thinking_delta") => self.thought(delta.get("thinking"), out),
            Some("input_json_delta") => {
                let piece: String = delta.get("partial_json").ok_or_else(garbled)?;
                self.arguments(event.get("index"), &piece, out);
            }
            _ => {}
        }
        Ok(())
    }

    fn text(&self, text: Option<String>, out: &mut Vec<u8>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.writer.delta(0, Delta::Text(&text), out);
        }
    }

    fn thought(&self, text: Option<String>, out: &mut Vec<u8>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.writer.delta(0, Delta::Thought(&text), out);
        }
    }

    fn arguments(&mut self, block: Option<u64>, piece: &str, out: &mut Vec<u8>) {
        let mut calls = self.calls.iter_mut().zip(0..);
        if let Some((call, index)) = calls.find(|(call, _)| Some(call.block) == block && !piece.is_empty()) {
            call.has_arguments = true;
            self.writer.delta(0, Delta::Arguments { index, piece }, out);
        }
    }

    /// A call without arguments has no deltas here, but is an empty object at OpenAI.
    fn block_stop(&mut self, event: &Fields, out: &mut Vec<u8>) {
        let block: Option<u64> = event.get("index");
        if self.calls.iter().any(|call| Some(call.block) == block && !call.has_arguments) {
            self.arguments(block, "{}", out);
        }
    }

    fn message_delta(&mut self, event: &Fields, out: &mut Vec<u8>) {
        self.count(event);
        let delta: Fields = event.get("delta").unwrap_or_default();
        let Some(reason) = delta.get::<String>("stop_reason") else {
            return;
        };
        let said = event.get::<Fields>("usage").is_some_and(|usage| usage.raw("output_tokens").is_some());
        if let Some(tokens) = self.numbers.tokens().filter(|_| said) {
            self.tally.report(tokens);
        }
        if self.finish.is_none() {
            self.finish = Some(finish(&reason));
            self.writer.finish(0, finish(&reason), out);
        }
    }

    fn deliver(&mut self, event: &Fields, name: &str) {
        if let Some(written) = event.get(name) {
            self.tally.deliver_all(&written);
        }
    }
}

impl ReadEvents for Reader {
    fn event(&mut self, event: &SseEvent, out: &mut Vec<u8>) -> Result<Next, String> {
        let event = Fields::parse(&event.data).map_err(|_| garbled())?;
        let kind: String = event.get("type").ok_or_else(garbled)?;
        match kind.as_str() {
            "error" => return Err("the vendor broke off with an error".to_owned()),
            "message_start" if !self.begun => self.start(&event, out)?,
            "message_start" => return Err(garbled()),
            "content_block_start" | "content_block_delta" | "content_block_stop" | "message_delta" | "message_stop"
                if !self.begun =>
            {
                return Err(garbled());
            }
            "content_block_start" => self.block_start(&event, out)?,
            "content_block_delta" => self.block_delta(&event, out)?,
            "content_block_stop" => self.block_stop(&event, out),
            "message_delta" => self.message_delta(&event, out),
            "message_stop" if self.finish.is_none() => return Err("the stream stopped short".to_owned()),
            "message_stop" => {
                self.writer.done(self.numbers.shown(), out);
                return Ok(Next::Done);
            }
            // ping, and whatever is new
            _ => {}
        }
        Ok(Next::More)
    }

    fn usage(&self) -> Usage {
        self.tally.usage()
    }
}

fn garbled() -> String {
    "the stream is not one of messages".to_owned()
}
