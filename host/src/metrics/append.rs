//! The host's own numbers behind a component's, in one answer.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use wasmtime_wasi_http::Error;

use crate::server::OutBody;

/// Puts the host's own numbers behind a component's, if those are numbers.
pub fn append(response: Response<OutBody>, own: impl FnOnce() -> String) -> Response<OutBody> {
    let is_text = |kind: &http::HeaderValue| kind.as_bytes().starts_with(b"text/plain");
    if response.status() != StatusCode::OK || !response.headers().get(CONTENT_TYPE).is_some_and(is_text) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    // Empty lines mean nothing, and the component's last line may have no end.
    let own = Bytes::from(format!("\n{}", own()));
    Response::from_parts(parts, Appended { body, own: Some(own) }.boxed_unsync())
}

struct Appended {
    body: OutBody,
    /// Taken when the body has ended well.
    own: Option<Bytes>,
}

impl Body for Appended {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.own.is_none() {
            return Poll::Ready(None);
        }
        match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(Ok(frame)) if frame.is_data() => Poll::Ready(Some(Ok(frame))),
            // Trailers would have to come last.
            Some(Ok(_)) | None => Poll::Ready(self.own.take().map(|own| Ok(Frame::data(own)))),
            Some(Err(error)) => {
                self.own = None;
                Poll::Ready(Some(Err(error)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;

    #[tokio::test]
    async fn ops_1_only_numbers_get_more_numbers() {
        let check = async |status: u16, kind: &'static str, expected: &str| {
            let body = Full::from("a 1").map_err(|never| match never {}).boxed_unsync();
            let response = Response::builder().status(status).header("content-type", kind).header("content-length", 3);
            let response = append(response.body(body).unwrap(), || "b 2\n".into());
            assert_eq!(response.headers().contains_key("content-length"), expected == "a 1", "{status} {kind}");
            assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), expected, "{status} {kind}");
        };
        check(200, "text/plain; version=0.0.4", "a 1\nb 2\n").await;
        check(200, "application/json", "a 1").await;
        check(401, "text/plain", "a 1").await;
    }

    #[tokio::test]
    async fn ops_1_an_answer_that_breaks_off_stays_broken() {
        use futures::stream;
        let frames = [Ok(Frame::data(Bytes::from("a 1\n"))), Err(Error::ConnectionTerminated)];
        let body = http_body_util::StreamBody::new(stream::iter(frames)).boxed_unsync();
        let response = Response::builder().header("content-type", "text/plain").body(body).unwrap();
        let mut body = append(response, || "b 2\n".into()).into_body();
        assert!(body.frame().await.unwrap().is_ok());
        assert!(body.frame().await.unwrap().is_err());
        assert!(body.frame().await.is_none());
    }
}
