//! A feed as server-sent events, as it goes on.
//!
//! What if we crash, or the connection breaks? The client comes back with the last id it has seen, and goes on there.

use std::time::Duration;

use bytes::Bytes;
use calendar::{MINUTE, Millis, SECOND};
use events::Event;
use futures::{SinkExt, channel::mpsc};
use http_body::Frame;
use http_body_util::StreamBody;
use kv_schemas::StoreError;
use shell::{KeyValue, Reply, host};
use spin_sdk::http::box_body;

use crate::{
    access::{Credential, Scope},
    silence::{HEARTBEAT_MS, Silence},
    ticket::Ticket,
};

/// How long a stream lasts: less than what a host gives an answer, so that it ends well.
const MAX_MS: u64 = 10 * MINUTE - 15 * SECOND;
/// How often the store is asked for more.
const POLL: Duration = Duration::from_millis(500);
/// How long a stream waits for the event that says that its session ended.
const FAREWELL_MS: u64 = 15 * SECOND;
/// How soon a client may come back.
const RETRY_MS: u64 = 2 * SECOND;
const BATCH: usize = 50;

type Client = mpsc::Sender<Result<Frame<Bytes>, anyhow::Error>>;

/// Why a stream ends.
enum End {
    Gone,
    Over,
    Store(StoreError),
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Tells what comes after place `from`.
///
/// # Errors
/// The store can't be reached.
pub fn open(store: KeyValue, scope: Scope, credential: Credential, from: u64) -> Result<Reply, StoreError> {
    let ticket = Ticket::draw(&store, &scope, host::now())?;
    let (client, chunks) = mpsc::channel(0);
    let reply = Reply::stream(200, "text/event-stream", box_body(StreamBody::new(chunks)))
        // A proxy on the way must not keep events until it has enough of them.
        .with("x-accel-buffering", "no");
    spin_sdk::wasip3::spawn(async move {
        let mut stream = Stream { store, scope, credential, ticket, client, place: from, farewell: None };
        if let End::Store(error) = stream.run().await {
            shell::warn!("store", error = error);
        }
    });
    Ok(reply)
}

struct Stream {
    store: KeyValue,
    scope: Scope,
    credential: Credential,
    ticket: Ticket,
    client: Client,
    /// The last place that is told, or passed over.
    place: u64,
    /// Since when the session is over.
    farewell: Option<Millis>,
}

impl Stream {
    async fn run(&mut self) -> End {
        match self.tell_all().await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn tell_all(&mut self) -> Result<std::convert::Infallible, End> {
        let started = host::now();
        let (mut silence, mut asked) = (Silence::since(started), started);
        self.send(format!("retry: {RETRY_MS}\n\n")).await?;
        loop {
            let now = host::now();
            let (told, more) = self.tell_new(now).await?;
            if told {
                silence = Silence::since(now);
            } else if let Some(sign) = silence.ends(now, self.place) {
                self.send(sign).await?;
            }
            if now.since(asked) >= HEARTBEAT_MS {
                asked = now;
                if self.farewell.is_none() && !self.credential.is_good() && self.credential.goes_on() {
                    return Err(End::Over);
                }
            }
            let waited = self.farewell.is_some_and(|since| now.since(since) >= FAREWELL_MS);
            if waited || now.since(started) >= MAX_MS || self.ticket.is_replaced(&self.store)? {
                return Err(End::Over);
            }
            if more {
                continue;
            }
            spin_sdk::time::sleep(POLL).await;
            // What was said last has not been taken: who would wait for the next to fail holds an instance meanwhile.
            if self.client.is_closed() {
                return Err(End::Gone);
            }
            if self.farewell.is_none() && !self.credential.goes_on() {
                self.farewell = Some(host::now());
            }
        }
    }

    /// Whether there was something to tell, and whether there is more behind.
    async fn tell_new(&mut self, now: Millis) -> Result<(bool, bool), End> {
        let page = events::read(&self.store, &self.scope.tenant, self.place, BATCH)?;
        if page.waits {
            events::feed::settle(&self.store, &self.scope.tenant, now)?;
        }
        let mut told_any = false;
        for (place, event) in &page.events {
            if self.scope.sees(event) {
                self.send(told(*place, event)).await?;
                told_any = true;
                if self.scope.session.is_some() && event.kind == "session.ended" {
                    return Err(End::Over);
                }
            }
        }
        self.place = page.next;
        Ok((told_any, page.events.len() == BATCH))
    }

    async fn send(&mut self, text: String) -> Result<(), End> {
        self.client.send(Ok(Frame::data(text.into()))).await.map_err(|_| End::Gone)
    }
}

fn told(place: u64, event: &Event) -> String {
    // JSON has no line breaks of its own, and kinds are ours.
    format!("id: {place}\nevent: {}\ndata: {}\n\n", event.kind, event.told())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_one_message_whatever_is_in_it() {
        let event = Event::new("job.failed", "job_1", Millis(0), None, json!({"message": "a\n\ndata: b\r\n\u{2028}"}));
        let text = told(7, &event);
        let lines: Vec<&str> = text.split('\n').collect();
        assert_eq!((lines[0], lines[1], lines.len()), ("id: 7", "event: job.failed", 5));
        let data: serde_json::Value = serde_json::from_str(lines[2].strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(data, event.told());
        assert!(text.ends_with("\n\n") && !text.contains('\r'));
    }
}
