//! How much a client may send on a socket. It has nothing to say but pongs, so little is enough, and a flood ends soon.
//!
//! Counted are the bytes beneath the protocol: a message that never ends, in pieces without content, is one as well.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What sending costs in time: a byte, and a message beside its bytes (four a second can go on for ever).
const BYTE: Duration = Duration::from_millis(1);
const MESSAGE: Duration = Duration::from_millis(240);
/// How far a client may be ahead: 64,000 bytes, or some 260 pings, at once.
const AHEAD: Duration = Duration::from_secs(64);

/// A connection whose reading is counted. Who sends too much isn't cut off here: it is to be told why.
pub struct Metered<T> {
    io: T,
    allowance: Allowance,
    over: CancellationToken,
}

/// By the time when everything sent so far is paid for.
struct Allowance(Instant);

impl Allowance {
    /// Whether there was so much left.
    fn spend(&mut self, cost: Duration, now: Instant) -> bool {
        self.0 = self.0.max(now) + cost;
        self.0.duration_since(now) <= AHEAD
    }
}

impl<T> Metered<T> {
    pub fn new(io: T) -> Self {
        Self { io, allowance: Allowance(Instant::now()), over: CancellationToken::new() }
    }

    /// Is cancelled when there was too much.
    pub fn over(&self) -> CancellationToken {
        self.over.clone()
    }

    /// Counts a message.
    pub fn message(&mut self) {
        self.spend(MESSAGE);
    }

    fn spend(&mut self, cost: Duration) {
        if !self.allowance.spend(cost, Instant::now()) {
            self.over.cancel();
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Metered<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, buffer))?;
        let bytes = buffer.filled().len().saturating_sub(before);
        self.spend(BYTE.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX)));
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Metered<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twn_3_a_sockets_client_has_a_burst_and_gets_more_with_time() {
        let mut now = Instant::now();
        let mut allowance = Allowance(now);
        while allowance.0.duration_since(now) + MESSAGE <= AHEAD {
            assert!(allowance.spend(MESSAGE, now));
        }
        // As much as time pays for, for days.
        for _ in 0..1_000_000 {
            now += MESSAGE;
            assert!(allowance.spend(MESSAGE, now));
        }
        assert!(!allowance.spend(MESSAGE, now));
    }

    #[test]
    fn twn_3_silence_saves_up_no_more_than_a_burst() {
        let now = Instant::now();
        let mut allowance = Allowance(now);
        let later = now + Duration::from_secs(86_400);
        assert!(allowance.spend(AHEAD, later));
        assert!(!allowance.spend(BYTE, later));
    }
}
