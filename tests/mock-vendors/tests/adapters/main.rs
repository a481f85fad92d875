//! The adapters against the mock: what is planned is understood, what comes back is metered, refusals are explained.

mod caller;
mod chat;
#[path = "../common/mod.rs"]
mod common;
mod context;
mod jobs;
mod live;
mod messages;
mod refusals;
mod speech;
mod voices;
