//! Carries a stream of events into a socket until one of the two ends.
//!
//! | end | close code | the client |
//! |---|---|---|
//! | the stream is over | 1012, service restart | comes back with `?after=` |
//! | the gate stops | 1001, going away | the same |
//! | the stream broke off, or can't be read | 1011, internal error | the same, later |
//! | the client sends more than it has to say | 1008, policy violation | has something to mend |
//! | the client is gone, silent or slow | none: nobody would hear it | |
//!
//! What if we crash? The client finds its socket broken, and comes back with the last cursor it has.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use http_body_util::BodyExt;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::sync::CancellationToken;

use super::super::OutBody;
use super::allowance::Metered;
use super::events::Events;

/// Until a client that was told 101 is there.
const UPGRADE_LIMIT: Duration = Duration::from_secs(10);
const PING: Duration = Duration::from_secs(30);
/// A client that has let two pings go by is gone.
const SILENCE: Duration = Duration::from_secs(75);
/// How long a message may take to leave.
const SLOW: Duration = Duration::from_secs(20);
/// For the client's part in a good end.
const FAREWELL: Duration = Duration::from_secs(1);
/// A client has nothing to say but pongs, and perhaps pings.
const MAX_MESSAGE: usize = 4 * 1024;
const MAX_MESSAGES: u32 = 100;
const BUFFER: usize = 8 * 1024;
/// What may wait to leave: the largest event, and pongs for a client that doesn't read them.
const MAX_WAITING: usize = 1024 * 1024;

type Socket<T> = WebSocketStream<Metered<T>>;

/// Why it ends: the code to be told, if there is somebody to hear it.
type End = Option<(CloseCode, &'static str)>;

const FLOOD: End = Some((CloseCode::Policy, "nothing is expected from you"));

/// See the module's description.
pub async fn run(upgraded: OnUpgrade, body: OutBody, stop: CancellationToken) {
    if let Ok(Ok(upgraded)) = timeout(UPGRADE_LIMIT, upgraded).await {
        converse(TokioIo::new(upgraded), body, stop).await;
    }
}

async fn converse(io: impl AsyncRead + AsyncWrite + Unpin, mut body: OutBody, stop: CancellationToken) {
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_WAITING)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let mut socket = Socket::from_raw_socket(Metered::new(io), Role::Server, Some(config)).await;
    if let Some((code, reason)) = carry(&mut socket, &mut body, stop).await {
        let frame = CloseFrame { code, reason: reason.into() };
        // The stream is held until this has left: a gate that stops waits for its instance.
        if let Ok(Ok(())) = timeout(FAREWELL, socket.close(Some(frame))).await {
            let _ = timeout(FAREWELL, async { while let Some(Ok(_)) = socket.next().await {} }).await;
        }
    }
}

async fn carry<T: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Socket<T>,
    body: &mut OutBody,
    stop: CancellationToken,
) -> End {
    let over = socket.get_ref().over();
    let mut events = Events::default();
    let mut pings = interval_at(Instant::now() + PING, PING);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut heard, mut said) = (Instant::now(), 0);
    loop {
        let messages = tokio::select! {
            biased;
            () = stop.cancelled() => return Some((CloseCode::Away, "the gate stops")),
            () = over.cancelled() => return FLOOD,
            message = socket.next() => {
                match message {
                    Some(Err(Error::Capacity(_))) => return FLOOD,
                    None | Some(Err(_)) => return None,
                    Some(Ok(Message::Text(_) | Message::Binary(_))) => said += 1,
                    Some(Ok(_)) => {}
                }
                if said > MAX_MESSAGES {
                    return FLOOD;
                }
                socket.get_mut().message();
                heard = Instant::now();
                continue;
            }
            _ = pings.tick() => {
                if heard.elapsed() >= SILENCE {
                    return None;
                }
                vec![Message::Ping(Default::default())]
            }
            frame = body.frame() => {
                let frame = match frame {
                    None => return Some((CloseCode::Restart, "come back with ?after=")),
                    Some(Err(_)) => return Some((CloseCode::Error, "the stream broke off")),
                    Some(Ok(frame)) => frame,
                };
                let bytes = frame.data_ref().map(|bytes| &bytes[..]).unwrap_or_default();
                match events.take(bytes) {
                    Ok(messages) => messages.into_iter().map(Message::text).collect(),
                    Err(_) => return Some((CloseCode::Error, "the stream can't be read")),
                }
            }
        };
        for message in messages {
            if !matches!(timeout(SLOW, socket.send(message)).await, Ok(Ok(()))) {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests;
