//! Finds personal data in a text, in one pass from left to right.
//!
//! E-mail addresses first; between them, at each place where a word or number begins, every scanner looks ahead a
//! bounded number of bytes. So the time is proportional to the text's length, whatever the text is.

mod card;
mod email;
mod national_id;
mod phone;
mod run;
#[cfg(test)]
mod tests;
mod text;

use std::ops::Range;

use crate::kind::{Kind, Kinds};
use run::Run;
use text::{Text, is_word};

/// Where some personal data is; always between characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub kind: Kind,
    pub range: Range<usize>,
}

/// What is found, in order and apart from each other.
pub fn find(text: &str, kinds: Kinds) -> Vec<Found> {
    let emails = if kinds.has(Kind::Email) { email::find(text) } else { Vec::new() };
    let mut found = Vec::new();
    let mut from = 0;
    for range in emails {
        find_numbers(text, from..range.start, kinds, &mut found);
        from = range.end;
        found.push(Found { kind: Kind::Email, range });
    }
    find_numbers(text, from..text.len(), kinds, &mut found);
    found
}

/// Replaces what is found by what `replace` says.
pub fn replace(text: &str, found: &[Found], mut replace: impl FnMut(Kind, &str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for Found { kind, range } in found {
        out.push_str(text.get(from..range.start).unwrap_or_default());
        out.push_str(&replace(*kind, text.get(range.clone()).unwrap_or_default()));
        from = range.end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

/// Finds all but e-mail addresses within `room`. The scanners see the whole text, so that what touches counts.
fn find_numbers(text: &str, room: Range<usize>, kinds: Kinds, found: &mut Vec<Found>) {
    let text = Text::new(text);
    let mut place = room.start;
    while place < room.end {
        if let Some((kind, end)) = number_at(text, place, kinds).filter(|(_, end)| *end <= room.end) {
            found.push(Found { kind, range: place..end });
            place = end;
        } else if is_uuid(text, place) {
            place = place.saturating_add(UUID_BYTES);
        } else {
            place = text.word_end(place).max(place.saturating_add(1));
        }
    }
}

fn number_at(text: Text<'_>, place: usize, kinds: Kinds) -> Option<(Kind, usize)> {
    let byte = text.at(place);
    let may_start = is_word(byte) || matches!(byte, b'+' | b'(');
    if !may_start || is_word(text.before(place, 1)) || is_uuid(text, place) {
        return None;
    }
    let run = byte.is_ascii_digit().then(|| Run::read(text, place));
    if run.as_ref().is_some_and(Run::is_short) {
        return None;
    }
    let card = || run.as_ref().and_then(|run| card::at(text, run));
    let national_id = || national_id::at(text, place, run.as_ref());
    let phone = || phone::at(text, place, run.as_ref());
    let look = |kind, at: &dyn Fn() -> Option<usize>| kinds.has(kind).then(at).flatten().map(|end| (kind, end));
    look(Kind::Card, &card).or_else(|| look(Kind::NationalId, &national_id)).or_else(|| look(Kind::Phone, &phone))
}

const UUID_BYTES: usize = 36;

/// Whether a UUID begins here: its groups may be digits alone, and are nobody's number.
fn is_uuid(text: Text<'_>, place: usize) -> bool {
    text.after(place, 8) == b'-'
        && (0..UUID_BYTES).all(|offset| {
            let byte = text.after(place, offset);
            if matches!(offset, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() }
        })
        && !is_word(text.after(place, UUID_BYTES))
}
