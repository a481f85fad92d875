//! What the chat vendors have in common: what is said and counted, and how events go out.

mod events;
mod reply;

pub use events::Events;
pub use reply::{End, Message, Prompt, Reply, text_of};
