//! Restores an answer that is streamed: server-sent events with `chat.completion.chunk`s, cut at any byte.
//!
//! A placeholder may be cut over several chunks. So the end of a text that may be the beginning of one of our
//! placeholders is held back (19 bytes at most) until
//! - the next delta of the same text comes: it goes out in front of that;
//! - another text of the same choice goes on, the choice ends, `[DONE]` or an error comes, or the stream ends: it goes
//!   out as it is, in a chunk of our own just before.
//!
//! Comments, other events, chunks of usage and events above 1 MiB pass unchanged, and so does every event that has
//! nothing to restore. An event is passed on when its blank line has come, not before.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::chunk::{Chunk, Slot, event};
use crate::json::{self, Part};
use crate::restore::{End, Restorer};
use crate::sse::{Cutter, Piece, data, with_data};

#[cfg(test)]
mod tests;

/// Texts that may hold something back at one time. Beyond that, placeholders are restored within a chunk only.
const MAX_HELD: usize = 256;

#[derive(Debug, Clone)]
pub struct StreamRestorer {
    restorer: Restorer,
    cutter: Cutter,
    held: BTreeMap<Slot, String>,
    /// The beginning of chunks of our own.
    head: String,
}

impl Restorer {
    /// For an answer that is streamed.
    pub fn into_stream(self) -> StreamRestorer {
        StreamRestorer { restorer: self, cutter: Cutter::default(), held: BTreeMap::new(), head: String::new() }
    }
}

impl StreamRestorer {
    /// Takes the next bytes; gives those that can go on to the caller.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        if self.restorer.is_empty() {
            return bytes.to_vec();
        }
        let mut out = Vec::with_capacity(bytes.len());
        for piece in self.cutter.push(bytes) {
            match piece {
                Piece::Raw(bytes) => out.extend(bytes),
                Piece::Event(event) => self.event(&event, End::Open, &mut out),
            }
        }
        out
    }

    /// The stream has ended: gives what was held back.
    pub fn end(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        let last = self.cutter.end();
        if !last.is_empty() {
            self.event(&last, End::Final, &mut out);
        }
        // Nothing is left after an event that no blank line has ended: a chunk of ours can't stand inside it.
        self.give_out(|_| true, &mut out);
        out
    }

    fn event(&mut self, event: &[u8], end: End, out: &mut Vec<u8>) {
        let data = data(event).and_then(|data| String::from_utf8(data).ok());
        let chunk = data.as_deref().and_then(|data| Some((data, serde_json::from_str::<Chunk<'_>>(data).ok()?)));
        match chunk {
            Some((data, chunk)) if chunk.error.is_none() => {
                if !chunk.choices.is_empty() {
                    self.head = chunk.head();
                }
                match self.chunk(data, &chunk, end, out) {
                    Cow::Borrowed(_) => out.extend_from_slice(event),
                    Cow::Owned(new) => out.extend(with_data(event, &new)),
                }
            }
            // `[DONE]`, an error, or something that we don't know: what is held comes before it.
            _ => {
                if data.is_some() || end == End::Final {
                    self.give_out(|_| true, out);
                }
                out.extend_from_slice(event);
            }
        }
    }

    /// The chunk restored; what must come before it goes to `out`.
    fn chunk<'a>(&mut self, data: &'a str, chunk: &Chunk<'_>, end: End, out: &mut Vec<u8>) -> Cow<'a, str> {
        let is_final =
            |slot: Slot| end == End::Final || chunk.choices.iter().any(|choice| choice.ends() == Some(slot.choice));
        let mut touched = BTreeSet::new();
        let mut grown = BTreeSet::new();
        let mut may_restore = !self.held.is_empty();
        json::rewrite(data, |path, part, text| {
            let slot = chunk.slot(path).filter(|_| part == Part::Text)?;
            touched.insert(slot);
            grown.extend((!text.is_empty()).then_some(slot));
            may_restore |= text.contains('[');
            None
        });
        if !may_restore {
            return Cow::Borrowed(data);
        }
        let goes_on_elsewhere = |slot: Slot| grown.iter().any(|other| other.choice == slot.choice);
        let is_left = |slot: Slot| {
            (is_final(slot) && !touched.contains(&slot)) || (goes_on_elsewhere(slot) && !grown.contains(&slot))
        };
        self.give_out(is_left, out);

        let rewritten = json::rewrite(data, |path, part, text| {
            let slot = chunk.slot(path).filter(|_| part == Part::Text)?;
            let may_hold = self.held.len() < MAX_HELD || self.held.contains_key(&slot);
            let end = if is_final(slot) || !may_hold { End::Final } else { End::Open };
            let whole = self.held.remove(&slot).unwrap_or_default() + text;
            let (restored, held) = self.restorer.restore(&whole, slot.field.inside(), end);
            if !held.is_empty() {
                self.held.insert(slot, held.to_owned());
            }
            (restored != text).then(|| json::encode(&restored))
        });
        rewritten.unwrap_or(Cow::Borrowed(data))
    }

    /// Gives out what these slots hold, as it is.
    fn give_out(&mut self, which: impl Fn(Slot) -> bool, out: &mut Vec<u8>) {
        let head = &self.head;
        self.held.retain(|slot, text| {
            let goes = which(*slot);
            if goes {
                out.extend(event(head, *slot, text));
            }
            !goes
        });
    }
}
