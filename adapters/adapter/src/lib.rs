//! What the gate needs to know of a vendor, as pure functions.
//!
//! The types mirror `wit/vendor/adapter.wit`; [`Adapter`] and [`Meter`] are what a vendor's crate implements. Nothing
//! here knows keys, the network, a clock or wasm: an adapter plans a request, meters the bytes that come back and reads
//! webhooks, and every function may be repeated without effect.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod base64;
mod call;
mod collect;
#[cfg(feature = "testing")]
pub mod conformance;
mod failure;
mod fields;
mod form;
mod operation;
mod options;
mod outcome;
mod port;
mod price;
mod profile;
mod sse;
mod text;
mod usage;
mod voice;
mod webhook;
mod whole;

pub use call::{Answer, AnswerHead, Auth, Call, Grants, Header, PlanError};
pub use collect::Collect;
pub use failure::Failure;
pub use fields::Fields;
pub use form::Form;
pub use operation::{Capability, Job, Live, Operation, Outgoing, Speech};
pub use options::Options;
pub use outcome::{JobState, Join, NoGood, Progress, Started, Step};
pub use port::{Adapter, Meter};
pub use price::Price;
pub use profile::{Credential, Profile, SignatureScheme};
pub use sse::{SseError, SseEvent, SseParser};
pub use text::{is_id, is_plain_url, is_public_url, is_room_url};
pub use usage::{Quantity, Unit, Usage, capped, units_of};
pub use voice::{VOICE_CLONE, VoiceClone};
pub use webhook::{Effect, Ended, Event, Incoming};
pub use whole::WholeMeter;

/// The parts of `alloc` that nearly every adapter names.
pub mod prelude {
    pub use alloc::borrow::ToOwned;
    pub use alloc::boxed::Box;
    pub use alloc::format;
    pub use alloc::string::{String, ToString};
    pub use alloc::vec;
    pub use alloc::vec::Vec;
}
