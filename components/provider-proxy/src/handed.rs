//! A body in one piece, and what comes after it: done once the host has taken the whole answer, or nobody wants it any more.
//!
//! What is written to the store before an answer has left holds that answer back until it is durable. A settlement needn't:
//! so it comes after. What if we crash in between? The reaper charges the permit in full.

use std::{
    convert::Infallible,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// See the module's description.
pub struct Handed<F: FnOnce() + Unpin> {
    bytes: Bytes,
    then: Option<F>,
}

impl<F: FnOnce() + Unpin> Handed<F> {
    pub fn new(bytes: Bytes, then: F) -> Self {
        Self { bytes, then: Some(then) }
    }
}

impl<F: FnOnce() + Unpin> Body for Handed<F> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}

impl<F: FnOnce() + Unpin> Drop for Handed<F> {
    fn drop(&mut self) {
        if let Some(then) = self.then.take() {
            then();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, rc::Rc};

    use futures::executor::block_on;
    use http_body_util::BodyExt;

    use super::*;

    #[test]
    fn what_comes_after_comes_once_and_not_before() {
        let check = |text: &'static str, read: bool| {
            let done = Rc::new(Cell::new(0));
            let counted = done.clone();
            let mut body = Handed::new(Bytes::from_static(text.as_bytes()), move || counted.set(counted.get() + 1));
            assert_eq!(body.size_hint().exact(), Some(text.len() as u64));
            if read {
                let whole = block_on((&mut body).collect()).unwrap().to_bytes();
                assert_eq!(whole, text);
            }
            assert_eq!(done.get(), 0, "{text}: the answer is still there");
            drop(body);
            assert_eq!(done.get(), 1, "{text}");
        };
        check("answer", true);
        check("answer", false);
        check("", true);
    }
}
