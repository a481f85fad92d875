//! Webhooks: who sent them ([`signature`]), and what happens to them ([`ingest`]).
//!
//! A delivery is verified before anything is stored, and stored before it is acknowledged.

pub mod ingest;
pub mod signature;
