//! The rounds: all messages that are not done with, conversation by conversation, within a bound of time.

use std::{collections::BTreeMap, pin::pin, time::Duration};

use calendar::{MINUTE, Millis, SECOND};
use futures::{
    FutureExt, SinkExt, StreamExt,
    channel::mpsc,
    future::{Either, select},
    stream,
};
use http_body::Frame;
use http_body_util::StreamBody;
use kv_schemas::{StoreError, Value, families, sweep};
use messaging::{Conversation, Listed};
use serde_json::json;
use shell::{Call, KeyValue, Problem, Reply, host, offline};
use spin_sdk::http::box_body;

use super::work::{self, Progress};
use crate::caller::operator;

/// Messages that one round looks at.
const BATCH: usize = 1_000;
/// Conversations that are answered at once.
const AT_ONCE: usize = 8;
/// No work on a message begins later than so long after its round.
const BUDGET_MS: u64 = 15 * SECOND;
/// The caller waits no longer for a round: what is under way then goes on by itself.
const ANSWER: Duration = Duration::from_secs(20);
/// Rounds that didn't come for so long are made up for by others. Longer than a caller waits for one.
const NEGLECTED_MS: u64 = 30 * SECOND;
/// After this a place on the list without a record has lost its writer.
const UNWRITTEN_MS: u64 = MINUTE;

/// `POST /v1/maintenance/messages`. The head comes at once, since a vendor may take longer to answer a question than a host
/// waits for one; the body comes when the round is over.
pub fn maintain(call: &Call) -> Result<Reply, Problem> {
    operator(call)?;
    let store = KeyValue::open().map_err(|error| offline(&error))?;
    let begun = begin(&store).map_err(|error| offline(&error))?;
    let (mut caller, body) = mpsc::channel(0);
    spin_sdk::wasip3::spawn(async move {
        let mut round = pin!(round(&store, begun).fuse());
        let done = match select(round.as_mut(), pin!(spin_sdk::time::sleep(ANSWER))).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(_) => None,
        };
        let told = json!({ "status": "ok", "worked_on": done });
        let _gone = caller.send(Ok::<_, anyhow::Error>(Frame::data(told.to_string().into()))).await;
        drop(caller);
        if done.is_none() {
            round.await;
        }
    });
    Ok(Reply::stream(200, "application/json", box_body(StreamBody::new(body))))
}

/// The same, by itself, for a gate where nobody calls that route.
pub fn work_neglected() -> Result<(), StoreError> {
    let store = KeyValue::open()?;
    if worked().get(&store)?.is_none_or(|at| host::now().since(at) > NEGLECTED_MS) {
        let begun = begin(&store)?;
        spin_sdk::wasip3::spawn(async move {
            round(&store, begun).await;
        });
    }
    Ok(())
}

fn worked() -> Value<Millis> {
    families::MESSAGES_WORKED.value(&[])
}

/// What a round is to look at, by conversation, each in the order of its coming.
struct Begun {
    at: Millis,
    conversations: Vec<Vec<(u64, String)>>,
}

fn begin(store: &KeyValue) -> Result<Begun, StoreError> {
    let at = host::now();
    worked().set(store, &at)?;
    let head = families::MESSAGE_HEAD.value(&[]);
    let mut conversations: BTreeMap<Key, Vec<(u64, String)>> = BTreeMap::new();
    for (index, Listed { id, at: listed_at }) in sweep::pending(store, &messaging::list(), &head, at.0, BATCH)? {
        match messaging::record(&id).get(store)? {
            Some(message) => conversations.entry(key(message.conversation)).or_default().push((index, id)),
            // The process died between the list and the record, and comes again; or it is just being written.
            None if at.since(listed_at) > UNWRITTEN_MS => messaging::list().remove(store, index)?,
            None => {}
        }
    }
    Ok(Begun { at, conversations: conversations.into_values().collect() })
}

type Key = (String, String, String);

fn key(conversation: Conversation) -> Key {
    (conversation.tenant, conversation.provider, conversation.id)
}

/// How many messages were worked on.
async fn round(store: &KeyValue, begun: Begun) -> usize {
    let Begun { at, conversations } = begun;
    let counts = stream::iter(conversations).map(|messages| conversation(store, at, messages));
    counts.buffer_unordered(AT_ONCE).fold(0, async |sum, count| sum + count).await
}

/// One after the other: who asks twice is answered in that order. So nothing overtakes what waits for another try.
async fn conversation(store: &KeyValue, begun: Millis, messages: Vec<(u64, String)>) -> usize {
    let mut worked_on = 0;
    for (index, id) in messages {
        if host::now().since(begun) > BUDGET_MS {
            break;
        }
        let progress = work::on(store, &id).await.and_then(|progress| {
            if progress == Progress::Over {
                // What if we crash before? It is found over, and struck off by the next round.
                messaging::list().remove(store, index)?;
            }
            Ok(progress)
        });
        match progress {
            Ok(Progress::Over) => worked_on += 1,
            Ok(Progress::NotNow) => break,
            // What fails keeps no other conversation waiting.
            Err(error) => {
                shell::warn!("message", about = id, error = error);
                break;
            }
        }
    }
    worked_on
}
