//! Bodies on their way out, each frame held back until what it depends on is durable.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body::{Body, Frame, SizeHint};
use wasmtime_wasi_http::{Error, WasiBody};

use crate::effects::Effects;
use crate::kv::KvError;

type Next = Option<Result<Frame<Bytes>, Error>>;

/// Passes a body on frame by frame; the end counts as a frame. A store that failed becomes an error of the body, which
/// aborts the connection: the receiver must not take what it has for complete.
pub struct DurableBody {
    body: WasiBody,
    effects: Arc<Effects>,
    held: Option<(Next, BoxFuture<'static, Result<(), KvError>>)>,
}

impl DurableBody {
    pub fn new(body: WasiBody, effects: Arc<Effects>) -> Self {
        Self { body, effects, held: None }
    }
}

impl Body for DurableBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Next> {
        if self.held.is_none() {
            let next = ready!(Pin::new(&mut self.body).poll_frame(cx));
            if self.effects.is_settled() {
                return Poll::Ready(next);
            }
            let effects = self.effects.clone();
            self.held = Some((next, Box::pin(async move { effects.settled().await })));
        }
        let Some((_, settled)) = &mut self.held else {
            return Poll::Ready(None);
        };
        let outcome = ready!(settled.as_mut().poll(cx));
        let next = self.held.take().and_then(|(next, _)| next);
        Poll::Ready(match outcome {
            Ok(()) => next,
            Err(error) => Some(Err(Error::InternalError(Some(error.to_string())))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_none() && self.body.is_end_stream() && self.effects.is_settled()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.held {
            // The held frame has left the inner body's account.
            Some(_) => SizeHint::default(),
            None => self.body.size_hint(),
        }
    }
}
