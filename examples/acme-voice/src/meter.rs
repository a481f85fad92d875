//! Meters speech: the sound passes untouched, the head of the answer tells the price.

use adapter::prelude::*;
use adapter::{AnswerHead, Meter, Quantity, Unit, Usage, units_of};

/// The billed characters are known before the first byte of sound, so usage never changes on the way.
pub struct SayMeter {
    usage: Usage,
    heard: bool,
}

impl SayMeter {
    pub fn new(head: &AnswerHead, worst_case: &[Quantity]) -> Self {
        let reported = head.header("x-acme-characters").and_then(|count| count.parse().ok());
        let usage = match reported {
            Some(count) => Usage::Reported(vec![Quantity::new(Unit::Characters, count)]),
            // The vendor bills the text, not the sound: what was reserved is what it can be at most.
            None => Usage::Counted(vec![Quantity::new(Unit::Characters, units_of(worst_case, Unit::Characters))]),
        };
        Self { usage, heard: false }
    }
}

impl Meter for SayMeter {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>, String> {
        self.heard |= !chunk.is_empty();
        Ok(chunk.to_vec())
    }

    fn end(&mut self) -> Result<Vec<u8>, String> {
        if self.heard { Ok(Vec::new()) } else { Err("the answer has no sound".to_owned()) }
    }

    fn usage(&self) -> Usage {
        self.usage.clone()
    }
}
