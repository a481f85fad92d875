//! Takes bodies in before their requests take a place: a client that sends slowly holds up nobody but itself.
//!
//! A small body is read completely; a large one stays on the wire, and its request needs a place to receive it.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tokio::time::timeout;
use wasmtime_wasi_http::{Error, WasiBody};

use super::arrivals::Arrivals;
use super::continued::Continued;
use super::errors::Refusal;
use super::request::{BodyWatch, drain};

/// The largest body that is read before its request takes a place, in bytes.
const SMALL: usize = 64 * 1024;
/// A body that is there within this time doesn't count as arriving: what a proxy has buffered comes at once.
const MOMENT: Duration = Duration::from_millis(100);

/// Reads a small body, or the beginning of a large one. `client` is whom an arriving body counts for; `None` is nobody.
///
/// # Errors
/// The body has a fault, or too many are arriving.
pub async fn take_in(
    request: Request<WasiBody>,
    watch: &BodyWatch,
    arrivals: &Arc<Arrivals>,
    client: Option<IpAddr>,
) -> Result<Request<WasiBody>, Refusal> {
    if request.body().is_end_stream() {
        return Ok(request);
    }
    let (head, mut body) = request.into_parts();
    let fault = |_: Error| match watch.seen() {
        Some(fault) => Refusal::from(fault),
        None => Refusal::invalid("body", "the request body is malformed"),
    };
    let mut start = Start::default();
    let quick = timeout(MOMENT, start.read(&mut body)).await;
    let mut ticket = None;
    if !matches!(quick, Ok(Ok(Extent::Whole) | Err(_))) {
        ticket = match client.map(|client| arrivals.enter(client)).transpose() {
            Ok(ticket) => ticket,
            Err(refusal) => {
                drain(body);
                return Err(refusal);
            }
        };
    }
    let extent = match quick {
        Ok(extent) => extent,
        Err(_) => start.read(&mut body).await,
    };
    if extent.map_err(fault)? == Extent::Whole {
        body = WasiBody::default();
        ticket = None;
    }
    let body = Continued::new(start.into_frames(), body, ticket).boxed_unsync();
    Ok(Request::from_parts(head, body))
}

/// How much of a body has been read.
#[derive(Debug, PartialEq, Eq)]
enum Extent {
    Whole,
    /// It isn't small.
    Part,
}

/// What has been read. Copied: a small frame may be part of a large buffer, and would keep it.
#[derive(Default)]
struct Start {
    data: BytesMut,
    trailers: Option<HeaderMap>,
}

impl Start {
    /// Goes on reading until the end, or until it is clear that the body isn't small. May be dropped and called again.
    async fn read(&mut self, body: &mut WasiBody) -> Result<Extent, Error> {
        while self.is_small_with(body.size_hint().lower()) {
            let Some(frame) = body.frame().await.transpose()? else {
                return Ok(Extent::Whole);
            };
            match frame.into_data() {
                Ok(data) => self.data.extend_from_slice(&data),
                Err(frame) => self.trailers = frame.into_trailers().ok(),
            }
        }
        Ok(Extent::Part)
    }

    fn is_small_with(&self, more: u64) -> bool {
        usize::try_from(more).is_ok_and(|more| self.data.len().saturating_add(more) <= SMALL)
    }

    fn into_frames(self) -> VecDeque<Result<Frame<Bytes>, Error>> {
        let data = Some(self.data).filter(|data| !data.is_empty()).map(|data| Frame::data(data.freeze()));
        data.into_iter().chain(self.trailers.map(Frame::trailers)).map(Ok).collect()
    }
}
