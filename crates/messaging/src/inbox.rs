//! A message and its place on the list of those that are not done with.

use calendar::{DAY, HOUR, Millis};
use kv_schemas::{Log, Slot, Store, StoreError, Value, expiry, families};
use serde::{Deserialize, Serialize};

/// How long a message is remembered: longer than the webhook that brought it, so that an operator who has that one applied
/// again doesn't ask again.
const KEPT_HOURS: u64 = 15 * DAY / HOUR;

/// Where somebody talks with a tenant's bot.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Conversation {
    /// Whose bot it is.
    pub tenant: String,
    /// Whose app it is.
    pub provider: String,
    /// That app's id of the conversation.
    pub id: String,
}

/// One message. It never changes; how far it is says its [`crate::State`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Where.
    pub conversation: Conversation,
    /// Which way.
    pub direction: Direction,
    /// What it says.
    pub text: String,
    /// When it came, or was written.
    pub at: Millis,
}

/// Which way a message goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Somebody said it, and is to be answered.
    In {
        /// That app's id of who said it.
        sender: String,
    },
    /// The gate says it.
    Out,
}

/// A place on the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Of the message.
    pub id: String,
    /// When it was put there.
    pub at: Millis,
}

/// The record of a message.
#[must_use]
pub fn record(id: &str) -> Value<Message> {
    families::MESSAGE.value(&[id])
}

/// Those that are not done with.
#[must_use]
pub fn list() -> Log<Listed> {
    families::MESSAGE_LIST.log(&[])
}

/// Puts a message on the list, once per id: a repeat does nothing, whatever has become of the first.
///
/// # Errors
/// The store can't be reached; to be repeated.
pub fn enqueue(store: &dyn Store, id: &str, message: &Message, now: Millis) -> Result<(), StoreError> {
    let record = record(id);
    if record.exists(store)? {
        return Ok(());
    }
    let state = crate::state(id);
    let mark = families::MESSAGE_MARK.value::<u64>(&[id]);
    let ticket = families::MESSAGE_TICKET.counter(&[id]);
    let keys = [record.key(), state.key(), mark.key(), ticket.key()];
    expiry::forget_after(store, now.hour_number().saturating_add(KEPT_HOURS), &keys)?;
    // What if we crash after this? The list names a message that is nowhere, and it is struck off; the repeat lists it
    // again. Two at once list it twice: whoever comes second finds it done.
    let listed = Listed { id: id.to_owned(), at: now };
    let index = list().append(store, &listed)?;
    record.set(store, message)?;
    // Struck off just before it was written: by a clock that is ahead, or because `now` is long ago.
    if list().get(store, index)? == Slot::Hole {
        list().append(store, &listed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use kv_schemas::memory::Memory;

    use super::*;

    const NOW: Millis = Millis(1_000_000);

    fn hello() -> Message {
        let conversation = Conversation { tenant: "demo".into(), provider: "telegram".into(), id: "-7".into() };
        Message { conversation, direction: Direction::In { sender: "9".into() }, text: "Hello".into(), at: NOW }
    }

    fn places(store: &Memory) -> usize {
        let tail = list().tail(store).unwrap();
        (1..=tail).filter(|index| matches!(list().get(store, *index).unwrap(), Slot::Entry(_))).count()
    }

    #[test]
    fn a_message_is_put_there_once_whatever_becomes_of_it() {
        let store = Memory::default();
        for _ in 0..3 {
            enqueue(&store, "evt_1", &hello(), NOW).unwrap();
        }
        assert_eq!((places(&store), record("evt_1").get(&store).unwrap()), (1, Some(hello())));
        list().remove(&store, 1).unwrap();
        enqueue(&store, "evt_1", &hello(), NOW).unwrap();
        assert_eq!(places(&store), 0, "done with");
    }

    #[test]
    fn after_a_crash_at_any_operation_the_repeat_puts_it_there() {
        for crash in 0..12 {
            let store = Memory::default();
            store.fail_after(crash);
            let first = enqueue(&store, "evt_1", &hello(), NOW);
            store.recover();
            let written = record("evt_1").exists(&store).unwrap();
            assert!(!written || places(&store) >= 1, "crash after {crash}: written but on no list");
            enqueue(&store, "evt_1", &hello(), NOW).unwrap();
            assert!(places(&store) >= 1 && record("evt_1").exists(&store).unwrap(), "crash after {crash}: {first:?}");
        }
    }

    #[test]
    fn nothing_is_left_after_its_time() {
        let store = Memory::default();
        expiry::sweep(&store, NOW.hour_number()).unwrap();
        enqueue(&store, "evt_1", &hello(), NOW).unwrap();
        crate::state("evt_1").set(&store, &crate::State::default()).unwrap();
        crate::lease(&store, "evt_1", NOW).unwrap().unwrap();
        list().remove(&store, 1).unwrap();
        let later = NOW.hour_number().saturating_add(KEPT_HOURS).saturating_add(3);
        for hour in NOW.hour_number()..later {
            expiry::sweep(&store, hour).unwrap();
        }
        assert_eq!(store.keys(), ["expiry-head", "message-list/tail"]);
    }
}
