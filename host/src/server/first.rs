//! The beginning of a body, waited for a moment: what is there by then leaves in one packet with the head.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Frame;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::Error;

use super::body::DurableBody;

/// How long a head waits for the body.
const MOMENT: Duration = Duration::from_millis(2);
/// A body longer than this is passed on in pieces.
const SHORT: usize = 64 * 1024;

/// What is there of a body.
pub enum First {
    /// The body has ended, with nothing but these bytes.
    Whole(Bytes),
    /// There is, or may be, more.
    Part(VecDeque<Result<Frame<Bytes>, Error>>),
}

/// Waits a moment for the body; of a stream only for its first frame. Where `length` is known, nothing is waited for behind
/// the last byte.
pub async fn first_frames(body: &mut DurableBody, stream: bool, length: Option<u64>) -> First {
    let deadline = Instant::now() + MOMENT;
    let mut frames = VecDeque::new();
    let mut read: usize = 0;
    loop {
        let next = match timeout_at(deadline, body.frame()).await {
            Err(_) => return First::Part(frames),
            Ok(next) => next,
        };
        match next {
            None => return whole(frames),
            Some(Ok(frame)) if frame.is_data() => {
                read += frame.data_ref().map_or(0, Bytes::len);
                frames.push_back(Ok(frame));
            }
            // Trailers or an error: both belong behind the head, in their own place.
            Some(other) => {
                frames.push_back(other);
                return First::Part(frames);
            }
        }
        if length.is_some_and(|length| u64::try_from(read).is_ok_and(|read| read == length)) {
            return whole(frames);
        }
        if read > SHORT || stream {
            return First::Part(frames);
        }
    }
}

fn whole(frames: VecDeque<Result<Frame<Bytes>, Error>>) -> First {
    let mut data = frames.into_iter().filter_map(|frame| frame.ok()?.into_data().ok());
    let Some(first) = data.next() else {
        return First::Whole(Bytes::new());
    };
    let mut rest = data.peekable();
    if rest.peek().is_none() {
        return First::Whole(first);
    }
    let mut joined = BytesMut::from(&first[..]);
    for bytes in rest {
        joined.extend_from_slice(&bytes);
    }
    First::Whole(joined.freeze())
}
