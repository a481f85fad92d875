//! Cuts a stream of server-sent events into events without changing a byte, and puts new data into one.
//!
//! Source: WHATWG HTML, section 9.2. Other than a reader of events, this keeps comments, ids and unknown fields.

use std::mem::take;

/// The largest event that is held. A larger one passes through as it comes.
const MAX_EVENT_BYTES: usize = 1024 * 1024;

/// A stretch of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A whole event, with the blank line that ends it.
    Event(Vec<u8>),
    /// Bytes to pass on: a line feed that belongs to what came before, or a part of an event too large.
    Raw(Vec<u8>),
}

#[derive(Debug, Clone, Default)]
pub struct Cutter {
    held: Vec<u8>,
    /// The current line has at least one byte.
    is_in_line: bool,
    after_cr: bool,
    /// The event is too large: its bytes are not held.
    is_too_large: bool,
}

impl Cutter {
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for byte in bytes {
            let belongs_to_cr = take(&mut self.after_cr) && *byte == b'\n';
            self.after_cr = *byte == b'\r';
            self.held.push(*byte);
            let ends_line = matches!(byte, b'\n' | b'\r');
            let ends_event = ends_line && !belongs_to_cr && !self.is_in_line;
            if !belongs_to_cr {
                self.is_in_line = !ends_line;
            }
            if ends_event {
                let held = take(&mut self.held);
                pieces.push(if take(&mut self.is_too_large) { Piece::Raw(held) } else { Piece::Event(held) });
            } else if belongs_to_cr && self.held.len() == 1 {
                // The event ended with the CR before.
                pieces.push(Piece::Raw(take(&mut self.held)));
            } else if self.held.len() >= MAX_EVENT_BYTES {
                self.is_too_large = true;
                pieces.push(Piece::Raw(take(&mut self.held)));
            }
        }
        if self.is_too_large && !self.held.is_empty() {
            pieces.push(Piece::Raw(take(&mut self.held)));
        }
        pieces
    }

    /// What no blank line has ended.
    pub fn end(&mut self) -> Vec<u8> {
        take(&mut self.held)
    }
}

/// The event's data lines, joined; `None` without any.
pub fn data(event: &[u8]) -> Option<Vec<u8>> {
    let lines = lines(event).filter_map(|line| value(line.0));
    lines.map(<[u8]>::to_vec).reduce(|mut data, line| {
        data.push(b'\n');
        data.extend(line);
        data
    })
}

/// The event with other data, which has no line breaks that matter: JSON.
pub fn with_data(event: &[u8], new: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(event.len().saturating_add(new.len()));
    let mut is_written = false;
    for (line, ending) in lines(event) {
        if value(line).is_none() {
            out.extend_from_slice(line);
            out.extend_from_slice(ending);
        } else if !is_written {
            is_written = true;
            out.extend_from_slice(b"data: ");
            out.extend(new.bytes().map(|byte| if byte == b'\n' { b' ' } else { byte }));
            out.extend_from_slice(ending);
        }
    }
    out
}

/// Lines with their endings.
fn lines(event: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = event;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let length = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
        let (line, after) = rest.split_at(length);
        let ending = usize::from(!after.is_empty()).saturating_add(usize::from(after.starts_with(b"\r\n")));
        let (ending, after) = after.split_at(ending.min(after.len()));
        rest = after;
        Some((line, ending))
    })
}

/// The value of a data line.
fn value(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
    let value = if line == b"data" { b"" } else { line.strip_prefix(b"data:")? };
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests may panic")]

    use super::*;

    /// The pieces, with raw bytes that touch joined: where those are cut does not matter.
    fn cut(chunks: &[&[u8]]) -> Vec<(bool, String)> {
        let mut cutter = Cutter::default();
        let mut seen: Vec<(bool, String)> = Vec::new();
        for piece in chunks.iter().flat_map(|chunk| cutter.push(chunk)).collect::<Vec<_>>() {
            let (is_event, bytes) = match piece {
                Piece::Event(bytes) => (true, bytes),
                Piece::Raw(bytes) => (false, bytes),
            };
            seen.push((is_event, String::from_utf8_lossy(&bytes).into_owned()));
        }
        seen.push((false, String::from_utf8_lossy(&cutter.end()).into_owned()));
        seen.retain(|(_, text)| !text.is_empty());
        seen
    }

    #[test]
    fn events_are_cut_at_every_boundary() {
        let rows: [(&str, &[&str]); 7] = [
            ("data: a\n\ndata: b\n\n", &["!data: a\n\n", "!data: b\n\n"]),
            ("data: a\r\n\r\ndata: b\r\n\r\n", &["!data: a\r\n\r", "\n", "!data: b\r\n\r", "\n"]),
            ("data: a\r\rdata: b\r\r", &["!data: a\r\r", "!data: b\r\r"]),
            (": c\n\n\ndata: é\n\n", &["!: c\n\n", "!\n", "!data: é\n\n"]),
            ("data: a\r\n\ndata: b", &["!data: a\r\n\n", "data: b"]),
            ("data: a\n", &["data: a\n"]),
            ("", &[]),
        ];
        for (stream, expected) in rows {
            let expected: Vec<(bool, String)> = expected
                .iter()
                .map(|piece| (piece.starts_with('!'), piece.trim_start_matches('!').to_owned()))
                .collect();
            let bytes = stream.as_bytes();
            for place in 0..=bytes.len() {
                assert_eq!(cut(&[&bytes[..place], &bytes[place..]]), expected, "{stream:?} cut at {place}");
            }
        }
    }

    #[test]
    fn data_is_read_and_replaced() {
        let rows = [
            ("data: a\n\n", Some("a"), "data: X Y\n\n"),
            ("id: 1\r\ndata:a\r\ndata: b\r\n: c\r\n\r", Some("a\nb"), "id: 1\r\ndata: X Y\r\n: c\r\n\r"),
            ("data\n\n", Some(""), "data: X Y\n\n"),
            (": data: a\n\n", None, ": data: a\n\n"),
            ("database: a\n\n", None, "database: a\n\n"),
            ("data: a", Some("a"), "data: X Y"),
        ];
        for (event, expected, replaced) in rows {
            assert_eq!(data(event.as_bytes()).as_deref(), expected.map(str::as_bytes), "{event:?}");
            assert_eq!(with_data(event.as_bytes(), "X\nY"), replaced.as_bytes(), "{event:?}");
        }
    }

    #[test]
    fn an_event_too_large_is_not_held() {
        let mut cutter = Cutter::default();
        let large = vec![b'x'; MAX_EVENT_BYTES];
        assert_eq!(cutter.push(&large), [Piece::Raw(large.clone())]);
        assert_eq!(cutter.push(b"y\n"), [Piece::Raw(b"y\n".to_vec())]);
        assert_eq!(cutter.push(b"\ndata: a\n\n"), [Piece::Raw(b"\n".to_vec()), Piece::Event(b"data: a\n\n".to_vec())]);
    }
}
