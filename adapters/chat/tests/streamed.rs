//! How a stream ends, whatever the vendor.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use adapter::{Meter, SseEvent, Usage};
use chat::{Next, ReadEvents, Streamed};

/// Passes data on; `end` is the last event, `bad` an error. `closes` says whether the stream may end without one.
struct Echo {
    closes: bool,
}

impl ReadEvents for Echo {
    fn event(&mut self, event: &SseEvent, out: &mut Vec<u8>) -> Result<Next, String> {
        match event.data.as_slice() {
            b"bad" => return Err("bad".to_owned()),
            b"end" => return Ok(Next::Done),
            data => out.extend_from_slice(data),
        }
        Ok(Next::More)
    }

    fn close(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        out.extend_from_slice(b"closed");
        if self.closes { Ok(()) } else { Err("short".to_owned()) }
    }

    fn usage(&self) -> Usage {
        Usage::Unknown
    }
}

#[test]
fn endings() {
    // (the stream, whether it may just stop, what is passed on; `None` where it fails)
    let rows = [
        ("data: a\n\ndata: end\n\ndata: b\n\n", false, Some("a")),
        ("data: a\n\ndata: b\n\n", true, Some("abclosed")),
        ("data: a\n\ndata: b\n\n", false, None),
        ("data: a\n\ndata: b", true, None),
        ("data: a\n\ndata: b\n", true, None),
        ("data: bad\n\ndata: end\n\n", true, None),
        ("<html>\n", true, None),
        ("", true, Some("closed")),
    ];
    for (stream, closes, expected) in rows {
        let mut meter = Streamed::new(Echo { closes });
        let passed = meter.push(stream.as_bytes()).and_then(|mut out| {
            out.extend(meter.end()?);
            Ok(out)
        });
        assert_eq!(passed.as_deref().ok(), expected.map(str::as_bytes), "{stream:?}");
        if passed.is_err() {
            assert!(meter.push(b"data: a\n\n").is_err() && meter.end().is_err(), "{stream:?}: a failure stays");
        } else {
            assert_eq!(meter.push(b"data: a\n\n"), Ok(vec![]), "{stream:?}: nothing comes after the end");
            assert_eq!(meter.end(), Ok(vec![]), "{stream:?}: there is one end");
        }
    }
}
