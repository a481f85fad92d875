//! The body of a vendor's answer, read piece by piece; no wait is longer than its bound.

use std::time::{Duration, Instant};

use bytes::Bytes;
use shell::{Kind, Problem};
use spin_sdk::wasip3::{
    http::types::{ErrorCode, Response, Trailers},
    wit_bindgen::{FutureReader, FutureWriter, StreamReader, StreamResult},
    wit_future,
};

use super::{timer::Timer, upstream::timeout};

/// How long a vendor may stay silent within an answer.
const BETWEEN_BYTES: Duration = Duration::from_secs(30);
/// How long an answer that is read as a whole may take from its head on: a drip must not outlast the host's patience.
const WHOLE: Duration = Duration::from_secs(40);
/// The same of an error answer, of which the status says enough.
const WHOLE_ERROR: Duration = Duration::from_secs(5);
/// How much of an error answer is read.
const MAX_ERROR_BYTES: u64 = 64 * 1024;
/// The most that is read at a time.
const PIECE_BYTES: usize = 16 * 1024;

/// See the module's description. Dropping it ends the vendor's call.
pub struct Body {
    stream: StreamReader<u8>,
    /// How the body ended, which is known after its last byte.
    ended: Option<FutureReader<Result<Option<Trailers>, ErrorCode>>>,
    /// What the head says is still to come, if it says how much it is.
    left: Option<u64>,
    timer: Timer,
    /// The vendor hears whether its answer was taken when this is dropped.
    _taken: FutureWriter<Result<(), ErrorCode>>,
}

impl Body {
    /// The body of a response whose head says that it has so many bytes. Its waits use the timer of the call.
    pub fn new(response: Response, length: Option<u64>, timer: Timer) -> Self {
        let (taken, reader) = wit_future::new(|| Ok(()));
        let (stream, ended) = Response::consume_body(response, reader);
        Self { stream, ended: Some(ended), left: length, timer, _taken: taken }
    }

    /// The next bytes; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        self.next_within(BETWEEN_BYTES).await
    }

    /// All of an answer of at most `limit` bytes.
    pub async fn whole(&mut self, limit: u64) -> Result<Bytes, Problem> {
        self.gathered(limit, WHOLE).await
    }

    /// What there is of an error answer; failing to read it is no reason to fail otherwise.
    pub async fn of_error(&mut self) -> Bytes {
        self.gathered(MAX_ERROR_BYTES, WHOLE_ERROR).await.unwrap_or_default()
    }

    async fn gathered(&mut self, limit: u64, patience: Duration) -> Result<Bytes, Problem> {
        let begun = Instant::now();
        let (mut first, mut more) = (Bytes::new(), Vec::new());
        loop {
            let left = patience.saturating_sub(begun.elapsed());
            let Some(piece) = self.next_within(left.min(BETWEEN_BYTES)).await? else { break };
            if (first.len() + more.len() + piece.len()) as u64 > limit {
                let message = "The vendor's answer is too large.";
                return Err(Problem::new(Kind::VendorError, "vendor_answer_too_large", message));
            }
            // Most answers are one piece, which needn't be copied.
            if first.is_empty() {
                first = piece;
            } else {
                more.extend_from_slice(&piece);
            }
        }
        Ok(if more.is_empty() { first } else { [first.as_ref(), &more].concat().into() })
    }

    async fn next_within(&mut self, limit: Duration) -> Result<Option<Bytes>, Problem> {
        // All that was announced is there: its end needn't be waited for.
        if self.left == Some(0) {
            return Ok(None);
        }
        let most = self.left.and_then(|left| usize::try_from(left).ok()).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
        let reading = self.stream.read(Vec::with_capacity(most));
        let (result, piece) = self.timer.within(limit, reading).await.ok_or_else(timeout)?;
        if matches!(result, StreamResult::Complete(_)) {
            self.left = self.left.map(|left| left.saturating_sub(piece.len() as u64));
            return Ok(Some(piece.into()));
        }
        let Some(ended) = self.ended.take() else { return Ok(None) };
        match self.timer.within(limit, ended.into_future()).await.ok_or_else(timeout)? {
            Ok(_) => Ok(None),
            Err(code) => {
                shell::warn!("vendor_answer", error = format!("{code:?}"));
                Err(Problem::new(Kind::VendorError, "vendor_answer_cut", "The vendor's answer ended early."))
            }
        }
    }
}
