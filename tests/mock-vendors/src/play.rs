//! Plays an answer piece by piece, with the faults that concern its body.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use serde_json::Value;

use crate::fault::Fault;
use crate::record::Tracker;

/// An answer as it would go out if nothing went wrong.
pub struct Script {
    pub headers: Vec<(&'static str, String)>,
    /// Each piece is a write of its own.
    pub pieces: Vec<Piece>,
    /// An endless answer repeats the pieces from here on.
    pub repeat_from: usize,
}

/// A pause, then bytes.
pub struct Piece {
    pub pause: Duration,
    pub bytes: Bytes,
}

/// An answer in one piece.
pub fn json(status: u16, body: Value, fault: &Fault, tracker: Tracker) -> Response<Body> {
    json_with(status, Vec::new(), body, fault, tracker)
}

/// The same with more headers.
pub fn json_with(
    status: u16,
    mut headers: Vec<(&'static str, String)>,
    body: Value,
    fault: &Fault,
    tracker: Tracker,
) -> Response<Body> {
    let bytes = Bytes::from(body.to_string());
    headers.push(("content-type", "application/json".to_owned()));
    if !fault.garble && !fault.endless {
        headers.push(("content-length", bytes.len().to_string()));
    }
    let pieces = vec![Piece { pause: Duration::ZERO, bytes }];
    send(status, Script { headers, pieces, repeat_from: 0 }, fault, tracker)
}

/// Answers 200 with the script's pieces.
pub fn play(script: Script, fault: &Fault, tracker: Tracker) -> Response<Body> {
    send(200, script, fault, tracker)
}

fn send(status: u16, script: Script, fault: &Fault, tracker: Tracker) -> Response<Body> {
    tracker.status(status);
    let middle = script.pieces.len() / 2;
    let player = Player {
        next: 0,
        garble_at: fault.garble.then_some(middle),
        repeat: fault.endless,
        drip: fault.drip_ms.map(Duration::from_millis),
        left: fault.cut_after_bytes,
        pieces: script.pieces,
        repeat_from: script.repeat_from,
        tracker: Some(tracker),
    };
    let mut response = Response::new(Body::from_stream(stream::unfold(player, Player::step)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    for (name, value) in script.headers {
        let value = match (&fault.content_type, name) {
            (Some(other), "content-type") => other.clone(),
            _ => value,
        };
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    if let Some(seconds) = fault.retry_after {
        response.headers_mut().insert("retry-after", HeaderValue::from(seconds));
    }
    response
}

struct Player {
    pieces: Vec<Piece>,
    next: usize,
    repeat: bool,
    repeat_from: usize,
    garble_at: Option<usize>,
    drip: Option<Duration>,
    /// Bytes until the connection breaks.
    left: Option<u64>,
    /// Given up at the end; dropped with the player, it notes that the client has left.
    tracker: Option<Tracker>,
}

impl Player {
    async fn step(mut self) -> Option<(Result<Bytes, std::io::Error>, Self)> {
        if self.left == Some(0) {
            // Time for the bytes before the cut to go out; an error throws away what hasn't been written yet.
            tokio::time::sleep(Duration::from_millis(5)).await;
            self.tracker.take()?.break_off();
            return Some((Err(std::io::Error::other("cut, as asked")), self));
        }
        if self.next >= self.pieces.len() && self.repeat && self.repeat_from < self.pieces.len() {
            self.next = self.repeat_from;
        }
        let Some(piece) = self.pieces.get(self.next) else {
            // No pieces at all, or the last one has gone out and the call is noted as finished.
            self.tracker.take()?.finish();
            return None;
        };
        let mut bytes = piece.bytes.clone();
        let pause = self.drip.unwrap_or(piece.pause);
        if self.garble_at == Some(self.next) {
            bytes = Bytes::from_static(b"\x00\xff{]garbled\n\n\xfe");
        }
        if pause.is_zero() {
            // Lets the last piece go out as a write of its own.
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(pause).await;
        }
        if let Some(left) = self.left.as_mut() {
            bytes.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= bytes.len() as u64;
        }
        self.next += 1;
        self.tracker.as_ref()?.sent(bytes.len());
        // The server doesn't ask again once it has as many bytes as the head promised.
        if self.next == self.pieces.len() && !self.repeat && self.left.is_none_or(|left| left > 0) {
            self.tracker.take()?.finish();
        }
        Some((Ok(bytes), self))
    }
}
