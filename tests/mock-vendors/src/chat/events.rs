//! A streamed answer as events, and the events as writes.

use std::time::Duration;

use bytes::Bytes;

use crate::fault::Fault;
use crate::play::{Piece, Script};

/// A stream's events in their wire form.
#[derive(Debug, Default)]
pub struct Events {
    pub head: Vec<String>,
    /// The pace lies between these.
    pub words: Vec<String>,
    pub tail: Vec<String>,
    /// Comes in the middle, if the fault asks for it; then the stream is over.
    pub error: String,
}

impl Events {
    /// Each event in one to three writes that mind neither characters nor JSON.
    pub fn script(mut self, fault: &Fault, pause: Duration, mut headers: Vec<(&'static str, String)>) -> Script {
        if fault.error_event {
            self.words.truncate(self.words.len() / 2);
            self.tail = vec![self.error];
        } else if fault.endless {
            // The words come round again and the end never does.
            self.tail.clear();
        }
        let first_word = self.head.len();
        let (mut pieces, mut repeat_from) = (Vec::new(), 0);
        for (number, event) in self.head.into_iter().chain(self.words).chain(self.tail).enumerate() {
            if number == first_word {
                repeat_from = pieces.len();
            }
            let pause = if number >= first_word { pause } else { Duration::ZERO };
            split(number, event.into(), pause, &mut pieces);
        }
        headers.push(("content-type", "text/event-stream; charset=utf-8".to_owned()));
        headers.push(("cache-control", "no-cache".to_owned()));
        Script { headers, pieces, repeat_from }
    }
}

/// One to three pieces, cut at places that wander through the event from one to the next.
fn split(number: usize, event: Bytes, pause: Duration, pieces: &mut Vec<Piece>) {
    let writes = number % 3 + 1;
    let mut rest = event;
    for write in 1..writes {
        let at = (number * 37 + write * 61) % rest.len().max(1);
        let bytes = rest.split_to(at);
        pieces.push(Piece { pause: if write == 1 { pause } else { Duration::ZERO }, bytes });
    }
    pieces.push(Piece { pause: if writes == 1 { pause } else { Duration::ZERO }, bytes: rest });
}
