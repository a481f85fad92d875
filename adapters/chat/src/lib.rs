//! What the chat adapters share. No vendor by itself.
//!
//! The page speaks OpenAI's protocol. [`Request`] reads and bounds what it asks, [`Settings`] reads the rest for vendors
//! that need it in their own words, [`Writer`] writes answers in OpenAI's shape, [`Tally`] weighs what was delivered
//! against the vendor's numbers, and [`Streamed`] and [`Whole`] are the two kinds of meter. [`compatible`] is all of an
//! adapter for vendors that speak the protocol themselves.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod compatible;
mod date;
pub mod limits;
mod messages;
mod model;
mod request;
mod settings;
mod stream;
mod tally;
mod thousandths;
mod tools;
mod whole;
mod writer;

pub use date::{answered_at, unix_seconds};
pub use messages::{Message, Part, Picture, Role, ToolCall};
pub use request::{Asked, Request, Rules};
pub use settings::{Format, Number, Settings, ToolChoice};
pub use stream::{Next, ReadEvents, Streamed};
pub use tally::{Tally, Tokens};
pub use tools::Tool;
pub use whole::{ReadAnswer, Whole};
pub use writer::{Choice, Delta, Finish, ShownUsage, Writer};
