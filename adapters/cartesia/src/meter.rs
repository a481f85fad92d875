//! Meters speech: the sound passes untouched, and what is billed was known before it began.

use adapter::prelude::*;
use adapter::{AnswerHead, Meter, Operation, Quantity, Unit, Usage, units_of};

/// An answer with a good status is judged by its type and its first byte: an error that came as one must not be played
/// as noise.
pub struct SpeechMeter {
    usage: Usage,
    /// Sound in a container never begins like a JSON object; raw samples may.
    contained: bool,
    heard: bool,
    fault: Option<&'static str>,
}

impl SpeechMeter {
    pub fn new(operation: &Operation, head: &AnswerHead, worst_case: &[Quantity]) -> Self {
        let raw = matches!(operation, Operation::Speech(speech) if speech.format == "pcm");
        let fault = head.header("content-type").filter(|media| !is_sound(media)).map(|_| "the answer is not sound");
        // The text is billed in full however little of it is heard.
        let characters = Quantity::new(Unit::Characters, units_of(worst_case, Unit::Characters));
        Self { usage: Usage::Counted(vec![characters]), contained: !raw, heard: false, fault }
    }
}

impl Meter for SpeechMeter {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>, String> {
        if let (false, Some(first)) = (self.heard, chunk.first()) {
            self.heard = true;
            if self.contained && *first == b'{' {
                self.fault = Some("the answer is not sound");
            }
        }
        self.fault.map_or_else(|| Ok(chunk.to_vec()), |fault| Err(fault.to_owned()))
    }

    fn end(&mut self) -> Result<Vec<u8>, String> {
        match self.fault {
            Some(fault) => Err(fault.to_owned()),
            None if self.heard => Ok(Vec::new()),
            None => Err("the answer has no sound".to_owned()),
        }
    }

    fn usage(&self) -> Usage {
        self.usage.clone()
    }
}

fn is_sound(media: &str) -> bool {
    let media = media.to_ascii_lowercase();
    media.starts_with("audio/") || media.starts_with("application/octet-stream")
}
