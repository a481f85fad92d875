//! Messages of conversations in other apps: questions are asked as chats are, commands begin runs, and answers are sent
//! back. What came in was put on the list by `webhook-ingest`; how far each is says its state (crate `messaging`).
//!
//! ```text
//!   received --ask (permit, vendor)--> answered --send--> sent
//!      |   \--command (runs)----------^      |
//!      +--not of a conversation that is served--> ignored
//! ```
//! One works on a message at a time, under its lease. What if that one crashes? Another takes over after the lease, and
//! finds by the state how far it came: a question that may be paid for is not asked again, and an answer that may have
//! been sent is sent again.

mod answer;
mod commands;
mod hold;
mod names;
mod perform;
mod report;
mod round;
mod send;
mod work;

use kv_schemas::{Store, StoreError};
use messaging::{Conversation, Direction, Message};

pub use report::report;
pub use round::{maintain, work_neglected};

/// Has something said in a conversation, once per `id`.
pub fn tell(
    store: &dyn Store,
    tenant: &str,
    provider: &str,
    conversation: &str,
    text: &str,
    id: &str,
) -> Result<(), StoreError> {
    let now = shell::host::now();
    let conversation = Conversation { tenant: tenant.into(), provider: provider.into(), id: conversation.into() };
    let message = Message { conversation, direction: Direction::Out, text: text.into(), at: now };
    messaging::enqueue(store, id, &message, now)
}
