//! A body of which the first frames have been read already.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use wasmtime_wasi_http::Error;

type Next = Result<Frame<Bytes>, Error>;

/// The frames already read, then the rest. What it holds is dropped with its end.
pub struct Continued<B, H> {
    frames: VecDeque<Next>,
    rest: B,
    hold: Option<H>,
}

impl<B, H> Continued<B, H> {
    pub fn new(frames: VecDeque<Next>, rest: B, hold: Option<H>) -> Self {
        Self { frames, rest, hold }
    }
}

impl<B, H> Body for Continued<B, H>
where
    B: Body<Data = Bytes, Error = Error> + Unpin,
    H: Unpin,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Next>> {
        if let Some(frame) = self.frames.pop_front() {
            return Poll::Ready(Some(frame));
        }
        let next = std::task::ready!(Pin::new(&mut self.rest).poll_frame(cx));
        if !matches!(next, Some(Ok(_))) || self.rest.is_end_stream() {
            self.hold = None;
        }
        Poll::Ready(next)
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let ready: u64 =
            self.frames.iter().filter_map(|frame| frame.as_ref().ok()?.data_ref()).map(|data| data.len() as u64).sum();
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(ready + rest.lower());
        if let Some(upper) = rest.upper() {
            hint.set_upper(ready + upper);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http_body_util::{BodyExt, Full};

    use super::*;

    #[tokio::test]
    async fn what_it_holds_goes_with_the_last_frame() {
        let held = Arc::new(());
        let rest = Full::from("rest").map_err(|never| match never {});
        let first = VecDeque::from([Ok(Frame::data(Bytes::from("first")))]);
        let mut body = Continued::new(first, rest, Some(held.clone()));
        assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(9), false));
        for (text, holders, end) in [("first", 2, false), ("rest", 1, true)] {
            let frame = body.frame().await.unwrap().unwrap();
            assert_eq!(frame.into_data().unwrap(), text);
            assert_eq!((Arc::strong_count(&held), body.is_end_stream()), (holders, end), "after {text}");
        }
        assert!(body.frame().await.is_none());
    }
}
