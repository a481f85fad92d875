//! Server-sent events, taken apart as they arrive.
//!
//! Source: WHATWG HTML, section 9.2 "Server-sent events". Bytes may be cut anywhere, also between CR and LF and inside
//! a character. An event without data is skipped, and an event that no blank line has closed is never given out.

use alloc::vec::Vec;
use core::mem::take;

/// The largest event: far above any vendor's, far below what would hurt the gate.
const MAX_EVENT_BYTES: usize = 1024 * 1024;

/// One event: its name (empty for the default) and its data lines, joined with a line feed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SseEvent {
    pub name: Vec<u8>,
    pub data: Vec<u8>,
}

impl SseEvent {
    /// The event in the wire form, ready to be passed on.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        if !self.name.is_empty() {
            out.extend_from_slice(b"event: ");
            out.extend_from_slice(&self.name);
            out.push(b'\n');
        }
        for line in self.data.split(|byte| *byte == b'\n') {
            out.extend_from_slice(b"data: ");
            out.extend_from_slice(line);
            out.push(b'\n');
        }
        out.push(b'\n');
    }
}

/// Why a stream can't be taken apart any further. The call ends; what was delivered is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SseError {
    /// An event is larger than 1 MiB.
    EventTooLarge,
    /// A line is no field at all. (Fields of unknown names are passed over, as the standard says; noise isn't.)
    Noise,
}

/// The parser's state: the line that is being read, and the event that its lines have built so far.
#[derive(Debug, Clone, Default)]
pub struct SseParser {
    line: Vec<u8>,
    event: SseEvent,
    has_data: bool,
    /// The last byte was CR: an LF that follows belongs to it.
    after_cr: bool,
    /// A byte order mark may precede the first line only.
    past_first_line: bool,
    broken: Option<SseError>,
}

impl SseParser {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes and gives the events they complete.
    ///
    /// # Errors
    /// [`SseError`]; every later call fails as well.
    pub fn push(&mut self, chunk: &[u8]) -> Result<Vec<SseEvent>, SseError> {
        let mut events = Vec::new();
        let mut rest = chunk;
        while let Some((&first, after_first)) = rest.split_first() {
            if take(&mut self.after_cr) && first == b'\n' {
                rest = after_first;
                continue;
            }
            let length = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
            let (text, after_text) = rest.split_at(length);
            self.grow(text)?;
            let Some((ending, after_line)) = after_text.split_first() else {
                break;
            };
            self.after_cr = *ending == b'\r';
            events.extend(self.line_done());
            rest = after_line;
        }
        self.broken.map_or(Ok(events), Err)
    }

    /// Whether an event has been begun that no blank line has closed.
    pub fn is_mid_event(&self) -> bool {
        self.has_data || !self.line.is_empty()
    }

    fn grow(&mut self, text: &[u8]) -> Result<(), SseError> {
        let held = self.line.len().saturating_add(self.event.data.len()).saturating_add(self.event.name.len());
        if let Some(error) = self.broken {
            return Err(error);
        }
        if held.saturating_add(text.len()) > MAX_EVENT_BYTES {
            *self = Self { broken: Some(SseError::EventTooLarge), ..Self::default() };
            return Err(SseError::EventTooLarge);
        }
        self.line.extend_from_slice(text);
        Ok(())
    }

    /// Takes in the finished line; gives the event if the line was the blank one that closes it.
    fn line_done(&mut self) -> Option<SseEvent> {
        let line = take(&mut self.line);
        let first = !core::mem::replace(&mut self.past_first_line, true);
        let line = line.strip_prefix(b"\xEF\xBB\xBF").filter(|_| first).unwrap_or(&line);
        if line.is_empty() {
            let event = take(&mut self.event);
            return take(&mut self.has_data).then_some(event);
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (field, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                if self.has_data {
                    self.event.data.push(b'\n');
                }
                self.has_data = true;
                self.event.data.extend_from_slice(value);
            }
            b"event" => self.event.name = value.to_vec(),
            _ if !field.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) => {
                self.broken = Some(SseError::Noise);
            }
            // `id` and `retry` steer a browser's reconnect, which a metered POST doesn't have; an empty field is a comment.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

    use super::*;
    use alloc::string::String;
    use alloc::vec;
    use alloc::{format, string::ToString};

    fn read(chunks: &[&[u8]]) -> Vec<String> {
        let mut parser = SseParser::new();
        let mut seen = Vec::new();
        for chunk in chunks {
            for event in parser.push(chunk).unwrap() {
                let text = |bytes| String::from_utf8_lossy(bytes).to_string();
                seen.push(format!("{}|{}", text(&event.name), text(&event.data)));
            }
        }
        seen
    }

    #[test]
    fn events_at_every_boundary() {
        let rows: [(&str, Vec<&str>); 12] = [
            ("data: a\n\n", vec!["|a"]),
            ("data:a\r\n\r\ndata: b\r\n\r\n", vec!["|a", "|b"]),
            ("data: a\r\rdata: b\r\r", vec!["|a", "|b"]),
            ("data: a\ndata: b\n\n", vec!["|a\nb"]),
            ("data: a\ndata\ndata: \n\n", vec!["|a\n\n"]),
            (": keep-alive\n\n: x\ndata: a\n\n", vec!["|a"]),
            ("event: ping\ndata: {}\n\ndata: y\n\n", vec!["ping|{}", "|y"]),
            ("event: lost\n\ndata: y\n\n", vec!["|y"]),
            ("id: 1\nretry: 5\nother: z\ndata: é\u{1F600}\n\n", vec!["|é\u{1F600}"]),
            ("\u{FEFF}data: a\n\n", vec!["|a"]),
            ("data:  two spaces\n\n", vec!["| two spaces"]),
            ("data: never closed\n", vec![]),
        ];
        for (stream, expected) in rows {
            let bytes = stream.as_bytes();
            for cut in 0..=bytes.len() {
                assert_eq!(read(&[&bytes[..cut], &bytes[cut..]]), expected, "{stream:?} cut at {cut}");
            }
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(read(&single), expected, "{stream:?} byte by byte");
        }
    }

    #[test]
    fn an_event_is_bounded_and_the_parser_stays_broken() {
        let mut parser = SseParser::new();
        let line = vec![b'x'; MAX_EVENT_BYTES / 2];
        parser.push(b"data: ").unwrap();
        parser.push(&line).unwrap();
        parser.push(b"\ndata: ").unwrap();
        assert_eq!(parser.push(&line), Err(SseError::EventTooLarge));
        assert_eq!(parser.push(b"\n\ndata: a\n\n"), Err(SseError::EventTooLarge));
    }

    #[test]
    fn what_is_written_reads_the_same() {
        for event in [("", "a"), ("ping", "a\nb"), ("", "")] {
            let event = SseEvent { name: event.0.into(), data: event.1.into() };
            let mut wire = Vec::new();
            event.write_to(&mut wire);
            assert_eq!(SseParser::new().push(&wire), Ok(vec![event]));
        }
    }
}
