//! Messages of conversations in other apps, such as a Telegram chat with a tenant's bot.
//!
//! ```text
//!   webhook-ingest --enqueue--> received --answered--> answered --sent--> done
//!   provider-proxy --enqueue--> (going out) -------------^
//! ```
//! A message is put on the list by whoever has it ([`enqueue`]); the proxy works through the list. Every step is under the
//! message's lease and may be repeated.

mod inbox;
mod state;

pub use inbox::{Conversation, Direction, Listed, Message, enqueue, list, record};
pub use state::{BEAT_MS, State, Step, is_stale, keep, lease, state};
