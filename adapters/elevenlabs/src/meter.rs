//! Meters speech: the sound passes untouched, the head of the answer tells the price.

use adapter::prelude::*;
use adapter::{AnswerHead, Meter, Quantity, Unit, Usage, units_of};

/// The billed characters are known before the first byte of sound, so usage never changes on the way.
pub struct SpeechMeter {
    usage: Usage,
    heard: bool,
}

impl SpeechMeter {
    pub fn new(head: &AnswerHead, worst_case: &[Quantity]) -> Self {
        let reported = head.header("character-cost").and_then(|cost| cost.parse::<u64>().ok());
        let usage = match reported {
            Some(cost) => Usage::Reported(vec![Quantity::new(Unit::Characters, cost)]),
            // The text is billed in full however little of it is heard.
            None => Usage::Counted(vec![Quantity::new(Unit::Characters, units_of(worst_case, Unit::Characters))]),
        };
        Self { usage, heard: false }
    }
}

impl Meter for SpeechMeter {
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
